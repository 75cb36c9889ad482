"""Log features of windows: what armbands, wearers and sessions are compared by. Only NumPy is needed."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from emg_recognition.models.orientation import sources

Array = NDArray[np.float64]

RMS = 0
_LENGTH = 1


class Measures:
    """Log features of windows, from which those of every turned armband follow without the samples.

    A whole turn and a mirror only exchange the channels; for half turns, the features between neighbouring
    electrodes are kept too.

    Parameters
    ----------
    windows : numpy.ndarray
        Filtered samples, shape (n, length, channels), length at least 3.
    ring : int
        How many of the channels, the first ones, are a ring.
    """

    def __init__(self, windows: np.ndarray, ring: int) -> None:
        self.ring = ring
        between = windows.astype(np.float64)
        around = between[:, :, :ring]
        between[:, :, :ring] = (around + np.roll(around, -1, axis=2)) / np.sqrt(2.0)
        strongest = np.sqrt(np.mean(np.square(windows, dtype=np.float64))) or 1.0
        self._kinds = [log_features(kind, 1e-4 * strongest) for kind in (windows, between)]

    def __len__(self) -> int:
        return len(self._kinds[0])

    def select(self, which: ArrayLike) -> Measures:
        """Return the measures of some windows, by a boolean mask or by numbers."""
        chosen = Measures.__new__(Measures)
        chosen.ring = self.ring
        chosen._kinds = [kind[np.asarray(which)] for kind in self._kinds]
        return chosen

    @staticmethod
    def joined(parts: Iterable[Measures]) -> Measures:
        """Return the measures of all windows of several parts, which have the same ring."""
        parts = list(parts)
        both = Measures.__new__(Measures)
        both.ring = parts[0].ring
        both._kinds = [np.concatenate([part._kinds[kind] for part in parts]) for kind in (0, 1)]
        return both

    def seen(self, turn: float, mirrored: bool) -> Array:
        """Return the log features as a turned armband has them.

        Returns
        -------
        numpy.ndarray
            Shape (n, 4, channels): RMS, mean change from sample to sample, rate of zero crossings, rate of
            slope changes.
        """
        near, half = sources(turn, mirrored, self.ring)
        kind = self._kinds[int(half)]
        return kind[:, :, np.concatenate([near, np.arange(self.ring, kind.shape[2])])]


def log_features(windows: np.ndarray, floor: float) -> Array:
    """Return the four log features of each window and channel.

    Parameters
    ----------
    windows : numpy.ndarray
        Filtered samples, shape (n, length, channels), length at least 3.
    floor : float
        Added to RMS and mean change, so that silence has a logarithm; in the unit of the samples.

    Returns
    -------
    numpy.ndarray
        Shape (n, 4, channels), as :meth:`Measures.seen` orders them.
    """
    windows = windows.astype(np.float64)
    change = np.diff(windows, axis=1)
    rms = np.sqrt(np.mean(windows**2, axis=1)) + floor
    length = np.abs(change).mean(axis=1) + floor

    def crossings(values: Array) -> Array:
        positive = values > 0
        count = np.count_nonzero(positive[:, 1:] != positive[:, :-1], axis=1)
        return np.asarray((count + 0.5) / values.shape[1])

    return np.log(np.stack([rms, length, crossings(windows), crossings(change)], axis=1))


def contrast(measures: Measures) -> float:
    """Return by how much log RMS differs between the quietest and the strongest tenth of the windows.

    An arm that only rests, or only makes one fist, does not show how its armband sits.
    """
    strength = log_rms(measures.seen(0.0, False))
    return float(np.subtract(*np.quantile(strength, (0.9, 0.1))))


def features(seen: Array, level: float) -> Array:
    """Return one row for each window, without the strength of its session.

    Parameters
    ----------
    seen : numpy.ndarray
        From :meth:`Measures.seen`.
    level : float
        Mean log RMS of the session.

    Returns
    -------
    numpy.ndarray
        Shape (n, 4 * channels).
    """
    levelled = seen.copy()
    levelled[:, [RMS, _LENGTH]] -= level
    return levelled.reshape(len(seen), -1)


def log_rms(seen: Array) -> Array:
    """Return the mean over the channels of each window's log RMS, shape (n,)."""
    mean: Array = seen[:, RMS].mean(axis=1)
    return mean


def descriptor(seen: Array) -> Array:
    """Describe how strength is distributed over the channels, whatever was performed.

    Parameters
    ----------
    seen : numpy.ndarray
        From :meth:`Measures.seen`, at least two windows.

    Returns
    -------
    numpy.ndarray
        Shape (channels + channels * (channels + 1) / 2,): the mean profile of log RMS without its own mean,
        and the upper triangle of the covariance of log RMS without each window's mean.
    """
    strength = seen[:, RMS]
    profile = strength.mean(axis=0)
    shape = strength - strength.mean(axis=1, keepdims=True)
    covariance = np.cov(shape, rowvar=False)
    return np.concatenate([profile - profile.mean(), covariance[np.triu_indices(strength.shape[1])]])
