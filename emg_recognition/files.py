"""Write files and directories in one step: a reader sees the whole of them or nothing."""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import tempfile
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from emg_recognition.errors import SettingError


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


def read_marker(path: Path, formats: Collection[str]) -> dict[str, Any] | None:
    """Read a JSON file that says in ``format`` what it is; ``None`` if it is anything else.

    Parameters
    ----------
    path : Path
        The file; it need not exist.
    formats : collection of str
        The formats to accept.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) and found.get("format") in formats else None


def refuse_foreign(
    output: Path, *, writer: str, marker: str, formats: Collection[str], beside: Collection[str] = ()
) -> None:
    """Refuse an output folder that holds anything but what the same program wrote.

    Parameters
    ----------
    output : Path
        The folder; it need not exist.
    writer : str
        What writes there, for the error, for example ``training``.
    marker : str
        Name of the JSON file in the folder that tells what wrote it.
    formats : collection of str
        The values of ``format`` in that file to accept.
    beside : collection of str
        Names of files and folders that may be there without the marker.

    Raises
    ------
    SettingError
        If `output` is a file or holds something else.
    """
    if not output.exists():
        return
    if not output.is_dir():
        raise SettingError("output", str(output), "it is a file; name a folder")
    foreign = any(path.name not in beside for path in output.iterdir())
    if foreign and read_marker(output / marker, formats) is None:
        raise SettingError(
            "output",
            str(output),
            f"it holds something that {writer} did not write; choose another folder, or remove this one",
        )


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
