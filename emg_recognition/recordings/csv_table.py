"""Read one text file into checked columns."""

from __future__ import annotations

import dataclasses
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from emg_recognition.errors import RecordingError
from emg_recognition.recordings.csv_cells import Part, Plan, read_part
from emg_recognition.recordings.csv_description import TIME_UNITS, Column, CsvDescription
from emg_recognition.recordings.roles import ROLES
from emg_recognition.recordings.sensor_times import Aligned, Sensors, align, put_on_grid
from emg_recognition.recordings.text_columns import Scale, find_counter, find_scale, own_times
from emg_recognition.recordings.text_layout import Layout, find_layout
from emg_recognition.recordings.text_lines import blocks
from emg_recognition.text import nfc

#: pandas does not hold the interpreter while it reads, so that two blocks are read at a time.
_THREADS = 2

Progress = Callable[[int], None]
"""Is given the number of bytes that were read since the last call."""


@dataclass(frozen=True, eq=False)
class Texts:
    """A column of texts: ``values[codes[row]]`` is the text of a row."""

    codes: np.ndarray
    values: list[str]

    def at(self, row: int) -> str:
        """Return the text of a row."""
        return self.values[self.codes[row]]


@dataclass(frozen=True, eq=False)
class CsvTable:
    """The columns of a file that the description names.

    Attributes
    ----------
    samples : numpy.ndarray
        float32, shape (rows, channels), in the unit.
    scale : Scale
        Its unit, and the numbers in the file per unit.
    time : numpy.ndarray or None
        float64, shape (rows,): seconds.
    counter : numpy.ndarray or None
        float64, shape (rows,).
    counter_name : str
        Its name, for messages.
    counter_sure : bool
        Whether the description names it; else it is taken by the name that a vendor gave to it.
    texts : dict of str to Texts
        For each role that has a column, and ``marker``.
    lines : numpy.ndarray
        Shape (rows,): line of each row in the file; the first line is 1.
    layout : Layout
        How the file is laid out.
    columns : tuple of int
        Position of each channel in a row, from 0.
    notes : tuple of str
        What was done to align the columns.
    """

    samples: np.ndarray
    scale: Scale
    time: np.ndarray | None
    counter: np.ndarray | None
    counter_name: str
    counter_sure: bool
    texts: dict[str, Texts]
    lines: np.ndarray
    layout: Layout
    columns: tuple[int, ...]
    notes: tuple[str, ...] = ()


def layout_of(path: Path, description: CsvDescription) -> Layout:
    """Find the layout of a file, as far as the description does not give it."""
    return find_layout(
        path,
        encoding=description.encoding,
        delimiter=description.delimiter,
        decimal=description.decimal,
        comment=description.comment,
        skip=description.skip,
        header=description.header,
        units_row=description.units_row,
    )


def read_table(path: Path, description: CsvDescription, progress: Progress | None = None) -> CsvTable:
    """Read the columns of a file that the description names, without empty lines, and check them.

    Raises
    ------
    RecordingError
        If it cannot be read, a column is missing, a cell is empty or not a number, or sensors with times of
        their own do not fit together; the message names line and column.
    """
    layout = layout_of(path, description)
    try:
        return _read(path, description, layout, progress)
    except UnicodeDecodeError as error:
        if description.encoding is None and layout.encoding == "utf-8":
            # A letter far below the head tells that it is no UTF-8.
            return _read(path, description, dataclasses.replace(layout, encoding="cp1252"), progress)
        raise _unreadable(path, layout, error) from error
    except (OSError, ValueError) as error:  # pandas' own errors are ValueErrors
        raise _unreadable(path, layout, error) from error


def _unreadable(path: Path, layout: Layout, error: Exception) -> RecordingError:
    problem = " ".join(str(error).split())
    remedy = f"write the same columns in every line, separated by {layout.delimiter!r}, in {layout.encoding}"
    return RecordingError(str(path), f"it cannot be read ({problem})", remedy)


