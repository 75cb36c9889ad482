"""Gaussian noise with a given spectrum: the carrier of the EMG, fluctuations, baseline wander."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import fft


def shaped_noise(
    rng: np.random.Generator, rows: int, samples: int, rate: float, shape: Callable[[np.ndarray], np.ndarray]
) -> np.ndarray:
    """Draw stationary Gaussian noise, made in the frequency domain.

    Parameters
    ----------
    rng : numpy.random.Generator
        Where the numbers come from.
    rows, samples : int
        Number of independent signals and their length.
    rate : float
        Hz.
    shape : callable
        Amplitude spectrum, of any scale, from frequencies in Hz above 0.

    Returns
    -------
    numpy.ndarray
        Shape (rows, samples), zero mean and unit variance on average.
    """
    # A second more than asked for: the inverse transform is periodic, its end must not meet the beginning.
    length = fft.next_fast_len(samples + int(rate), real=True)
    frequency = fft.rfftfreq(length, 1.0 / rate)
    amplitude = np.zeros_like(frequency)
    amplitude[1:] = shape(frequency[1:])
    if length % 2 == 0:
        amplitude[-1] = 0.0
    amplitude *= length / np.sqrt(4.0 * np.sum(amplitude**2))
    spectrum = rng.standard_normal((rows, 2 * frequency.size)).view(np.complex128)
    return fft.irfft(spectrum * amplitude, length, axis=1)[:, :samples]


def emg_shape(frequency: np.ndarray) -> np.ndarray:
    """Return the amplitude spectrum of surface EMG.

    Parameters
    ----------
    frequency : numpy.ndarray
        Hz.

    Returns
    -------
    numpy.ndarray
        ``fh**2 * f / ((f**2 + fl**2)**0.5 * (f**2 + fh**2))`` with fl = 60 Hz and fh = 120 Hz, the root
        of the power spectrum of Stulen & De Luca (IEEE Trans Biomed Eng 28, 1981), nothing above 500 Hz.
    """
    low, high = 60.0, 120.0
    shape = high**2 * frequency / (np.sqrt(frequency**2 + low**2) * (frequency**2 + high**2))
    return np.where(frequency <= 500.0, shape, 0.0)


def slow_shape(corner: float) -> Callable[[np.ndarray], np.ndarray]:
    """Return an amplitude spectrum that falls with the square of the frequency above a corner.

    Parameters
    ----------
    corner : float
        Hz.

    Returns
    -------
    callable
        For `shaped_noise`.
    """
    return lambda frequency: 1.0 / (1.0 + (frequency / corner) ** 2)
