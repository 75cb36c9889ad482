"""Open one file of a bag, whatever stores it."""

from __future__ import annotations

from pathlib import Path

from emg_recognition.bags import mcap_file, sqlite_file
from emg_recognition.bags.batches import Problems, Storage
from emg_recognition.bags.mcap_file import McapFile
from emg_recognition.bags.sqlite_file import SqliteFile
from emg_recognition.errors import RecordingError
from emg_recognition.files import open_regular


def open_storage(path: Path, problems: Problems) -> Storage:
    """Open a file; what is missing or damaged in it is added to the problems.

    Raises
    ------
    RecordingError
        If it is neither MCAP nor sqlite3, or cannot be read.
    """
    return McapFile(path, problems) if storage_of(path) == "mcap" else SqliteFile(path, problems)


def storage_of(path: Path) -> str:
    """Determine from the first bytes whether a file is ``mcap`` or ``sqlite3``.

    Raises
    ------
    RecordingError
        If it is neither, or cannot be read.
    """
    try:
        with open_regular(path) as file:
            begin = file.read(16)
    except OSError as error:
        raise RecordingError(
            str(path), f"it cannot be read ({error.strerror})", "check the path, the disk and the permissions"
        ) from error
    if begin.startswith(mcap_file.MAGIC):
        return "mcap"
    if begin.startswith(sqlite_file.MAGIC):
        return "sqlite3"
    if begin.startswith(b"#ROSBAG"):
        raise RecordingError(str(path), "it is a ROS 1 bag", "convert it with rosbags-convert")
    what = "it is empty" if not begin else "it is neither MCAP nor sqlite3"
    if begin and mcap_file.MAGIC.startswith(begin):
        what = f"it is truncated after {len(begin)} bytes"
    raise RecordingError(str(path), what, "give a ROS 2 bag")
