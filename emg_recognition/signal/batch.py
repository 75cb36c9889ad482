"""Recorded segments through the same signal path as live samples."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from emg_recognition.signal.filters import StreamFilter
from emg_recognition.signal.pipeline import check_samples
from emg_recognition.signal.settings import STRIDE, PipelineSettings

# Samples filtered at a time: the filter works in float64, and a segment may be an hour long.
_AT_ONCE = 65536


def filter_segment(samples: ArrayLike, settings: PipelineSettings, *, warm_up: bool = False) -> np.ndarray:
    """Filter one continuous segment as a separate stream.

    Parameters
    ----------
    samples : array_like
        Raw samples, float32, shape (n, channels).
    settings : PipelineSettings
        The signal path.
    warm_up : bool
        For benchmarks whose rule is 'every window of the test segment': let the filters settle on the
        segment's own first samples, played backwards. A segment that is shorter than the settling is
        mirrored back and forth.

    Returns
    -------
    numpy.ndarray
        float32, C-contiguous, shape (n, channels). The rows beginning at one of :func:`window_starts`
        are, bit for bit, the window that :class:`~emg_recognition.signal.pipeline.Pipeline` makes of these
        samples.

    Raises
    ------
    SampleError
        For a wrong shape, NaN or infinity.
    """
    checked = check_samples(samples, settings.channels, 0)
    filtered = np.empty(checked.shape, dtype=np.float32)
    if not len(checked):
        return filtered
    stream = StreamFilter(settings)
    lead = settings.settling_samples if warm_up else 0
    if lead:
        # np.pad mirrors back and forth as often as needed; only what precedes the segment is used.
        stream.apply(np.pad(checked[: lead + 1], ((lead, 0), (0, 0)), mode="reflect")[:lead])
    for begin in range(0, len(checked), _AT_ONCE):
        filtered[begin : begin + _AT_ONCE] = stream.apply(checked[begin : begin + _AT_ONCE])
    return filtered


def window_starts(
    samples: int, settings: PipelineSettings, stride: int, *, warm_up: bool = False
) -> np.ndarray:
    """Return where the windows of a segment begin.

    Parameters
    ----------
    samples : int
        Samples of the segment.
    settings : PipelineSettings
        The signal path.
    stride : int
        Samples from one window to the next.
    warm_up : bool
        As for :func:`filter_segment`: the first window begins at index 0. Without it, windows that
        begin while the filters settle are left out.

    Returns
    -------
    numpy.ndarray
        int64, shape (windows,): index in the segment of each window's first sample, a multiple of the stride.

    Raises
    ------
    SettingError
        For a stride that is not a whole number of at least 1.
    """
    stride = STRIDE.checked(stride)
    settled = 0 if warm_up else settings.settling_samples
    return np.arange(-(-settled // stride) * stride, samples - settings.length + 1, stride, dtype=np.int64)


def segment_windows(
    samples: ArrayLike, settings: PipelineSettings, stride: int, *, warm_up: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Filter one continuous segment and cut it into windows.

    Parameters
    ----------
    samples : array_like
        Raw samples, float32, shape (n, channels).
    settings : PipelineSettings
        The signal path.
    stride : int
        Samples from one window to the next.
    warm_up : bool
        As for :func:`filter_segment` and :func:`window_starts`.

    Returns
    -------
    first_indices : numpy.ndarray
        int64, shape (windows,): index in the segment of each window's first sample.
    windows : numpy.ndarray
        float32, shape (windows, length, channels).

    Raises
    ------
    SampleError
        For a wrong shape, NaN or infinity.
    SettingError
        For a stride that cannot be used.
    """
    filtered = filter_segment(samples, settings, warm_up=warm_up)
    starts = window_starts(len(filtered), settings, stride, warm_up=warm_up)
    return starts, filtered[starts[:, np.newaxis] + np.arange(settings.length)]
