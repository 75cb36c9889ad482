"""From sample index to time and back, over gaps, restarts and a clock that was set."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

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


#: Samples are remembered about once a second, however they come.
_PIECE = 1.0
#: Stamps that are so near (s) to where the rate puts them tell nothing new.
_NEAR = 0.05
#: A longer silence (s) in one recording is taken for a clock that was set.
_LONGEST_PAUSE = 3600.0


class SampleClock:
    """Knows when each sample was taken, on one axis of time from the first sample on.

    The axis follows the sample index. Where the index does not go on, the stamps say how long the
    pause was: a real one is kept; if they go back, or ahead by more than an hour, the clock was set,
    which the axis leaves out.
    """

    def __init__(self) -> None:
        self._pieces: list[tuple[int, int, int, int, float, float]] = []
        self._arrays: tuple[np.ndarray, ...] | None = None

    def add(self, run: int, first_index: int, count: int, stamp: int, rate: float) -> None:
        """Take note of samples, in the order in which they came.

        Parameters
        ----------
        run : int
            Number of their run.
        first_index, count : int
            Index of the first of them, and how many.
        stamp : int
            Of the first of them, ns.
        rate : float
            Hz.
        """
        if count < 1:
            return
        self._arrays = None
        time = 0.0
        if self._pieces:
            last_run, last_first, last_count, last_stamp, last_rate, last_time = self._pieces[-1]
            goes_on = (run, first_index) == (last_run, last_first + last_count)
            silence = (stamp - last_stamp) * 1e-9 - last_count / last_rate
            near = abs(silence) <= _NEAR
            if goes_on and near and rate == last_rate and last_count + count <= _PIECE * rate:
                longer = (last_run, last_first, last_count + count, last_stamp, last_rate, last_time)
                self._pieces[-1] = longer
                return
            counted = (first_index - last_first - last_count) / rate if run == last_run else 0.0
            if abs(silence - counted) <= _NEAR or not counted <= silence <= _LONGEST_PAUSE:
                silence = max(counted, 0.0)
            time = last_time + last_count / last_rate + silence
        self._pieces.append((run, first_index, count, stamp, rate, time))

    def time_at(self, run: ArrayLike, index: ArrayLike) -> np.ndarray:
        """Tell when samples were taken.

        Parameters
        ----------
        run, index : array_like
            Whole numbers, shape (n,) or single ones: run and index of each sample.

        Returns
        -------
        numpy.ndarray
            float64, of that shape: seconds since the first sample; NaN for a run without samples. A sample
            that is not there gets the time that the rate gives it.
        """
        piece, index = self._find(run, index)
        if not self._pieces:
            return np.full(piece.shape, np.nan)
        _, first, _, _, rate, time = self._columns()
        return np.where(piece < 0, np.nan, time[piece] + (index - first[piece]) / rate[piece])

    def stamp_at(self, run: int, index: int) -> int | None:
        """Tell the stamp of a sample in ns, as the rate gives it from the nearest one before it.

        Parameters
        ----------
        run, index : int
            The sample.

        Returns
        -------
        int or None
            None for a run without samples.
        """
        piece = int(self._find(run, index)[0])
        if piece < 0:
            return None
        _, first, _, stamp, rate, _ = self._pieces[piece]
        return stamp + round((index - first) / rate * 1e9)

    def time_of(self, stamp: ArrayLike) -> np.ndarray:
        """Tell where stamps lie on the axis.

        Parameters
        ----------
        stamp : array_like
            int64, ns.

        Returns
        -------
        numpy.ndarray
            float64, of that shape: seconds since the first sample, from the samples of the nearest stamps.
        """
        stamp = np.asarray(stamp, dtype=np.int64)
        piece = self._nearest(stamp)
        _, _, _, begin, _, time = self._columns()
        return time[piece] + (stamp - begin[piece]) * 1e-9

    def index_at(self, stamp: int) -> tuple[int, int]:
        """Find the first sample that is not older than a stamp.

        Parameters
        ----------
        stamp : int
            In ns.

        Returns
        -------
        run, index : int
            Its run and index. For a stamp in a pause that of the first sample behind it; for one behind
            everything, the index that the next sample would have had.

        Raises
        ------
        ValueError
            If there are no samples.
        """
        piece = int(self._nearest(np.array(stamp)))
        run, first, count, begin, rate, _ = self._pieces[piece]
        ahead = math.ceil(round((stamp - begin) * rate * 1e-9, 3))  # a thousandth of a sample is rounding
        if ahead >= count and piece + 1 < len(self._pieces):
            following = self._pieces[piece + 1]
            return following[0], following[1]
        return run, first + min(max(ahead, 0), count)

    def range_of(self, run: int) -> tuple[int, int] | None:
        """Tell the first and the last sample of a run.

        Parameters
        ----------
        run : int
            Its number.

        Returns
        -------
        tuple of int, or None
            Their indices; None for a run without samples.
        """
        runs, first, count, *_ = self._columns()
        here = np.flatnonzero(runs == run)
        if not len(here):
            return None
        return int(first[here[0]]), int(first[here[-1]] + count[here[-1]]) - 1

    def _columns(self) -> tuple[np.ndarray, ...]:
        if self._arrays is None:
            columns = zip(*self._pieces, strict=True) if self._pieces else [()] * 6
            kinds = (np.int64, np.int64, np.int64, np.int64, np.float64, np.float64)
            self._arrays = tuple(np.array(c, dtype=kind) for c, kind in zip(columns, kinds, strict=True))
        return self._arrays

    def _find(self, run: ArrayLike, index: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
        """Return the piece that holds each sample, or the nearest before it in its run; -1 without any."""
        run, index = np.broadcast_arrays(np.asarray(run, np.int64), np.asarray(index, np.int64))
        runs, first, *_ = self._columns()
        piece = np.full(run.shape, -1)
        for number in np.unique(run):
            begin, end = np.searchsorted(runs, [number, number + 1])
            if begin < end:
                here = run == number
                found = np.searchsorted(first[begin:end], index[here], side="right") - 1
                piece[here] = begin + np.maximum(found, 0)
        return piece, index

    def _nearest(self, stamp: np.ndarray) -> np.ndarray:
        """Return the piece whose samples have the stamps nearest to each of those given."""
        if not self._pieces:
            raise ValueError("there are no samples")
        _, _, count, begin, rate, _ = self._columns()
        end = begin + (count / rate * 1e9).astype(np.int64)
        order = np.argsort(begin, kind="stable")
        after = np.searchsorted(begin[order], stamp, side="right")
        before = order[np.maximum(after - 1, 0)]
        behind = order[np.minimum(after, len(order) - 1)]
        return np.where(np.maximum(stamp - end[before], 0) <= np.abs(begin[behind] - stamp), before, behind)
