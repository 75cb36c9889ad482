"""How good the signal of each channel is, and what a person can do about it."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from emg_recognition.settings import check, setting
from emg_recognition.signal.quality_measures import Measures, measure
from emg_recognition.signal.settings import MAINS

#: A shorter piece without a gap shows nothing, s: the bins of its spectrum are more than 4 Hz apart.
SHORTEST = 0.25
#: With fewer channels it cannot be said which of them is unlike the others.
_FEWEST_TO_COMPARE = 3


@dataclass(frozen=True, kw_only=True)
class QualitySettings:
    """Thresholds of the judgement; ``docs/concepts/quality.md`` says how often each is wrong.

    Raises
    ------
    SettingError
        For a value that cannot be used.
    """

    mains: float = setting(MAINS, "mains frequency; 60 in the Americas", unit="Hz", low=16, high=400)
    saturated_warn: float = setting(0.01, "share of clipped samples that is a warning", above=0)
    saturated_bad: float = setting(0.05, "share of clipped samples that is bad", above=0)
    stuck: float = setting(0.5, "share of a second at one value that makes a channel flat", above=0)
    hum_share_warn: float = setting(0.3, "share of hum in the power that is a warning", above=0)
    hum_share_bad: float = setting(0.98, "share of hum in the power that is bad", above=0)
    hum_reach_warn: float = setting(0.5, "hum relative to the strongest effort that is a warning", above=0)
    hum_reach_bad: float = setting(1.0, "hum relative to the strongest effort that is bad", above=0)
    noise_times: float = setting(5.0, "noise relative to the other channels that is a warning", above=0)
    off_times: float = setting(10.0, "hum and drift relative to the others, electrode off", above=0)
    off_share: float = setting(0.8, "share of hum and drift in the power, electrode off", above=0)
    rest_memory: int = setting(15, "how far back the quietest second is looked for", unit="s", low=1)
    effort_memory: int = setting(60, "how far back the strongest second is looked for", unit="s", low=1)

    def __post_init__(self) -> None:
        check(self)


class State(IntEnum):
    """The values of ``SignalQuality.state``."""

    GOOD = 0
    WARN = 1
    BAD = 2


@dataclass(frozen=True, eq=False, kw_only=True)
class Quality:
    """What one second showed, and what to do.

    Attributes
    ----------
    measures : Measures
        The numbers.
    rest_noise : numpy.ndarray
        Noise of the quietest of the last 15 s, shape (channels,).
    flat : numpy.ndarray
        bool, shape (channels,).
    state : tuple of State
        One for each channel.
    advice : tuple of str
        One for each channel, the most serious first; empty where there is nothing to do.
    """

    measures: Measures
    rest_noise: np.ndarray
    flat: np.ndarray
    state: tuple[State, ...]
    advice: tuple[str, ...]


class QualityMonitor:
    """Judge one second after another, remembering the last rest and effort.

    Parameters
    ----------
    settings : QualitySettings
        Thresholds.
    rate : float
        Sampling rate, Hz.
    resolution : float
        One code of the converter in the samples' unit; 0 where unknown.
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
            Raw samples without a gap, at least ``SHORTEST`` and at most a second, shape (n, channels).

        Returns
        -------
        Quality
            Numbers, states and advice.
        """
        measures = measure(samples, self._rate, mains=self._settings.mains, resolution=self._resolution)
        flat = measures.stuck >= self._settings.stuck
        # A flat channel has no noise; its silence must not be mistaken for rest later.
        self._noise.append(np.where(flat, np.inf, measures.noise))
        self._signal.append(np.where(flat, 0.0, measures.signal))
        lowest = np.min(self._noise, axis=0)
        rest_noise = np.where(np.isfinite(lowest), lowest, 0.0)
        state, advice = _judge(
            measures, rest_noise=rest_noise, effort=np.max(self._signal, axis=0), settings=self._settings
        )
        return Quality(measures=measures, rest_noise=rest_noise, flat=flat, state=state, advice=advice)


def _judge(
    measures: Measures, *, rest_noise: np.ndarray, effort: np.ndarray, settings: QualitySettings
) -> tuple[tuple[State, ...], tuple[str, ...]]:
    """Return a state and advice for each channel; `effort` is the RMS of the strongest second without hum."""
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
            level = State.BAD if saturated >= settings.saturated_bad else State.WARN
            found.append((level, f"saturated {100 * saturated:.0f} %: lower the gain"))
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
    """Return each channel's value over the median of the other live ones; 1 where there are too few."""
    ratio = np.ones(len(values))
    for channel in np.flatnonzero(alive):
        others = np.flatnonzero(alive & (np.arange(len(values)) != channel))
        median = np.median(values[others]) if len(others) >= _FEWEST_TO_COMPARE - 1 else 0.0
        if median > 0.0:
            ratio[channel] = values[channel] / median
    return ratio
