"""Recordings from CSV files, as a description says."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from emg_recognition.errors import RecordingError
from emg_recognition.recordings.csv_description import ROLES, CsvDescription
from emg_recognition.recordings.csv_table import CsvTable, read_table
from emg_recognition.recordings.recordings import Recordings
from emg_recognition.recordings.segments import Segment, gather_segments

_TOLERANCE = 0.01
_FEWEST = 100
"""Steps of the time column below which its rate is not compared: rounded times would tell nothing."""


@dataclass(frozen=True)
class CsvFile:
    """A file that the description's pattern matches.

    Attributes
    ----------
    path : Path
        Where it is.
    roles : dict of str to str
        What its name says.
    """

    path: Path
    roles: dict[str, str]


def find_csv_files(description: CsvDescription, path: Path) -> list[CsvFile]:
    """Find the files that a description is about.

    Parameters
    ----------
    description : CsvDescription
        With the pattern.
    path : Path
        The file it was read from.

    Returns
    -------
    list of CsvFile
        Sorted by name, at least one.

    Raises
    ------
    RecordingError
        If no file matches.
    """
    folder = path.parent / description.folder
    pattern = re.compile(description.files)
    found, seen = [], 0
    for file in sorted(folder.rglob("*")) if folder.is_dir() else []:
        if not file.is_file():
            continue
        seen += 1
        match = pattern.fullmatch(file.relative_to(folder).as_posix())
        if match:
            found.append(CsvFile(file, {role: text or "" for role, text in match.groupdict().items()}))
    if not found:
        raise RecordingError(
            str(path),
            f"none of the {seen} files below {folder} matches {description.files!r}",
            "the pattern is a regular expression for the whole path below the folder",
        )
    return found


def read_csv_files(
    description: CsvDescription, files: Sequence[CsvFile], source: str, counts: Path | None = None
) -> Recordings:
    """Read the segments of CSV files: runs of rows with the same label, repetition and so on.

    Where nothing says the repetition, runs of an action are counted from 1: in each file, or over the
    files of a subject and session where the files' names say the label.

    Parameters
    ----------
    description : CsvDescription
        What the files hold.
    files : sequence of CsvFile
        As :func:`find_csv_files` returns them.
    source : str
        The description's path, for messages and reports.
    counts : Path, optional
        The ``.npy`` file to write the samples to; in memory by default.

    Returns
    -------
    Recordings
        The segments, float32 in the unit.

    Raises
    ------
    RecordingError
        If a file cannot be used, or its time column contradicts the rate; the file is named.
    OSError
        If `counts` cannot be written.
    """
    rate = description.rate
    if rate is None:
        first = read_table(files[0].path, description)
        assert first.time is not None  # the description has a rate or a time column
        rate = _measured_rate(files[0].path, first.time, description.gap)
    return gather_segments(
        _segments(description, files, rate),
        channels=len(description.columns.samples),
        rate=rate,
        unit=description.unit,
        source=source,
        counts=counts,
    )


def _segments(description: CsvDescription, files: Sequence[CsvFile], rate: float) -> Iterator[Segment]:
    counted: Counter[tuple[str, ...]] = Counter()
    for file in files:
        if description.columns.label is not None:
            counted.clear()
        table = read_table(file.path, description)
        gaps = _gaps(file.path, table, description, rate)
        yield from _runs(file, table, gaps, description, counted)


def _gaps(path: Path, table: CsvTable, description: CsvDescription, rate: float) -> np.ndarray:
    """Tell before which rows (from the second on) samples are missing."""
    if table.time is None:
        return np.zeros(max(len(table.samples) - 1, 0), bool)
    steps = np.diff(table.time)
    gaps = (steps < 0) | (steps > 1 / rate + description.gap)
    whole = steps[~gaps]
    if len(whole) >= _FEWEST and abs(whole.mean() * rate - 1) > _TOLERANCE:
        raise RecordingError(
            str(path),
            f"its time column says {1 / whole.mean():.6g} Hz, not {rate:g} Hz",
            f"correct rate or time_unit ({description.time_unit}) in the description",
        )
    return gaps


def _measured_rate(path: Path, time: np.ndarray, gap: float) -> float:
    steps = np.diff(time)
    # Without the gaps; the rate that tells them from other steps is only being found.
    usual = steps[(steps >= 0) & (steps <= gap + np.median(steps))] if len(steps) else steps
    if len(usual) < _FEWEST or usual.mean() <= 0:
        raise RecordingError(
            str(path), "its time column is too short to tell the rate", "give the rate in the description"
        )
    rate = float(1 / usual.mean())
    # An amplifier samples at a whole number of Hz; the rest is its clock and the rounding of times.
    return float(round(rate)) if abs(round(rate) / rate - 1) < _TOLERANCE / 2 else rate


def _runs(
    file: CsvFile, table: CsvTable, gaps: np.ndarray, description: CsvDescription, counted: Counter
) -> Iterator[Segment]:
    rows = len(table.samples)
    if not rows:
        return
    known = {**description.constants, **file.roles}
    columns = {role: table.texts[role] for role in ROLES if role in table.texts}
    changes = np.zeros(rows - 1, bool)
    for values in columns.values():
        changes |= values[1:] != values[:-1]
    borders = [0, *(np.flatnonzero(changes | gaps) + 1).tolist(), rows]
    for begin, end in itertools.pairwise(borders):
        roles = {**dict.fromkeys(ROLES, ""), **known, **{r: str(v[begin]) for r, v in columns.items()}}
        action = _action(file, roles["label"], int(table.lines[begin]), description)
        if action is None:
            continue
        if "repetition" in known or "repetition" in columns:
            repetition = _repetition(file, roles["repetition"], int(table.lines[begin]))
        else:
            performed = (roles["subject"], roles["cohort"], roles["session"], action)
            # Behind a gap in a run the repetition goes on.
            counted[performed] += begin == 0 or bool(changes[begin - 1])
            repetition = counted[performed]
        samples = (table.samples[begin:end] / description.scale).astype(np.float32)
        yield Segment(samples, roles["subject"], roles["cohort"], roles["session"], action, repetition)


def _action(file: CsvFile, raw: str, line: int, description: CsvDescription) -> str | None:
    labels = description.labels
    if labels is None:
        if raw:
            return raw
        raise RecordingError(
            str(file.path), f"line {line} has no label", "write one, or leave it out with labels: {'': null}"
        )
    if raw not in labels:
        raw = _plain(raw)
    if raw in labels:
        return labels[raw]
    raise RecordingError(
        str(file.path),
        f"the label {raw!r} of line {line} is not in the description's labels {', '.join(labels)}",
        "add it there, with null to leave it out",
    )


def _repetition(file: CsvFile, text: str, line: int) -> int:
    plain = _plain(text)
    if not re.fullmatch(r"-?[0-9]+", plain):
        problem = f"the repetition of line {line} is {text!r}"
        raise RecordingError(str(file.path), problem, "write a whole number, in the name or the column")
    return int(plain)


def _plain(text: str) -> str:
    """Write a whole number that a program has stored as ``3.0`` without its point."""
    return text.partition(".")[0] if re.fullmatch(r"-?[0-9]+\.0*", text) else text
