"""What counts as a good signal: the thresholds, with where they come from."""

from __future__ import annotations

from dataclasses import dataclass, fields

from emg_recognition.errors import SettingError

#: EMG has next to nothing below this, Hz: what lies there is drift, movement and poor contact.
SLOW_BELOW = 10.0


@dataclass(frozen=True, kw_only=True)
class QualitySettings:
    """Thresholds of the judgement; ``docs/quality.md`` tells how often each is wrong.

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
