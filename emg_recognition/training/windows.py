"""Labelled windows of recordings, made by the one signal path and cut when they are needed."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from emg_recognition.errors import RecordingError
from emg_recognition.recordings.recordings import Recordings
from emg_recognition.signal.batch import window_starts
from emg_recognition.signal.settings import PipelineSettings
from emg_recognition.training.filtered import FilteredSignal, filter_recordings


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


__all__ = ["WindowSet", "from_windows", "windows_from_recordings"]


def windows_from_recordings(
    recordings: Recordings,
    pipeline: PipelineSettings,
    step: int,
    *,
    actions: Sequence[str] | None = None,
    warm_up: bool = False,
    cache: Path | None = None,
) -> WindowSet:
    """Filter every segment, a stream of its own, and find its windows.

    Parameters
    ----------
    recordings : Recordings
        Labelled segments.
    pipeline : PipelineSettings
        The signal path.
    step : int
        Samples from one window to the next.
    actions : sequence of str, optional
        The actions, in order; segments with other labels are left out. All labels, sorted, by default.
    warm_up : bool
        Warm up, so that every window of a segment counts (benchmarks); otherwise
        windows that begin while the filters settle are left out, as they are live.
    cache : Path, optional
        The package's cache (:func:`~emg_recognition.recordings.cache.default_cache`): the filtered signal is
        kept there, windows are read from it as they are needed, and the next call with these recordings
        and this pipeline finds it. In memory by default.

    Returns
    -------
    WindowSet
        The windows in the order of the segments.

    Raises
    ------
    RecordingError
        If rate, channels or unit are not those of the pipeline, or no window is left.
    """
    for name, ours, theirs in (
        ("rate", recordings.rate, pipeline.rate),
        ("channel count", recordings.channels, pipeline.channels),
        ("unit", recordings.unit, pipeline.unit),
    ):
        if ours != theirs:
            raise RecordingError(
                recordings.source,
                f"its {name} is {ours}, the pipeline's is {theirs}",
                "make the pipeline settings from this recording",
            )
    names = tuple(recordings.actions if actions is None else actions)
    index = {name: number for number, name in enumerate(names)}
    action = np.array([index.get(label, -1) for label in recordings.label.tolist()], np.int64)
    # Segments that are left out take no room in the signal.
    length = np.where(action >= 0, recordings.length, 0)
    offset = np.cumsum(length) - length
    # Many segments are of one length: theirs is one array.
    of_length = {n: window_starts(n, pipeline, step, warm_up=warm_up) for n in set(length.tolist())}
    starts = [of_length[n] for n in length.tolist()]
    segment = np.repeat(np.arange(len(recordings), dtype=np.int32), [len(found) for found in starts])
    if not len(segment):
        raise RecordingError(
            recordings.source,
            f"its {len(recordings)} segments give no window of {pipeline.length} samples for the actions"
            f" {', '.join(names) or '(none)'}",
            f"give segments of these actions longer than {pipeline.settling + pipeline.window:g} s",
        )
    return WindowSet(
        actions=names,
        length=pipeline.length,
        signal=filter_recordings(recordings.select(action >= 0), pipeline, warm_up=warm_up, cache=cache),
        segments=SegmentTable(
            action=action,
            cohort=recordings.cohort,
            subject=recordings.subject,
            session=recordings.session,
            repetition=recordings.repetition,
            first=offset + (0 if warm_up else pipeline.settling_samples),
            last=offset + length - pipeline.length,
        ),
        begin=np.concatenate(starts) + offset[segment],
        segment=segment,
    )


def from_windows(
    windows: ArrayLike,
    action: ArrayLike,
    actions: Sequence[str],
    *,
    cohort: ArrayLike = "",
    subject: ArrayLike = "",
    session: ArrayLike = "",
    repetition: ArrayLike = 1,
) -> WindowSet:
    """Make a set of windows that are there already, each a segment of its own.

    Parameters
    ----------
    windows : array_like
        Filtered windows, shape (n, length, channels).
    action : array_like
        Index into `actions` of each, shape (n,).
    actions : sequence of str
        Names of the actions.
    cohort, subject, session : array_like
        Strings, one for all or shape (n,).
    repetition : array_like
        Whole numbers, one for all or shape (n,).

    Returns
    -------
    WindowSet
        The windows in this order.
    """
    array = np.ascontiguousarray(windows, np.float32)
    count, length, channels = array.shape
    begin = np.arange(count, dtype=np.int64) * length

    def each(values: ArrayLike) -> np.ndarray:
        return np.broadcast_to(np.asarray(values), (count,)).copy()

    return WindowSet(
        actions=tuple(actions),
        length=length,
        signal=FilteredSignal(array.reshape(count * length, channels)),
        segments=SegmentTable(
            action=np.asarray(action, np.int64),
            cohort=each(cohort),
            subject=each(subject),
            session=each(session),
            repetition=each(repetition),
            first=begin,
            last=begin,
        ),
        begin=begin,
        segment=np.arange(count, dtype=np.int32),
    )
