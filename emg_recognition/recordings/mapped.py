"""Arrays that lie in a file and are read from there as they are needed."""

from __future__ import annotations

import mmap
import os
import struct
import tempfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import DTypeLike


def open_mapped(path: str | os.PathLike[str]) -> np.ndarray:
    """Map a ``.npy`` file.

    Parameters
    ----------
    path : path
        The file.

    Returns
    -------
    numpy.ndarray
        Read-only; its samples are read from the file when they are used.

    Raises
    ------
    OSError
        If there is no such file.
    ValueError
        If it is no ``.npy`` file, or cut off.
    """
    try:
        return np.load(Path(path), mmap_mode="r", allow_pickle=False)
    except EOFError as error:
        raise ValueError(f"{path} is empty") from error


def write_rows(path: Path, parts: Iterable[np.ndarray], columns: int, dtype: DTypeLike) -> None:
    """Write an array that need not fit into memory, whole or not at all; parents are made.

    Parameters
    ----------
    path : Path
        The ``.npy`` file.
    parts : iterable of numpy.ndarray
        Its rows, in order, each part of shape (rows, columns).
    columns : int
        Columns of every part.
    dtype : dtype_like
        Type to store.

    Raises
    ------
    OSError
        If it cannot be written.
    """
    kind = np.dtype(dtype)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    rows = 0
    try:
        with open(handle, "wb") as file:
            file.write(_header(kind, (0, columns)))
            for part in parts:
                file.write(np.ascontiguousarray(part, kind).data)
                rows += len(part)
            file.seek(0)
            file.write(_header(kind, (rows, columns)))  # only now is their number known
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    finally:
        Path(name).unlink(missing_ok=True)


def _header(dtype: np.dtype, shape: tuple[int, int]) -> bytes:
    """Header of a ``.npy`` file, version 1.0, of the same length for any number of rows."""
    text = repr({"descr": dtype.str, "fortran_order": False, "shape": shape})
    return np.lib.format.magic(1, 0) + struct.pack("<H", 118) + text.ljust(117).encode() + b"\n"


def release(array: np.ndarray) -> None:
    """Give back the memory that a mapped array takes in this process; it is read again when needed.

    The pages stay in the cache of the system as long as nobody else needs the room.

    Parameters
    ----------
    array : numpy.ndarray
        An array of :func:`open_mapped` or a view of one; for any other nothing happens.
    """
    # The mapping itself is at the bottom of the chain of views.
    base: object = array
    while isinstance(base, np.ndarray):
        base = base.base
    if isinstance(base, mmap.mmap) and not array.flags.writeable and hasattr(mmap, "MADV_DONTNEED"):
        base.madvise(mmap.MADV_DONTNEED)
