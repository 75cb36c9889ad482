"""What a second of raw samples shows of each channel: numbers, no judgement."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np

#: Samples at an extreme value that make a flat top; two meet there by chance.
#: EMG has next to nothing below this, Hz: what lies there is drift, movement and poor contact.
SLOW_BELOW = 10.0
_FEWEST_ON_TOP = 3
#: A signal of fewer codes is noise of the converter, and its extremes repeat without any clipping.
_FEWEST_CODES = 32


@dataclass(frozen=True, eq=False, kw_only=True)
class Measures:
    """Numbers of each channel, shape (channels,) each, in the samples' unit where not a share.

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
        RMS above 10 Hz without the hum: the muscles and the noise.
    noise : numpy.ndarray
        RMS of white noise as strong as the median of the spectrum above 10 Hz. Hum does not reach it;
        muscles do, but for the top of the band at high rates. So its smallest value over a while counts.
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
    """Measure one second, or less.

    Parameters
    ----------
    samples : numpy.ndarray
        Raw samples without a gap, finite, shape (n, channels); n at least 8.
    rate : float
        Hz.
    mains : float
        Mains frequency, Hz.
    resolution : float
        One code of the converter in the samples' unit; 0 where it is not known: then the smallest step
        between neighbouring samples stands for it.

    Returns
    -------
    Measures
        The numbers of each channel.

    Notes
    -----
    The spectrum is that of the whole second with a Hann window: bins of 1 Hz, of which a tone fills
    three. The mean power of the bins 3 to 8 Hz away from the mains and its harmonics tells what would
    be there without hum, and is taken off (as Abser et al., CMBES Proc 34, 2011, interpolate the spectrum);
    otherwise a second of plain EMG at 200 Hz would show 5 % hum.
    """
    values = np.asarray(samples, dtype=np.float64)
    resolution = resolution or smallest_step(values)
    values = values - values.mean(axis=0)
    frequency, power = _spectrum(values, rate)
    hum, around = _hum(frequency, power, rate, mains)
    fast = frequency >= SLOW_BELOW
    total = power[fast].sum(axis=0)
    clear = fast & ~around
    # The median of exponentially distributed power is ln 2 of its mean.
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


def _spectrum(values: np.ndarray, rate: float) -> tuple[np.ndarray, np.ndarray]:
    """Frequencies, shape (bins,), and the power in each bin, shape (bins, channels), unit squared."""
    length = len(values)
    window = 0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(length) / length)
    spectrum = np.fft.rfft(values * window[:, np.newaxis], axis=0)
    power = (spectrum.real**2 + spectrum.imag**2) * (2.0 / (length * np.sum(window**2)))
    return np.fft.rfftfreq(length, 1.0 / rate), power


def _hum(
    frequency: np.ndarray, power: np.ndarray, rate: float, mains: float
) -> tuple[np.ndarray, np.ndarray]:
    """Power of the hum, shape (channels,), and which bins it may reach, shape (bins,)."""
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


def smallest_step(values: np.ndarray) -> float:
    """Return the smallest change between neighbouring samples, which is one code of the converter."""
    steps = np.abs(np.diff(values, axis=0))
    return float(np.min(steps, initial=np.inf, where=steps > 0))


def saturated(values: np.ndarray, resolution: float) -> np.ndarray:
    """Return the share of samples on a flat top or bottom of the signal.

    A top is flat if more samples lie at the very extreme than just beside it.

    Parameters
    ----------
    values : numpy.ndarray
        Samples, float64, shape (n, channels).
    resolution : float
        One code of the converter, in the unit of the samples.

    Returns
    -------
    numpy.ndarray
        Shape (channels,), 0 to 1.
    """
    share = np.zeros(values.shape[1])
    top, bottom = values.max(axis=0), values.min(axis=0)
    height = top - bottom
    beside = np.maximum(5.0 * resolution, 0.02 * height)
    for distance in (top - values, values - bottom):
        on_top = (distance == 0.0).sum(axis=0)
        near = (distance <= beside * (1.0 + 1e-9)).sum(axis=0) - on_top
        flat = (on_top >= _FEWEST_ON_TOP) & (on_top > near) & (height >= _FEWEST_CODES * resolution)
        share += np.where(flat, on_top / len(values), 0.0)
    return share


def _stuck(values: np.ndarray, resolution: float) -> np.ndarray:
    """Longest run of one value as a share of the samples; 1 for a channel of two codes."""
    length, channels = values.shape
    changes = np.diff(values, axis=0) != 0.0
    longest = np.empty(channels)
    for channel in range(channels):
        borders = np.concatenate([[0], np.flatnonzero(changes[:, channel]) + 1, [length]])
        longest[channel] = np.diff(borders).max()
    two_codes = np.ptp(values, axis=0) < 1.5 * resolution
    return np.where(two_codes, 1.0, longest / length)


