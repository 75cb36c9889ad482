"""Find and read the CSV files of a description."""

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
from emg_recognition.types import RATE_TOLERANCE

#: With fewer steps the time column says too little about the rate, because times are rounded.
_FEWEST_STEPS = 100


@dataclass(frozen=True)
class CsvFile:
    """A file that the pattern of a description matches, with its name and the groups of the pattern."""

    path: Path
    name: str
    roles: dict[str, str]


def find_csv_files(
    description: CsvDescription, path: Path
) -> tuple[list[CsvFile], tuple[tuple[str, str], ...]]:
    """Find the files of a description.

    Parameters
    ----------
    description : CsvDescription
        Has the folder and the pattern.
    path : Path
        The file it was read from.

    Returns
    -------
    found : list of CsvFile
        The files that match, sorted by name, at least one.
    skipped : tuple of (str, str)
        Name and reason for each other file in the folder.

    Raises
    ------
    RecordingError
        If no file matches.
    """
    folder = path.parent / description.folder
    pattern = re.compile(description.files)
    found, skipped = [], []
    for file in sorted(folder.rglob("*")) if folder.is_dir() else []:
        if not file.is_file() or file.resolve() == path.resolve():
            continue
        name = file.relative_to(folder).as_posix()
        match = pattern.fullmatch(name)
        if match:
            found.append(CsvFile(file, name, {role: text or "" for role, text in match.groupdict().items()}))
        else:
            skipped.append((name, _mismatch(description.files, name)))
    if not found:
        example = f"; {skipped[0][0]}: {skipped[0][1]}" if skipped else ""
        raise RecordingError(
            str(path),
            f"no file in {folder} matches {description.files!r}, {len(skipped)} tried{example}",
            "write files as a regular expression for the whole path inside the folder",
        )
    return found, tuple(skipped)


def _mismatch(pattern: str, name: str) -> str:
    """Say why a pattern does not match a name."""
    if re.fullmatch(pattern, name, re.IGNORECASE):
        return "matches only if upper and lower case are the same"
    if part := re.search(pattern, name):
        return f"only {part[0]!r} matches, not the whole path"
    return "does not match"


def read_csv_files(
    description: CsvDescription, files: Sequence[CsvFile], source: str, counts: Path | None = None
) -> Recordings:
    """Read the segments of CSV files: consecutive rows with the same label, repetition and so on.

    Without a repetition in names, columns or constants, the performances of an action are counted from 1:
    in each file, or over all files of a subject and session if the file names give the label.

    Parameters
    ----------
    description : CsvDescription
        What the files hold.
    files : sequence of CsvFile
        As :func:`find_csv_files` returns them.
    source : str
        The path of the description, for messages and reports.
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
    """Return for each row from the second on whether samples are missing before it."""
    if table.time is None:
        return np.zeros(max(len(table.samples) - 1, 0), bool)
    steps = np.diff(table.time)
    gaps = (steps < 0) | (steps > 1 / rate + description.gap)
    whole = steps[~gaps]
    if len(whole) >= _FEWEST_STEPS and abs(whole.mean() * rate - 1) > RATE_TOLERANCE:
        raise RecordingError(
            str(path),
            f"its time column gives {1 / whole.mean():.6g} Hz, the description {rate:g} Hz",
            f"correct rate or time_unit ({description.time_unit}) in the description",
        )
    return gaps


def _measured_rate(path: Path, time: np.ndarray, gap: float) -> float:
    steps = np.diff(time)
    # Without the gaps. The rate is not known yet, so the median step is used instead.
    usual = steps[(steps >= 0) & (steps <= gap + np.median(steps))] if len(steps) else steps
    if len(usual) < _FEWEST_STEPS or usual.mean() <= 0:
        raise RecordingError(
            str(path), "its time column is too short to measure the rate", "give the rate in the description"
        )
    rate = float(1 / usual.mean())
    # Amplifiers sample at a whole number of Hz; the rest comes from their clocks and from rounded times.
    return float(round(rate)) if abs(round(rate) / rate - 1) < RATE_TOLERANCE / 2 else rate


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
            # A gap within the same rows does not begin a new repetition.
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
            str(file.path),
            f"line {line} has no label",
            "write one, or skip such rows with labels: {'': null}",
        )
    if raw not in labels:
        raw = _plain(raw)
    if raw in labels:
        return labels[raw]
    raise RecordingError(
        str(file.path),
        f"the label {raw!r} of line {line} is not in the description's labels {', '.join(labels)}",
        "add it there; null skips its rows",
    )


def _repetition(file: CsvFile, text: str, line: int) -> int:
    plain = _plain(text)
    if not re.fullmatch(r"-?[0-9]+", plain):
        problem = f"the repetition of line {line} is {text!r}"
        raise RecordingError(str(file.path), problem, "write a whole number in the name or the column")
    return int(plain)


def _plain(text: str) -> str:
    """Return ``3`` for a whole number that a program has stored as ``3.0``."""
    return text.partition(".")[0] if re.fullmatch(r"-?[0-9]+\.0*", text) else text
