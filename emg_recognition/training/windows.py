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

from emg_recognition.recordings.recordings import Recordings
from emg_recognition.recordings.windows import find_windows
from emg_recognition.signal.settings import PipelineSettings
from emg_recognition.training.filtered import FilteredSignal, filter_recordings


@dataclass(frozen=True, eq=False)
class SegmentTable:
    """What is known about each segment of the recordings.

    Attributes
    ----------
    action : numpy.ndarray
        Index of its action, int64, shape (segments,); -1 for an action that is left out.
    cohort, subject, session : numpy.ndarray
        Strings, shape (segments,).
    repetition : numpy.ndarray
        Integers, shape (segments,).
    first, last : numpy.ndarray
        First and last sample of the signal at which a usable window may begin, int64, shape (segments,).
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
    """Windows as places in a filtered signal, with the labels of each.

    Selections share the signal, and so do copies in other processes if the signal is in a file.

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
    ring : int or None
        How many channels are in a ring, as the recordings say.
    matrices, matrix : numpy.ndarray or None
        What windows are multiplied with from the right, float32, shape (k, channels, channels), and which of
        these each segment takes, shape (segments,); see :meth:`oriented`.
    """

    actions: tuple[str, ...]
    length: int
    signal: FilteredSignal
    segments: SegmentTable
    begin: np.ndarray
    segment: np.ndarray
    ring: int | None = None
    matrices: np.ndarray | None = None
    matrix: np.ndarray | None = None

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

    def of_cohort(self, cohort: str) -> np.ndarray:
        """Return which windows are of a cohort, booleans, shape (windows,)."""
        return (self.segments.cohort == cohort)[self.segment]

    @property
    def windows(self) -> np.ndarray:
        """All windows, a copy: float32, shape (windows, length, channels). For small sets."""
        return self.gather(np.arange(len(self)))

    def select(self, which: ArrayLike) -> WindowSet:
        """Return the windows of a boolean mask or of indices, with the same actions."""
        chosen = np.asarray(which)
        if chosen.size == 0 and chosen.dtype != bool:
            chosen = chosen.astype(np.int64)  # NumPy reads an empty list as floats
        return dataclasses.replace(self, begin=self.begin[chosen], segment=self.segment[chosen])

    def by_session(self) -> Iterator[tuple[tuple[str, str], WindowSet]]:
        """Yield the windows of each session, and before them its subject and its name, in sorted order."""
        there = np.unique(self.segment)
        names = np.stack([self.segments.subject[there], self.segments.session[there]], axis=1)
        keys, of_segment = np.unique(names, axis=0, return_inverse=True)
        number = np.zeros(len(self.segments.action), np.int64)
        number[there] = of_segment.ravel()
        order = np.argsort(number[self.segment], kind="stable")
        counts = np.bincount(number[self.segment], minlength=len(keys))
        for (subject, session), end, count in zip(keys.tolist(), np.cumsum(counts), counts, strict=True):
            yield (subject, session), self.select(order[end - count : end])

    def oriented(self, matrices: ArrayLike, matrix: ArrayLike = 0) -> WindowSet:
        """Return the windows as turned armbands have them (:mod:`emg_recognition.models.orientation`).

        Parameters
        ----------
        matrices : array_like
            Shape (k, channels, channels), or (channels, channels) for all windows.
        matrix : array_like
            Which one each segment of the recordings takes, shape (segments,).
        """
        each = np.asarray(matrices, np.float32).reshape(-1, self.channels, self.channels)
        which = np.broadcast_to(np.asarray(matrix, np.int64), self.segments.action.shape)
        return dataclasses.replace(self, matrices=each, matrix=which)

    def of_segments(self, segments: ArrayLike) -> WindowSet:
        """Return the windows of some segments of the recordings, given by number, in their order here."""
        wanted = np.zeros(len(self.segments.action), bool)
        wanted[np.asarray(segments, np.int64)] = True
        return self.select(wanted[self.segment])

    def gather(self, indices: ArrayLike, shift: ArrayLike = 0) -> np.ndarray:
        """Cut some windows out of the signal.

        Parameters
        ----------
        indices : array_like
            Numbers of the windows, shape (k,); a number may occur more than once.
        shift : array_like
            Samples to move each window by, whole numbers, one or shape (k,). A window that would leave the
            usable part of its segment stops at its border.

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
        windows = self.signal.gather(begin, self.length)
        if self.matrices is None or self.matrix is None:
            return windows
        return np.matmul(windows, self.matrices[self.matrix[self.segment[chosen]]])

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


