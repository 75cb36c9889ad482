"""Read the arrays of a ``.npz`` file without believing what its headers claim.

A header of a hundred bytes can claim petabytes, and a zip file of 6 MB can unpack to 6 GB. Before anything is
unpacked, each header is compared with the size of its member, and that with the size in the file.
"""

from __future__ import annotations

import errno
import io
import math
import os
import shutil
import struct
import zipfile
import zlib
from collections.abc import Collection
from pathlib import Path
from typing import IO, Any, BinaryIO

import numpy as np

from emg_recognition.files import open_regular, size_text
from emg_recognition.recordings.cache import open_mapped
from emg_recognition.resources import free_memory

#: Most that is read from the file at once; the table of contents of an archive has a kilobyte.
_AT_ONCE = 4 << 20
#: Bytes unpacked at once.
_UNPACKED = 1 << 20
#: A member may unpack to this many bytes, or to this many times its size in the file; recordings reach 20.
_SMALL, _LARGEST_RATIO = 16 << 20, 200
_LONGEST_HEADER = 10_000
_HEADERS = {
    (1, 0): ("<H", np.lib.format.read_array_header_1_0),
    (2, 0): ("<I", np.lib.format.read_array_header_2_0),
}


def read_arrays(
    path: str | os.PathLike[str], names: Collection[str], mapped: dict[str, Path] | None = None
) -> dict[str, np.ndarray]:
    """Read some arrays of a ``.npz`` file; no pickle is ever opened.

    Parameters
    ----------
    path : path
        The file.
    names : collection of str
        The arrays to read; those that are missing are left out.
    mapped : dict of str to Path, optional
        The arrays to unpack into a ``.npy`` file and to map from there, because they may be larger than the
        memory.

    Returns
    -------
    dict of str to numpy.ndarray
        The arrays.

    Raises
    ------
    OSError
        If the file cannot be read or is no regular file, or a ``.npy`` file cannot be written.
    ValueError
        If it is not such a file, is damaged, or claims more than it holds or the memory has.
    """
    arrays = {}
    try:
        with open_regular(path) as file, zipfile.ZipFile(BoundedReads(file)) as archive:
            members = {member.filename: member for member in archive.infolist()}
            for name in names:
                member = members.get(f"{name}.npy")
                if member is not None:
                    target = (mapped or {}).get(name)
                    arrays[name] = _read(archive, member, name, target)
    except (
        KeyError,
        EOFError,
        RuntimeError,
        MemoryError,
        zipfile.BadZipFile,
        zlib.error,
        struct.error,
    ) as error:
        raise ValueError(str(error) or type(error).__name__) from error
    return arrays


class BoundedReads:
    """A file that refuses to read much at once, for libraries that read whatever size a file claims."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.tell, self.close = file.tell, file.close

    def seekable(self) -> bool:
        """Return that it is."""
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        """Go to a place; a ValueError if a damaged file names one before its begin."""
        try:
            return self._file.seek(offset, whence)
        except OSError as error:
            raise ValueError(f"it names a place outside of it ({error.strerror})") from error

    def read(self, size: int = -1) -> bytes:
        """Read some bytes; a ValueError if it is more than a program needs at once."""
        if size is None or size < 0:
            size = _AT_ONCE + 1
        data = self._file.read(min(size, _AT_ONCE + 1))
        if len(data) > _AT_ONCE:
            raise ValueError(f"its table of contents is larger than {size_text(_AT_ONCE)}")
        return data


def _read(archive: zipfile.ZipFile, member: zipfile.ZipInfo, name: str, target: Path | None) -> np.ndarray:
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ValueError(f"{name} is compressed by method {member.compress_type}, not by deflate")
    size = member.file_size
    if size > max(_SMALL, _LARGEST_RATIO * member.compress_size):
        stored = size_text(member.compress_size)
        raise ValueError(f"{name} would unpack to {size_text(size)} from {stored}, as no recording does")
    with archive.open(member) as content:
        _check_header(content, name, size)
    if target is not None:
        return _unpack(archive, member, target)
    if size > free_memory() // 2:
        raise ValueError(f"{name} needs {size_text(size)} of memory, {size_text(free_memory())} are free")
    with archive.open(member) as content:
        return np.lib.format.read_array(content, allow_pickle=False)


def _check_header(content: IO[bytes], name: str, size: int) -> None:
    version: Any = np.lib.format.read_magic(content)
    if version not in _HEADERS:
        raise ValueError(f"{name} is of format {version}")
    length_format, read = _HEADERS[version]
    length_bytes = content.read(struct.calcsize(length_format))
    (length,) = struct.unpack(length_format, length_bytes)
    if length > _LONGEST_HEADER:
        raise ValueError(f"the header of {name} has {size_text(length)}")
    try:
        shape, _, dtype = read(io.BytesIO(length_bytes + content.read(length)))
    except Exception as error:  # NumPy evaluates it as Python, which raises anything
        raise ValueError(f"the header of {name} is damaged ({error})") from error
    if dtype.hasobject:
        raise ValueError(f"{name} holds Python objects, which could run any program when they are opened")
    claimed = math.prod(shape) * dtype.itemsize
    there = size - np.lib.format.MAGIC_LEN - len(length_bytes) - length
    if min((*shape, 0)) < 0 or claimed > there:
        raise ValueError(f"{name} claims {size_text(claimed)}, but holds {size_text(max(there, 0))}")


def _unpack(archive: zipfile.ZipFile, member: zipfile.ZipInfo, target: Path) -> np.ndarray:
    """Copy a member in pieces; zipfile checks its CRC at the end."""
    if shutil.disk_usage(target.parent).free < member.file_size:
        raise OSError(errno.ENOSPC, f"it needs {size_text(member.file_size)} of disk", str(target))
    with archive.open(member) as content, open(target, "wb") as unpacked:
        shutil.copyfileobj(content, unpacked, _UNPACKED)
    return open_mapped(target)
