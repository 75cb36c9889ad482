"""Read text files one after the other, and check that their rates, units and counters go together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from emg_recognition.errors import RecordingError
from emg_recognition.recordings.csv_description import CsvDescription
from emg_recognition.recordings.csv_table import CsvTable, read_table
from emg_recognition.recordings.finding import FoundFile
from emg_recognition.recordings.inspection import listed
from emg_recognition.recordings.row_times import Counted, Pace, find_lost, find_pace, whole
from emg_recognition.recordings.text_columns import header_rate
from emg_recognition.types import RATE_TOLERANCE

#: Holes that are nearer to each other than this, in rows, come from slower sensors in the same file.
_FEWEST_BETWEEN = 20


@dataclass(frozen=True, eq=False)
class TimedTable:
    """A file with its rate.

    Attributes
    ----------
    table : CsvTable
        Its columns.
    rate : float
        Hz.
    gaps : numpy.ndarray
        bool, shape (rows - 1,): whether the signal is interrupted before each row from the second on.
    missing : numpy.ndarray
        bool, shape (rows,): whether the row lacks a sample.
    """

    table: CsvTable
    rate: float
    gaps: np.ndarray
    missing: np.ndarray


class CsvReader:
    """Reads files one after the other, and keeps what is to be said about them."""

    def __init__(self, description: CsvDescription) -> None:
        self.description = description
        self._rate = description.rate
        self._unit: str | None = None
        self._notes: dict[str, list[str]] = {}
        self._lost = [0, 0, 0]
        self._missing = [0, 0]
        self._counter = ""
        self._bursts: list[tuple[int, float]] = []

    def read(self, file: FoundFile, advance: Callable[[int], None]) -> TimedTable:
        """Read a file, and check its rate and unit against those of the files before."""
        description = self.description
        table = read_table(file.path, description, advance)
        if self._unit not in (None, table.scale.unit):
            problem = f"its unit is {table.scale.unit}, that of the files before is {self._unit}"
            raise RecordingError(str(file.path), problem, "give unit and scale in the description")
        self._unit = table.scale.unit
        for note in table.notes:
            self.note(file, note)
        counted = self._counted(file, table)
        said = None if self.description.resample else header_rate(table.layout, table.columns)
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
        missing = self._without_samples(file, table)
        return TimedTable(table, rate, gaps | (missing[1:] != missing[:-1]), missing)

    def _without_samples(self, file: FoundFile, table: CsvTable) -> np.ndarray:
        """Return which rows lack a sample; refuse a file with a channel that has none, or too many holes."""
        missing = np.isnan(table.samples.sum(axis=1, dtype=np.float64))
        count = int(missing.sum())
        if not count:
            return missing
        channel = int(np.argmax(np.isnan(table.samples).sum(axis=0)))
        column = table.layout.names[table.columns[channel]] or str(table.columns[channel] + 1)
        holes = int((missing[1:] & ~missing[:-1]).sum()) + int(missing[0])
        if np.isnan(table.samples[:, channel]).all():
            problem = f"column {column} holds no number"
        elif count < len(missing) and (len(missing) - count) / holes < _FEWEST_BETWEEN:
            problem = f"{count} of {len(missing)} rows lack a sample, first line {table.lines[missing][0]}, "
            problem += f"column {column}: {holes} holes"
        else:
            self._missing[0] += count
            self._missing[1] += 1
            return missing
        remedy = (
            "leave such a column out of the samples, or export each sensor, or rate, to a file of its own"
        )
        raise RecordingError(str(file.path), problem, remedy)

    def _counted(self, file: FoundFile, table: CsvTable) -> Counted | None:
        if table.counter is None:
            return None
        counted = find_lost(table.counter, self.description.counter_modulus)
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
        self, file: FoundFile, table: CsvTable, counted: Counted | None, said: float | None
    ) -> tuple[float, np.ndarray]:
        """Return the rate of a file, and where its times have gaps; `said` is the rate of its header."""
        description = self.description
        rate = description.rate or description.resample or said or self._rate
        none = np.zeros(max(len(table.samples) - 1, 0), bool)
        if table.time is None:
            if rate is None:
                raise RecordingError(
                    str(file.path),
                    "neither the description nor the file says the sampling rate",
                    "give rate in Hz in a description (emg-recognition inspect PATH --describe begins one), "
                    "or a time column",
                )
            return rate, none
        lost = None if counted is None else counted.lost
        pace = find_pace(table.time, description.gap, lost, rate)
        if description.rate is None and said is not None and pace is not None and _contradicts(pace, said):
            # A header may be from another session, or say another rate; times are measured.
            note = f"the header says {said:g} Hz, but the times {pace.rate:.6g} Hz, which is taken"
            self.note(file, note)
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

    def note(self, file: FoundFile, text: str) -> None:
        """Keep what is to be said about a file."""
        self._notes.setdefault(text, []).append(file.name)

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
        count, files = self._missing
        if count:
            said.append(
                f"{count} rows lack a sample (empty or NaN) in {_files(files)}; segments are split there"
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
