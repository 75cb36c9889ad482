"""The cache: recordings are unpacked once into plain ``.npy`` files and memory-mapped from there."""

from __future__ import annotations

import contextlib
import hashlib
import json
import mmap
import os
import shutil
import struct
import tempfile
import weakref
import zipfile
import zlib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import DTypeLike

from emg_recognition.files import exchange
from emg_recognition.recordings.cache_limit import cache_limit, lock, mark_used, report_full, trim
from emg_recognition.recordings.recordings import PER_SEGMENT, Recordings

# Changes when the files of an entry do.
_LAYOUT = "recordings 1"
_COUNTS, _TABLE = "counts.npy", "table.npz"
_DAMAGED = (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error)


def open_mapped(path: str | os.PathLike[str]) -> np.ndarray:
    """Map a ``.npy`` file, read-only; values are read from the file when they are used.

    Raises
    ------
    OSError
        If there is no such file.
    ValueError
        If it is not a ``.npy`` file or is truncated.
    """
    with contextlib.ExitStack() as stack:
        file = stack.enter_context(open(path, "rb"))
        lock(file)
        try:
            array = np.load(Path(path), mmap_mode="r", allow_pickle=False)
        except EOFError as error:
            raise ValueError(f"{path} is empty") from error
        mapping = _mapping(array)
        if mapping is not None:  # locked for as long as there is a view of it
            weakref.finalize(mapping, stack.pop_all().close)
        return array


def write_rows(path: Path, parts: Iterable[np.ndarray], columns: int, dtype: DTypeLike) -> None:
    """Write an array that may be larger than the memory, completely or not at all.

    Parameters
    ----------
    path : Path
        The ``.npy`` file; missing parent folders are created.
    parts : iterable of numpy.ndarray
        The rows in order, each part of shape (rows, columns).
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
            file.write(_header(kind, (rows, columns)))  # the number of rows is known only now
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    finally:
        Path(name).unlink(missing_ok=True)


def _header(dtype: np.dtype, shape: tuple[int, int]) -> bytes:
    """Return the header of a ``.npy`` file (version 1.0); it has the same length for any number of rows."""
    text = repr({"descr": dtype.str, "fortran_order": False, "shape": shape})
    return np.lib.format.magic(1, 0) + struct.pack("<H", 118) + text.ljust(117).encode() + b"\n"


def release(array: np.ndarray) -> None:
    """Free the memory that a mapped array, or a view of one, takes in this process.

    Values are read again when needed; the pages stay in the page cache of the system until it needs the
    memory. Other arrays are left alone.
    """
    mapping = _mapping(array)
    if mapping is not None and not array.flags.writeable and hasattr(mmap, "MADV_DONTNEED"):
        mapping.madvise(mmap.MADV_DONTNEED)


def _mapping(array: np.ndarray) -> mmap.mmap | None:
    """Return the mapping at the end of the chain of views, if there is one."""
    base: object = array
    while isinstance(base, np.ndarray):
        base = base.base
    return base if isinstance(base, mmap.mmap) else None


def default_cache() -> Path | None:
    """Return the cache folder of this package, in ``$XDG_CACHE_HOME`` or ``~/.cache``.

    None for a user without a home.
    """
    given = os.environ.get("XDG_CACHE_HOME", "")
    if os.path.isabs(given):  # the XDG standard says to ignore a relative path
        return Path(given) / "emg_recognition"
    with contextlib.suppress(RuntimeError):
        return Path.home() / ".cache" / "emg_recognition"
    return None


def from_cache(
    files: Sequence[Path],
    kind: str,
    read: Callable[[Path | None], Recordings],
    *,
    source: str,
    cache: Path | None,
) -> Recordings:
    """Map recordings from the cache; if they are not in it, read them and add them first.

    A damaged entry is written again. If nothing can be written, the recordings are kept in memory, and the
    log says so. Then what was not used for longest is removed, if the cache has become too large.

    Parameters
    ----------
    files : sequence of Path
        The files of the recordings; an entry is valid while their sizes and times of change stay the same.
    kind : str
        How the files are read; the same files read in another way have another entry.
    read : callable
        Reads the recordings: given a path, it writes the samples there as ``.npy`` and maps them; given
        None, it keeps them in memory.
    source : str
        Where the recordings come from, for messages and reports.
    cache : Path or None
        The cache folder of the package; None for no cache.

    Returns
    -------
    Recordings
        The segments.

    Raises
    ------
    RecordingError
        If `read` finds data that cannot be used.
    SettingError
        If the limit of the cache is no number.
    """
    if cache is None:
        return read(None)
    cache_limit()  # refuse a wrong one before the work
    try:
        entry = cache / "recordings" / _key(files, kind)
        with contextlib.suppress(*_DAMAGED):
            return _load(entry, source)
        _unpack(entry, read)
        found = _load(entry, source)
    except _DAMAGED as error:
        if isinstance(error, OSError):
            report_full(cache, "the recordings are", error)
        return read(None)
    trim(cache)
    return found


def _key(files: Sequence[Path], kind: str) -> str:
    digest = hashlib.blake2b(os.fsencode(f"{_LAYOUT}\n{kind}\n"), digest_size=16)
    for file in files:
        state = file.stat()
        digest.update(os.fsencode(f"{file.resolve()}\n{state.st_size} {state.st_mtime_ns}\n"))
    return digest.hexdigest()


def _unpack(entry: Path, read: Callable[[Path | None], Recordings]) -> None:
    """Read into a temporary folder, then rename it to `entry` in one step."""
    entry.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{entry.name}.", dir=entry.parent))
    try:
        recordings = read(temporary / _COUNTS)
        head = {name: getattr(recordings, name) for name in ("scale", "rate", "unit", "problems", "ring")}
        head["shape"] = list(recordings.counts.shape)
        np.savez(
            temporary / _TABLE,
            allow_pickle=False,
            head=np.array(json.dumps(head)),
            **{name: getattr(recordings, name) for name in PER_SEGMENT},
        )
        try:
            os.rename(temporary, entry)
        except OSError:
            if not entry.exists():
                raise
            # Another process was faster, or there is a damaged one: it goes with the temporary folder.
            exchange(temporary, entry)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _load(entry: Path, source: str) -> Recordings:
    with open(entry / _TABLE, "rb") as file, np.load(file, allow_pickle=False) as table:
        head = json.loads(str(table["head"]))
        columns = {name: table[name] for name in PER_SEGMENT}
    counts = open_mapped(entry / _COUNTS)
    if list(counts.shape) != head.pop("shape"):
        raise ValueError(f"{entry} holds samples of shape {counts.shape}")
    head["problems"] = tuple(head["problems"])
    mark_used(entry / _COUNTS)
    return Recordings(counts=counts, source=source, **columns, **head)
