"""Unpack what a bag compressed, but never more than a recording can be.

A zstd frame of two kilobytes can stand for a hundred megabytes. What unpacks to more than some hundred times
its size holds no signals.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

import lz4.frame
import zstandard

from emg_recognition.files import size_text

LARGEST = 64 << 20
"""Most bytes that a chunk or a message unpacks to; rosbag2 writes chunks of some MB at most."""

_SMALL, _LARGEST_RATIO = 1 << 20, 200
_PIECE = 1 << 20


def most(size: int, largest: int | None = LARGEST) -> int:
    """Return how many bytes `size` bytes may unpack to; with `largest` None only the ratio limits them."""
    allowed = max(_SMALL, _LARGEST_RATIO * size)
    return allowed if largest is None else min(allowed, largest)


def unzstd(data: bytes) -> bytes:
    """Unpack a zstd frame.

    Raises
    ------
    ValueError
        If it is damaged, or unpacks to more than :func:`most` allows.
    """
    try:
        with zstandard.ZstdDecompressor().stream_reader(data) as reader:
            return b"".join(_bounded(reader, most(len(data)), len(data)))
    except zstandard.ZstdError as error:
        raise ValueError(str(error)) from error


def unzstd_pieces(file: BinaryIO, size: int) -> Iterator[bytes]:
    """Unpack a file of `size` bytes piece by piece; errors as for :func:`unzstd`."""
    try:
        with zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True) as reader:
            yield from _bounded(reader, most(size, None), size)
    except zstandard.ZstdError as error:
        raise ValueError(str(error)) from error


def unlz4(data: bytes) -> bytes:
    """Unpack an lz4 frame; errors as for :func:`unzstd`."""
    allowed = most(len(data))
    decompressor = lz4.frame.LZ4FrameDecompressor()
    try:
        unpacked = decompressor.decompress(data, max_length=allowed)
    except RuntimeError as error:
        raise ValueError(str(error)) from error
    if not decompressor.eof:
        raise ValueError(
            f"{size_text(len(data))} are incomplete, or unpack to more than {size_text(allowed)}"
        )
    return bytes(unpacked)


def _bounded(reader: zstandard.ZstdDecompressionReader, allowed: int, size: int) -> Iterator[bytes]:
    left = allowed
    while piece := reader.read(min(_PIECE, left + 1)):
        left -= len(piece)
        if left < 0:
            raise ValueError(f"{size_text(size)} unpack to more than {size_text(allowed)}, as no signals do")
        yield piece
