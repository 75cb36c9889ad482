"""Constant matrices that draw a window of any length and channel count as a picture of a given size.

A matrix product is a builtin of LiteRT for every size, which its resizing operators are not
for averages and rings.
"""

from __future__ import annotations

import numpy as np


def time_matrix(samples: int, rows: int) -> np.ndarray | None:
    """Matrix that turns `samples` values into `rows` values along time.

    Fewer rows than samples: each row is the average of its share of the samples, with
    fractions at the borders. More rows: linear interpolation between sample centres, constant
    beyond the first and the last.

    Parameters
    ----------
    samples, rows : int
        Sizes, at least 1.

    Returns
    -------
    np.ndarray or None
        Float32, shape (rows, samples), each row adding up to 1; None if nothing is to be done.
    """
    if rows == samples:
        return None
    if rows < samples:
        return _shares(samples, rows)
    centres = np.clip((np.arange(rows) + 0.5) * samples / rows - 0.5, 0, samples - 1)
    left = np.minimum(centres.astype(int), samples - 1)
    right = np.minimum(left + 1, samples - 1)
    return _between(left, right, centres - left, samples)


def ring_matrix(channels: int, columns: int) -> np.ndarray | None:
    """Matrix that turns `channels` electrodes on a ring into `columns` values round the ring.

    As :func:`time_matrix`, but the last electrode is the neighbour of the first.

    Parameters
    ----------
    channels, columns : int
        Sizes, at least 1.

    Returns
    -------
    np.ndarray or None
        Float32, shape (channels, columns), each column adding up to 1; None if nothing is to
        be done.
    """
    if columns == channels:
        return None
    if columns < channels:
        return np.ascontiguousarray(_shares(channels, columns).T)
    centres = (np.arange(columns) + 0.5) * channels / columns - 0.5
    left = np.floor(centres).astype(int)
    matrix = _between(left % channels, (left + 1) % channels, centres - left, channels)
    return np.ascontiguousarray(matrix.T)


def _shares(inputs: int, outputs: int) -> np.ndarray:
    """Average over equal shares: entry (o, i) is the overlap of input i with share o."""
    edges = np.arange(outputs + 1)[:, None] * inputs / outputs
    i = np.arange(inputs)[None]
    overlap = np.minimum(edges[1:], i + 1) - np.maximum(edges[:-1], i)
    return (np.maximum(overlap, 0) * outputs / inputs).astype(np.float32)


def _between(left: np.ndarray, right: np.ndarray, weight: np.ndarray, inputs: int) -> np.ndarray:
    matrix = np.zeros((len(left), inputs), np.float32)
    rows = np.arange(len(left))
    np.add.at(matrix, (rows, left), 1 - weight)
    np.add.at(matrix, (rows, right), weight)
    return matrix
