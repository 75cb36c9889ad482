"""Labels that stand in a file of their own: begin, duration and label of each event."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from emg_recognition.errors import RecordingError
from emg_recognition.recordings.csv_description import Column, CsvEvents
from emg_recognition.recordings.text_cells import split
from emg_recognition.recordings.text_layout import Layout, find_layout
from emg_recognition.recordings.text_lines import blocks
from emg_recognition.text import nfc


@dataclass(frozen=True, eq=False)
class Events:
    """The events of a recording, sorted: begin and end in seconds, shape (events,), and their labels."""

    onset: np.ndarray
    end: np.ndarray
    labels: list[str]


#: What BIDS keeps beside a recording; its table of events has these columns.
_BESIDE = re.compile(r"(?:.*_)?(?:events|channels|electrodes|scans|sessions|participants)\.(?:tsv|csv|txt)")
_ENDINGS = (".tsv", ".csv", ".txt")
_LABELS = ("trial_type", "label", "action", "gesture", "value")


def is_beside(name: str) -> bool:
    """Return whether a file has the name of a table that BIDS keeps beside recordings."""
    return _BESIDE.fullmatch(name) is not None


def events_beside(path: Path) -> CsvEvents | None:
    """Find the file of events that BIDS names after a recording, and its columns.

    Those of ``sub-01_task-grasp_emg.edf`` are in ``sub-01_task-grasp_events.tsv``: the last part of the name
    is replaced. Many put ``_events`` behind the whole name instead.
    """
    for name in ("{name}_events", "{entities}_events"):
        for ending in _ENDINGS:
            events = CsvEvents(file=name + ending)
            file = event_file(path, events)
            if file == path or not file.is_file():
                continue
            names = find_layout(file, header=True).names
            label = next((one for one in _LABELS if one in names), None)
            if label is not None and "onset" in names:
                return CsvEvents(file=name + ending, onset="onset", label=label)
    return None


def event_file(path: Path, events: CsvEvents) -> Path:
    """Return the path of the file with the events of a recording."""
    entities = path.stem.rpartition("_")[0] or path.stem
    return path.parent / events.file.replace("{name}", path.stem).replace("{entities}", entities)


def event_files(recordings: Iterable[Path], events: CsvEvents | None) -> list[Path]:
    """Return the files with the events of recordings that are there."""
    if events is None:
        return []
    return [found for path in recordings if (found := event_file(path, events)).exists()]


def read_events(path: Path, events: CsvEvents) -> Events:
    """Read the events of a recording.

    Parameters
    ----------
    path : Path
        The recording.
    events : CsvEvents
        Where its events are.

    Raises
    ------
    RecordingError
        If the file of the events cannot be read, a number is missing in it, or two events overlap.
    """
    file = event_file(path, events)
    layout = find_layout(file)
    if layout.names_line is None and not all(isinstance(c, int) for c in (events.onset, events.label)):
        layout = find_layout(file, header=True)
    places = [_place(file, layout, column) for column in (events.onset, events.label)]
    duration = None if events.duration is None else _place(file, layout, events.duration)
    if duration is None and "duration" in layout.names:
        duration = layout.names.index("duration")
    found: list[tuple[float, float, str]] = []
    try:
        for block in blocks(file, layout.encoding, layout.data_line, layout.comment):
            for at, line in enumerate(block.data.decode(block.encoding).splitlines()):
                if not line.strip():
                    continue
                row = [*split(line, layout.delimiter), *[""] * layout.width]
                begin = _number(file, block.line + at, row[places[0]], layout)
                length = 0.0
                if duration is not None and row[duration].lower() not in ("", "n/a", "nan"):
                    length = _number(file, block.line + at, row[duration], layout)
                found.append((begin, length, nfc(row[places[1]])))
    except (OSError, ValueError) as error:
        problem = f"it cannot be read ({' '.join(str(error).split())})"
        raise RecordingError(str(file), problem, "write onset, duration and label in columns") from error
    if not found:
        raise RecordingError(str(file), "it holds no events", "write onset, duration and label in columns")
    found.sort(key=lambda event: event[0])
    onset = np.array([event[0] for event in found])
    following = np.append(onset[1:], np.inf)
    lengths = np.array([event[1] for event in found])
    end = np.where(lengths > 0, onset + lengths, following)
    overlap = np.flatnonzero(end > following + 1e-6)
    if len(overlap):
        at = int(overlap[0])
        raise RecordingError(
            str(file),
            f"the event at {onset[at]:g} s ends at {end[at]:g} s, after the next one begins "
            f"({following[at]:g} s)",
            "correct onset or duration",
        )
    return Events(onset, end, [event[2] for event in found])


def label_rows(events: Events, time: np.ndarray, source: str) -> np.ndarray:
    """Return the number of each row's event; -1 for none.

    Onsets are in the clock of the time column; if all events lie before it or after it, they count from the
    first row.

    Raises
    ------
    RecordingError
        If no row lies in an event either way.
    """
    for begin in (0.0, float(time[0]) if len(time) else 0.0):
        at = np.searchsorted(events.onset + begin, time + 1e-9, side="right") - 1
        inside = (at >= 0) & (time < events.end[np.maximum(at, 0)] + begin - 1e-9)
        if (
            inside.any()
            and (events.onset + begin <= time[-1]).any()
            and (events.onset + begin >= time[0] - 1).any()
        ):
            return np.where(inside, at, -1)
    rows = f"at {time[0]:g} to {time[-1]:g} s" if len(time) else "none"
    raise RecordingError(
        source,
        f"its events are at {events.onset[0]:g} to {events.onset[-1]:g} s, its rows {rows}",
        "write onsets in seconds, by the time column or after the first row",
    )


def _place(file: Path, layout: Layout, column: Column) -> int:
    if isinstance(column, int) and column <= layout.width:
        return column - 1
    if isinstance(column, str) and layout.names.count(nfc(column)) == 1:
        return layout.names.index(nfc(column))
    known = ", ".join(name for name in layout.names if name) or f"{layout.width} columns"
    raise RecordingError(
        str(file), f"it has no column {column!r}, only {known}", "correct events in the description"
    )


def _number(file: Path, line: int, cell: str, layout: Layout) -> float:
    try:
        value = float(cell.replace(",", ".") if layout.decimal == "," else cell)
    except ValueError:
        value = np.nan
    if not np.isfinite(value):
        raise RecordingError(str(file), f"line {line} has {cell!r} for a time", "write seconds as a number")
    return value
