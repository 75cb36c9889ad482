"""A signal at other times than it was sampled at: band-limited interpolation."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

#: Zero crossings of the sinc on each side.
_CROSSINGS = 32
#: Where the low-pass cuts off, share of the lower of the two Nyquist frequencies.
_CUTOFF = 0.95
#: Values of the kernel that are in memory at a time.
_PIECE = 1 << 21


def resample(samples: np.ndarray, position: ArrayLike, ratio: float) -> np.ndarray:
    """Return a signal at positions between its samples.

    Each value is a sum of the samples around it, weighted by a sinc with a Blackman window of 32 zero
    crossings on each side: a low-pass without delay. Up to 85 % of half the lower rate a sine stays the same
    within 0.02 %; what is above 105 % of half the new rate folds back with less than 0.02 % of its amplitude.

    Parameters
    ----------
    samples : numpy.ndarray
        Shape (n, channels), finite, evenly spaced.
    position : array_like
        Where to evaluate, in samples from the first one, shape (m,); from 0 to n - 1.
    ratio : float
        The new rate in times of the old one.

    Returns
    -------
    numpy.ndarray
        float32, shape (m, channels).

    Notes
    -----
    Smith, J. O., *Digital Audio Resampling*, ccrma.stanford.edu/~jos/resample: windowed-sinc interpolation.
    """
    position = np.asarray(position, np.float64)
    cutoff = _CUTOFF * min(ratio, 1.0)
    reach = int(np.ceil(_CROSSINGS / cutoff))
    around = np.arange(1 - reach, reach + 1)
    found = np.empty((len(position), samples.shape[1]), np.float32)
    rows = max(_PIECE // len(around), 1)
    for begin in range(0, len(position), rows):
        at = position[begin : begin + rows, np.newaxis]
        index = np.floor(at).astype(np.int64) + around
        apart = at - index
        phase = np.pi * np.clip(apart / reach, -1, 1)
        weights = np.sinc(cutoff * apart) * (0.42 + 0.5 * np.cos(phase) + 0.08 * np.cos(2 * phase))
        # At the ends only what is there counts.
        weights *= (index >= 0) & (index < len(samples))
        weights /= weights.sum(axis=1, keepdims=True)
        near = samples[np.clip(index, 0, len(samples) - 1)]
        found[begin : begin + rows] = np.einsum("ij,ijk->ik", weights, near)
    return found
