"""Convert sample indices to times and back, across gaps, restarts and changes of the clock."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

#: Runs to remember: no message refers to an older one any more.
_KEPT_RUNS = 3
#: A piece of the clock covers at most this time, s, whatever the size of the messages.
_PIECE = 1.0
#: Stamps this close (s) to the time expected from the rate are treated as jitter.
_NEAR = 0.05
#: A longer silence (s) within one recording is treated as a change of the clock.
_LONGEST_PAUSE = 3600.0


@dataclass
class _Run:
    number: int
    end: int
    index: int
    stamp: int
    rate: float


class Runs:
    """Numbers the runs of a stream and finds the run of a sample by its stamp.

    A new run begins where the sample index goes back, because acquisition was started again.
    """

    def __init__(self) -> None:
        self._runs: list[_Run] = []

    @property
    def number(self) -> int:
        """The current run; 0 before the first sample."""
        return self._runs[-1].number if self._runs else 0

    def add(self, first_index: int, count: int, stamp: int, rate: float) -> int:
        """Add samples in the order in which they were received.

        Parameters
        ----------
        first_index, count : int
            Index of the first sample, and the number of samples.
        stamp : int
            Stamp of the first sample, ns.
        rate : float
            Sampling rate, Hz.

        Returns
        -------
        int
            Number of their run.
        """
        end = first_index + count
        if not self._runs or first_index < self._runs[-1].end:
            number = self.number + 1 if self._runs else 0
            self._runs = [*self._runs[1 - _KEPT_RUNS :], _Run(number, end, first_index, stamp, rate)]
        last = self._runs[-1]
        last.end, last.index, last.stamp, last.rate = end, first_index, stamp, rate
        return last.number

    def of(self, index: np.ndarray, stamp: np.ndarray) -> np.ndarray:
        """Find the run of samples by their stamps.

        Parameters
        ----------
        index, stamp : numpy.ndarray
            int64, shape (n,): sample indices, and their stamps in ns.

        Returns
        -------
        numpy.ndarray
            int64, shape (n,): the run, among the last three, in which the sample has the nearest stamp.
        """
        if len(self._runs) < 2:
            return np.full(len(index), self.number)
        distance = [
            np.abs(run.stamp + (index - run.index) / run.rate * 1e9 - stamp.astype(np.float64))
            for run in self._runs
        ]
        numbers = np.array([run.number for run in self._runs])
        # Among equally near runs the newest: without stamps the current run is the best guess.
        return numbers[::-1][np.argmin(np.stack(distance[::-1]), axis=0)]


class SampleClock:
    """Gives the time of each sample on one time axis that begins with the first sample.

    The axis follows the sample index. Where the index does not continue, the stamps give the length of the
    pause. Stamps that go back or jump ahead by more than an hour mean that the clock was set; the axis
    ignores such a jump.
    """

    def __init__(self) -> None:
        self._pieces: list[tuple[int, int, int, int, float, float]] = []
        self._arrays: tuple[np.ndarray, ...] | None = None

    def add(self, run: int, first_index: int, count: int, stamp: int, rate: float) -> None:
        """Add samples in the order in which they were received.

        Parameters
        ----------
        run : int
            Number of their run.
        first_index, count : int
            Index of the first sample, and the number of samples.
        stamp : int
            Stamp of the first sample, ns.
        rate : float
            Sampling rate, Hz.
        """
        if count < 1:
            return
        self._arrays = None
        time = 0.0
        if self._pieces:
            last_run, last_first, last_count, last_stamp, last_rate, last_time = self._pieces[-1]
            continues = (run, first_index) == (last_run, last_first + last_count)
            silence = (stamp - last_stamp) * 1e-9 - last_count / last_rate
            near = abs(silence) <= _NEAR
            if continues and near and rate == last_rate and last_count + count <= _PIECE * rate:
                longer = (last_run, last_first, last_count + count, last_stamp, last_rate, last_time)
                self._pieces[-1] = longer
                return
            counted = (first_index - last_first - last_count) / rate if run == last_run else 0.0
            if abs(silence - counted) <= _NEAR or not counted <= silence <= _LONGEST_PAUSE:
                silence = max(counted, 0.0)
            time = last_time + last_count / last_rate + silence
        self._pieces.append((run, first_index, count, stamp, rate, time))

    def time_at(self, run: ArrayLike, index: ArrayLike) -> np.ndarray:
        """Return the times of samples.

        Parameters
        ----------
        run, index : array_like
            Integers, scalar or of shape (n,): run and index of each sample.

        Returns
        -------
        numpy.ndarray
            float64, of that shape: seconds since the first sample; NaN for a run without samples. The time of
            a missing sample follows from the rate.
        """
        piece, index = self._find(run, index)
        if not self._pieces:
            return np.full(piece.shape, np.nan)
        _, first, _, _, rate, time = self._columns()
        return np.where(piece < 0, np.nan, time[piece] + (index - first[piece]) / rate[piece])

    def stamp_at(self, run: int, index: int) -> int | None:
        """Return the stamp of a sample, ns, from the nearest one before it; None without any."""
        piece = int(self._find(run, index)[0])
        if piece < 0:
            return None
        _, first, _, stamp, rate, _ = self._pieces[piece]
        return stamp + round((index - first) / rate * 1e9)

    def time_of(self, stamp: ArrayLike) -> np.ndarray:
        """Convert stamps (int64, ns) to times: float64, seconds since the first sample.

        Each is relative to the sample with the nearest stamp.
        """
        stamp = np.asarray(stamp, dtype=np.int64)
        piece = self._nearest(stamp)
        _, _, _, begin, _, time = self._columns()
        return time[piece] + (stamp - begin[piece]) * 1e-9

    def index_at(self, stamp: int) -> tuple[int, int]:
        """Find the first sample at or after a stamp.

        Parameters
        ----------
        stamp : int
            The stamp, ns.

        Returns
        -------
        run, index : int
            Its run and index. A stamp in a pause gives the first sample after the pause; a stamp after all
            samples gives the index that the next sample would have had.

        Raises
        ------
        ValueError
            If there are no samples.
        """
        piece = int(self._nearest(np.array(stamp)))
        run, first, count, begin, rate, _ = self._pieces[piece]
        ahead = math.ceil(
            round((stamp - begin) * rate * 1e-9, 3)
        )  # less than a thousandth of a sample is rounding
        if ahead >= count and piece + 1 < len(self._pieces):
            following = self._pieces[piece + 1]
            return following[0], following[1]
        return run, first + min(max(ahead, 0), count)

    def range_of(self, run: int) -> tuple[int, int] | None:
        """Return the indices of the first and the last sample of a run; None for a run without samples."""
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
        """Return the piece of each sample, or the nearest one before it in its run; -1 without any."""
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
        """Return the piece with the nearest stamps for each stamp."""
        if not self._pieces:
            raise ValueError("there are no samples")
        _, _, count, begin, rate, _ = self._columns()
        end = begin + (count / rate * 1e9).astype(np.int64)
        order = np.argsort(begin, kind="stable")
        after = np.searchsorted(begin[order], stamp, side="right")
        before = order[np.maximum(after - 1, 0)]
        following = order[np.minimum(after, len(order) - 1)]
        return np.where(
            np.maximum(stamp - end[before], 0) <= np.abs(begin[following] - stamp), before, following
        )
