"""Finding the serial exoskeleton's frames in any stream of bytes."""

from __future__ import annotations

from emg_recognition.devices.exoskeleton_frames import (
    HEAD,
    SYNC,
    VERSION,
    CommandFrame,
    StateFrame,
    decode,
    frame_size,
)


class ExoskeletonDecoder:
    """Find frames in a stream of bytes that may begin, break and be damaged anywhere.

    Any bytes are taken without an exception. A frame is accepted only if its checksum is right;
    after anything else the search goes on one byte after the sync, so that a damaged or cut frame
    does not swallow the good one behind it. Fewer bytes than the longest frame has are kept
    between calls.

    Attributes
    ----------
    frames : int
        Frames accepted.
    bad_checksum : int
        Whole frames with a wrong checksum.
    skipped_bytes : int
        Bytes that are part of no accepted frame.
    """

    def __init__(self) -> None:
        self._buffer = bytearray()
        self.frames = 0
        self.bad_checksum = 0
        self.skipped_bytes = 0

    @property
    def pending_bytes(self) -> int:
        """Bytes kept because a frame may be arriving."""
        return len(self._buffer)

    def feed(self, data: bytes) -> list[CommandFrame | StateFrame]:
        """Take bytes and return the frames that they complete.

        Parameters
        ----------
        data : bytes
            The next bytes of the stream, any number.

        Returns
        -------
        list of CommandFrame or StateFrame
            In the order in which they stand in the stream.
        """
        buffer = self._buffer
        buffer += data
        found: list[CommandFrame | StateFrame] = []
        position = 0
        while True:
            sync = buffer.find(SYNC, position)
            if sync < 0:
                # The last byte may be the first half of a sync.
                half = len(buffer) > position and buffer[-1] == SYNC[0]
                sync = len(buffer) - half
            self.skipped_bytes += sync - position
            position = sync
            size = _size(buffer, position)
            if size is None or position + size > len(buffer):
                break
            frame = None
            if size:
                frame = decode(bytes(buffer[position : position + size]))
                self.bad_checksum += frame is None
            if frame is not None:
                found.append(frame)
                position += size
            else:
                self.skipped_bytes += 1
                position += 1
        del buffer[:position]
        self.frames += len(found)
        return found


def _size(buffer: bytearray, position: int) -> int | None:
    """Return the size of the frame that begins here, 0 if none does, None to wait for more bytes."""
    if len(buffer) - position < HEAD.size:
        return None
    _, version, kind, joints, _, _ = HEAD.unpack_from(buffer, position)
    return frame_size(kind, joints) if version == VERSION else 0
