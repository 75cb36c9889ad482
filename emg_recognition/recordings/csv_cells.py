"""The cells of one block of a text file as numbers, times and texts, checked."""

from __future__ import annotations

import io
import re
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from emg_recognition.errors import RecordingError
from emg_recognition.recordings.text_cells import MISSING
from emg_recognition.recordings.text_layout import Layout
from emg_recognition.recordings.text_lines import Block, count_byte
from emg_recognition.text import nfc

if TYPE_CHECKING:
    import pandas


@dataclass(frozen=True, eq=False)
class Plan:
    """Which columns are read, by their positions."""

    path: Path
    layout: Layout
    names: dict[int, str]
    samples: tuple[int, ...]
    times: tuple[int, ...]
    counter: int | None
    texts: dict[str, int]
    clock: bool
    time_scale: float
    scale: float

    @property
    def numeric(self) -> tuple[int, ...]:
        """Columns of numbers, without the times."""
        return (*self.samples, *(() if self.counter is None else (self.counter,)))


@dataclass(frozen=True, eq=False)
class Part:
    """The columns of one block, without its empty lines."""

    samples: np.ndarray
    times: np.ndarray
    counter: np.ndarray | None
    texts: dict[str, tuple[np.ndarray, list[str]]]
    lines: np.ndarray
    done: int


def read_part(plan: Plan, block: Block) -> Part:
    """Read one block.

    Raises
    ------
    RecordingError
        If a cell is not a number, or a time or counter is missing; the message names line and column.
    ValueError
        If a line has more cells than there are columns.
    """
    # Imported here because only text files need it.
    import pandas

    layout = plan.layout
    numeric = [*plan.numeric, *([] if plan.clock else plan.times)]
    as_text = {*plan.texts.values(), *(plan.times if plan.clock else ())} - set(plan.numeric)
    chosen = sorted({*plan.numeric, *plan.times, *plan.texts.values()})
    _check_cells(plan, block, first=len(chosen) == layout.width)
    if block.data.isspace():
        return _empty(plan, block)
    # Looking for spaces that are not there costs pandas a fifth of its time.
    spaced = b" " in block.data
    try:
        frame = pandas.read_csv(
            io.BytesIO(block.data),
            sep=r"\s+" if layout.delimiter == " " else layout.delimiter,
            header=None,
            names=range(layout.width),
            usecols=None if len(chosen) == layout.width else chosen,
            index_col=False,
            # Texts as objects, which are found equal sooner than those of a string type.
            dtype=dict.fromkeys(as_text, object),
            keep_default_na=False,
            na_values={column: [""] for column in numeric if column not in as_text},
            skip_blank_lines=False,
            skipinitialspace=spaced,
            decimal=layout.decimal,
            encoding=block.encoding,
            low_memory=False,
        )
    except pandas.errors.ParserError:
        _check_cells(plan, block, first=False)  # it knows the line in the file
        raise
    lines = block.line + np.arange(len(frame), dtype=np.uint32)
    blank = _blank(frame, chosen)
    if blank.any():
        frame, lines = frame[~blank], lines[~blank]
    several = len(plan.times) > 1
    samples = np.empty((len(frame), len(plan.samples)), np.float32)
    for at, column in enumerate(plan.samples):
        values = _numbers(plan, frame[column], column, lines, missing=True)
        with np.errstate(over="ignore"):  # what is too large for float32 is refused with its line
            samples[:, at] = values if plan.scale == 1.0 else values / plan.scale
    if (large := np.isinf(samples)).any():
        row, channel = (int(i) for i in np.argwhere(large)[0])
        where = f"line {lines[row]}, column {plan.names[plan.samples[channel]]}"
        raise RecordingError(str(plan.path), f"{where} is too large", "correct it, or the scale")
    if plan.clock:
        times = _seconds(plan, frame[plan.times[0]].astype(str), lines)[:, np.newaxis]
    else:
        times = np.empty((len(frame), len(plan.times)))
        for at, column in enumerate(plan.times):
            times[:, at] = _numbers(plan, frame[column], column, lines, missing=several) * plan.time_scale
    counter = None
    if plan.counter is not None:
        counter = _numbers(plan, frame[plan.counter], plan.counter, lines, missing=several)
    texts = {role: _texts(frame[column]) for role, column in plan.texts.items()}
    return Part(samples, times, counter, texts, lines, block.done)


def _blank(frame: pandas.DataFrame, chosen: list[int]) -> np.ndarray:
    """Return which lines have nothing in the columns that are read."""
    blank = np.ones(len(frame), bool)
    for column in chosen:
        cells = frame[column]
        if cells.dtype.kind in "iub":
            return np.zeros(len(frame), bool)
        blank &= (
            cells.isna().to_numpy() if cells.dtype.kind == "f" else (cells.isna() | (cells == "")).to_numpy()
        )
        if not blank.any():
            break
    return blank


