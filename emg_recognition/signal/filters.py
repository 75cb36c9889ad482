"""The causal filters: a Butterworth band-pass, then a notch against mains hum."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy.signal import butter, iirnotch, sosfilt

from emg_recognition.signal.settings import PipelineSettings


@lru_cache(maxsize=16)
def design(settings: PipelineSettings) -> np.ndarray:
    """Design the filters.

    Parameters
    ----------
    settings : PipelineSettings
        Rate, band and notch.

    Returns
    -------
    numpy.ndarray
        Second-order sections, shape (sections, 6). Equal settings share one array; do not change it.
    """
    sections = butter(
        settings.order, (settings.low, settings.high), btype="bandpass", output="sos", fs=settings.rate
    )
    if settings.notch:
        b, a = iirnotch(settings.notch, settings.notch_quality, fs=settings.rate)
        sections = np.vstack([sections, np.concatenate([b, a])])
    return sections


class StreamFilter:
    """The filters and their state, beginning at one start of a stream.

    The state is zero at the start, and the value of the stream's first sample is subtracted from every
    sample: an amplifier's offset is often a thousand times the signal and would ring for a second.

    Parameters
    ----------
    settings : PipelineSettings
        Rate, channels, band and notch.
    """

    def __init__(self, settings: PipelineSettings) -> None:
        self._sections = design(settings)
        self._state = np.zeros((len(self._sections), 2, settings.channels))
        self._offset: np.ndarray | None = None

    def apply(self, samples: np.ndarray) -> np.ndarray:
        """Filter the next samples of the stream.

        The arithmetic runs in float64, sample by sample and channel by channel, so the result does
        not depend on how the stream is cut.

        Parameters
        ----------
        samples : numpy.ndarray
            float32, at least one sample, shape (samples, channels).

        Returns
        -------
        numpy.ndarray
            float64, shape (samples, channels).
        """
        values = samples.astype(np.float64)
        if self._offset is None:
            self._offset = values[0].copy()
        filtered, self._state = sosfilt(self._sections, values - self._offset, axis=0, zi=self._state)
        return filtered
