"""The exoskeleton's joints, their limits, and which action moves which joint."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from emg_recognition.errors import SettingError
from emg_recognition.settings import from_mapping

STOP_RAMP = 0.08
"""Longest time (s) from full speed to standstill."""


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

    def __post_init__(self) -> None:
        where = f"joint {self.name}"
        for field in ("lower", "upper", "max_velocity", "max_acceleration"):
            _check_number(f"{where}: {field}", getattr(self, field))
        if not self.lower < self.upper:
            raise SettingError(f"{where}: lower", self.lower, f"give less than upper, {self.upper!r} rad")
        if self.max_velocity <= 0:
            raise SettingError(f"{where}: max_velocity", self.max_velocity, "give more than 0 rad/s")
        needed = self.max_velocity / STOP_RAMP
        if self.max_acceleration < needed * (1 - 1e-9):
            raise SettingError(
                f"{where}: max_acceleration",
                self.max_acceleration,
                f"stopping from max_velocity {self.max_velocity!r} rad/s within {STOP_RAMP} s takes at least "
                f"{needed:.4g} rad/s²",
            )


@dataclass(frozen=True, kw_only=True)
class ActionMotion:
    """The joint that an action moves, and how fast.

    Attributes
    ----------
    action : str
        The action's name as the model gives it.
    joint : str
        The joint that moves.
    velocity : float
        Speed and direction, rad/s, not 0.

    Raises
    ------
    SettingError
        For a velocity that is no finite number, or 0.
    """

    action: str
    joint: str
    velocity: float

    def __post_init__(self) -> None:
        _check_number(f"action {self.action}: velocity", self.velocity)
        if self.velocity == 0:
            raise SettingError(
                f"action {self.action}: velocity", self.velocity, "leave the action out to hold still"
            )


@dataclass(frozen=True)
class Exoskeleton:
    """Joints and the motions that actions ask for.

    Attributes
    ----------
    joints : tuple of JointLimits
        In the order in which commands list them.
    motions : tuple of ActionMotion
        One for each action that moves a joint; any other action holds still.

    Raises
    ------
    SettingError
        For no joint at all, a motion of an unknown joint or one above the joint's `max_velocity`.
    """

    joints: tuple[JointLimits, ...]
    motions: tuple[ActionMotion, ...]

    def __post_init__(self) -> None:
        if not self.joints:
            raise SettingError("joints", self.joints, "name at least one joint")
        limits = {joint.name: joint for joint in self.joints}
        for motion in self.motions:
            where = f"action {motion.action}"
            if motion.joint not in limits:
                raise SettingError(
                    f"{where}: joint", motion.joint, f"no such joint; known are {', '.join(limits)}"
                )
            limit = limits[motion.joint].max_velocity
            if abs(motion.velocity) > limit:
                raise SettingError(
                    f"{where}: velocity",
                    motion.velocity,
                    f"stay within max_velocity {limit!r} rad/s of joint {motion.joint}",
                )

    @property
    def joint_names(self) -> tuple[str, ...]:
        """The joints' names, in order."""
        return tuple(joint.name for joint in self.joints)

    def targets(self) -> dict[str, tuple[float, ...]]:
        """Return for each action that moves something the target velocity of every joint, rad/s."""
        return {
            motion.action: tuple(
                motion.velocity if name == motion.joint else 0.0 for name in self.joint_names
            )
            for motion in self.motions
        }


def load_exoskeleton(path: str | Path) -> Exoskeleton:
    """Read an exoskeleton's description.

    Parameters
    ----------
    path : str or Path
        A YAML file as ``config/exoskeleton.yaml`` is one.

    Returns
    -------
    Exoskeleton

    Raises
    ------
    SettingError
        For a file that cannot be read, an unknown key, a wrong number or an impossible motion.
    """
    name = Path(path).name
    try:
        document = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise SettingError("exoskeleton", str(path), f"give a readable file ({error})") from error
    except yaml.YAMLError as error:
        problem = " ".join(str(error).split())
        raise SettingError("exoskeleton", str(path), f"give a file of valid YAML ({problem})") from error
    document = _mapping(name, document)
    for key in document:
        if key not in ("joints", "actions"):
            raise SettingError(f"{name}: {key}", document[key], "no such setting; known are joints, actions")
    joints = _entries(JointLimits, "name", name, "joints", document)
    motions = _entries(ActionMotion, "action", name, "actions", document)
    return Exoskeleton(joints, motions)


def _entries(cls: type, key: str, file: str, section: str, document: Mapping[str, Any]) -> tuple[Any, ...]:
    """Build one `cls` for each entry of a section whose keys become the field `key`."""
    entries = _mapping(f"{file}: {section}", document.get(section))
    built: list[Any] = []
    for name, value in entries.items():
        where = f"{file}: {section}.{name}"
        entry = _mapping(where, value)
        if key in entry:
            raise SettingError(f"{where}.{key}", entry[key], "leave it out, the entry's own key is the name")
        built.append(from_mapping(cls, {key: str(name), **entry}, where))
    return tuple(built)


def _mapping(where: str, value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise SettingError(where, value, "write a mapping of names to values here")
    return value


def _check_number(where: str, value: Any) -> None:
    # bool is an int to Python, and YAML's 'yes' is a bool.
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise SettingError(where, value, "give a finite number")
