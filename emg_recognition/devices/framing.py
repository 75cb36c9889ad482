"""Finding frames that begin with a sync in any stream of bytes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar, Generic, TypeVar

T = TypeVar("T")


class FrameFinder(ABC, Generic[T]):
    """Find frames in a stream of bytes that may begin, break and be damaged anywhere.

    Any bytes are taken without an exception. After anything but a whole, sound frame the search goes
    on one byte after the sync, so that a damaged or cut frame does not swallow the good one behind
    it. Fewer bytes than the longest frame has are kept between calls.

    Attributes
    ----------
    frames : int
        Frames accepted.
    bad_checksum : int
        Whole frames with a wrong checksum.
    skipped_bytes : int
        Bytes that are part of no accepted frame.
    """

    sync: ClassVar[bytes]

    def __init__(self) -> None:
        self._buffer = bytearray()
        self.frames = 0
        self.bad_checksum = 0
        self.skipped_bytes = 0

    @property
    def pending_bytes(self) -> int:
        """Bytes kept because a frame may be arriving."""
        return len(self._buffer)

    def feed(self, data: bytes) -> list[T]:
        """Take bytes and return the frames that they complete.

        Parameters
        ----------
        data : bytes
            The next bytes of the stream, any number.

        Returns
        -------
        list
            In the order in which they stand in the stream.
        """
        buffer = self._buffer
        buffer += data
        found: list[T] = []
        position = 0
        while True:
            sync = buffer.find(self.sync, position)
            if sync < 0:
                # The last byte may be the first half of a sync.
                half = len(buffer) > position and buffer[-1] == self.sync[0]
                sync = len(buffer) - half
            self.skipped_bytes += sync - position
            position = sync
            size = self._size(buffer, position)
            if size is None or position + size > len(buffer):
                break
            frame = self._read(bytes(buffer[position : position + size])) if size else None
            if frame is not None:
                found.append(frame)
                position += size
            else:
                self.skipped_bytes += 1
                position += 1
        del buffer[:position]
        self.frames += len(found)
        return found

    @abstractmethod
    def _size(self, buffer: bytearray, position: int) -> int | None:
        """Return the size of the frame that begins here, 0 if none does, None to wait for more bytes."""

    @abstractmethod
    def _read(self, frame: bytes) -> T | None:
        """Return what a whole frame says; None, counted, if it is none."""
