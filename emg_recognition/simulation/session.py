"""One simulated session: a script of actions becomes muscle activations, and these become counts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import fft

from emg_recognition.actions import PAPER_ACTION_NAMES
from emg_recognition.simulation.arm import (
    MUSCLES,
    UNITS,
    Placement,
    Subject,
    place_electrodes,
    tissue_response,
)

COUNTS_PER_VOLT = 4.0e6
"""A count is a quarter of a microvolt: 16 bits reach 8.2 mV."""

_FULL_EMG = 0.6e-3  # RMS of one muscle at full activation, 15 mm away, V
_ELECTRODE_NOISE = 4.0e-6  # V
_WANDER = 60.0e-6  # of the baseline, V
_HUM = 8.0e-6  # of the mains, V


def shaped_noise(
    rng: np.random.Generator, rows: int, samples: int, rate: float, shape: Callable[[np.ndarray], np.ndarray]
) -> np.ndarray:
    """Draw stationary Gaussian noise, shaped in the frequency domain.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of the random numbers.
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
    # A second longer than needed: the inverse transform is periodic, and its end must not join its beginning.
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
        of the power spectrum of Stulen & De Luca (IEEE Trans Biomed Eng 28, 1981); 0 above 500 Hz.
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


@dataclass(frozen=True, eq=False)
class Performance:
    """What the muscles do in a session.

    Attributes
    ----------
    activation : numpy.ndarray
        Fraction of MVC, shape (muscles, samples).
    border : numpy.ndarray
        Sample at which each entry of the script is asked for, and the end, shape (entries + 1,).
    """

    activation: np.ndarray
    border: np.ndarray


def perform(
    subject: Subject, script: Sequence[tuple[str, float]], rate: float, rng: np.random.Generator
) -> Performance:
    """Turn a script into muscle activations.

    Parameters
    ----------
    subject : Subject
        Who performs.
    script : sequence of (str, float)
        Action and seconds of each entry.
    rate : float
        Hz.
    rng : numpy.random.Generator
        The session's generator.

    Returns
    -------
    Performance
        Activations that move from one entry's level to the next with a first-order rise or fall.

    Notes
    -----
    Effort varies between repetitions and within one, in proportion to its size (signal-dependent noise:
    Harris & Wolpert, Nature 394, 1998). First-order dynamics, slower in falling: Zajac, Crit Rev Biomed
    Eng 17, 1989. With a delay of at most 80 ms and time constants of at most 70 ms, 90 % of a change is
    complete 250 ms after it is asked for: the wearer follows a cue that is announced.
    """
    border = np.concatenate([[0], np.cumsum([round(seconds * rate) for _, seconds in script])]).astype(
        np.int64
    )
    muscles = len(MUSCLES)
    rise, fall = rng.uniform((0.050, 0.055), (0.065, 0.070))
    day = np.exp(rng.normal(0.0, 0.06, muscles))
    level = subject.strategy[0] * day
    activation = np.empty((muscles, border[-1]))
    time = np.arange(np.diff(border).max(initial=0)) / rate
    for (action, _), first, last in zip(script, border[:-1], border[1:], strict=True):
        effort = subject.steadiness * (rng.normal(0.0, 0.22) + rng.normal(0.0, 0.24, muscles))
        target = subject.strategy[PAPER_ACTION_NAMES.index(action)] * day * np.exp(effort)
        delay = float(np.clip(rng.normal(0.05, 0.015), 0.02, 0.08))
        constant = np.where(target > level, rise, fall)
        elapsed = np.maximum(time[: last - first] - delay, 0.0)
        remaining = np.exp(-elapsed / constant[:, None])
        activation[:, first:last] = target[:, None] + (level - target)[:, None] * remaining
        left = np.exp(-max((last - first) / rate - delay, 0.0) / constant)
        level = target + (level - target) * left
    slow = shaped_noise(rng, muscles + 1, int(border[-1]), rate, slow_shape(1.5))
    activation *= np.exp(subject.steadiness * (0.12 * slow[:1] + 0.12 * slow[1:]))
    return Performance(activation=activation, border=border)


def record(
    subject: Subject,
    script: Sequence[tuple[str, float]],
    *,
    rate: float,
    channels: int,
    mains: float,
    rng: np.random.Generator,
    turn: float = 0.0,
) -> tuple[np.ndarray, np.ndarray]:
    """Record one session.

    Parameters
    ----------
    subject : Subject
        Who wears the electrodes.
    script : sequence of (str, float)
        Action and seconds of each entry.
    rate : float
        Hz.
    channels : int
        Number of electrodes.
    mains : float
        Frequency of the mains hum, Hz.
    rng : numpy.random.Generator
        The session's generator; it decides everything that differs between sessions.
    turn : float
        How far the armband is turned, in electrodes.

    Returns
    -------
    counts : numpy.ndarray
        int16, shape (samples, channels), `COUNTS_PER_VOLT` a volt.
    border : numpy.ndarray
        int64, shape (entries + 1,): entry i covers ``counts[border[i]:border[i + 1]]``.
    """
    placement = place_electrodes(subject, channels, rng, turn)
    performance = perform(subject, script, rate, rng)
    volts = _muscle_signals(subject, placement, performance.activation, rate, rng)
    volts += _disturbances(channels, volts.shape[1], rate, mains, rng)
    counts = np.clip(np.rint(volts.T * COUNTS_PER_VOLT), -32768, 32767).astype(np.int16)
    return counts, performance.border


def _muscle_signals(
    subject: Subject, placement: Placement, activation: np.ndarray, rate: float, rng: np.random.Generator
) -> np.ndarray:
    """Return the muscle signals at the electrodes, V, shape (channels, samples).

    Each group of motor units is Gaussian noise whose amplitude is the activation (Hogan & Mann,
    IEEE Trans Biomed Eng 27, 1980); the tissue between it and each electrode is a linear filter.
    """
    samples = activation.shape[1]
    source = shaped_noise(rng, len(MUSCLES) * UNITS, samples, rate, emg_shape)
    amplitude = _FULL_EMG / np.sqrt(UNITS) * subject.strength[:, None] * activation
    source *= np.repeat(amplitude, UNITS, axis=0)
    length = fft.next_fast_len(samples + int(rate), real=True)
    spectrum = fft.rfft(source, length, axis=1)
    frequency = fft.rfftfreq(length, 1.0 / rate)
    volts = np.empty((len(placement.gain), samples))
    for channel, distance in enumerate(placement.distance):
        seen = np.einsum("uf,uf->f", spectrum, tissue_response(distance, frequency))
        volts[channel] = placement.gain[channel] * fft.irfft(seen, length)[:samples]
    return volts


def _disturbances(
    channels: int, samples: int, rate: float, mains: float, rng: np.random.Generator
) -> np.ndarray:
    """Return electrode noise, baseline wander and mains hum, V, shape (channels, samples)."""
    volts = rng.standard_normal((channels, samples))
    volts *= _ELECTRODE_NOISE * np.exp(rng.normal(0.0, 0.2, (channels, 1)))
    volts += _WANDER * shaped_noise(rng, channels, samples, rate, slow_shape(0.5))
    time = np.arange(samples) / rate
    frequency = mains + rng.normal(0.0, 0.02)
    for harmonic, share in ((1, 1.0), (3, 0.3)):
        if harmonic * frequency < 0.5 * rate:
            wave = np.sin(2.0 * np.pi * harmonic * frequency * time + rng.uniform(0.0, 2.0 * np.pi))
            volts += share * _HUM * np.exp(rng.normal(0.0, 0.5, (channels, 1))) * wave
    return volts
