"""Windows of a recorded segment, through the same pipeline as live samples."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from emg_recognition.signal.pipeline import Pipeline
from emg_recognition.signal.samples import check_samples
from emg_recognition.signal.settings import PipelineSettings


def segment_windows(
    samples: ArrayLike, settings: PipelineSettings, step: int, *, bridge: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Filter one continuous segment and cut it into windows.

    Parameters
    ----------
    samples : array_like
        Raw samples, float32, shape (n, channels).
    settings : PipelineSettings
        The signal path.
    step : int
        Samples from one window to the next.
    bridge : bool
        For benchmarks whose rule is 'every window of the test segment': run the filters in over
        the segment's own first samples, repeated backwards, so that no window is withheld and the
        first one begins at index 0. A segment shorter than that is mirrored to and fro.

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
        For a step that cannot be used.
    """
    pipeline = Pipeline(settings, step)
    # Checked before mirroring, so that an error names the sample's own index.
    checked = check_samples(samples, settings.channels, 0)
    # Whole steps, so that a window begins exactly at index 0.
    lead = -(-settings.settling_samples // pipeline.step) * pipeline.step if bridge and len(checked) else 0
    found = pipeline.push(np.pad(checked, ((lead, 0), (0, 0)), mode="reflect"), -lead) if len(checked) else []
    windows = np.empty((len(found), settings.length, settings.channels), dtype=np.float32)
    for row, window in zip(windows, found, strict=True):
        row[...] = window.data
    return np.array([window.first_index for window in found], dtype=np.int64), windows
