"""Find OpenBCI Cyton's packets, which have no checksum, in a stream of bytes."""

from __future__ import annotations

from emg_recognition.devices.cyton_packets import FOOTERS, HEADER, PACKET

MAX_TEXT = 512
"""Bytes between packets that are kept, because the board's answers are there."""


class PacketFinder:
    """Tell packets from what only looks like them.

    A packet is accepted where header and footer are 33 bytes apart and what surrounds it agrees:
    right behind an accepted packet, if a header follows, or if nothing has followed yet and the
    number is the expected one; anywhere else, only if a second packet with the next number
    follows. Fewer than two packets are kept between calls.

    Attributes
    ----------
    packets : int
        Packets accepted.
    refused : int
        Where header and footer were in their places and the surroundings did not agree.
    skipped_bytes : int
        Bytes in no accepted packet.
    text : bytearray
        The last of the bytes skipped since the last packet, at most :data:`MAX_TEXT`.
    """

    def __init__(self) -> None:
        self.packets = 0
        self.refused = 0
        self.skipped_bytes = 0
        self.text = bytearray()
        self._buffer = bytearray()
        self._last = b""  # the packet that ended where the next must begin, empty if none did

    @property
    def pending_bytes(self) -> int:
        """Bytes kept."""
        return len(self._buffer) + len(self.text)

    def begin(self) -> None:
        """Drop what is kept: what follows does not continue it."""
        self.skipped_bytes += len(self._buffer)
        self._buffer.clear()
        self.text.clear()
        self._last = b""

    def feed(self, data: bytes) -> list[tuple[bytes, bytes]]:
        """Take bytes and return the packets that they complete.

        Parameters
        ----------
        data : bytes
            The next bytes of the stream, any number.

        Returns
        -------
        list of tuple of bytes
            Runs of packets with consecutive numbers, in order, each behind the text that stands
            before it (its last :data:`MAX_TEXT` bytes; mostly empty).
        """
        buffer = self._buffer
        buffer += data
        runs: list[tuple[bytes, bytes]] = []
        position = 0
        while (position := self._skip_to_header(position)) < len(buffer):
            accepted = self._accepts(position)
            if accepted is None:
                break
            if accepted:
                packet = bytes(buffer[position : position + PACKET])
                if runs and self._last and packet[1] == (self._last[1] + 1) % 256:
                    runs[-1] = runs[-1][0], runs[-1][1] + packet
                else:
                    runs.append((bytes(self.text), packet))
                self._last = packet
                self.packets += 1
                self.text.clear()
                position += PACKET
            else:
                self._skip(buffer[position : position + 1])
                position += 1
        del buffer[:position]
        return runs

    def _skip_to_header(self, position: int) -> int:
        header = self._buffer.find(HEADER, position)
        end = header if header >= 0 else len(self._buffer)
        if end > position:
            self._skip(self._buffer[position:end])
        return end

    def _skip(self, data: bytearray) -> None:
        self.skipped_bytes += len(data)
        self._last = b""
        self.text += data[-MAX_TEXT:]
        del self.text[:-MAX_TEXT]

    def _accepts(self, position: int) -> bool | None:
        """Tell whether a packet begins here, None if that takes more bytes."""
        buffer, end = self._buffer, position + PACKET
        if len(buffer) < end:
            return None
        if buffer[end - 1] not in FOOTERS:
            return False
        number = buffer[position + 1]
        if len(buffer) == end:
            expected = self._last != b"" and number in (self._last[1], (self._last[1] + 1) % 256)
            return True if expected else None
        agrees = buffer[end] == HEADER
        if agrees and not self._last:
            if len(buffer) < end + PACKET:
                return None
            agrees = buffer[end + PACKET - 1] in FOOTERS and buffer[end + 1] == (number + 1) % 256
        self.refused += not agrees
        return agrees
