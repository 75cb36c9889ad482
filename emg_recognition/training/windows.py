"""Labelled windows of recordings, made by the one signal path."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from emg_recognition.errors import RecordingError
from emg_recognition.recordings.recordings import Recordings
from emg_recognition.signal.batch import segment_windows
from emg_recognition.signal.settings import PipelineSettings


@dataclass(frozen=True, eq=False)
class WindowSet:
    """Windows and, for each, what is known about it.

    Attributes
    ----------
    windows : np.ndarray
        Filtered windows, float32, shape (windows, length, channels), in the recording's unit.
    action : np.ndarray
        Index into `actions`, int64, shape (windows,).
    cohort, subject, session : np.ndarray
        Strings, shape (windows,).
    repetition : np.ndarray
        Integers, shape (windows,).
    segment : np.ndarray
        Index of the segment in the recordings the window comes from, int64, shape (windows,).
    actions : tuple of str
        Names of the actions.
    """

    windows: np.ndarray
    action: np.ndarray
    cohort: np.ndarray
    subject: np.ndarray
    session: np.ndarray
    repetition: np.ndarray
    segment: np.ndarray
    actions: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.windows)

    def select(self, mask: np.ndarray) -> WindowSet:
        """Windows of a boolean mask or of indices, with the same actions."""
        return WindowSet(
            windows=self.windows[mask],
            action=self.action[mask],
            cohort=self.cohort[mask],
            subject=self.subject[mask],
            session=self.session[mask],
            repetition=self.repetition[mask],
            segment=self.segment[mask],
            actions=self.actions,
        )


def windows_from_recordings(
    recordings: Recordings,
    pipeline: PipelineSettings,
    step: int,
    *,
    actions: Sequence[str] | None = None,
    bridge: bool = False,
) -> WindowSet:
    """Cut every segment into windows; each segment is a stream of its own.

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
    segments = [i for i in range(len(recordings)) if str(recordings.label[i]) in index]
    cut = [segment_windows(recordings.segment(i), pipeline, step, bridge=bridge)[1] for i in segments]
    segment = np.repeat(np.asarray(segments, np.int64), [len(windows) for windows in cut])
    if not len(segment):
        raise RecordingError(
            recordings.source,
            f"its {len(recordings)} segments give no window of {pipeline.length} samples for the actions"
            f" {', '.join(names) or '(none)'}",
            f"give segments of these actions longer than {pipeline.settling + pipeline.window:g} s",
        )
    return WindowSet(
        windows=np.concatenate(cut),
        action=np.array([index[str(recordings.label[i])] for i in segment], np.int64),
        cohort=recordings.cohort[segment],
        subject=recordings.subject[segment],
        session=recordings.session[segment],
        repetition=recordings.repetition[segment],
        segment=segment,
        actions=names,
    )
