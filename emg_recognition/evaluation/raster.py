"""From windows and spans to columns of a picture: however long a recording, a row has so many points."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

EMPTY = -100
"""Value of a column in which nothing is."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Spans:
    """What held for how long.

    Attributes
    ----------
    begin, end : numpy.ndarray
        s, shape (n,); begin in rising order.
    value : numpy.ndarray
        What it was, int64, shape (n,).
    """

    begin: np.ndarray
    end: np.ndarray
    value: np.ndarray


@dataclass(frozen=True)
class Row:
    """A row of the picture.

    Attributes
    ----------
    begin, end : float
        Its part of the time axis, s.
    columns : int
        Its width in points.
    """

    begin: float
    end: float
    columns: int

    def places(self, times: np.ndarray) -> np.ndarray:
        """Return where moments lie, in columns, not rounded."""
        return (times - self.begin) / (self.end - self.begin) * self.columns


def paint(row: Row, spans: Spans) -> np.ndarray:
    """Return the value of each column, :data:`EMPTY` where no span is, int64, shape (columns,).

    However short a span, it gets a column.
    """
    found = np.full(row.columns, EMPTY, dtype=np.int64)
    first = np.floor(row.places(spans.begin)).astype(np.int64)
    last = np.maximum(np.ceil(row.places(spans.end)).astype(np.int64), first + 1)
    for i in np.flatnonzero((last > 0) & (first < row.columns)).tolist():
        found[max(first[i], 0) : last[i]] = spans.value[i]
    return found


def count(row: Row, times: np.ndarray, value: np.ndarray, values: int, weight: np.ndarray) -> np.ndarray:
    """Add up in each column the weights of each value.

    Parameters
    ----------
    row : Row
        The row.
    times : numpy.ndarray
        s, shape (n,).
    value : numpy.ndarray
        0 to ``values - 1``, int64, shape (n,).
    values : int
        How many there are.
    weight : numpy.ndarray
        Shape (n,).

    Returns
    -------
    numpy.ndarray
        float64, shape (values, columns).
    """
    column = np.floor(row.places(times)).astype(np.int64)
    inside = (column >= 0) & (column < row.columns)
    at = value[inside] * row.columns + column[inside]
    found = np.bincount(at, weight[inside], values * row.columns).astype(np.float64)
    return found.reshape(values, row.columns)


def envelope(row: Row, times: np.ndarray, value: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return lowest, mean and highest value in each column, NaN without one, shape (columns,) each."""
    column = np.floor(row.places(times)).astype(np.int64)
    inside = (column >= 0) & (column < row.columns)
    at, kept = column[inside], value[inside]
    low, high = np.full(row.columns, np.inf), np.full(row.columns, -np.inf)
    np.minimum.at(low, at, kept)
    np.maximum.at(high, at, kept)
    number = np.bincount(at, minlength=row.columns)
    mean = np.full(row.columns, np.nan)
    np.divide(np.bincount(at, kept, row.columns), number, out=mean, where=number > 0)
    low[number == 0] = high[number == 0] = np.nan
    return low, mean, high
