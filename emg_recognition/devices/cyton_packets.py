"""OpenBCI Cyton: the bytes of its packets, its description, and finding packets in a stream.

Sources: OpenBCI's *Cyton Data Format* (https://docs.openbci.com/Cyton/CytonDataFormat/) and the
board's firmware (https://github.com/OpenBCI/OpenBCI_Cyton_Library), both of 2026. It has not been
tested on a board; ``docs/reference/protocols.md`` says what has been tested.
"""

from __future__ import annotations

import numpy as np

from emg_recognition.devices.framing import check_bits, pack_int24, unpack_int24
from emg_recognition.errors import SampleError

HEADER = 0xA0
FOOTERS = range(0xC0, 0xC7)
"""Last byte of a packet: accelerometer, raw, user-defined, and four with a time stamp in milliseconds."""

PACKET = 33
"""Bytes of a packet: header, number, 8 values of 24 bits, 6 auxiliary bytes, footer."""

RATE = 250.0
"""Packets per second; with a Daisy, two packets make a sample."""

BOARD_CHANNELS = 8
DAISY_CHANNELS = 16

RESET, START, STOP = b"v", b"b", b"s"
"""Commands of the host; the board answers ``v`` with a text that ends with ``$$$``."""

TEXT_END = b"$$$"

MAX_TEXT = 512
"""Bytes between packets that are kept, because they hold the answers of the board."""

COUNTS_PER_VOLT = 24 * (2**23 - 1) / 4.5
"""A count is 4.5 V / gain / (2^23 - 1), with the gain of 24 that the board has after a reset."""


def pack_packets(first: int, counts: np.ndarray) -> bytes:
    """Write packets as the board sends them, with an accelerometer at rest.

    Parameters
    ----------
    first : int
        Number of the first packet; they are numbered modulo 256.
    counts : numpy.ndarray
        Integers of 24 bits, shape (packets, 8).

    Raises
    ------
    SampleError
        If the counts have another shape or do not fit into 24 bits.
    """
    if counts.ndim != 2 or counts.shape[1] != BOARD_CHANNELS:
        raise SampleError(f"counts have shape {counts.shape}", "a Cyton packet holds 8 channels")
    check_bits(counts, 24)
    packets = np.zeros((len(counts), PACKET), np.uint8)
    packets[:, 0] = HEADER
    packets[:, 1] = (first + np.arange(len(counts))) % 256
    packets[:, 2:26] = pack_int24(counts, ">").reshape(len(counts), 24)
    packets[:, 32] = FOOTERS[0]
    return packets.tobytes()


def unpack_packets(packets: bytes | bytearray) -> np.ndarray:
    """Return the counts of whole packets, int32, shape (packets, 8)."""
    values = np.frombuffer(packets, np.uint8).reshape(-1, PACKET)[:, 2:26]
    return unpack_int24(values.reshape(-1, BOARD_CHANNELS, 3), ">")


def join_pairs(
    odd: tuple[int, np.ndarray] | None, first: int, counts: np.ndarray
) -> tuple[int, np.ndarray, tuple[int, np.ndarray] | None]:
    """Join the packets of board and Daisy: an odd number holds channels 1 to 8, the next 9 to 16.

    Parameters
    ----------
    odd : tuple of int and numpy.ndarray, or None
        Number and counts, shape (1, 8), of a packet whose partner has not arrived yet.
    first : int
        Number of the first of the packets.
    counts : numpy.ndarray
        Counts of packets with consecutive numbers, shape (packets, 8).

    Returns
    -------
    first : int
        Number of the first sample, modulo 128: packets 1 and 2 are sample 0.
    samples : numpy.ndarray
        Counts of shape (samples, 16). A packet whose partner was lost is left out, and so is packet 0,
        the first after a start, which the board sends before it has a mean.
    odd : tuple of int and numpy.ndarray, or None
        The same as the parameter, for the next call.
    """
    if odd is not None and (odd[0] + 1) % 256 == first:
        first, counts = odd[0], np.concatenate([odd[1], counts])
    if first % 2 == 0:
        first, counts = (first + 1) % 256, counts[1:]
    whole = len(counts) // 2 * 2
    samples = counts[:whole].reshape(-1, DAISY_CHANNELS)
    left = ((first + whole) % 256, counts[whole:]) if len(counts) > whole else None
    return first // 2, samples, left


def banner(daisy: bool) -> bytes:
    """Return the text that the board sends after a reset; a Daisy adds eight channels."""
    lines = ["OpenBCI V3 8-16 channel", "On Board ADS1299 Device ID: 0x3E"]
    lines += ["On Daisy ADS1299 Device ID: 0x3E"] if daisy else []
    lines += ["LIS3DH Device ID: 0x33", "Firmware: v3.1.2"]
    return "".join(f"{line}\r\n" for line in lines).encode() + TEXT_END


def channels_of(text: bytes) -> int:
    """Return how many channels the board has, according to the text before ``$$$``.

    0 if this is not an answer of a Cyton: a dongle whose board is off sends ``Failure: Communications
    timeout``.
    """
    if b"OpenBCI" not in text or b"Failure" in text:
        return 0
    return DAISY_CHANNELS if b"On Daisy ADS1299" in text else BOARD_CHANNELS


class PacketFinder:
    """Find packets in a stream of bytes, which have no checksum.

    A packet is accepted if header and footer are at their places and its surroundings agree. Right
    behind an accepted packet, a header must follow, or nothing may have followed yet and the number must
    be the expected one. Anywhere else, a second packet with the next number must follow. Fewer than two
    packets are kept between calls.

    Attributes
    ----------
    packets : int
        Packets accepted.
    refused : int
        Places where header and footer were right but the surroundings did not agree.
    skipped_bytes : int
        Bytes in no accepted packet.
    text : bytearray
        The last bytes skipped since the last packet, at most :data:`MAX_TEXT`.
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
        """Drop the bytes kept: what follows does not continue them."""
        self.skipped_bytes += len(self._buffer)
        self._buffer.clear()
        self.text.clear()
        self._last = b""

    def feed(self, data: bytes) -> list[tuple[bytes, bytes]]:
        """Take any number of bytes and return the packets that they complete.

        Returns
        -------
        list of tuple of bytes
            Runs of packets with consecutive numbers, in order, each after the text that precedes it (its
            last :data:`MAX_TEXT` bytes; usually empty).
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
        """Return whether a packet begins here; None if more bytes are needed to tell."""
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