def _read(path: Path, description: CsvDescription, layout: Layout, progress: Progress | None) -> CsvTable:
    columns = description.columns
    samples = tuple(_index(path, layout, column) for column in columns.samples)
    names = dict(zip(samples, map(str, columns.samples), strict=True))
    own = own_times(layout, samples)
    if description.resample is not None and not own:
        problem = "resample is given, but its channels share one time"
        raise RecordingError(str(path), problem, "leave resample out of the description")
    if own:
        times = own
    else:
        times = () if columns.time is None else (_index(path, layout, columns.time),)
        if times:
            names[times[0]] = str(columns.time)
    counter = None if columns.counter is None else _index(path, layout, columns.counter)
    sure = counter is not None
    if counter is None and description.resample is None:
        counter = find_counter(layout, samples)
    named = "" if counter is None else str(columns.counter or layout.names[counter])
    roles = {role: getattr(columns, role) for role in (*ROLES, "marker")}
    texts = {role: _index(path, layout, column) for role, column in roles.items() if column is not None}
    scale = find_scale(layout, samples, description.unit, description.scale, str(path))
    clock = bool(times) and not own and _is_clock(description, layout, times[0])
    unit = description.time_unit or (layout.units[times[0]] if times else "") or "s"
    plan = Plan(
        path=path,
        layout=layout,
        names={
            **{i: layout.names[i] or str(i + 1) for i in (*times, counter or 0) if i < layout.width},
            **names,
        },
        samples=samples,
        times=tuple(dict.fromkeys(times)),
        counter=counter,
        texts=texts,
        clock=clock,
        time_scale=TIME_UNITS.get(unit, 1.0),
        scale=scale.factor,
    )
    gathered = _Gathered(plan, path.stat().st_size)
    done = 0
    for part in _parts(plan):
        gathered.add(part)
        if progress is not None:
            progress(part.done - done)
            done = part.done
    rows = gathered.rows
    values = gathered.samples[:rows]
    time: np.ndarray | None = None
    notes: tuple[str, ...] = ()
    lines = gathered.lines[:rows]
    kept: np.ndarray | slice = slice(rows)
    if plan.times:
        stamps = gathered.times[:rows]
        if len(plan.times) > 1:
            sensors = Sensors(
                path=path,
                names=plan.names,
                columns=samples,
                times=plan.times,
                own=tuple(plan.times.index(i) for i in own),
            )
            fixed = bool(texts) or counter is not None
            aligned: Aligned = (
                align(sensors, values, stamps, fixed=fixed)
                if description.resample is None
                else put_on_grid(sensors, values, stamps, description.resample)
            )
            values, time, kept, notes = aligned.samples, aligned.time, aligned.rows, aligned.notes
        else:
            time = stamps[:, 0]
    return CsvTable(
        samples=values,
        scale=scale,
        time=time,
        counter=None if counter is None else gathered.counter[kept],
        counter_name=named,
        counter_sure=sure,
        texts={role: Texts(found[0][kept], found[1]) for role, found in gathered.all_texts().items()},
        lines=lines[kept],
        layout=layout,
        columns=samples,
        notes=notes,
    )


def _is_clock(description: CsvDescription, layout: Layout, column: int) -> bool:
    if description.time_unit is not None:
        return description.time_unit == "clock"
    cells = [row[column] for row in layout.rows if column < len(row) and row[column]]
    return bool(cells) and all(":" in cell for cell in cells)


def _index(path: Path, layout: Layout, column: Column) -> int:
    names = layout.names
    if isinstance(column, int):
        if column <= len(names):
            return column - 1
        remedy = "the first column is 1; correct the description or its delimiter"
        raise RecordingError(str(path), f"it has {len(names)} columns, no column {column}", remedy)
    found = [index for index, name in enumerate(names) if name == nfc(column)]
    if len(found) == 1:
        return found[0]
    known = ", ".join(name for name in names if name) or "no header"
    what = f"{len(found)} columns" if found else "no column"
    remedy = "correct the description or its delimiter, or give the number of the column"
    raise RecordingError(str(path), f"it has {what} {column!r}, only {known}", remedy)


def _parts(plan: Plan) -> Iterator[Part]:
    """Read the blocks of a file, two at a time, in order."""
    layout = plan.layout
    source = blocks(plan.path, layout.encoding, layout.data_line, layout.comment)
    with ThreadPoolExecutor(_THREADS) as pool:
        waiting: deque[Future[Part]] = deque()
        try:
            for block in source:
                waiting.append(pool.submit(read_part, plan, block))
                if len(waiting) > _THREADS:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


class _Gathered:
    """Arrays that grow part by part; pages that are never written take no memory."""

    def __init__(self, plan: Plan, size: int) -> None:
        self.rows = 0
        self._size = max(size, 1)
        self._room = 0
        self._texts: dict[str, tuple[list[np.ndarray], dict[str, int]]] = {
            role: ([], {}) for role in plan.texts
        }
        self.samples = np.empty((0, len(plan.samples)), np.float32)
        self.times = np.empty((0, len(plan.times)))
        self.counter = np.empty(0)
        self.lines = np.empty(0, np.uint32)

    def add(self, part: Part) -> None:
        count = len(part.samples)
        end = self.rows + count
        if end > self._room:
            # As many rows as the bytes that are left suggest.
            likely = int(end * self._size / max(part.done, 1) * 1.02) + 100
            self._room = max(likely, end)
            for name in ("samples", "times", "counter", "lines"):
                old = getattr(self, name)
                new = np.empty((self._room, *old.shape[1:]), old.dtype)
                new[: self.rows] = old[: self.rows]
                setattr(self, name, new)
        self.samples[self.rows : end] = part.samples
        self.times[self.rows : end] = part.times
        if part.counter is not None:
            self.counter[self.rows : end] = part.counter
        self.lines[self.rows : end] = part.lines
        for role, (codes, values) in part.texts.items():
            found, known = self._texts[role]
            numbers = np.array([known.setdefault(value, len(known)) for value in values], np.int32)
            found.append(numbers[codes] if len(codes) else codes)
        self.rows = end

    def all_texts(self) -> dict[str, tuple[np.ndarray, list[str]]]:
        nothing = np.empty(0, np.int32)
        return {
            role: (np.concatenate([*codes, nothing]), list(known))
            for role, (codes, known) in self._texts.items()
        }
