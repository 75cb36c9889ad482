"""Guess the description of text files: for files that are opened without one, and as a start to edit."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from emg_recognition.errors import RecordingError
from emg_recognition.files import open_regular
from emg_recognition.recordings.column_guess import Guess, guess_columns
from emg_recognition.recordings.csv_description import Column, CsvColumns, CsvDescription, CsvEvents
from emg_recognition.recordings.event_files import event_file, events_beside, is_beside
from emg_recognition.recordings.file_names import escaped, guess_pattern, libemg_labels, roles_in
from emg_recognition.recordings.markers import is_no_marker
from emg_recognition.recordings.roles import ROLES
from emg_recognition.recordings.text_cells import is_number
from emg_recognition.recordings.text_layout import Layout, find_layout
from emg_recognition.recordings.text_lines import find_encoding
from emg_recognition.text import nfc, readable

#: What is read of a file to see whether it holds numbers.
LOOKED_AT = 1 << 16
#: The label of a recording for which none was found.
UNLABELLED = "unlabelled"
#: Names of neighbours that are compared with that of a file.
_COMPARED = 100
#: Columns in times of rows, and rows, from which on a table is taken to lie on its side.
_WIDE = 100
#: Columns that an error names.
_NAMED = 8
_DESCRIBED = (".yaml", ".yml", ".json", ".md", ".py", ".m", ".html", ".xml")


@dataclass(frozen=True, kw_only=True)
class Guessed:
    """A guessed description, and what it was guessed from.

    Attributes
    ----------
    description : CsvDescription
        For :func:`~emg_recognition.recordings.csv_files.read_csv_files`; relative to `base`.
    base : Path
        The folder of the files.
    names : tuple of str
        The files, relative to the folder.
    pattern : str or None
        Pattern of the names of this file and its neighbours, with what they tell.
    layout : Layout
        Of the first file.
    columns : Guess
        Of the first file.
    labelled : bool
        Whether a label was found.
    """

    description: CsvDescription
    base: Path
    names: tuple[str, ...]
    pattern: str | None
    layout: Layout
    columns: Guess
    labelled: bool


def looks_like_text_recording(head: bytes) -> bool:
    """Return whether a file holds rows of numbers.

    Parameters
    ----------
    head : bytes
        Its beginning, 64 KiB or more.
    """
    encoding = find_encoding(head)
    text = head.decode(encoding, errors="replace")
    if not encoding.startswith(("utf-16", "utf-32")) and "\0" in text:
        return False
    lines = [line.strip() for line in re.split(r"\r\n|\n|\r", text)]
    if len(head) >= LOOKED_AT:
        lines.pop()  # it may be cut
    lines = [line for line in lines if line][-20:]
    return bool(lines) and 2 * sum(map(_has_numbers, lines)) > len(lines)


def _has_numbers(line: str) -> bool:
    if line.startswith(("{", "[", "<", "- ")):
        return False
    for pattern in (r"\t", ";", r",(?=[^0-9]|[-+.0-9])", r"\s+", r"\|"):
        cells = [cell.strip().strip('"') for cell in re.split(pattern, line)]
        filled = [cell for cell in cells if cell]
        numbers = sum(is_number(cell, ".") or is_number(cell, ",") for cell in filled)
        if filled and 2 * numbers >= len(filled) and numbers:
            return True
    return False


def guess_description(path: Path) -> CsvDescription:
    """Guess the description of a text file, or of the text files in a folder.

    Its folder is relative to the path's own folder for a file, and to `path` for a folder, as
    :func:`~emg_recognition.recordings.finding.find_files` takes it.

    Raises
    ------
    RecordingError
        If there are no numbers in rows, or nothing in them looks like EMG.
    """
    return guess(path).description


def guess(path: Path) -> Guessed:
    """Guess the description of a text file or of a folder, and keep what it was guessed from.

    Raises
    ------
    RecordingError
        If there are no numbers in rows, or nothing in them looks like EMG.
    """
    if path.is_dir():
        base = path
        found = [file for file in sorted(path.rglob("*")) if _is_recording(file)]
        if not found:
            raise RecordingError(
                str(path), "it holds no text files with rows of numbers", "name a folder with recordings"
            )
    else:
        base, found = path.parent, [path]
    near = found if path.is_dir() else _neighbours(path)
    events = _events_of(found)
    layout = find_layout(found[0])
    if layout.width > _WIDE * max(len(layout.rows), 1) and len(layout.rows) < _WIDE:
        problem = f"it has {len(layout.rows)} rows of {layout.width} columns: its channels may stand in rows"
        raise RecordingError(str(found[0]), problem, "write a column for each channel")
    columns = guess_columns(layout, readable(found[0].name))
    if not columns.samples:
        left = ", ".join(f"{name}: {why}" for name, why in list(columns.left.items())[:_NAMED])
        raise RecordingError(
            str(found[0]),
            f"none of its columns looks like EMG ({left or 'no numbers'})",
            "write plain numbers in columns, or a description with columns: {samples: [NAME, NAME]}",
        )
    names = [nfc(readable(file.relative_to(base).as_posix())) for file in found]
    near_names = [nfc(readable(file.relative_to(base).as_posix())) for file in near]
    pattern = _pattern(near_names, columns, names)
    if (
        columns.marker is not None
        and pattern
        and "(?P<label>" in pattern
        and not _marked(layout, columns.marker)
    ):
        columns.marker = None  # vendors have such a column whether it is used or not
    in_rows = columns.label is not None or columns.marker is not None or events is not None
    if in_rows:
        pattern = _pattern(near_names, columns, names, labelled=True)
    constants: dict[str, str] = {}
    files = pattern or ".*" + escaped(Path(names[0]).suffix)
    if not path.is_dir():
        files = escaped(names[0])
        constants = roles_in(pattern, names[0])
    labelled = (
        in_rows or "label" in constants or (pattern is not None and path.is_dir() and "(?P<label>" in pattern)
    )
    if not labelled:
        constants["label"] = UNLABELLED
    description = CsvDescription(
        files=files,
        columns=_columns(layout, columns, events is not None),
        time_unit=columns.time_unit if columns.time is not None else None,
        unit=None if columns.scale is None else columns.scale.unit,
        scale=None if columns.scale is None or columns.scale.unit == "count" else columns.scale.factor,
        labels=_class_names(base, pattern, names),
        constants=constants,
        events=events,
    )
    return Guessed(
        description=description,
        base=base,
        names=tuple(names),
        pattern=pattern,
        layout=layout,
        columns=columns,
        labelled=labelled,
    )


def _class_names(base: Path, pattern: str | None, names: Sequence[str]) -> dict[str, str | None] | None:
    """Return the names of LibEMG's classes, if the file names have their numbers."""
    known = libemg_labels(base)
    numbers = {roles["label"] for name in names if "label" in (roles := roles_in(pattern, name))}
    return dict(known) if known and numbers and numbers <= set(known) else None


