"""Open only regular files, and write files and directories in one step.

Whoever reads a path that a user gave opens it with :func:`open_regular` or :func:`read_limited`: a pipe would
wait for ever, a device never ends, and a file may be larger than the memory.
"""

from __future__ import annotations

import ctypes
import errno
import json
import os
import stat
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from emg_recognition.errors import SettingError

SMALL = 4 << 20
"""Largest size of a file that is read as a whole, such as YAML or JSON, bytes."""

_SPECIAL = (
    (stat.S_ISDIR, errno.EISDIR, "a folder"),
    (stat.S_ISFIFO, errno.EINVAL, "a named pipe"),
    (stat.S_ISSOCK, errno.EINVAL, "a socket"),
    (lambda mode: stat.S_ISCHR(mode) or stat.S_ISBLK(mode), errno.EINVAL, "a device"),
)


def open_regular(path: str | os.PathLike[str]) -> BinaryIO:
    """Open a regular file for reading bytes; never wait for a writer, and never touch a device.

    Raises
    ------
    OSError
        If there is no such file, it cannot be opened, or it is a folder, named pipe, socket or device.
    """
    _refuse_special(os.stat(path).st_mode, path)
    flags = os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
    # Another file may have taken its place by now: do not wait for it, and look again.
    handle = os.open(path, flags | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0))
    try:
        _refuse_special(os.fstat(handle).st_mode, path)
    except OSError:
        os.close(handle)
        raise
    return os.fdopen(handle, "rb")


def _refuse_special(mode: int, path: str | os.PathLike[str]) -> None:
    for is_such, code, name in _SPECIAL:
        if is_such(mode):
            raise OSError(code, f"it is {name}, not a file", os.fspath(path))


def read_limited(path: str | os.PathLike[str], limit: int = SMALL) -> bytes:
    """Read a regular file as a whole.

    Parameters
    ----------
    path : path
        The file.
    limit : int
        The largest size to accept, bytes.

    Raises
    ------
    OSError
        As for :func:`open_regular`, or if the file is larger than `limit`.
    """
    with open_regular(path) as file:
        # The size of some files, as in /proc, is not known before they are read.
        if os.fstat(file.fileno()).st_size <= limit and len(content := file.read(limit + 1)) <= limit:
            return content
    raise OSError(errno.EFBIG, f"it is larger than {size_text(limit)}", os.fspath(path))


def size_text(size: float) -> str:
    """Return a size in bytes for people, such as ``4 MiB``."""
    units = ["bytes", "KiB", "MiB", "GiB", "TiB", "PiB"]
    while size >= 1024 and len(units) > 1:
        size /= 1024
        del units[0]
    return f"{size:.0f} {units[0]}" if size >= 100 else f"{size:.3g} {units[0]}"


def read_json(path: str | os.PathLike[str], limit: int = SMALL) -> Any:
    """Read a JSON file.

    Raises
    ------
    OSError
        As for :func:`read_limited`.
    ValueError
        If it is not JSON in UTF-8, or nested too deeply.
    """
    try:
        return json.loads(read_limited(path, limit).decode("utf-8"))
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


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
        found = read_json(path, limit=64 * SMALL)
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) and found.get("format") in formats else None


def refuse_foreign(output: Path, *, writer: str, marker: str, formats: Collection[str]) -> None:
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

    Raises
    ------
    SettingError
        If `output` is a file or holds something else.
    """
    if not output.exists():
        return
    if not output.is_dir():
        raise SettingError("output", str(output), "it is a file; name a folder")
    if any(output.iterdir()) and read_marker(output / marker, formats) is None:
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
    # Nodes only read, and do without what these bring.
    import shutil
    import tempfile

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
            exchange(beside, path)
        else:
            beside.rename(path)
    finally:
        shutil.rmtree(beside, ignore_errors=True)  # the old directory, or an unfinished new one


def exchange(one: Path, other: Path) -> None:
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
