"""Which files a bag consists of."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from emg_recognition.errors import RecordingError
from emg_recognition.recordings import mcap_file, sqlite_file

_METADATA = "metadata.yaml"
_ENDINGS = (".mcap", ".db3")


@dataclass(frozen=True)
class BagFiles:
    """What a bag consists of.

    Attributes
    ----------
    files : tuple of Path
        In the order in which they were written.
    compressed : bool
        rosbag2 has compressed the files or the messages.
    problems : tuple of str
        What is missing.
    """

    files: tuple[Path, ...]
    compressed: bool
    problems: tuple[str, ...]


def find_files(path: Path) -> BagFiles:
    """Find the files of a bag.

    Parameters
    ----------
    path : Path
        A directory, or one file.

    Returns
    -------
    BagFiles
        At least one file.

    Raises
    ------
    RecordingError
        If there is none.
    """
    if not path.exists():
        raise RecordingError(str(path), "there is no such file or folder", "give the path of a bag")
    if not path.is_dir():
        return BagFiles((path,), False, ())
    found = sorted(
        (file for file in path.iterdir() if file.suffix in _ENDINGS and file.is_file()), key=_natural
    )
    metadata, problem = _read_metadata(path)
    problems = [problem] if problem else []
    listed = [path / Path(name).name for name in metadata.get("relative_file_paths", ())]
    missing = [file for file in listed if not file.is_file()]
    files = [file for file in listed if file not in missing] if listed else found
    if not files:
        what = f"of {', '.join(file.name for file in missing)}" if missing else "with .mcap or .db3"
        raise RecordingError(str(path), f"it holds no file {what}", "give the folder that ros2 bag made")
    problems += [f"{file.name} is missing, though {_METADATA} names it" for file in missing]
    return BagFiles(tuple(files), bool(metadata.get("compression_mode")), tuple(problems))


def _read_metadata(folder: Path) -> tuple[dict[str, Any], str]:
    """Return what ``metadata.yaml`` says of the files, and what is wrong with it."""
    try:
        text = (folder / _METADATA).read_text(encoding="utf-8")
        content = yaml.safe_load(text)["rosbag2_bagfile_information"]
        mode = str(content.get("compression_mode") or "").lower()
        names = [str(name) for name in content["relative_file_paths"]]
    except FileNotFoundError:
        return {}, f"there is no {_METADATA}: the recorder was not closed, or only the file was copied"
    except (OSError, UnicodeDecodeError, yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
        return {}, f"{_METADATA} cannot be read ({type(error).__name__}); the files are read without it"
    return {"relative_file_paths": names, "compression_mode": mode if mode != "none" else ""}, ""


def _natural(path: Path) -> list[tuple[int, str]]:
    """Sort ``bag_10`` behind ``bag_9``."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"([0-9]+)", path.name)]


def storage_of(path: Path) -> str:
    """Tell by its first bytes how a file is stored.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    str
        ``mcap`` or ``sqlite3``.

    Raises
    ------
    RecordingError
        If it is neither, or cannot be read.
    """
    try:
        with path.open("rb") as file:
            begin = file.read(16)
    except OSError as error:
        raise RecordingError(
            str(path), f"it cannot be read ({error.strerror})", "check the disk and the permissions"
        ) from error
    if begin.startswith(mcap_file.MAGIC):
        return "mcap"
    if begin.startswith(sqlite_file.MAGIC):
        return "sqlite3"
    if begin.startswith(b"#ROSBAG"):
        raise RecordingError(str(path), "it is a bag of ROS 1", "convert it with rosbags-convert")
    what = "it is empty" if not begin else "it is neither MCAP nor sqlite3"
    if begin and mcap_file.MAGIC.startswith(begin):
        what = f"it was cut off after {len(begin)} bytes"
    raise RecordingError(str(path), what, "give a bag of ROS 2")