#: Distance of the points that the rate is measured between, and how far back they reach, s.
_POINT_EVERY, _POINTS_REACH = 0.5, 30.0
#: Over less, the jitter of stamps would show as a wrong rate, s.
_RATE_AFTER = 10.0
#: The preview takes off the mean of this time: a high-pass of a sort, s.
_PREVIEW_MEAN = 0.1


class RecentSamples:
    """The chunks of the last second.

    Parameters
    ----------
    rate : float
        Hz.
    """

    def __init__(self, rate: float) -> None:
        self._length = max(1, round(rate))
        self._rate = rate
        self._chunks: deque[tuple[int, int, np.ndarray]] = deque()  # piece, first index, samples
        self._piece = 0
        self._end: int | None = None

    def push(self, samples: np.ndarray, first_index: int, *, restart: bool = False) -> int:
        """Add a chunk.

        Parameters
        ----------
        samples : numpy.ndarray
            Raw samples, shape (n, channels).
        first_index : int
            Index of the first of them.
        restart : bool
            The stream starts anew with this chunk.

        Returns
        -------
        int
            Samples that are missing before the chunk, by its index.
        """
        missing = 0
        if restart or first_index != self._end:
            self._piece += 1
            if self._end is not None:
                missing = max(0, first_index - self._end)
                if first_index < self._end:
                    self._chunks.clear()
        self._end = first_index + len(samples)
        self._chunks.append((self._piece, first_index, samples))
        while self._chunks and self._chunks[0][1] + len(self._chunks[0][2]) <= self._end - self._length:
            self._chunks.popleft()
        return missing

    def break_off(self) -> None:
        """Let the next chunk start a piece of its own, whatever its index."""
        self._piece += 1

    def last_second(self) -> np.ndarray:
        """Return the longest piece without a gap in the last second, the newest of two.

        Returns
        -------
        numpy.ndarray
            Shape (n, channels), n at most a second's; (0, 0) before the first chunk.
        """
        if self._end is None:
            return np.empty((0, 0), dtype=np.float32)
        begin = self._end - self._length
        pieces: dict[int, list[np.ndarray]] = {}
        for piece, first_index, samples in self._chunks:
            pieces.setdefault(piece, []).append(samples[max(0, begin - first_index) :])
        longest = max(pieces, key=lambda piece: (sum(map(len, pieces[piece])), piece))
        return np.concatenate(pieces[longest])

    def preview(self, seconds: float) -> np.ndarray | None:
        """Return the RMS of the newest samples, the mean of the last 0.1 s taken off.

        Parameters
        ----------
        seconds : float
            How much of the newest counts.

        Returns
        -------
        numpy.ndarray or None
            Shape (channels,), in the samples' unit; None where the newest piece is shorter than 0.1 s.
        """
        wanted = max(2, round(_PREVIEW_MEAN * self._rate))
        newest: list[np.ndarray] = []
        found = 0
        for piece, _, samples in reversed(self._chunks):
            if piece != self._piece or found >= wanted:
                break
            newest.append(samples)
            found += len(samples)
        if found < wanted:
            return None
        rows = np.concatenate(newest[::-1])[-wanted:].astype(np.float64)
        rows -= rows.mean(axis=0)
        return np.sqrt(np.mean(rows[-max(1, round(seconds * self._rate)) :] ** 2, axis=0))


class RateMeter:
    """The rate of a stream by its indices and stamps, lost samples included."""

    def __init__(self) -> None:
        self._points: deque[tuple[int, int]] = deque()

    def restart(self) -> None:
        """Forget what was before: nobody knows how long the stream stood still."""
        self._points.clear()

    def add(self, index: int, stamp: int) -> None:
        """Take a sample's index and its stamp, ns."""
        if self._points and stamp < self._points[-1][1] + _POINT_EVERY * 1e9:
            # A clock that went back is a new time scale.
            if stamp < self._points[-1][1]:
                self.restart()
            return
        self._points.append((index, stamp))
        while stamp - self._points[0][1] > _POINTS_REACH * 1e9:
            self._points.popleft()

    @property
    def rate(self) -> float:
        """Samples a second over the last 10 to 30 s, Hz; 0 until 10 s are known."""
        if not self._points:
            return 0.0
        (first, begin), (last, end) = self._points[0], self._points[-1]
        return (last - first) / (end - begin) * 1e9 if end - begin >= _RATE_AFTER * 1e9 else 0.0
