"""Find and read the text files of a description."""

from __future__ import annotations

import dataclasses
import itertools
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from emg_recognition.errors import RecordingError
from emg_recognition.recordings.csv_description import ROLES, CsvDescription
from emg_recognition.recordings.csv_table import CsvTable, Texts, read_table
from emg_recognition.recordings.event_files import event_file, label_rows, read_events
from emg_recognition.recordings.file_patterns import FilePattern
from emg_recognition.recordings.inspection import listed
from emg_recognition.recordings.recordings import Recordings
from emg_recognition.recordings.row_times import Counted, Pace, find_lost, find_pace, whole
from emg_recognition.recordings.segments import Segment, gather_segments
from emg_recognition.recordings.text_columns import header_rate
from emg_recognition.text import nfc, readable
from emg_recognition.types import RATE_TOLERANCE

READING = "text 2"
"""Changes when the same files give other recordings; part of the cache's key."""


@dataclass(frozen=True)
class CsvFile:
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


def find_csv_files(description: Places, path: Path) -> tuple[list[CsvFile], tuple[tuple[str, str], ...]]:
    """Find the files of a description.

    Parameters
    ----------
    description : Places
        Has the folder and the pattern; the description of any files.
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
            found.append(CsvFile(file, name, roles))
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


def event_files(description: CsvDescription, files: Sequence[CsvFile]) -> list[Path]:
    """Return the files with the events of recordings that are there."""
    if description.events is None:
        return []
    return [found for file in files if (found := event_file(file.path, description.events)).exists()]


def read_csv_files(
    description: CsvDescription,
    files: Sequence[CsvFile],
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
    files : sequence of CsvFile
        As :func:`find_csv_files` returns them.
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

    reader = _Reader(description)
    first = reader.read(files[0], advance)
    found = gather_segments(
        _some(reader.segments(files, first, advance), description, source),
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


@dataclass(frozen=True, eq=False)
class _Timed:
    """A file with its rate, and for each row from the second on whether samples are missing before it."""

    table: CsvTable
    rate: float
    gaps: np.ndarray


class _Reader:
    """Reads files one after the other, and keeps what is to be said about them."""

    def __init__(self, description: CsvDescription) -> None:
        self._description = description
        self._rate = description.rate
        self._unit: str | None = None
        self._notes: dict[str, list[str]] = {}
        self._lost = [0, 0, 0]
        self._counter = ""
        self._bursts: list[tuple[int, float]] = []

    def read(self, file: CsvFile, advance: Callable[[int], None]) -> _Timed:
        """Read a file, and check its rate and unit against those of the files before."""
        description = self._description
        table = read_table(file.path, description, advance)
        if self._unit not in (None, table.scale.unit):
            problem = f"its unit is {table.scale.unit}, that of the files before is {self._unit}"
            raise RecordingError(str(file.path), problem, "give unit and scale in the description")
        self._unit = table.scale.unit
        for note in table.notes:
            self._notes.setdefault(note, []).append(file.name)
        counted = self._counted(file, table)
        said = header_rate(table.layout, table.columns)
        rate, gaps = self._timed(file, table, counted, said)
        if self._rate is not None and abs(rate / self._rate - 1) > RATE_TOLERANCE:
            raise RecordingError(
                str(file.path),
                f"its rate is {rate:g} Hz, that of the files before {self._rate:g} Hz",
                "give rate in a description, or keep recordings of each rate in a folder of their own",
            )
        rate = self._rate = rate if self._rate is None else self._rate
        if counted is not None:
            gaps = gaps | (counted.lost > 0) | counted.restarts
        return _Timed(table, rate, gaps)

    def _counted(self, file: CsvFile, table: CsvTable) -> Counted | None:
        if table.counter is None:
            return None
        counted = find_lost(table.counter, self._description.counter_modulus)
        if counted is None:
            if not table.counter_sure:
                return None
            raise RecordingError(
                str(file.path),
                f"column {table.counter_name} does not count the rows",
                "name the column of the sample index as counter, or leave counter out",
            )
        lost = int(counted.lost.sum())
        if lost:
            self._lost[0] += lost
            self._lost[1] += int((counted.lost > 0).sum())
            self._lost[2] += 1
            self._counter = table.counter_name
        return counted

    def _timed(
        self, file: CsvFile, table: CsvTable, counted: Counted | None, said: float | None
    ) -> tuple[float, np.ndarray]:
        """Return the rate of a file, and where its times have gaps; `said` is the rate of its header."""
        description = self._description
        rate = description.rate or said or self._rate
        none = np.zeros(max(len(table.samples) - 1, 0), bool)
        if table.time is None:
            if rate is None:
                raise RecordingError(
                    str(file.path),
                    "neither the description nor the file says the sampling rate",
                    "give rate in Hz in the description, or a time column",
                )
            return rate, none
        lost = None if counted is None else counted.lost
        pace = find_pace(table.time, description.gap, lost, rate)
        if description.rate is None and said is not None and pace is not None and _contradicts(pace, said):
            # A header may be from another session, or say another rate; times are measured.
            note = f"the header says {said:g} Hz, but the times {pace.rate:.6g} Hz, which is taken"
            self._notes.setdefault(note, []).append(file.name)
            rate = self._rate
            pace = find_pace(table.time, description.gap, lost, rate)
        if pace is None and rate is None:
            raise RecordingError(
                str(file.path),
                "its time column is too short to measure the rate",
                "give the rate in the description",
            )
        if pace is None:
            return rate or 0.0, none
        if pace.packet > 1:
            self._bursts.append((pace.packet, pace.interval))
        if rate is None:
            return whole(pace.rate), pace.gaps
        if _contradicts(pace, rate):
            where = "the description" if description.rate is not None else "the files before"
            raise RecordingError(
                str(file.path),
                f"its time column gives {pace.rate:.6g} Hz, {where} {rate:g} Hz",
                f"correct rate or time_unit ({description.time_unit or 's'}) in the description",
            )
        return rate, pace.gaps

    def segments(
        self, files: Sequence[CsvFile], first: _Timed, advance: Callable[[int], None]
    ) -> Iterator[Segment]:
        """Read the segments of all files; the first one has been read."""
        counted: Counter[tuple[str, ...]] = Counter()
        by_name = "label" in FilePattern(self._description.files).groups
        for number, file in enumerate(files):
            if not by_name:
                counted.clear()
            timed = first if number == 0 else self.read(file, advance)
            yield from self._runs(file, timed, counted)
            del timed
            first = None  # type: ignore[assignment]  # its memory is free now

    def _runs(self, file: CsvFile, timed: _Timed, counted: Counter) -> Iterator[Segment]:
        description, table = self._description, timed.table
        rows = len(table.samples)
        if not rows:
            return
        known = {**description.constants, **file.roles}
        columns = {role: table.texts[role] for role in ROLES if role in table.texts}
        changes = np.zeros(rows - 1, bool)
        for texts in columns.values():
            changes |= texts.codes[1:] != texts.codes[:-1]
        held = self._held(file, timed, columns)
        if held is not None:
            columns.pop("label", None)
            others = np.zeros(rows - 1, bool)
            for texts in columns.values():
                others |= texts.codes[1:] != texts.codes[:-1]
            changes = others | (held[0][1:] != held[0][:-1])
        borders = [0, *(np.flatnonzero(changes | timed.gaps) + 1).tolist(), rows]
        for begin, end in itertools.pairwise(borders):
            roles = {
                **dict.fromkeys(ROLES, ""),
                **known,
                **{r: texts.at(begin) for r, texts in columns.items()},
            }
            if held is not None:
                event = int(held[0][begin])
                if event < 0:
                    continue
                roles["label"] = held[1][event]
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
            samples = table.samples[begin:end]
            yield Segment(samples, roles["subject"], roles["cohort"], roles["session"], action, repetition)

    def _held(
        self, file: CsvFile, timed: _Timed, columns: dict[str, Texts]
    ) -> tuple[np.ndarray, list[str]] | None:
        """Return for each row the event that holds there, -1 for none, and the labels of the events."""
        table, description = timed.table, self._description
        if description.events is not None:
            events = read_events(file.path, description.events)
            time = table.time if table.time is not None else np.arange(len(table.samples)) / timed.rate
            return label_rows(events, time, str(file.path)), events.labels
        if "marker" in table.texts:
            return _held_markers(table.texts["marker"], description)
        label = columns.get("label")
        if label is not None and _in_single_rows(label, description):
            note = (
                "labels stand in single rows, so each holds until the next (write marker in place of label)"
            )
            self._notes.setdefault(note, []).append(file.name)
            return _held_markers(label, description)
        return None

    def problems(self) -> tuple[str, ...]:
        """Return what is to be said about the files."""
        said = []
        lost, gaps, files = self._lost
        if lost:
            counter = f" {self._counter}" if self._counter else ""
            said.append(
                f"{lost} samples are lost, in {gaps} gaps of the counter{counter} in {_files(files)}; "
                "segments are split there"
            )
        if self._bursts:
            packet, interval = self._bursts[0]
            said.append(
                f"rows come in bursts of {packet} every {1000 * interval:.3g} ms in "
                f"{_files(len(self._bursts))}, so the times are those of the transfer; "
                "the rate is that of all rows over the whole time"
            )
        said += [f"{note}: {listed(names)}" for note, names in self._notes.items()]
        return tuple(said)


def _contradicts(pace: Pace, rate: float) -> bool:
    return abs(pace.rate / rate - 1) > RATE_TOLERANCE + pace.uncertainty


def _files(count: int) -> str:
    return f"{count} file{'s' * (count != 1)}"


def _held_markers(marker: Texts, description: CsvDescription) -> tuple[np.ndarray, list[str]]:
    """Return for each row the last marker before it, as an event; markers are neither 0 nor empty."""
    empty = np.array([is_no_marker(value) for value in marker.values], bool)
    at = np.flatnonzero(~empty[marker.codes])
    event = np.searchsorted(at, np.arange(len(marker.codes)), side="right") - 1
    values = [_plain(value) if description.labels is None else value for value in marker.values]
    return event, [values[marker.codes[row]] for row in at]


def is_no_marker(text: str) -> bool:
    """Return whether a cell of a marker column says that nothing begins there: 0 or nothing."""
    return text == "" or re.fullmatch(r"[+-]?0*(\.0*)?|nan|none|null", text, re.IGNORECASE) is not None


def _in_single_rows(label: Texts, description: CsvDescription) -> bool:
    """Return whether labels that are not skipped stand in single rows, as markers do."""
    if description.labels is None:
        return False
    skipped = [
        is_no_marker(value) and description.labels.get(_mapped(value, description), "") is None
        for value in label.values
    ]
    if not any(skipped):
        return False
    labelled = ~np.array(skipped)[label.codes]
    return bool(labelled.any()) and not (labelled[1:] & labelled[:-1]).any()


def _mapped(raw: str, description: CsvDescription) -> str:
    return raw if description.labels is None or raw in description.labels else _plain(raw)


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
    raw = _mapped(raw, description)
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
