"""Write files and directories in one step: a reader sees the whole of them or nothing."""

from __future__ import annotations

import ctypes
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path


def write_file(path: Path, content: bytes) -> None:
    """Write a file in one step; missing parent directories are created.

    Raises
    ------
    OSError
        If it cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.part")
    beside.write_bytes(content)
    os.replace(beside, path)


_AT_FDCWD = -100
_RENAME_EXCHANGE = 2


def replace_directory(path: Path, files: Mapping[str, bytes]) -> None:
    """Write a directory of files in one step.

    The files are written into a temporary directory beside `path` and flushed to the disk; that
    directory then replaces `path`.

    Parameters
    ----------
    path : Path
        The directory to write. An existing one is removed after the exchange; missing parents are created.
    files : mapping
        Content by file name.

    Raises
    ------
    OSError
        If it cannot be written; `path` is then unchanged.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
    try:
        for name, content in files.items():
            with (beside / name).open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        beside.chmod(0o755)  # mkdtemp allows its owner only
        if path.exists():
            _exchange(beside, path)
        else:
            beside.rename(path)
    finally:
        shutil.rmtree(beside, ignore_errors=True)  # the old directory, or an unfinished new one


def _exchange(one: Path, other: Path) -> None:
    """Swap the names of two directories: atomically on Linux, in three renames elsewhere."""
    try:
        renameat2 = ctypes.CDLL(None, use_errno=True).renameat2
    except (AttributeError, OSError, TypeError):
        renameat2 = None
    if renameat2 is not None:
        code = renameat2(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE)
        if code == 0:
            return
    # The call is missing, or the file system does not support it.
    aside = one.with_name(one.name + ".old")
    other.rename(aside)
    try:
        one.rename(other)
    except OSError:
        aside.rename(other)
        raise
    aside.rename(one)
