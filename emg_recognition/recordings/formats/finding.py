"""Find files in the formats of others, each recording once, with what their names tell."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from emg_recognition.recordings.file_names import guess_pattern, roles_in
from emg_recognition.recordings.finding import FoundFile
from emg_recognition.recordings.formats.files import FormatFile
from emg_recognition.recordings.kinds import identify
from emg_recognition.text import nfc, readable


def named_files(paths: Sequence[Path], folder: Path) -> tuple[list[FormatFile], str | None]:
    """Return files that no description speaks of, and the pattern that their names follow, if any.

    Parameters
    ----------
    paths : sequence of Path
        Files in a format of :data:`~emg_recognition.recordings.kinds.FORMATS`.
    folder : Path
        The folder that the names are relative to.
    """
    once = [file for file, _ in _once((file, {}) for file in paths)]
    names = [nfc(readable(file.relative_to(folder).as_posix())) for file in once]
    pattern = guess_pattern(names)
    found = [
        FormatFile(file, identify(file), guessed=roles_in(pattern, name))
        for file, name in zip(once, names, strict=True)
    ]
    return found, pattern


def described_files(matched: Sequence[FoundFile]) -> list[FormatFile]:
    """Return the files that a description matches, with what it finds in their names."""
    files = _once((file.path, {role: text for role, text in file.roles.items() if text}) for file in matched)
    return [FormatFile(file, identify(file), roles) for file, roles in files]


def _once(files: Iterable[tuple[Path, dict[str, str]]]) -> list[tuple[Path, dict[str, str]]]:
    """Leave each recording once: the signals of a WFDB record stand for its header."""
    heads: dict[Path, dict[str, str]] = {}
    for file, roles in files:
        header = file.with_suffix(".hea")
        heads.setdefault(header if identify(file) == "WFDB" and header.is_file() else file, roles)
    return list(heads.items())