def _texts(cells: pandas.Series) -> tuple[np.ndarray, list[str]]:
    """Return the number of each row's text, and the texts."""
    import pandas

    column = cells.to_numpy()
    if len(column) and (column == column[0]).all():  # most blocks hold one label
        codes, found = np.zeros(len(column), np.intp), column[:1]
    else:
        codes, found = pandas.factorize(column)
    texts = [nfc(str(text).strip()) for text in found]
    if (codes < 0).any():  # the last one stands for cells that are missing
        texts.append("")
    # Two texts that differ in spaces are one.
    known: dict[str, int] = {}
    numbers = np.array([known.setdefault(text, len(known)) for text in texts], np.int32)
    return numbers[codes], list(known)


def _empty(plan: Plan, block: Block) -> Part:
    counter = None if plan.counter is None else np.empty(0)
    texts: dict[str, tuple[np.ndarray, list[str]]] = {
        role: (np.empty(0, np.int32), []) for role in plan.texts
    }
    samples, times = np.empty((0, len(plan.samples)), np.float32), np.empty((0, len(plan.times)))
    return Part(samples, times, counter, texts, np.empty(0, np.uint32), block.done)


def _check_cells(plan: Plan, block: Block, *, first: bool) -> None:
    """Refuse lines with more cells than columns, which pandas would cut off.

    With all columns, it does so only in the `first` line.
    """
    delimiter = plan.layout.delimiter.encode()
    if delimiter == b" " or b'"' in block.data:
        return
    most = plan.layout.width - 1
    data = block.data if not first else block.data[: block.data.find(b"\n") + 1]
    rows = count_byte(data, b"\n") + (not data.endswith(b"\n"))
    if count_byte(data, delimiter) == rows * most:
        return
    for number, line in enumerate(data.split(b"\n")):
        if line.count(delimiter) > most and any(cell.strip() for cell in line.split(delimiter)[most + 1 :]):
            raise ValueError(
                f"line {block.line + number} has {line.count(delimiter) + 1} cells, there are "
                f"{plan.layout.width} columns"
            )


def _numbers(
    plan: Plan, cells: pandas.Series, column: int, lines: np.ndarray, *, missing: bool
) -> np.ndarray:
    """Return the numbers of a column; with `missing`, NaN where there is none."""
    import pandas

    if cells.dtype.kind in "iuf":
        values = cells.to_numpy(np.float64)
    else:
        texts = cells.astype(str).str.strip() if cells.dtype.kind != "b" else cells.astype(str)
        if plan.layout.decimal == ",":
            texts = texts.str.replace(",", ".", regex=False)
        values = pandas.to_numeric(texts, errors="coerce").to_numpy(np.float64)
        # What is neither a number nor a word for a missing one is refused.
        if missing:
            wrong = np.isnan(values) & ~(cells.isna() | texts.str.lower().isin(MISSING)).to_numpy()
            if wrong.any():
                raise _bad_cell(plan, cells, column, lines, int(np.argmax(wrong)))
    bad = np.isinf(values) if missing else ~np.isfinite(values)
    if bad.any():
        raise _bad_cell(plan, cells, column, lines, int(np.argmax(bad)))
    return values


def _bad_cell(plan: Plan, cells: pandas.Series, column: int, lines: np.ndarray, row: int) -> RecordingError:
    cell = cells.iloc[row]
    empty = cell == "" or (isinstance(cell, float) and np.isnan(cell))
    what = "empty or NaN" if empty else repr(str(cell))
    return RecordingError(
        str(plan.path),
        f"line {lines[row]}, column {plan.names[column]} is {what}",
        f"write a finite number with the decimal sign {plan.layout.decimal!r}, or remove the line",
    )


def _seconds(plan: Plan, cells: pandas.Series, lines: np.ndarray) -> np.ndarray:
    """Return dates and times, or times of day, as seconds."""
    import pandas

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it tries one format after the other
        texts = cells.str.strip()
        if plan.layout.decimal == ",":
            texts = texts.str.replace(",", ".", regex=False)
        # Dates with points have the day first.
        dotted = bool(len(texts)) and re.match(r"[0-9]{1,2}\.[0-9]{1,2}\.", texts.iloc[0]) is not None
        stamps = pandas.to_datetime(texts, errors="coerce", utc=True, dayfirst=dotted)
    if stamps.isna().any():
        raise _bad_cell(plan, cells, plan.times[0], lines, int(np.argmax(stamps.isna().to_numpy())))
    start = pandas.Timestamp(0, tz="UTC")
    return ((stamps - start) / pandas.Timedelta(seconds=1)).to_numpy(np.float64)