def _is_recording(file: Path) -> bool:
    if not file.is_file() or file.name.startswith(".") or file.suffix.lower() in _DESCRIBED:
        return False
    if is_beside(file.name):
        return False
    try:
        with open_regular(file) as opened:
            return looks_like_text_recording(opened.read(LOOKED_AT))
    except OSError:
        return False


def _neighbours(path: Path) -> list[Path]:
    """Return a file and some others of its folder with the same ending, to compare their names."""
    others = [file for file in sorted(path.parent.glob(f"*{_globbed(path.suffix)}")) if file != path]
    return sorted([path, *itertools.islice(filter(_is_recording, others), _COMPARED)])


def _events_of(found: Sequence[Path]) -> CsvEvents | None:
    """Return the events if each recording has a file of them beside it, as BIDS names it."""
    first = events_beside(found[0])
    return first if first is not None and all(event_file(file, first).exists() for file in found) else None


def _globbed(text: str) -> str:
    return re.sub(r"([*?\[])", r"[\1]", text)


def _pattern(near: list[str], columns: Guess, names: list[str], *, labelled: bool = False) -> str | None:
    """Return the pattern of the names, without what the columns already tell."""
    pattern = guess_pattern(near, labelled=labelled)
    if pattern is None and len(near) > len(names):
        pattern = guess_pattern(names, labelled=labelled)
    if pattern is None:
        return None
    for role in ROLES:
        if role in columns.roles:
            pattern = pattern.replace(f"(?P<{role}>", "(?:")
    fitting = sum(re.fullmatch(pattern, name) is not None for name in names)
    return pattern if 2 * fitting >= len(names) else None


def _marked(layout: Layout, column: int) -> bool:
    return any(row[column] and not is_no_marker(row[column]) for row in layout.rows if column < len(row))


def _columns(layout: Layout, columns: Guess, has_events: bool) -> CsvColumns:
    """Return the columns by name where each name is there once, else all by number."""
    once = Counter(layout.names)
    wanted = [
        *columns.samples,
        columns.time,
        columns.counter,
        columns.marker,
        columns.label,
        *columns.roles.values(),
    ]
    # Names from comments are not in a line of names.
    by_name = layout.names_line is not None and all(
        once[layout.names[i]] == 1 and layout.names[i] for i in wanted if i is not None
    )

    def column(i: int | None) -> Column | None:
        return None if i is None else layout.names[i] if by_name else i + 1

    samples = tuple(one for i in columns.samples if (one := column(i)) is not None)
    return CsvColumns(
        samples=samples,
        time=column(columns.time),
        counter=column(columns.counter),
        marker=None if has_events else column(columns.marker),
        label=None if has_events else column(columns.label),
        **{role: column(i) for role, i in columns.roles.items()},
    )