def windows_from_recordings(
    recordings: Recordings,
    pipeline: PipelineSettings,
    stride: int,
    *,
    actions: Sequence[str] | None = None,
    warm_up: bool = False,
    cache: Path | None = None,
) -> WindowSet:
    """Filter every segment as a separate stream, and find its windows.

    Parameters
    ----------
    recordings : Recordings
        Labelled segments.
    pipeline : PipelineSettings
        The signal path.
    stride : int
        Samples from one window to the next.
    actions : sequence of str, optional
        The actions, in order; segments with other labels are left out. All labels, sorted, by default.
    warm_up : bool
        Use every window of a segment (benchmarks); otherwise windows that begin while the filters settle are
        left out, as they are live. See :func:`~emg_recognition.signal.batch.filter_segment`.
    cache : Path, optional
        The package's cache (:func:`~emg_recognition.recordings.cache.default_cache`). The filtered signal is
        kept there and windows are read from it when they are needed; the next call with these recordings
        and this pipeline finds it. By default everything is in memory.

    Returns
    -------
    WindowSet
        The windows in the order of the segments.

    Raises
    ------
    RecordingError
        If rate, channel count or unit differ from those of the pipeline, or there is no window.
    """
    placed = place_windows(recordings, pipeline, stride, actions=actions, warm_up=warm_up)
    used = recordings.select(placed.segments.action >= 0)
    signal = filter_recordings(used, pipeline, warm_up=warm_up, cache=cache)
    return dataclasses.replace(placed, signal=signal)


def place_windows(
    recordings: Recordings,
    pipeline: PipelineSettings,
    stride: int,
    *,
    actions: Sequence[str] | None = None,
    warm_up: bool = False,
) -> WindowSet:
    """Find the windows of each segment as :func:`windows_from_recordings`, but with zeros for the signal."""
    found = find_windows(recordings, pipeline, stride, actions=actions, warm_up=warm_up)
    used = found.action >= 0
    # Segments that are left out take no room in the signal.
    length = np.where(used, recordings.length, 0)
    offset = np.cumsum(length) - length
    return WindowSet(
        actions=found.actions,
        length=pipeline.length,
        # Takes no memory, however long it is.
        signal=FilteredSignal(np.broadcast_to(np.float32(0), (int(length.sum()), recordings.channels))),
        segments=SegmentTable(
            action=found.action,
            cohort=recordings.cohort,
            subject=recordings.subject,
            session=recordings.session,
            repetition=recordings.repetition,
            first=offset + (0 if warm_up else pipeline.settling_samples),
            last=offset + length - pipeline.length,
        ),
        begin=found.start + offset[found.segment],
        segment=found.segment,
        ring=recordings.ring,
    )


def join_windows(sets: Sequence[WindowSet]) -> WindowSet:
    """Put windows of several recordings into one set; their signals are copied into memory.

    Parameters
    ----------
    sets : sequence of WindowSet
        At least one; all with the same actions, length and channels.

    Returns
    -------
    WindowSet
        All windows in this order, each as its own set has it.
    """
    if len(sets) == 1:
        return sets[0]
    sets = [_alone(one) for one in sets]
    samples = np.cumsum([0, *(len(one.signal.samples) for one in sets)])
    segments = np.cumsum([0, *(len(one.segments.action) for one in sets)])
    plain = np.eye(sets[0].channels, dtype=np.float32)[np.newaxis]
    matrices = [plain if one.matrices is None else one.matrices for one in sets]
    begin = np.cumsum([0, *(len(part) for part in matrices)])

    def column(name: str) -> np.ndarray:
        parts = [getattr(one.segments, name) for one in sets]
        if name in ("first", "last"):
            parts = [part + at for part, at in zip(parts, samples, strict=False)]
        return np.concatenate(parts)

    return dataclasses.replace(
        sets[0],
        signal=FilteredSignal(np.concatenate([one.signal.samples for one in sets])),
        segments=SegmentTable(
            **{field.name: column(field.name) for field in dataclasses.fields(SegmentTable)}
        ),
        begin=np.concatenate([one.begin + at for one, at in zip(sets, samples, strict=False)]),
        segment=np.concatenate([one.segment + at for one, at in zip(sets, segments, strict=False)]),
        matrices=np.concatenate(matrices),
        matrix=np.concatenate(
            [
                at + (np.zeros(len(one.segments.action), np.int64) if one.matrix is None else one.matrix)
                for one, at in zip(sets, begin, strict=False)
            ]
        ),
    )


def _alone(windows: WindowSet) -> WindowSet:
    """Return the same windows with the signal of their own segments only, not of a whole study."""
    there, segment = np.unique(windows.segment, return_inverse=True)
    table = SegmentTable(
        **{
            field.name: getattr(windows.segments, field.name)[there]
            for field in dataclasses.fields(SegmentTable)
        }
    )
    counts = table.last + windows.length - table.first
    parts = [windows.signal.samples[first : first + n] for first, n in zip(table.first, counts, strict=True)]
    moved = np.cumsum(counts) - counts - table.first
    return dataclasses.replace(
        windows,
        signal=FilteredSignal(np.concatenate([windows.signal.samples[:0], *parts])),
        segments=dataclasses.replace(table, first=table.first + moved, last=table.last + moved),
        begin=windows.begin + moved[segment],
        segment=segment.astype(windows.segment.dtype),
        matrix=None if windows.matrix is None else windows.matrix[there],
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
    """Make a set from finished windows, each of which is its own segment.

    Parameters
    ----------
    windows : array_like
        Filtered windows, shape (n, length, channels).
    action : array_like
        Index into `actions` for each, shape (n,).
    actions : sequence of str
        Names of the actions.
    cohort, subject, session : array_like
        Strings, shape (n,), or one for all.
    repetition : array_like
        Whole numbers, shape (n,), or one for all.

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
