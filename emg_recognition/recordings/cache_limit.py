"""The size of the cache: what was not used for longest goes first; what a program uses stays."""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from emg_recognition.settings import Setting

try:
    import fcntl
except ImportError:  # Windows: a mapped file cannot be removed there
    fcntl = None  # type: ignore[assignment]

LIMIT = "EMG_RECOGNITION_CACHE_GB"
"""The variable of the environment with the size that the cache may have, in GB (10⁹ bytes)."""

DEFAULT_GB = 20.0

KINDS = {
    "recordings": "recordings, unpacked",
    "windows": "filtered signals of trainings",
    "downloads": "downloads of fetch",
}
"""The folders of the cache, and what they hold."""

_SETTING = Setting(name=LIMIT, kind=float, low=0.0, high=1e6, unit="GB")
#: What a program that was killed left half written is removed after this time, s.
_ABANDONED = 24 * 3600.0


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A file, or a folder of files, that is removed as a whole.

    Attributes
    ----------
    kind : str
        One of :data:`KINDS`.
    path : Path
        Where it is.
    size : int
        Its bytes.
    used : float
        When it was opened last, seconds since 1970.
    finished : bool
        False for what is being written, or was when a program was killed.
    """

    kind: str
    path: Path
    size: int
    used: float
    finished: bool


def cache_limit() -> float:
    """Return the size that the cache may have, bytes.

    Raises
    ------
    SettingError
        If the variable of the environment is no number from 0.
    """
    given = os.environ.get(LIMIT, "")
    value: float | str = DEFAULT_GB
    if given:
        try:
            value = float(given)
        except ValueError:
            value = given
    return float(_SETTING.checked(value)) * 1e9


def entries(cache: Path) -> list[Entry]:
    """Return what the cache holds; first what was not used for longest."""
    found = []
    for kind in KINDS:
        with contextlib.suppress(OSError):
            for path in (cache / kind).iterdir():
                with contextlib.suppress(OSError):  # another program has removed it
                    found.append(_entry(kind, path))
    return sorted(found, key=lambda entry: entry.used)


def _entry(kind: str, path: Path) -> Entry:
    states = [one.stat() for one in (path, *path.rglob("*"))]
    return Entry(
        kind=kind,
        path=path,
        size=sum(state.st_size for state in states),
        used=max(max(state.st_atime, state.st_mtime) for state in states),
        finished=not path.name.startswith("."),
    )


def mark_used(path: Path) -> None:
    """Note that a file of an entry is used now; in its time of access, which the cache sets itself."""
    with contextlib.suppress(OSError):  # a cache that belongs to somebody else
        os.utime(path, (time.time(), path.stat().st_mtime))


def lock(file: BinaryIO) -> None:
    """Mark an open file as being used, until it and the mappings made from it are closed."""
    if fcntl is not None:
        with contextlib.suppress(OSError):  # a file system without locks
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)


def trim(cache: Path) -> None:
    """Remove what was not used for longest until the cache keeps its limit, and what was left half written.

    Entries that any program has mapped stay, so the cache may remain above its limit.
    """
    limit = cache_limit()
    found = entries(cache)
    size = sum(entry.size for entry in found)
    now = time.time()
    for entry in found:
        if size > limit if entry.finished else now - entry.used > _ABANDONED:
            size -= entry.size if _remove(entry) else 0


def clear(cache: Path, kinds: Collection[str] = tuple(KINDS)) -> tuple[int, int]:
    """Remove every entry of some kinds that no program uses.

    Returns
    -------
    removed, left : int
        Bytes.
    """
    chosen = [entry for entry in entries(cache) if entry.kind in kinds and entry.finished]
    removed = sum(entry.size for entry in chosen if _remove(entry))
    return removed, sum(entry.size for entry in chosen) - removed


def _remove(entry: Entry) -> bool:
    """Remove an entry unless a program uses it; return whether it is gone."""
    with contextlib.ExitStack() as stack:
        try:
            for path in _files(entry.path):
                file = stack.enter_context(open(path, "rb"))
                if fcntl is not None:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if entry.path.is_dir():
                shutil.rmtree(entry.path)
            else:
                entry.path.unlink()
        except FileNotFoundError:
            return True  # another program was faster
        except OSError:  # it is locked, or belongs to somebody else
            return False
    return True


def _files(path: Path) -> Iterator[Path]:
    if path.is_dir():
        yield from (one for one in path.rglob("*") if one.is_file())
    else:
        yield path


def report_full(cache: Path, what: str, error: OSError) -> None:
    """Say in one line of the log that the cache cannot be written, and what is done instead."""
    logging.getLogger(__name__).warning(
        "the cache %s cannot be written (%s): %s kept in memory; make room, or name another folder (--cache)",
        cache,
        error.strerror or error,
        what,
    )
