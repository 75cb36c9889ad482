"""Files that are whole or not there."""

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
    """Write a file so that a reader sees all of it or none; parents are made.

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
    """Write files into a directory so that a reader sees all of them or none.

    They are written into a directory beside `path`, flushed to the disk, and that directory
    then takes the place of `path`.

    Parameters
    ----------
    path : Path
        The directory; what stands there is removed after the exchange. Missing parents are made.
    files : mapping
        Content by file name.

    Raises
    ------
    OSError
        If it cannot be written; `path` is then as it was.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
    try:
        for name, content in files.items():
            with (beside / name).open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        beside.chmod(0o755)  # mkdtemp makes it readable for its owner alone
        if path.exists():
            _exchange(beside, path)
        else:
            beside.rename(path)
    finally:
        shutil.rmtree(beside, ignore_errors=True)  # the old directory, or what was not finished


def _exchange(one: Path, other: Path) -> None:
    """Let two directories change names; Linux does it in one step, elsewhere it takes three."""
    try:
        renameat2 = ctypes.CDLL(None, use_errno=True).renameat2
    except (AttributeError, OSError, TypeError):
        renameat2 = None
    if renameat2 is not None:
        code = renameat2(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE)
        if code == 0:
            return
    # No such call, or a file system that does not know it.
    aside = one.with_name(one.name + ".old")
    other.rename(aside)
    try:
        one.rename(other)
    except OSError:
        aside.rename(other)
        raise
    aside.rename(one)
