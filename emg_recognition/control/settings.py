"""Settings of the command bridge."""

from __future__ import annotations

from dataclasses import dataclass, field

from emg_recognition.control.decision import DecisionSettings
from emg_recognition.control.inputs import ANY_SIGNAL, Signal
from emg_recognition.control.joints import LONGEST_PERIOD
from emg_recognition.errors import SettingError
from emg_recognition.settings import check, setting


@dataclass(frozen=True, kw_only=True)
class BridgeSettings:
    """How the bridge decides and when it stops.

    Attributes
    ----------
    command_rate : float
        Commands a second, 50 to 500.
    decisions : DecisionSettings
        How estimates become decisions.
    stale_after : float
        Age at which estimates and joint feedback are stale, s, 0.02 to 0.12.
    hold_timeout : float
        How long the bridge holds and waits for fresh signals before it faults, s, 0 to 10.
    stop_time : float
        How long the stop is repeated after standstill before silence, s, 0.1 to 10.
    expected : Signal
        Rate and channels that the model must have been made for; 0 for whatever the armband has.
    follows_velocity : bool
        Whether the exoskeleton follows velocities alone, so that its position drifts from the
        commanded one.

    Raises
    ------
    SettingError
        For a value outside its range.
    """

    command_rate: float = setting(200.0, "commands a second", unit="Hz", low=1 / LONGEST_PERIOD, high=500.0)
    decisions: DecisionSettings = field(default_factory=DecisionSettings)
    stale_after: float = setting(
        0.12, "age at which estimates and joint states are stale", unit="s", low=0.02, high=0.12
    )
    hold_timeout: float = setting(
        2.0,
        "how long to hold and wait for fresh signals before a fault",
        unit="s",
        low=0.0,
        high=10.0,
        changes=True,
    )
    stop_time: float = setting(
        0.5, "how long the stop is repeated after standstill", unit="s", low=0.1, high=10.0
    )
    expected: Signal = ANY_SIGNAL
    follows_velocity: bool = False

    def __post_init__(self) -> None:
        check(self)

    @property
    def period(self) -> float:
        """Time between two commands, s."""
        return 1.0 / self.command_rate


LONG_DELAY = 0.15
"""Above this delay (s) a wearer notices it: the optimum is 100 to 125 ms (Farrell and Weir, 2007)."""

LONGEST_DELAY = 0.30
"""Above this delay (s) control falls apart (Hudgins, Parker and Scott, 1993)."""


def controller_delay(*, window: float, step: float, decisions: DecisionSettings, processing: float) -> float:
    """Return the average controller delay in seconds: window/2 + (enter - 1/2) · step + dwell + processing.

    Half a window passes until a new movement fills most of it. Of the windows from there on, the first
    comes half a step later on average, and as many as an action needs to be decided must come. With a
    majority of an odd number of votes, enter - 1/2 is votes/2, as in Smith, Hargrove, Lock and
    Kuiken, 2011.

    Parameters
    ----------
    window : float
        Length of a window, s.
    step : float
        Time between two windows, s.
    decisions : DecisionSettings
        Votes and dwell.
    processing : float
        Time from a window's last sample to the command, s.
    """
    return window / 2 + (decisions.enter - 0.5) * step + decisions.dwell + processing


def is_long(delay: float, *, allow_long: bool) -> bool:
    """Judge a controller delay.

    Parameters
    ----------
    delay : float
        Average controller delay, s.
    allow_long : bool
        Let a delay above :data:`LONGEST_DELAY` pass, with a warning only.

    Returns
    -------
    bool
        True where the delay deserves a warning.

    Raises
    ------
    SettingError
        For a delay above :data:`LONGEST_DELAY` that was not allowed.
    """
    if delay > LONGEST_DELAY and not allow_long:
        raise SettingError(
            "average controller delay",
            f"{delay * 1000:.0f} ms",
            f"at most {LONGEST_DELAY * 1000:.0f} ms can be controlled; use a shorter window or step, fewer "
            "votes or a shorter dwell, or set allow_long_delay",
        )
    return delay > LONG_DELAY
