"""A set of windows: where each begins in a filtered signal, and what is known about it."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from emg_recognition.training.filtered import FilteredSignal


@dataclass(frozen=True, eq=False)
class SegmentTable:
    """What is known about each segment of the recordings; windows ask here.

    Attributes
    ----------
    action : numpy.ndarray
        Index of its action, int64, shape (segments,); -1 for an action that is left out.
    cohort, subject, session : numpy.ndarray
        Strings, shape (segments,).
    repetition : numpy.ndarray
        Integers, shape (segments,).
    first, last : numpy.ndarray
        Samples of the signal where the first and the last usable window may begin, int64, shape (segments,).
    """

    action: np.ndarray
    cohort: np.ndarray
    subject: np.ndarray
    session: np.ndarray
    repetition: np.ndarray
    first: np.ndarray
    last: np.ndarray


@dataclass(frozen=True, eq=False)
class WindowSet:
    """Places of windows in a filtered signal and, for each, what is known about it.

    A selection shares the signal; so does a copy in another process where the signal lies in a file.

    Attributes
    ----------
    actions : tuple of str
        Names of the actions.
    length : int
        Samples of a window.
    signal : FilteredSignal
        The filtered segments, in the recording's unit.
    segments : SegmentTable
        What is known about the segments.
    begin : numpy.ndarray
        First sample of each window in the signal, int64, shape (windows,).
    segment : numpy.ndarray
        Number of the segment in the recordings that each window comes from, int32, shape (windows,).
    """

    actions: tuple[str, ...]
    length: int
    signal: FilteredSignal
    segments: SegmentTable
    begin: np.ndarray
    segment: np.ndarray

    def __len__(self) -> int:
        return len(self.begin)

    @property
    def channels(self) -> int:
        """Number of electrodes."""
        return int(self.signal.samples.shape[1])

    @property
    def action(self) -> np.ndarray:
        """Index into `actions` of each window, int64, shape (windows,)."""
        return self.segments.action[self.segment]

    @property
    def cohort(self) -> np.ndarray:
        """Cohort of each window, strings, shape (windows,)."""
        return self.segments.cohort[self.segment]

    @property
    def subject(self) -> np.ndarray:
        """Subject of each window, strings, shape (windows,)."""
        return self.segments.subject[self.segment]

    @property
    def session(self) -> np.ndarray:
        """Session of each window, strings, shape (windows,)."""
        return self.segments.session[self.segment]

    @property
    def repetition(self) -> np.ndarray:
        """Repetition of each window, integers, shape (windows,)."""
        return self.segments.repetition[self.segment]

    @property
    def windows(self) -> np.ndarray:
        """All windows, a copy: float32, shape (windows, length, channels). For small sets."""
        return self.gather(np.arange(len(self)))

    def select(self, which: ArrayLike) -> WindowSet:
        """Windows of a boolean mask or of indices, with the same actions."""
        chosen = np.asarray(which)
        if chosen.size == 0 and chosen.dtype != bool:
            chosen = chosen.astype(np.int64)  # NumPy reads an empty list as floats
        return dataclasses.replace(self, begin=self.begin[chosen], segment=self.segment[chosen])

    def of_segments(self, segments: ArrayLike) -> WindowSet:
        """Windows of some segments, given by their numbers in the recordings; in the order of this set."""
        wanted = np.zeros(len(self.segments.action), bool)
        wanted[np.asarray(segments, np.int64)] = True
        return self.select(wanted[self.segment])

    def gather(self, indices: ArrayLike, shift: ArrayLike = 0) -> np.ndarray:
        """Cut some windows out of the signal.

        Parameters
        ----------
        indices : array_like
            Which, whole numbers, shape (k,); one may come more than once.
        shift : array_like
            Samples to move each window by, whole numbers, one or shape (k,). A window stays inside the
            usable part of its segment: it is moved as far as that goes.

        Returns
        -------
        numpy.ndarray
            A copy, float32, shape (k, length, channels).
        """
        chosen = np.asarray(indices, np.int64)
        begin = self.begin[chosen]
        moved = np.asarray(shift, np.int64)
        if moved.any():
            segment = self.segment[chosen]
            begin = np.clip(begin + moved, self.segments.first[segment], self.segments.last[segment])
        return self.signal.gather(begin, self.length)

    def batches(self, at_once: int = 4096) -> Iterator[np.ndarray]:
        """Yield all windows in order, at most `at_once` at a time, as :meth:`gather` returns them."""
        for begin in range(0, len(self), at_once):
            yield self.gather(np.arange(begin, min(begin + at_once, len(self))))

    def count(self, column: str) -> dict[str, int]:
        """Count the windows of each value of a column that occurs.

        Parameters
        ----------
        column : str
            ``action`` (by its name), ``cohort``, ``subject`` or ``session``.

        Returns
        -------
        dict of str to int
            Sorted by name; actions in their order.
        """
        return {value: number for (value,), number in self.count_by(column).items()}

    def count_by(self, *columns: str) -> dict[tuple[Any, ...], int]:
        """Count the windows of each combination of values that occurs.

        Parameters
        ----------
        *columns : str
            As for :meth:`count`, and ``repetition``.

        Returns
        -------
        dict of tuple to int
            The values, in the order of `columns` -> windows; sorted, actions in their order.
        """
        number = np.bincount(self.segment, minlength=len(self.segments.action))
        there = np.flatnonzero(number)
        values = [getattr(self.segments, column)[there].tolist() for column in columns]
        found: Counter[tuple[Any, ...]] = Counter()
        for key, windows in zip(zip(*values, strict=True), number[there].tolist(), strict=True):
            found[key] += windows
        return {
            tuple(
                self.actions[value] if column == "action" else value
                for column, value in zip(columns, key, strict=True)
            ): found[key]
            for key in sorted(found)
        }
