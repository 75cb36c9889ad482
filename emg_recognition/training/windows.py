"""Labelled windows of recordings, made by the one signal path and cut when they are needed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from emg_recognition.errors import RecordingError
from emg_recognition.recordings.recordings import Recordings
from emg_recognition.signal.batch import window_starts
from emg_recognition.signal.settings import PipelineSettings
from emg_recognition.training.filtered import FilteredSignal, filter_recordings
from emg_recognition.training.window_set import SegmentTable, WindowSet

__all__ = ["WindowSet", "from_windows", "windows_from_recordings"]


def windows_from_recordings(
    recordings: Recordings,
    pipeline: PipelineSettings,
    step: int,
    *,
    actions: Sequence[str] | None = None,
    bridge: bool = False,
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
    bridge : bool
        Bridge the settling, so that every window of a segment counts (benchmarks); otherwise
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
    of_length = {n: window_starts(n, pipeline, step, bridge=bridge) for n in set(length.tolist())}
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
        signal=filter_recordings(recordings.select(action >= 0), pipeline, bridge=bridge, cache=cache),
        segments=SegmentTable(
            action=action,
            cohort=recordings.cohort,
            subject=recordings.subject,
            session=recordings.session,
            repetition=recordings.repetition,
            first=offset + (0 if bridge else pipeline.settling_samples),
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
