"""The labelled segments of text files."""

from __future__ import annotations

import dataclasses
import itertools
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from emg_recognition.errors import RecordingError
from emg_recognition.recordings.csv_description import CsvDescription
from emg_recognition.recordings.csv_reader import CsvReader, TimedTable
from emg_recognition.recordings.event_files import label_rows, read_events
from emg_recognition.recordings.file_patterns import FilePattern
from emg_recognition.recordings.finding import FoundFile
from emg_recognition.recordings.markers import held_markers, in_single_rows
from emg_recognition.recordings.recordings import Recordings
from emg_recognition.recordings.roles import ROLES, action_of, repetition_of
from emg_recognition.recordings.segments import Segment, gather_segments

READING = "text 3"
"""Changes when the same files give other recordings; part of the cache's key."""


def read_csv_files(
    description: CsvDescription,
    files: Sequence[FoundFile],
    source: str,
    counts: Path | None = None,
    progress: Callable[[float], None] | None = None,
) -> Recordings:
    """Read the segments of text files: consecutive rows with the same label, repetition and so on.

    Without a repetition in names, columns or constants, the performances of an action are counted from 1:
    in each file, or over all files of a subject and session if the file names give the label.

    Parameters
    ----------
    description : CsvDescription
        What the files hold.
    files : sequence of FoundFile
        As :func:`~emg_recognition.recordings.finding.find_files` returns them.
    source : str
        The path of the description, for messages and reports.
    counts : Path, optional
        The ``.npy`` file to write the samples to; in memory by default.
    progress : callable, optional
        Is given the share that was read, 0 to 1.

    Returns
    -------
    Recordings
        The segments, float32 in the unit. Its problems say what was lost or shifted.

    Raises
    ------
    RecordingError
        If a file cannot be used, or its time column contradicts the rate; the file is named.
    OSError
        If `counts` cannot be written.
    """
    total, done = max(sum(_size(file.path) for file in files), 1), 0

    def advance(size: int) -> None:
        nonlocal done
        done += size
        if progress is not None:
            progress(min(done / total, 1.0))

    reader = CsvReader(description)
    first = reader.read(files[0], advance)
    found = gather_segments(
        _some(_segments(reader, files, first, advance), description, source),
        channels=len(description.columns.samples),
        rate=first.rate,
        unit=first.table.scale.unit,
        source=source,
        counts=counts,
        ring=description.ring,
    )
    return dataclasses.replace(found, problems=reader.problems())


def _some(segments: Iterator[Segment], description: CsvDescription, source: str) -> Iterator[Segment]:
    """Refuse files without any label."""
    one = next(segments, None)
    if one is None:
        columns = description.columns
        where = "marker" if columns.marker is not None else "label"
        column = columns.marker if columns.marker is not None else columns.label
        raise RecordingError(
            source,
            "no row has a label" if column is None else f"no row has a label in its {where} column {column}",
            "correct labels or the column, or take the label from the file names",
        )
    yield one
    yield from segments


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:  # reading it says why
        return 0


def _segments(
    reader: CsvReader, files: Sequence[FoundFile], first: TimedTable, advance: Callable[[int], None]
) -> Iterator[Segment]:
    """Read the segments of all files; the first one has been read."""
    counted: Counter[tuple[str, ...]] = Counter()
    by_name = "label" in FilePattern(reader.description.files).groups
    for number, file in enumerate(files):
        if not by_name:
            counted.clear()
        yield from _runs(reader, file, reader.read(file, advance) if number else first, counted)


def _runs(reader: CsvReader, file: FoundFile, timed: TimedTable, counted: Counter) -> Iterator[Segment]:
    description, table = reader.description, timed.table
    rows = len(table.samples)
    if not rows:
        return
    known = {**description.constants, **file.roles}
    columns = {role: table.texts[role] for role in ROLES if role in table.texts}
    held = _held(reader, file, timed)
    if held is not None:
        columns.pop("label", None)
    kept = [texts.codes for texts in columns.values()] + ([] if held is None else [held[0]])
    changes = np.zeros(rows - 1, bool)
    for codes in kept:
        changes |= codes[1:] != codes[:-1]
    borders = [0, *(np.flatnonzero(changes | timed.gaps) + 1).tolist(), rows]
    for begin, end in itertools.pairwise(borders):
        roles = {**dict.fromkeys(ROLES, ""), **known, **{r: texts.at(begin) for r, texts in columns.items()}}
        if held is not None:
            event = int(held[0][begin])
            if event < 0:
                continue
            roles["label"] = held[1][event]
        where = f" of line {table.lines[begin]}"
        action = action_of(file.path, roles["label"], description.labels, where)
        if action is None:
            continue
        if "repetition" in known or "repetition" in columns:
            repetition = repetition_of(file.path, roles["repetition"], where)
        else:
            performed = (roles["subject"], roles["cohort"], roles["session"], action)
            # A gap within the same rows does not begin a new repetition.
            counted[performed] += begin == 0 or bool(changes[begin - 1])
            repetition = counted[performed]
        if timed.missing[begin]:
            continue
        samples = table.samples[begin:end]
        yield Segment(samples, roles["subject"], roles["cohort"], roles["session"], action, repetition)


def _held(reader: CsvReader, file: FoundFile, timed: TimedTable) -> tuple[np.ndarray, list[str]] | None:
    """Return for each row the event that holds there, -1 for none, and the labels of the events."""
    table, description = timed.table, reader.description
    if description.events is not None:
        events = read_events(file.path, description.events)
        time = table.time if table.time is not None else np.arange(len(table.samples)) / timed.rate
        return label_rows(events, time, str(file.path)), events.labels
    if "marker" in table.texts:
        return held_markers(table.texts["marker"], description.labels)
    label = table.texts.get("label")
    if label is not None and in_single_rows(label, description.labels):
        note = "labels stand in single rows, so each holds until the next (write marker in place of label)"
        reader.note(file, note)
        return held_markers(label, description.labels)
    return None
