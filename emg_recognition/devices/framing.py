"""Frames in a stream of bytes: finding them by their sync, and integers of 24 bits."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar, Generic, Literal, TypeVar

import numpy as np

from emg_recognition.errors import SampleError

T = TypeVar("T")


class FrameFinder(ABC, Generic[T]):
    """Find frames in a stream of bytes that may begin, break off and be damaged anywhere.

    Any bytes are accepted without an exception. After anything but a whole, sound frame the search
    continues one byte after the sync, so that a damaged or cut frame does not swallow the good one behind
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
        """Take any number of bytes and return the frames that they complete, in the order of the stream."""
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
        """Return the content of a whole frame; None, counted, if it is not valid."""


def check_bits(counts: np.ndarray, bits: int) -> None:
    """Check that whole numbers fit into signed integers of some bits.

    Raises
    ------
    SampleError
        If a number is too large or too small.
    """
    if counts.size:
        low, high = int(counts.min()), int(counts.max())
        if low < -(1 << bits - 1) or high >= 1 << bits - 1:
            raise SampleError(
                f"counts run from {low} to {high}, beyond {bits} bits", "use more bits or rescale"
            )


def pack_int24(counts: np.ndarray, order: Literal["<", ">"]) -> np.ndarray:
    """Return integers with 24 bits each, little-endian ("<") or big-endian (">"): uint8, shape (..., 3)."""
    wide = np.ascontiguousarray(counts, f"{order}i4").view(np.uint8).reshape(*counts.shape, 4)
    return wide[..., :3] if order == "<" else wide[..., 1:]


def unpack_int24(data: np.ndarray, order: Literal["<", ">"]) -> np.ndarray:
    """Return the integers that :func:`pack_int24` has written: int32, shape (...)."""
    wide = np.zeros((*data.shape[:-1], 4), np.uint8)
    (wide[..., 1:] if order == "<" else wide[..., :3])[...] = data
    # The number is in the upper 24 bits; shifting it down brings its sign along.
    return (wide.view(f"{order}i4")[..., 0] >> 8).astype(np.int32)
