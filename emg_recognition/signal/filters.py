"""The causal filters: a Butterworth band-pass, then a notch against mains hum.

SciPy designs the filters, where the model bundle does not hold them. A ROS installation has a compiled
filter, so that the live nodes need no SciPy, whose import takes a second and 70 MiB; elsewhere SciPy filters.
Both do the same operations in the same order.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from importlib.util import find_spec

import numpy as np
from numpy.typing import ArrayLike

from emg_recognition.errors import SettingError
from emg_recognition.signal.settings import PipelineSettings

_COMPILED = find_spec("emg_recognition._filter") is not None
if _COMPILED:
    from emg_recognition import _filter


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
    from scipy.signal import butter, iirnotch

    sections = butter(
        settings.order, (settings.low, settings.high), btype="bandpass", output="sos", fs=settings.rate
    )
    if settings.notch:
        b, a = iirnotch(settings.notch, settings.notch_quality, fs=settings.rate)
        sections = np.vstack([sections, np.concatenate([b, a])])
    return np.ascontiguousarray(sections)


def given_sections(sections: ArrayLike, settings: PipelineSettings) -> np.ndarray:
    """Check filters that were designed earlier, as a model bundle holds them.

    Parameters
    ----------
    sections : array_like
        Second-order sections.
    settings : PipelineSettings
        What they were designed for.

    Returns
    -------
    numpy.ndarray
        float64, shape (sections, 6).

    Raises
    ------
    SettingError
        If they are not what :func:`design` makes of these settings: unstable, not -3 dB at the band's edges,
        or another notch.
    """
    expected = settings.order + (settings.notch > 0)
    try:
        checked = np.array(sections, dtype=np.float64, order="C")
    except (TypeError, ValueError):
        checked = np.empty(0)
    if checked.shape != (expected, 6) or not _is_design(checked, settings):
        raise SettingError(
            "sections", f"{checked.shape}", f"use the {expected} that were designed for this signal path"
        )
    return checked


def _is_design(sections: np.ndarray, settings: PipelineSettings) -> bool:
    """Return whether sections are stable and have the band and the notch of the settings."""
    _, _, _, a0, a1, a2 = sections.T
    # Both poles of 1 + a1/z + a2/z² lie in the unit circle.
    if not ((a0 == 1.0) & (np.abs(a2) < 1.0) & (np.abs(a1) < 1.0 + a2)).all():
        return False
    edges = np.abs(_response(sections[: settings.order], [settings.low, settings.high], settings.rate))
    if not np.allclose(edges, np.sqrt(0.5), atol=1e-3):
        return False
    if not settings.notch:
        return True
    bandwidth = settings.notch / settings.notch_quality
    quality = a2[-1], 2 / (1 + np.tan(np.pi * bandwidth / settings.rate)) - 1
    return bool(
        abs(_response(sections[-1:], [settings.notch], settings.rate)) < 1e-3 and np.isclose(*quality)
    )


def _response(sections: np.ndarray, frequencies: Sequence[float], rate: float) -> np.ndarray:
    delay = np.exp(-2j * np.pi * np.array(frequencies) / rate)
    powers = np.array([delay**0, delay, delay**2])
    return np.asarray(np.prod((sections[:, :3] @ powers) / (sections[:, 3:] @ powers), axis=0))


class StreamFilter:
    """The filters and their state, beginning at one start of a stream.

    The state is zero at the start, and the value of the stream's first sample is subtracted from every
    sample: an amplifier's offset is often a thousand times the signal and would ring for a second.

    Parameters
    ----------
    settings : PipelineSettings
        Rate, channels, band and notch.
    sections : numpy.ndarray, optional
        From :func:`design` or :func:`given_sections`; designed if not given.
    """

    def __init__(self, settings: PipelineSettings, sections: np.ndarray | None = None) -> None:
        self._sections = design(settings) if sections is None else sections
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
        values = samples.astype(np.float64, order="C")
        if self._offset is None:
            self._offset = values[0].copy()
        values -= self._offset
        return filter_in_place(self._sections, self._state, values)


def filter_in_place(sections: np.ndarray, state: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Filter samples with second-order sections.

    Parameters
    ----------
    sections : numpy.ndarray
        float64, C-contiguous, shape (sections, 6).
    state : numpy.ndarray
        float64, C-contiguous, shape (sections, 2, channels); updated.
    values : numpy.ndarray
        float64, C-contiguous, shape (samples, channels); overwritten.

    Returns
    -------
    numpy.ndarray
        `values`.
    """
    if _COMPILED:
        _filter.apply(sections, state, values, values.shape[1])
    else:
        from scipy.signal import sosfilt

        values[:], state[:] = sosfilt(sections, values, axis=0, zi=state)
    return values
