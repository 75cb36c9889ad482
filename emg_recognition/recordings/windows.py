"""Windows of recordings: where they lie, and cut out for scikit-learn."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from emg_recognition.errors import RecordingError, SettingError
from emg_recognition.recordings.cache import release
from emg_recognition.recordings.recordings import Recordings
from emg_recognition.signal.batch import filter_segment, window_starts
from emg_recognition.signal.settings import PipelineSettings, stride_samples, suited_settings

#: Time from one window to the next in training and in benchmarks, s.
STRIDE = 0.05
#: What windows can be grouped by -> the columns that make a group.
_GROUPS = {
    "subject": ("subject",),
    "session": ("subject", "session"),
    "repetition": ("subject", "session", "repetition"),
}


@dataclass(frozen=True, eq=False)
class WindowPlaces:
    """Where the windows of recordings lie.

    Attributes
    ----------
    actions : tuple of str
        Names of the actions.
    action : numpy.ndarray
        int64, shape (segments,): index of each segment's action in `actions`; -1 if it is left out.
    segment : numpy.ndarray
        int32, shape (windows,): the segment of each window, in rising order.
    start : numpy.ndarray
        int64, shape (windows,): first sample of each window in its segment.
    """

    actions: tuple[str, ...]
    action: np.ndarray
    segment: np.ndarray
    start: np.ndarray


def find_windows(
    recordings: Recordings,
    pipeline: PipelineSettings,
    stride: int,
    *,
    actions: Sequence[str] | None = None,
    warm_up: bool = False,
) -> WindowPlaces:
    """Find the windows of each segment.

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
        See :func:`~emg_recognition.signal.batch.window_starts`.

    Returns
    -------
    WindowPlaces
        At least one window.

    Raises
    ------
    RecordingError
        If rate, channel count or unit differ from those of the pipeline, or there is no window.
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
    length = np.where(action >= 0, recordings.length, 0).tolist()
    # Many segments have the same length and share one array.
    of_length = {n: window_starts(n, pipeline, stride, warm_up=warm_up) for n in set(length)}
    starts = [of_length[n] for n in length]
    segment = np.repeat(np.arange(len(recordings), dtype=np.int32), [len(found) for found in starts])
    if not len(segment):
        raise RecordingError(
            recordings.source,
            f"its {len(recordings)} segments give no window of {pipeline.length} samples for the actions"
            f" {', '.join(names) or '(none)'}",
            f"give segments of these actions longer than {pipeline.settling + pipeline.window:g} s"
            + "".join(f" (note: {problem})" for problem in recordings.problems[:1]),
        )
    return WindowPlaces(names, action, segment, np.concatenate(starts))


def cut_windows(
    recordings: Recordings,
    *,
    window: float | None = None,
    stride: float | None = None,
    actions: Sequence[str] | None = None,
    pipeline: PipelineSettings | None = None,
    groups: str = "subject",
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Filter the segments and copy their windows, see :meth:`Recordings.windows`."""
    if groups not in _GROUPS:
        raise SettingError("groups", groups, f"use one of {', '.join(_GROUPS)}")
    if pipeline is None:
        chosen = {} if window is None else {"window": window}
        pipeline = suited_settings(
            rate=recordings.rate, channels=recordings.channels, unit=recordings.unit, **chosen
        )
    elif window is not None and window != pipeline.window:
        raise SettingError("window", window, f"leave it out: the pipeline has {pipeline.window:g} s")
    seconds = STRIDE if stride is None else stride
    if not seconds > 0:
        raise SettingError("stride", stride, "use a time above 0 s")
    missing = [name for name in actions or () if name not in recordings.actions]
    if missing:
        raise SettingError("actions", missing[0], f"use some of {', '.join(recordings.actions)}")
    places = find_windows(recordings, pipeline, stride_samples(seconds, recordings.rate), actions=actions)
    samples = np.empty((len(places.segment), pipeline.length, recordings.channels), np.float32)
    offsets = np.arange(pipeline.length)
    borders = np.searchsorted(places.segment, np.arange(len(recordings) + 1)).tolist()
    for i, (begin, end) in enumerate(itertools.pairwise(borders)):
        if begin < end:
            filtered = filter_segment(recordings.segment(i), pipeline)
            samples[begin:end] = filtered[places.start[begin:end, np.newaxis] + offsets]
            release(recordings.counts)
    columns = [getattr(recordings, name).astype(np.str_) for name in _GROUPS[groups]]
    group = np.array(["/".join(parts) for parts in zip(*columns, strict=True)])
    return samples, recordings.label[places.segment], group[places.segment]
