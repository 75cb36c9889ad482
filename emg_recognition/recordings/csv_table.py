"""Read one CSV file into checked columns."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from emg_recognition.errors import RecordingError
from emg_recognition.recordings.csv_description import ROLES, TIME_UNITS, Column, CsvDescription

if TYPE_CHECKING:
    import pandas


@dataclass(frozen=True, eq=False)
class CsvTable:
    """The columns of a file that the description names.

    Attributes
    ----------
    samples : numpy.ndarray
        float64, shape (rows, channels), as written in the file.
    time : numpy.ndarray or None
        float64, shape (rows,): seconds.
    texts : dict of str to numpy.ndarray
        Strings, shape (rows,), for each role that has a column.
    lines : numpy.ndarray
        Shape (rows,): line of each row in the file; the first line is 1.
    """

    samples: np.ndarray
    time: np.ndarray | None
    texts: dict[str, np.ndarray]
    lines: np.ndarray


def read_table(path: Path, description: CsvDescription) -> CsvTable:
    """Read the columns of a file that the description names, without empty lines, and check them.

    Raises
    ------
    RecordingError
        If it cannot be read, a column is missing, or a cell is empty or not a number; the message names line
        and column.
    """
    # Imported here because only CSV files need it.
    import pandas

    columns = description.columns
    numeric = [*columns.samples, *([] if columns.time is None else [columns.time])]
    roles = {role: getattr(columns, role) for role in ROLES if getattr(columns, role) is not None}
    try:
        names = _names(path, description)
        chosen = {column: _index(path, names, column) for column in [*numeric, *roles.values()]}
        frame = pandas.read_csv(
            path,
            sep=description.delimiter,
            header=0 if description.header else None,
            names=range(len(names)),
            dtype={chosen[column]: str for column in roles.values()},
            keep_default_na=False,
            na_values={chosen[column]: [""] for column in numeric},
            skip_blank_lines=False,
            skipinitialspace=True,
            encoding="utf-8-sig",
            low_memory=False,
        )
        if len(frame) and not isinstance(
            frame.index, pandas.RangeIndex
        ):  # pandas uses surplus cells as names of rows
            raise ValueError(f"its lines have more cells than the {len(names)} columns")
    except (OSError, ValueError) as error:  # pandas' own errors are ValueErrors
        problem = " ".join(str(error).split())
        remedy = f"write the same columns in every line, separated by {description.delimiter!r}"
        raise RecordingError(str(path), f"it cannot be read ({problem})", remedy) from error
    lines = np.arange(len(frame)) + 1 + int(description.header)
    frame = frame[sorted(set(chosen.values()))]
    blank = (frame.isna() | (frame == "")).all(axis=1).to_numpy()
    frame, lines = frame[~blank], lines[~blank]
    values = {column: _numbers(path, frame[chosen[column]], column, lines) for column in numeric}
    texts = {}
    for role, column in roles.items():
        texts[role] = frame[chosen[column]].fillna("").str.strip().to_numpy().astype(np.str_)
    samples = np.stack([values[column] for column in columns.samples], axis=1)
    time = None if columns.time is None else values[columns.time] * TIME_UNITS[description.time_unit]
    return CsvTable(samples, time, texts, lines)


def _names(path: Path, description: CsvDescription) -> list[str]:
    """Return the names of the columns; without a header, an empty name for each cell of the first line."""
    import pandas

    first = pandas.read_csv(
        path, sep=description.delimiter, header=None, nrows=1, dtype=str, encoding="utf-8-sig"
    )
    cells = first.iloc[0].fillna("").str.strip().tolist()
    return cells if description.header else [""] * len(cells)


def _index(path: Path, names: list[str], column: Column) -> int:
    if isinstance(column, int):
        if column <= len(names):
            return column - 1
        remedy = "the first column is 1; correct the description or its delimiter"
        raise RecordingError(str(path), f"it has {len(names)} columns, no column {column}", remedy)
    found = [index for index, name in enumerate(names) if name == column]
    if len(found) == 1:
        return found[0]
    known = ", ".join(name for name in names if name) or "no header"
    what = f"{len(found)} columns" if found else "no column"
    remedy = "correct the description or its delimiter, or give the number of the column"
    raise RecordingError(str(path), f"it has {what} {column!r}, only {known}", remedy)


def _numbers(path: Path, cells: pandas.Series, column: Column, lines: np.ndarray) -> np.ndarray:
    import pandas

    values = pandas.to_numeric(cells, errors="coerce").to_numpy(np.float64)
    bad = ~np.isfinite(values)
    if bad.any():
        row = int(np.argmax(bad))
        cell = cells.iloc[row]
        what = "empty or NaN" if isinstance(cell, float) and np.isnan(cell) else repr(str(cell))
        raise RecordingError(
            str(path),
            f"line {lines[row]}, column {column} is {what}",
            "write a finite number with a decimal point, or remove the line",
        )
    return values
