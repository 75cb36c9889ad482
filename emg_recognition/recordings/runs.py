"""Which run of the sample index something belongs to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

#: Older runs are over: nothing that still comes belongs to them.
_KEPT = 3


@dataclass
class _Run:
    number: int
    end: int
    index: int
    stamp: int
    rate: float


class Runs:
    """Counts how often the sample index went back, and tells one run from the other by the stamps."""

    def __init__(self) -> None:
        self._runs: list[_Run] = []

    @property
    def number(self) -> int:
        """The run that is going on; 0 before the first sample."""
        return self._runs[-1].number if self._runs else 0

    @property
    def expected(self) -> int | None:
        """Index of the sample that would go on; None before the first."""
        return self._runs[-1].end if self._runs else None

    def add(self, first_index: int, count: int, stamp: int, rate: float) -> int:
        """Take note of samples that follow the last ones.

        Parameters
        ----------
        first_index, count : int
            Index of the first of them, and how many.
        stamp : int
            Of the first of them, ns.
        rate : float
            Hz.

        Returns
        -------
        int
            Number of their run.
        """
        end = first_index + count
        if not self._runs or first_index < self._runs[-1].end:
            number = self.number + 1 if self._runs else 0
            self._runs = [*self._runs[1 - _KEPT :], _Run(number, end, first_index, stamp, rate)]
        last = self._runs[-1]
        last.end, last.index, last.stamp, last.rate = end, first_index, stamp, rate
        return last.number

    def of(self, index: np.ndarray, stamp: np.ndarray) -> np.ndarray:
        """Tell the run of samples by their stamps.

        Parameters
        ----------
        index : numpy.ndarray
            int64, shape (n,): sample indices.
        stamp : numpy.ndarray
            int64, shape (n,): their stamps, ns.

        Returns
        -------
        numpy.ndarray
            int64, shape (n,): of the last few runs the one that gives the index the nearest stamp.
        """
        if len(self._runs) < 2:
            return np.full(len(index), self.number)
        distance = [
            np.abs(run.stamp + (index - run.index) / run.rate * 1e9 - stamp.astype(np.float64))
            for run in self._runs
        ]
        numbers = np.array([run.number for run in self._runs])
        # The newest of equally near ones: without stamps the run that is going on is the best guess.
        return numbers[::-1][np.argmin(np.stack(distance[::-1]), axis=0)]
