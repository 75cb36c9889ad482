"""Write the description of text files that was guessed, ready to edit."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from emg_recognition.errors import EmgRecognitionError, RecordingError
from emg_recognition.recordings.csv_description import CsvDescription
from emg_recognition.recordings.csv_files import read_csv_files
from emg_recognition.recordings.file_names import roles_in
from emg_recognition.recordings.finding import FoundFile, files_at
from emg_recognition.recordings.recordings import Recordings
from emg_recognition.recordings.text_columns import sensor_rates
from emg_recognition.recordings.text_guess import UNLABELLED, Guessed, guess
from emg_recognition.recordings.text_layout import Layout, find_layout
from emg_recognition.text import readable

#: Files whose layouts are compared; a layout that differs is left to be found in each file.
_COMPARED = 20
_WIDTH = 34


def describe_text(path: Path, beside: Path) -> str:
    """Describe a text file or a folder of text files.

    Parameters
    ----------
    path : Path
        The file or folder.
    beside : Path
        The folder in which the description will be.

    Returns
    -------
    str
        A YAML document for :func:`~emg_recognition.recordings.csv_description.load_description`. What could
        not be found stands in it as a comment that says what to write.

    Raises
    ------
    RecordingError
        If there are no rows of numbers, or nothing in them looks like EMG.
    """
    found = guess(path)
    description = found.description
    files, _ = files_at(description, path)
    known, problem = _read(description, files, str(path))
    folder = os.path.relpath(found.base, beside)
    lines = [
        "# What was found in these files. Check each line, and complete what is left open; then give this",
        "# file in place of the recordings: emg-recognition inspect study.yaml",
        *([f"# They cannot be read yet: {problem}"] if problem else []),
        _line("folder", readable(folder), "of the files, relative to this file"),
        *_names(found),
        *_layout(found, [file.path for file in files[:_COMPARED]]),
        *_columns(found),
        *_numbers(found, known),
        *_labels(found, known),
    ]
    return "\n".join(lines) + "\n"


def _read(
    description: CsvDescription, files: Sequence[FoundFile], source: str
) -> tuple[Recordings | None, str]:
    """Read the first file as it is described; return what it holds, or why it cannot be read."""
    try:
        return read_csv_files(description, files[:1], source), ""
    except EmgRecognitionError as error:
        return None, str(error)


def _line(key: str, value: Any, comment: str = "", *, open: bool = False) -> str:
    text = yaml.safe_dump(value, default_flow_style=True, width=10_000, allow_unicode=True).removesuffix(
        "...\n"
    )
    text = f'"{value}"' if value in (",", ".", ";", "#", "%", "|", " ") else text.strip()
    line = f"{'# ' if open else ''}{key}: {text}"
    return f"{line:<{_WIDTH}} # {comment}" if comment else line


def _names(found: Guessed) -> list[str]:
    comment = "a regular expression for the whole name"
    if found.pattern is None:
        comment += "; groups (?P<subject>...), session, label, repetition tell what names say"
        return [_line("files", found.description.files, comment)]
    return [
        f"# files is a regular expression for the whole name; for example {found.names[0]}",
        _line("files", found.pattern),
    ]


def _layout(found: Guessed, paths: Sequence[Path]) -> list[str]:
    first = found.layout
    layouts = [first, *(find_layout(path) for path in paths[1:])]

    def line(key: str, value: Any, comment: str, other: Any) -> str:
        same = all(other(layout) == value for layout in layouts)
        if not same:
            comment += "; not the same in all files, so it is found in each"
        return _line(key, value, comment, open=not same)

    lines = [
        line("encoding", first.encoding, "", lambda layout: layout.encoding),
        line("delimiter", first.delimiter, "between two columns", lambda layout: layout.delimiter),
        line("decimal", first.decimal, "decimal sign", lambda layout: layout.decimal),
    ]
    if first.comment is None:
        lines.append(_line("comment", None, "no comment lines"))
    else:
        lines.append(
            line("comment", first.comment, "begins lines to leave out", lambda layout: layout.comment)
        )
    what = "lines before the names" if first.names_line is not None else "lines before the data"
    lines.append(line("skip", _skipped(first), what, _skipped))
    header = first.names_line is not None
    lines.append(
        line(
            "header",
            header,
            "a line names the columns" if header else "no line names the columns",
            lambda layout: layout.names_line is not None,
        )
    )
    below = "a row of units is below the names" if first.units_row else "no row of units"
    lines.append(line("units_row", first.units_row, below, lambda layout: layout.units_row))
    return lines


def _skipped(layout: Layout) -> int:
    return layout.data_line if layout.names_line is None else layout.names_line


def _columns(found: Guessed) -> list[str]:
    columns, guessed = found.description.columns, found.columns
    names = found.layout.names
    numbered = any(isinstance(column, int) for column in columns.samples)
    said = [names[i] for i in guessed.samples if names[i]] if numbered else []
    lines = [
        "columns:",
        _line("  samples", list(columns.samples), ", ".join(said) or "the channels, in this order"),
    ]
    comments = {
        "time": "time of each row",
        "counter": "number of each sample or packet; its gaps split segments",
        "marker": "labels in single rows, each of which holds until the next",
    }
    for field in dataclasses.fields(columns):
        value = getattr(columns, field.name)
        if field.name != "samples" and value is not None:
            at = value - 1 if isinstance(value, int) else None
            name = names[at] if at is not None and names[at] else ""
            comment = comments.get(field.name, "")
            lines.append(
                _line(f"  {field.name}", value, f"{name}: {comment}" if name and comment else name or comment)
            )
    for name in ("time", "counter"):
        if getattr(columns, name) is None:
            lines.append(_line(f"  {name}", "NAME", f"no {name} column was found", open=True))
    if guessed.left:
        lines.append("# Other columns:")
        lines += [f"#   {name} ({reason})" for name, reason in list(guessed.left.items())[:40]]
    return lines


def _numbers(found: Guessed, known: Recordings | None) -> list[str]:
    description = found.description
    lines = []
    if found.columns.rate is not None and known is not None and known.rate == found.columns.rate:
        lines.append(_line("rate", known.rate, "Hz, from the file's header"))
    elif known is not None:
        lines.append(_line("rate", known.rate, "Hz, measured: rows over time"))
    else:
        comment = (
            "Hz; neither a header nor a time column says it" if description.columns.time is None else "Hz"
        )
        lines.append(_line("rate", 1000, comment, open=True))
    if rates := sensor_rates(found.layout, found.columns.samples):
        comment = "Hz; puts sensors of unlike rates on one grid (in place of rate)"
        lines.append(_line("resample", max(rates), comment, open=True))
    if description.columns.time is not None:
        lines.append(_line("time_unit", description.time_unit, "of the time column"))
    if description.unit == "V":
        lines += [_line("unit", "V"), _line("scale", description.scale, "numbers in the files per volt")]
    elif description.unit == "count":
        lines.append(
            _line("unit", "count", "the numbers of the converter; V with scale if its gain is known")
        )
    else:
        lines += [
            _line("unit", "V", "nothing says the unit; without it the samples are counts", open=True),
            _line("scale", 1.0e6, "numbers in the files per volt, for example of microvolts", open=True),
        ]
    if known is not None:
        lines += [f"# Note: {problem}." for problem in known.problems]
    return lines


def _labels(found: Guessed, known: Recordings | None) -> list[str]:
    description = found.description
    lines = []
    if description.events is not None:
        lines.append(
            _line(
                "events", dataclasses.asdict(description.events), "onset, duration and label of each action"
            )
        )
    actions = [] if known is None else [action for action in known.actions if action != UNLABELLED]
    if actions and found.pattern and "(?P<label>" in found.pattern:
        actions = list(dict.fromkeys([*_seen(found), *actions]))
    # The names of LibEMG's classes stand beside its recordings.
    labels = dict(description.labels or {action: action for action in sorted(actions)})
    if found.labelled and labels:
        lines.append("# Label in the files: the action; null leaves its rows out.")
        lines.append(_line("labels", labels))
    constants = {k: v for k, v in description.constants.items() if k != "label" and not _in_pattern(found, k)}
    if not found.labelled:
        lines += [
            "# No label was found. Name a column (columns: label, or marker), a group (?P<label>...) in",
            "# files, a file of events, or one label for all files, and remove the next line.",
        ]
        constants["label"] = UNLABELLED
    if constants:
        lines.append(_line("constants", constants, "" if not found.labelled else "the same for all files"))
    else:
        lines.append(_line("constants", {"cohort": "healthy"}, "what is the same for all files", open=True))
    return lines


def _in_pattern(found: Guessed, role: str) -> bool:
    return found.pattern is not None and f"(?P<{role}>" in found.pattern


def _seen(found: Guessed) -> list[str]:
    return [roles["label"] for name in found.names if "label" in (roles := roles_in(found.pattern, name))]


def describe(path: Path, output: Path | None = None) -> str:
    """Describe text files for a description at `output`, or for one in the current folder.

    Raises
    ------
    RecordingError
        If there is no such file, or it is no text with rows of numbers.
    """
    if not path.exists():
        raise RecordingError(readable(path), "there is no such file or folder", "check the path")
    return describe_text(path, (Path.cwd() if output is None else output.absolute().parent))
