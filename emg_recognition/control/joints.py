"""What a joint may do."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree

from emg_recognition.errors import SettingError

STOP_RAMP = 0.08
"""Longest time (s) from full speed to standstill."""

SOFT_MARGIN = 0.01
"""Commands stop this far (rad) inside a limit, so that a joint at rest there does not cross it by noise."""

LONGEST_PERIOD = 0.02
"""Longest time (s) between two commands: with the 120 ms after which signals are stale a stop begins
within 140 ms, and with the 80 ms ramp a trajectory ends at most 100 ms ahead."""


@dataclass(frozen=True, kw_only=True)
class JointLimits:
    """What a joint may do, in the joint's own sense of rotation (REP-103).

    Attributes
    ----------
    name : str
        The joint's name in trajectories and joint states.
    lower, upper : float
        Range of positions, rad.
    max_velocity : float
        Largest speed, rad/s.
    max_acceleration : float
        Largest acceleration, rad/s²; enough to stop from `max_velocity` within :data:`STOP_RAMP`.
    max_step : float or None
        Largest way from one command to the next, rad; None for what `max_velocity` needs at the
        slowest command rate.
    soft_zone : float
        So far from a limit the speed begins to fall with the distance that is left, rad; 0 for a
        stop at the last moment that `max_acceleration` allows.
    neutral : float or None
        Where ``return_to_neutral`` and the spring-back bring the joint, rad; None for nowhere.
    neutral_velocity : float
        Speed of ``return_to_neutral``, rad/s; above `max_velocity` it is that.
    spring_back : float
        Speed of the spring-back at rest, rad/s; 0 for none.

    Raises
    ------
    SettingError
        For a value that is no finite number or that contradicts another one.
    """

    name: str
    lower: float
    upper: float
    max_velocity: float
    max_acceleration: float
    max_step: float | None = None
    soft_zone: float = 0.1
    neutral: float | None = None
    neutral_velocity: float = 0.1
    spring_back: float = 0.0

    def __post_init__(self) -> None:
        for field in ("lower", "upper", "max_velocity", "max_acceleration", "soft_zone"):
            check_number(self._where(field), getattr(self, field))
        if not self.lower + 2 * SOFT_MARGIN < self.upper:
            self._refuse("lower", f"give less than upper, {self.upper!r} rad, by more than {2 * SOFT_MARGIN}")
        if self.max_velocity <= 0:
            self._refuse("max_velocity", "give more than 0 rad/s")
        needed = self.max_velocity / STOP_RAMP
        if self.max_acceleration < needed * (1 - 1e-9):
            self._refuse(
                "max_acceleration",
                f"stopping from max_velocity {self.max_velocity!r} rad/s within {STOP_RAMP} s takes at least "
                f"{needed:.4g} rad/s²",
            )
        if self.soft_zone < 0:
            self._refuse("soft_zone", "give 0 rad or more")
        self._check_step()
        self._check_neutral()

    @property
    def step_limit(self) -> float:
        """Largest way from one command to the next, rad."""
        return self.max_velocity * LONGEST_PERIOD if self.max_step is None else self.max_step

    def _check_step(self) -> None:
        if self.max_step is not None:
            check_number(self._where("max_step"), self.max_step)
            if self.max_step <= 0:
                self._refuse("max_step", "give more than 0 rad")

    def _check_neutral(self) -> None:
        for field in ("neutral_velocity", "spring_back"):
            check_number(self._where(field), getattr(self, field))
        if self.neutral_velocity <= 0:
            self._refuse("neutral_velocity", "give more than 0 rad/s")
        if not 0 <= self.spring_back <= self.max_velocity:
            self._refuse("spring_back", f"give 0 rad/s to max_velocity {self.max_velocity!r}")
        if self.neutral is None:
            if self.spring_back:
                self._refuse("spring_back", "give the joint a neutral position to spring back to")
            return
        check_number(self._where("neutral"), self.neutral)
        low, high = self.lower + SOFT_MARGIN, self.upper - SOFT_MARGIN
        if not low <= self.neutral <= high:
            self._refuse("neutral", f"commands reach {low:g} to {high:g} rad")

    def _where(self, field: str) -> str:
        return f"joint {self.name}: {field}"

    def _refuse(self, field: str, remedy: str) -> None:
        raise SettingError(self._where(field), getattr(self, field), remedy)


def check_number(where: str, value: Any) -> None:
    """Raise a SettingError unless `value` is a finite number."""
    # bool is an int to Python, and YAML's 'yes' is a bool.
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise SettingError(where, value, "give a finite number")


class UrdfLimits(NamedTuple):
    """What a URDF says of a joint.

    Attributes
    ----------
    lower, upper : float
        Range of positions, rad (m for a prismatic joint).
    velocity : float
        Largest speed, rad/s (m/s).
    """

    lower: float
    upper: float
    velocity: float


def urdf_limits(path: str | Path) -> dict[str, UrdfLimits]:
    """Read the limits of every joint that moves between two ends.

    Parameters
    ----------
    path : str or Path
        A URDF file; xacro has to be expanded before.

    Returns
    -------
    dict of str to UrdfLimits
        Joint -> limits, for revolute and prismatic joints in the file's order; fixed ones have none.

    Raises
    ------
    SettingError
        For a file that cannot be read or is no URDF, a joint of a kind that has no limits of
        position, and a limit that is missing or makes no sense.
    """
    path = Path(path)
    try:
        robot = ElementTree.parse(path).getroot()
    except OSError as error:
        raise SettingError("urdf", str(path), f"give a readable file ({error})") from error
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise SettingError("urdf", str(path), f"give a file of valid XML ({error})") from error
    if robot.tag != "robot":
        raise SettingError(
            f"{path.name}: root element", robot.tag, "give a URDF, whose root element is 'robot'"
        )
    limits: dict[str, UrdfLimits] = {}
    for joint in robot.findall("joint"):
        name, kind = joint.get("name", ""), joint.get("type", "")
        where = f"{path.name}: joint {name}"
        if name in limits:
            raise SettingError(where, name, "give each joint a name of its own")
        if kind == "fixed":
            continue
        if kind not in ("revolute", "prismatic"):
            raise SettingError(
                f"{where}: type", kind, "only revolute and prismatic joints have limits: give it a range"
            )
        limits[name] = _limits(where, joint.find("limit"))
    return limits


def _limits(where: str, limit: ElementTree.Element | None) -> UrdfLimits:
    if limit is None:
        raise SettingError(f"{where}: limit", None, "write <limit lower= upper= velocity= effort=> into it")
    # URDF takes 0 for an end that is left out.
    lower, upper = (_number(where, limit, key, "0") for key in ("lower", "upper"))
    velocity = _number(where, limit, "velocity", "")
    if not lower < upper:
        raise SettingError(f"{where}: limit lower", lower, f"give less than upper, {upper!r}")
    if velocity <= 0:
        raise SettingError(f"{where}: limit velocity", velocity, "give more than 0")
    return UrdfLimits(lower, upper, velocity)


def _number(where: str, limit: ElementTree.Element, key: str, default: str) -> float:
    text = limit.get(key, default)
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise SettingError(f"{where}: limit {key}", text, "give a finite number")
    return value
