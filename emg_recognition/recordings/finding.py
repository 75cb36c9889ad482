"""Find the files that a description speaks of."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from emg_recognition.errors import RecordingError
from emg_recognition.recordings.file_patterns import FilePattern
from emg_recognition.text import nfc, readable


@dataclass(frozen=True)
class FoundFile:
    """A file that the pattern of a description matches, with its name and the groups of the pattern."""

    path: Path
    name: str
    roles: dict[str, str]


class Places(Protocol):
    """What says where files are: a folder, and a pattern of their names in it."""

    @property
    def folder(self) -> str:
        """The folder, relative to the description."""

    @property
    def files(self) -> str:
        """Regular expression for the whole path inside the folder."""


def find_files(description: Places, path: Path) -> tuple[list[FoundFile], tuple[tuple[str, str], ...]]:
    """Find the files of a description.

    Parameters
    ----------
    description : Places
        Has the folder and the pattern; the description of any files.
    path : Path
        The file it was read from.

    Returns
    -------
    found : list of FoundFile
        The files that match, sorted by name, at least one.
    skipped : tuple of (str, str)
        Name and reason for each other file in the folder.

    Raises
    ------
    RecordingError
        If no file matches.
    """
    folder = _folder(path if path.is_dir() else path.parent, description.folder)
    pattern = FilePattern(nfc(description.files))
    found, skipped = [], []
    for file in sorted(folder.rglob("*")) if folder.is_dir() else []:
        if not file.is_file() or (file.suffix == ".yaml" and file.resolve() == path.resolve()):
            continue
        # Names compare in NFC: macOS writes them decomposed.
        name = nfc(readable(file.relative_to(folder).as_posix()))
        roles = pattern.groups_of(name)
        if roles is not None:
            found.append(FoundFile(file, name, roles))
        else:
            skipped.append((name, pattern.mismatch(name)))
    if not found:
        example = f"; {skipped[0][0]}: {skipped[0][1]}" if skipped else ""
        raise RecordingError(
            str(path),
            f"no file in {folder} matches {description.files!r}, {len(skipped)} tried{example}",
            "write files as a regular expression for the whole path inside the folder",
        )
    return found, tuple(skipped)


def _folder(base: Path, text: str) -> Path:
    """Return a folder by its name; its parts compare in NFC, and bytes that are no UTF-8 as Latin-1."""
    folder = base / text
    if folder.exists():
        return folder
    for part in Path(text).parts:
        alike = base / part
        if not alike.exists() and base.is_dir():
            alike = next((one for one in base.iterdir() if nfc(readable(one.name)) == nfc(part)), alike)
        base = alike
    return base if base.exists() else folder


def files_at(places: Places, path: Path) -> tuple[list[FoundFile], tuple[tuple[str, str], ...]]:
    """Return a file as it is, or find the files in a folder as :func:`find_files` does.

    The folder of a single file may hold a hundred thousand others, which are not looked at.
    """
    if path.is_dir():
        return find_files(places, path)
    return [FoundFile(path, nfc(readable(path.name)), {})], ()
