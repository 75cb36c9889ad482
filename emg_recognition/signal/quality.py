"""How good the signal of each channel is, and what a person can do about it."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, fields
from enum import IntEnum

import numpy as np

from emg_recognition.errors import SettingError
from emg_recognition.signal.quality_measures import Measures, measure


@dataclass(frozen=True, kw_only=True)
class QualitySettings:
    """Thresholds of the judgement; ``docs/concepts/quality.md`` tells how often each is wrong.

    Attributes
    ----------
    mains : float
        Mains frequency, Hz.
    saturated_warn, saturated_bad : float
        Share of samples on a flat top.
    stuck : float
        Share of the second at one value, without a break, from which on a channel is flat.
    hum_share_warn, hum_share_bad : float
        Share of the power above 10 Hz that is mains hum.
    hum_reach_warn, hum_reach_bad : float
        RMS of the hum over the strongest second of the last minute. A resting arm is mostly hum on
        many amplifiers; that does no harm where the muscles are much stronger.
    noise_times : float
        Noise at rest over the median of the other channels'.
    off_times : float
        Hum and drift over the median of the other channels', from which on an electrode may be off.
    off_share : float
        Share of all power that hum and drift then are.
    rest_memory : int
        How far back the quietest second is looked for, s: a new fault shows after so long.
    effort_memory : int
        How far back the strongest second is looked for, s.

    Raises
    ------
    SettingError
        For a value that is not above 0.
    """

    mains: float = 50.0
    saturated_warn: float = 0.01
    saturated_bad: float = 0.05
    stuck: float = 0.5
    hum_share_warn: float = 0.3
    hum_share_bad: float = 0.98
    hum_reach_warn: float = 0.5
    hum_reach_bad: float = 1.0
    noise_times: float = 5.0
    off_times: float = 10.0
    off_share: float = 0.8
    rest_memory: int = 15
    effort_memory: int = 60

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not value > 0:
                raise SettingError(f"quality.{field.name}", value, "use a number above 0")


#: Less than this without a gap tells nothing: 4 Hz between the bins of the spectrum, s.
SHORTEST = 0.25
#: With fewer, nobody can say which channel is unlike the others.
_FEWEST_TO_COMPARE = 3


class State(IntEnum):
    """As ``SignalQuality.state``."""

    GOOD = 0
    WARN = 1
    BAD = 2


@dataclass(frozen=True, eq=False, kw_only=True)
class Quality:
    """What a second showed, and what to do.

    Attributes
    ----------
    measures : Measures
        The numbers.
    rest_noise : numpy.ndarray
        Noise of the quietest of the last 15 s, shape (channels,).
    flat : numpy.ndarray
        bool, shape (channels,).
    state : tuple of State
        One a channel.
    advice : tuple of str
        One a channel, the gravest first; empty where nothing is to be done.
    """

    measures: Measures
    rest_noise: np.ndarray
    flat: np.ndarray
    state: tuple[State, ...]
    advice: tuple[str, ...]


class QualityMonitor:
    """Judges one second after the other, and remembers the last rest and effort.

    Parameters
    ----------
    settings : QualitySettings
        Thresholds.
    rate : float
        Hz.
    resolution : float
        One code of the converter in the samples' unit; 0 where it is not known.
    """

    def __init__(self, settings: QualitySettings, rate: float, resolution: float = 0.0) -> None:
        self._settings = settings
        self._rate = rate
        self._resolution = resolution
        self._noise: deque[np.ndarray] = deque(maxlen=settings.rest_memory)
        self._signal: deque[np.ndarray] = deque(maxlen=settings.effort_memory)

    def judge(self, samples: np.ndarray) -> Quality:
        """Judge the newest second.

        Parameters
        ----------
        samples : numpy.ndarray
            Raw samples without a gap, at most a second and at least ``SHORTEST``, shape (n, channels).

        Returns
        -------
        Quality
            Numbers, states and advice.
        """
        measures = measure(samples, self._rate, mains=self._settings.mains, resolution=self._resolution)
        flat = measures.stuck >= self._settings.stuck
        # A channel without a signal has no noise; its silence must not be taken for rest later on.
        self._noise.append(np.where(flat, np.inf, measures.noise))
        self._signal.append(np.where(flat, 0.0, measures.signal))
        lowest = np.min(self._noise, axis=0)
        rest_noise = np.where(np.isfinite(lowest), lowest, 0.0)
        state, advice = judge(
            measures, rest_noise=rest_noise, effort=np.max(self._signal, axis=0), settings=self._settings
        )
        return Quality(measures=measures, rest_noise=rest_noise, flat=flat, state=state, advice=advice)


def judge(
    measures: Measures, *, rest_noise: np.ndarray, effort: np.ndarray, settings: QualitySettings
) -> tuple[tuple[State, ...], tuple[str, ...]]:
    """Turn the numbers of a second into a state and an advice for each channel.

    Parameters
    ----------
    measures : Measures
        What the second shows.
    rest_noise : numpy.ndarray
        Noise at rest, shape (channels,).
    effort : numpy.ndarray
        RMS of the strongest second so far, hum taken off, shape (channels,).
    settings : QualitySettings
        Thresholds.

    Returns
    -------
    state : tuple of State
        One a channel.
    advice : tuple of str
        One a channel; empty where the state is GOOD.
    """
    flat = measures.stuck >= settings.stuck
    disturbance = np.hypot(measures.hum, measures.slow)
    off = (
        ~flat
        & (_times_the_others(disturbance, ~flat) >= settings.off_times)
        & (disturbance**2 >= settings.off_share * (measures.slow**2 + measures.hum**2 + measures.signal**2))
        & (disturbance >= effort)
    )
    hums = ~flat & (measures.mains >= settings.hum_share_warn)
    hums &= measures.hum >= settings.hum_reach_warn * effort
    drowned = hums & (measures.mains >= settings.hum_share_bad)
    drowned &= measures.hum >= settings.hum_reach_bad * effort
    noisier = _times_the_others(rest_noise, ~flat)
    most_hum = hums.sum() > max(1.0, 0.5 * len(flat))
    states, advices = [], []
    for channel in range(len(flat)):
        found: list[tuple[State, str]] = []
        saturated, share = measures.saturated[channel], round(100 * float(measures.mains[channel]))
        if flat[channel]:
            found.append((State.BAD, "no signal, stuck at one value: check cable and connector"))
        if off[channel]:
            found.append((State.BAD, f"electrode off or dry ({share} % mains hum): press it on or wet it"))
        elif hums[channel]:
            remedy = (
                f"on {hums.sum()} of {len(flat)} channels: check the reference electrode, move the charger"
                if most_hum
                else "here: press the electrode on, move its cable away from the mains"
            )
            found.append((State.BAD if drowned[channel] else State.WARN, f"mains hum {share} % {remedy}"))
        if not flat[channel] and saturated >= settings.saturated_warn:
            grave = State.BAD if saturated >= settings.saturated_bad else State.WARN
            found.append((grave, f"saturated {100 * saturated:.0f} %: lower the gain"))
        if not (flat[channel] or off[channel]) and noisier[channel] >= settings.noise_times:
            found.append(
                (
                    State.WARN,
                    f"noise {noisier[channel]:.0f} times the others': clean the skin, press the electrode on",
                )
            )
        found.sort(key=lambda one: -one[0])
        states.append(max((state for state, _ in found), default=State.GOOD))
        advices.append("; ".join(words for _, words in found))
    return tuple(states), tuple(advices)


def _times_the_others(values: np.ndarray, alive: np.ndarray) -> np.ndarray:
    """Return each channel's value over the median of the other living ones; 1 where there are too few."""
    ratio = np.ones(len(values))
    for channel in np.flatnonzero(alive):
        others = np.flatnonzero(alive & (np.arange(len(values)) != channel))
        median = np.median(values[others]) if len(others) >= _FEWEST_TO_COMPARE - 1 else 0.0
        if median > 0.0:
            ratio[channel] = values[channel] / median
    return ratio
