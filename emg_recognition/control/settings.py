"""Settings of the command bridge."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from emg_recognition.control.arming import ANY_SIGNAL, Signal
from emg_recognition.control.decision_settings import DecisionSettings
from emg_recognition.control.joints import LONGEST_PERIOD
from emg_recognition.errors import SettingError


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

    command_rate: float = 200.0
    decisions: DecisionSettings = field(default_factory=DecisionSettings)
    stale_after: float = 0.12
    hold_timeout: float = 2.0
    stop_time: float = 0.5
    expected: Signal = ANY_SIGNAL
    follows_velocity: bool = False

    def __post_init__(self) -> None:
        _check_range("command_rate", self.command_rate, 1 / LONGEST_PERIOD, 500.0, "commands a second")
        _check_range("stale_after", self.stale_after, 0.02, 0.12, "seconds")
        _check_range("hold_timeout", self.hold_timeout, 0.0, 10.0, "seconds")
        _check_range("stop_time", self.stop_time, 0.1, 10.0, "seconds")

    @property
    def period(self) -> float:
        """Time between two commands, s."""
        return 1.0 / self.command_rate


def _check_range(name: str, value: float, low: float, high: float, unit: str) -> None:
    if not math.isfinite(value) or not low <= value <= high:
        raise SettingError(name, value, f"give {low:g} to {high:g} {unit}")
