"""What a folder holds: the files below it, bags as a whole, and descriptions."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from emg_recognition.errors import RecordingError
from emg_recognition.files import open_regular

#: More files than this in a folder are no set of recordings.
_MOST_FILES = 200_000
#: Where a description's key ``files`` is looked for.
_DESCRIPTION_BYTES = 1 << 20


def holds_bag(folder: Path) -> bool:
    """Return whether a folder is that of a ROS 2 bag.

    Raises
    ------
    RecordingError
        If it cannot be read.
    """
    try:
        return (folder / "metadata.yaml").is_file() or any(
            file.suffix in (".mcap", ".db3") and file.is_file() for file in folder.iterdir()
        )
    except OSError as error:
        raise RecordingError(
            str(folder), f"it cannot be read ({error.strerror})", "check the permissions and the disk"
        ) from error


def is_description(path: Path) -> bool:
    """Return whether a YAML file says which files it describes."""
    with open_regular(path) as file:
        return re.search(rb"(?m)^files\s*:", file.read(_DESCRIPTION_BYTES)) is not None


def walk(folder: Path, on_error: Callable[[OSError], None] | None = None) -> Iterator[Path]:
    """Yield the files below a folder, sorted, and instead of those of a bag its folder.

    `on_error` is called for each folder that cannot be read, which is left out.
    """
    count = 0
    for name, folders, files in os.walk(folder, onerror=on_error):
        here = Path(name)
        if here != folder and holds_bag(here):
            folders.clear()
            yield here
            continue
        folders[:] = sorted(one for one in folders if not one.startswith("."))
        for file in sorted(files):
            count += 1
            if count > _MOST_FILES:
                raise RecordingError(
                    str(folder), f"it holds more than {_MOST_FILES} files", "give a smaller folder"
                )
            if not file.startswith("."):
                yield here / file
