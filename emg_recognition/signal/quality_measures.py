"""What one second of raw samples shows of each channel, as numbers without a judgement."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

#: EMG has almost no power below this frequency, Hz: drift, movement and poor contact are there.
SLOW_BELOW = 10.0
#: Samples at an extreme value that make a flat top; two can meet there by chance.
FEWEST_ON_TOP = 3
#: A signal of fewer codes is noise of the converter, and its extremes repeat without any clipping.
_FEWEST_CODES = 32


@dataclass(frozen=True, eq=False, kw_only=True)
class Measures:
    """Numbers for each channel, each of shape (channels,), in the samples' unit unless a share.

    Attributes
    ----------
    rms : numpy.ndarray
        RMS without the mean.
    saturated : numpy.ndarray
        Share of samples on a flat top or bottom.
    stuck : numpy.ndarray
        Longest time at one value, as a share of the samples; 1 where only two neighbouring codes occur.
    mains : numpy.ndarray
        Share of the power above 10 Hz that is mains hum.
    hum : numpy.ndarray
        RMS of the hum.
    slow : numpy.ndarray
        RMS below 10 Hz, without the mean.
    signal : numpy.ndarray
        RMS above 10 Hz without the hum: muscles and noise.
    noise : numpy.ndarray
        RMS of white noise as strong as the median of the spectrum above 10 Hz. Hum does not raise it;
        muscles do, except at high rates, where the median lies above their band. So use its smallest
        value over some time.
    """

    rms: np.ndarray
    saturated: np.ndarray
    stuck: np.ndarray
    mains: np.ndarray
    hum: np.ndarray
    slow: np.ndarray
    signal: np.ndarray
    noise: np.ndarray


def measure(samples: np.ndarray, rate: float, *, mains: float, resolution: float = 0.0) -> Measures:
    """Measure one second or less.

    Parameters
    ----------
    samples : numpy.ndarray
        Raw samples without a gap, finite, shape (n, channels); n at least 8.
    rate : float
        Sampling rate, Hz.
    mains : float
        Mains frequency, Hz.
    resolution : float
        One code of the converter in the samples' unit; 0 where unknown, see :func:`smallest_step`.

    Returns
    -------
    Measures
        The numbers of each channel.

    Notes
    -----
    The spectrum covers the whole second with a Hann window: bins of 1 Hz, of which a tone fills three.
    The mean power of the bins 3 to 8 Hz away from the mains and its harmonics estimates what would be there
    without hum, and is subtracted (as Abser et al., CMBES Proc 34, 2011, interpolate the spectrum); otherwise
    a second of plain EMG at 200 Hz would show 5 % hum.
    """
    values = np.asarray(samples, dtype=np.float64)
    resolution = resolution or smallest_step(values)
    values = values - values.mean(axis=0)
    frequency, power = _spectrum(values, rate)
    hum, around = _hum(frequency, power, rate, mains)
    fast = frequency >= SLOW_BELOW
    total = power[fast].sum(axis=0)
    clear = fast & ~around
    # The median of exponentially distributed power is ln 2 times its mean.
    density = np.median(power[clear if clear.any() else fast], axis=0) / np.log(2.0)
    return Measures(
        rms=values.std(axis=0),
        saturated=saturated(values, resolution),
        stuck=_stuck(values, resolution),
        mains=np.divide(hum, total, out=np.zeros_like(hum), where=total > 0),
        hum=np.sqrt(hum),
        slow=np.sqrt(power[(frequency > 0) & ~fast].sum(axis=0)),
        signal=np.sqrt(np.maximum(total - hum, 0.0)),
        noise=np.sqrt(density * fast.sum()),
    )


def smallest_step(values: np.ndarray) -> float:
    """Return the smallest difference between neighbouring samples, the substitute for an unknown resolution.

    Parameters
    ----------
    values : numpy.ndarray
        Samples, shape (n, channels).

    Returns
    -------
    float
        The step; infinity if nothing changes.
    """
    steps = np.abs(np.diff(values, axis=0))
    return float(np.min(steps, initial=np.inf, where=steps > 0))


def saturated(values: np.ndarray, resolution: float) -> np.ndarray:
    """Return the share of samples on a flat top or bottom: more lie at the extreme value than just beside it.

    Parameters
    ----------
    values : numpy.ndarray
        Samples, float64, shape (n, channels).
    resolution : float
        One code of the converter in the samples' unit.

    Returns
    -------
    numpy.ndarray
        Shares from 0 to 1, shape (channels,).
    """
    share = np.zeros(values.shape[1])
    top, bottom = values.max(axis=0), values.min(axis=0)
    height = top - bottom
    beside = np.maximum(5.0 * resolution, 0.02 * height)
    for distance in (top - values, values - bottom):
        on_top = (distance == 0.0).sum(axis=0)
        near = (distance <= beside * (1.0 + 1e-9)).sum(axis=0) - on_top
        flat = (on_top >= FEWEST_ON_TOP) & (on_top > near) & (height >= _FEWEST_CODES * resolution)
        share += np.where(flat, on_top / len(values), 0.0)
    return share


def _stuck(values: np.ndarray, resolution: float) -> np.ndarray:
    """Return the longest run of one value as a share of the samples; 1 for a channel of two codes."""
    length, channels = values.shape
    changes = np.diff(values, axis=0) != 0.0
    longest = np.empty(channels)
    for channel in range(channels):
        borders = np.concatenate([[0], np.flatnonzero(changes[:, channel]) + 1, [length]])
        longest[channel] = np.diff(borders).max()
    two_codes = np.ptp(values, axis=0) < 1.5 * resolution
    return np.where(two_codes, 1.0, longest / length)


def _spectrum(values: np.ndarray, rate: float) -> tuple[np.ndarray, np.ndarray]:
    """Return frequencies, shape (bins,), and the power in each bin, shape (bins, channels), unit squared."""
    length = len(values)
    window = 0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(length) / length)
    spectrum = np.fft.rfft(values * window[:, np.newaxis], axis=0)
    power = (spectrum.real**2 + spectrum.imag**2) * (2.0 / (length * np.sum(window**2)))
    return np.fft.rfftfreq(length, 1.0 / rate), power


def _hum(
    frequency: np.ndarray, power: np.ndarray, rate: float, mains: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return the power of the hum, shape (channels,), and which bins it may reach, shape (bins,)."""
    width = frequency[1]
    hum = np.zeros(power.shape[1])
    reached = np.zeros(len(frequency), dtype=bool)
    for harmonic in np.arange(mains, rate / 2 + 1e-6, mains):
        away = np.abs(frequency - harmonic) - 1e-6
        at = away <= max(1.0, width)
        beside = (away > 2.0 * max(1.0, width)) & (away <= 8.0 * max(1.0, width))
        hum += power[at].sum(axis=0) - at.sum() * power[beside].mean(axis=0)
        reached |= away <= 2.0 * max(1.0, width)
    return np.maximum(hum, 0.0), reached
