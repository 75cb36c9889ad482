"""Settings of the command bridge, and the controller delay that they cause."""

from __future__ import annotations

from dataclasses import dataclass, field

from emg_recognition.control.decision import DecisionSettings
from emg_recognition.control.joints import LONGEST_PERIOD
from emg_recognition.errors import SettingError
from emg_recognition.settings import check, setting

LONG_DELAY = 0.15
"""Above this delay (s) a wearer notices it: the optimum is 100 to 125 ms (Farrell and Weir, 2007)."""

LONGEST_DELAY = 0.30
"""Above this delay (s) control breaks down (Hudgins, Parker and Scott, 1993)."""


@dataclass(frozen=True, kw_only=True)
class BridgeSettings:
    """How often the bridge commands, which model it accepts, and when it stops.

    Attributes
    ----------
    decisions : DecisionSettings
        How estimates become decisions.
    follows_velocity : bool
        Whether the exoskeleton follows velocities alone, so that its position drifts away from the
        commanded one.
    model_sha256 : str
        SHA-256 of the only model that may be armed; empty for any.

    Raises
    ------
    SettingError
        For a value out of range.
    """

    command_rate: float = setting(200.0, "commands a second", unit="Hz", low=1 / LONGEST_PERIOD, high=500)
    hold_timeout: float = setting(
        2.0,
        "how long to hold and wait for fresh signals before a fault",
        unit="s",
        low=0,
        high=10,
        changes=True,
    )
    stale_after: float = setting(
        0.12, "age at which estimates and joint states are stale", unit="s", low=0.02, high=0.12
    )
    stop_time: float = setting(
        0.5, "how long the stop is repeated after standstill", unit="s", low=0.1, high=10
    )
    rate: float = setting(
        0.0, "rate that the model must be made for; 0: the armband's", unit="Hz", low=0, high=100_000
    )
    channels: int = setting(0, "channels that the model must be made for; 0: the armband's", low=0, high=1024)
    decisions: DecisionSettings = field(default_factory=DecisionSettings)
    follows_velocity: bool = False
    model_sha256: str = ""

    def __post_init__(self) -> None:
        check(self)

    @property
    def period(self) -> float:
        """Time between two commands, s."""
        return 1.0 / self.command_rate


def controller_delay(
    *, window: float, stride: float, decisions: DecisionSettings, processing: float
) -> float:
    """Return the average controller delay in seconds: window/2 + (enter - 1/2) · stride + dwell + processing.

    A new movement fills most of a window after half its length. The first window after that moment comes
    half a stride later on average, and an action needs `enter` of them to be decided. With a majority of an
    odd number of votes, enter - 1/2 is votes/2, as in Smith, Hargrove, Lock and Kuiken, 2011.

    Parameters
    ----------
    window : float
        Length of a window, s.
    stride : float
        Time from one window to the next, s.
    decisions : DecisionSettings
        Votes and dwell.
    processing : float
        Time from a window's last sample to the command, s.
    """
    return window / 2 + (decisions.enter - 0.5) * stride + decisions.dwell + processing


def is_long(delay: float, *, allow_long: bool) -> bool:
    """Judge a controller delay.

    Parameters
    ----------
    delay : float
        Average controller delay, s.
    allow_long : bool
        Accept a delay above :data:`LONGEST_DELAY`, with a warning only.

    Returns
    -------
    bool
        True for a delay that deserves a warning.

    Raises
    ------
    SettingError
        For a delay above :data:`LONGEST_DELAY` that was not allowed.
    """
    if delay > LONGEST_DELAY and not allow_long:
        raise SettingError(
            "average controller delay",
            f"{delay * 1000:.0f} ms",
            f"at most {LONGEST_DELAY * 1000:.0f} ms can be controlled; use a shorter window or stride, fewer "
            "votes or a shorter dwell, or set allow_long_delay",
        )
    return delay > LONG_DELAY
