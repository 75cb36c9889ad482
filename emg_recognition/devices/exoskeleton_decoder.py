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
from emg_recognition.devices.framing import FrameFinder


class ExoskeletonDecoder(FrameFinder[CommandFrame | StateFrame]):
    """Find the exoskeleton's frames in any stream of bytes; accepted only if the checksum is right."""

    sync = SYNC

    def _size(self, buffer: bytearray, position: int) -> int | None:
        return _size(buffer, position)

    def _read(self, frame: bytes) -> CommandFrame | StateFrame | None:
        found = decode(frame)
        self.bad_checksum += found is None
        return found


def _size(buffer: bytearray, position: int) -> int | None:
    """Return the size of the frame that begins here, 0 if none does, None to wait for more bytes."""
    if len(buffer) - position < HEAD.size:
        return None
    _, version, kind, joints, _, _ = HEAD.unpack_from(buffer, position)
    return frame_size(kind, joints) if version == VERSION else 0
