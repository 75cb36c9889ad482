"""What each joint may do: its limits, given directly or read from a URDF."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

from emg_recognition.errors import SettingError
from emg_recognition.settings import check, setting

STOP_RAMP = 0.08
"""Longest time (s) from full speed to standstill with the largest acceleration."""

SOFT_MARGIN = 0.01
"""Commands stop this far (rad) inside a limit, so that noise does not carry a joint at rest across it."""

LONGEST_PERIOD = 0.02
"""Longest time (s) between two commands. Signals are stale after 120 ms, so that a stop begins within 140 ms;
with the 80 ms ramp a trajectory ends at most 100 ms ahead."""


FARTHEST = 4 * math.pi
"""Largest position (rad) that a limit may allow; no joint of an arm turns twice."""

FASTEST = 20.0
"""Largest speed (rad/s) that a limit may allow; an elbow reaches it in a throw."""

STRONGEST = 1000.0
"""Largest acceleration (rad/s²) that a limit may allow."""


@dataclass(frozen=True, kw_only=True)
class JointLimits:
    """What a joint may do, in the joint's own direction of rotation (REP-103).

    Raises
    ------
    SettingError
        For a value out of range, such as degrees, or values that contradict each other.
    """

    name: str
    lower: float = setting(help="smallest position", unit="rad")
    upper: float = setting(help="largest position", unit="rad")
    max_velocity: float = setting(help="largest speed", unit="rad/s", above=0)
    max_acceleration: float = setting(
        help="largest acceleration; it must stop the joint from max_velocity within 80 ms",
        unit="rad/s²",
        above=0,
    )
    max_step: float | None = setting(
        None,
        "largest distance from one command to the next; null: what max_velocity needs",
        unit="rad",
        above=0,
    )
    soft_zone: float = setting(
        0.1, "distance from a limit within which the joint slows down", unit="rad", low=0
    )
    neutral: float | None = setting(
        None, "where return_to_neutral and spring_back bring the joint; null: nowhere", unit="rad"
    )
    neutral_velocity: float = setting(0.1, "speed of return_to_neutral", unit="rad/s", above=0)
    spring_back: float = setting(
        0.0,
        "speed towards neutral at rest, where no action moves the joint; 0: off",
        unit="rad/s",
        low=0,
    )

    def __post_init__(self) -> None:
        check(self)
        for name, largest, unit in (
            ("lower", FARTHEST, "rad"),
            ("upper", FARTHEST, "rad"),
            ("max_velocity", FASTEST, "rad/s"),
            ("max_acceleration", STRONGEST, "rad/s²"),
        ):
            if abs(getattr(self, name)) > largest:
                raise SettingError(
                    name,
                    getattr(self, name),
                    f"it is in {unit}, at most {largest:.4g}; did you mean degrees?",
                )
        if not self.lower + 2 * SOFT_MARGIN < self.upper:
            raise SettingError(
                "lower",
                self.lower,
                f"use a number below upper, {self.upper!r} rad, by more than {2 * SOFT_MARGIN}",
            )
        needed = self.max_velocity / STOP_RAMP
        if self.max_acceleration < needed * (1 - 1e-9):
            raise SettingError(
                "max_acceleration",
                self.max_acceleration,
                f"use at least {needed:.4g} rad/s², to stop from max_velocity, {self.max_velocity!r} rad/s, "
                f"within {STOP_RAMP} s",
            )
        if self.spring_back > self.max_velocity:
            raise SettingError(
                "spring_back", self.spring_back, f"use at most max_velocity, {self.max_velocity!r} rad/s"
            )
        if self.spring_back and self.neutral is None:
            raise SettingError(
                "spring_back", self.spring_back, "give the joint a neutral position to spring back to"
            )
        low, high = self.lower + SOFT_MARGIN, self.upper - SOFT_MARGIN
        if self.neutral is not None and not low <= self.neutral <= high:
            raise SettingError(
                "neutral",
                self.neutral,
                f"use a number from {low:g} to {high:g} rad, which commands can reach",
            )

    @property
    def step_limit(self) -> float:
        """Largest distance from one command to the next, rad."""
        return self.max_velocity * LONGEST_PERIOD if self.max_step is None else self.max_step


class UrdfLimits(NamedTuple):
    """What a URDF says about a joint.

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


def read_urdf(path: str | Path) -> bytes:
    """Read a URDF file; raise a SettingError if that is impossible."""
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise SettingError("urdf", str(path), f"it cannot be read ({error})") from error


def urdf_limits(urdf: str | bytes, names: Iterable[str], source: str) -> dict[str, UrdfLimits]:
    """Find the limits of some joints in a URDF.

    Parameters
    ----------
    urdf : str or bytes
        The URDF itself; xacro must be expanded first.
    names : iterable of str
        The joints. Others may be of any type: a whole robot has wheels and grippers, too.
    source : str
        Where the URDF comes from, for errors.

    Returns
    -------
    dict of str to UrdfLimits
        Limits by joint, in the order of `names`.

    Raises
    ------
    SettingError
        For a text that is not a URDF, a joint that it does not have or has twice, a joint of a type without
        limits of position, and a limit that is missing or impossible.
    """
    try:
        robot = ElementTree.fromstring(urdf)
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise SettingError("urdf", source, f"it is not valid XML ({error})") from error
    if robot.tag != "robot":
        raise SettingError(f"{source}: root element", robot.tag, "give a URDF, whose root element is 'robot'")
    joints = robot.findall("joint")
    limits: dict[str, UrdfLimits] = {}
    for name in names:
        found = [joint for joint in joints if joint.get("name") == name]
        where = f"{source}: joint {name}"
        if len(found) != 1:
            known = ", ".join(joint.get("name", "") for joint in joints if joint.get("type") in _LIMITED)
            remedy = f"it has {known[:200] or 'none'}" if not found else "give each joint its own name"
            raise SettingError(where, name, f"{'there is no such joint; ' if not found else ''}{remedy}")
        kind = found[0].get("type", "")
        if kind not in _LIMITED:
            raise SettingError(
                f"{where}: type",
                kind,
                "make it revolute or prismatic and give it a range; other types have no limits",
            )
        limits[name] = _limits(where, found[0].find("limit"))
    return limits


#: The types of joints that move between two ends.
_LIMITED = ("revolute", "prismatic")


def _limits(where: str, limit: ElementTree.Element | None) -> UrdfLimits:
    if limit is None:
        raise SettingError(f"{where}: limit", None, "write <limit lower= upper= velocity= effort=> into it")
    # In a URDF an end that is left out is 0.
    lower, upper = (_number(where, limit, key, "0") for key in ("lower", "upper"))
    velocity = _number(where, limit, "velocity", "")
    if not lower < upper:
        raise SettingError(f"{where}: limit lower", lower, f"use a number below upper, {upper!r}")
    if velocity <= 0:
        raise SettingError(f"{where}: limit velocity", velocity, "use a number above 0")
    return UrdfLimits(lower, upper, velocity)


def _number(where: str, limit: ElementTree.Element, key: str, default: str) -> float:
    text = limit.get(key, default)
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise SettingError(f"{where}: limit {key}", text, "use a finite number")
    return value
