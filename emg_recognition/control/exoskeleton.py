"""The exoskeleton: its joints, and which action moves which of them, as read from a YAML file."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from emg_recognition.actions import REST
from emg_recognition.control.joints import JointLimits, read_urdf, urdf_limits
from emg_recognition.errors import SettingError
from emg_recognition.settings import check, from_mapping, setting, unknown_name
from emg_recognition.yaml_files import load_yaml


@dataclass(frozen=True, kw_only=True)
class ActionMotion:
    """The joints that an action moves, each with speed and direction in rad/s.

    Raises
    ------
    SettingError
        If no joint is named, and for a confidence out of range.
    """

    action: str
    velocities: Mapping[str, float]
    confidence: float = setting(0.0, "probability that estimates of this action need to count", low=0, high=1)

    def __post_init__(self) -> None:
        check(self)
        if not isinstance(self.velocities, Mapping) or not self.velocities:
            raise SettingError("velocities", self.velocities, "map at least one joint to a speed, rad/s")


@dataclass(frozen=True)
class Exoskeleton:
    """The joints, and what each action asks of them.

    Attributes
    ----------
    joints : tuple of JointLimits
        In the order in which commands list them.
    actions : tuple of ActionMotion
        One for each action that moves something.
    rest : tuple of str
        The names of rest: the joints hold, or spring back where that is on.
    no_motion : tuple of str
        Actions that are known and move nothing: the joints hold.

    Raises
    ------
    SettingError
        If there is no joint, for a motion of an unknown joint or one above the joint's `max_velocity`, and
        for an action that is named twice.
    """

    RENAMED: ClassVar[Mapping[str, str]] = {"still": "no_motion"}

    joints: tuple[JointLimits, ...]
    actions: tuple[ActionMotion, ...]
    rest: tuple[str, ...] = setting((REST,), "names of rest")
    no_motion: tuple[str, ...] = setting((), "actions that are known and move no joint")

    def __post_init__(self) -> None:
        check(self)
        if not self.joints:
            raise SettingError("joints", self.joints, "name at least one joint")
        limits = {joint.name: joint.max_velocity for joint in self.joints}
        for motion in self.actions:
            for joint, velocity in motion.velocities.items():
                where = f"actions.{motion.action}.velocities.{joint}"
                if joint not in limits:
                    raise SettingError(where, velocity, f"no such joint; known are {', '.join(limits)}")
                # bool is an int to Python, and YAML's "yes" is a bool. NaN fails the comparison.
                if type(velocity) not in (int, float) or not 0 < abs(velocity) <= limits[joint]:
                    raise SettingError(
                        where,
                        velocity,
                        f"use a speed of at most {limits[joint]!r} rad/s, the joint's max_velocity; leave "
                        "out a joint that does not move",
                    )
        names = [*(motion.action for motion in self.actions), *self.rest, *self.no_motion]
        for name in names:
            if names.count(name) > 1:
                raise SettingError(f"action {name}", name, "name it once: under actions, rest or no_motion")

    def check_period(self, period: float) -> None:
        """Raise a SettingError if a joint cannot reach its `max_velocity` with a command every `period` s."""
        for joint in self.joints:
            needed = joint.max_velocity * period
            if joint.step_limit < needed * (1 - 1e-9):
                raise SettingError(
                    f"joint {joint.name}: max_step",
                    joint.step_limit,
                    f"use at least {needed:.4g} rad, the distance of max_velocity in {period:g} s",
                )

    @property
    def joint_names(self) -> tuple[str, ...]:
        """The joints' names, in order."""
        return tuple(joint.name for joint in self.joints)

    def targets(self) -> dict[str, tuple[float, ...]]:
        """Return the target velocity of every joint, rad/s, for each action that moves something."""
        return {
            motion.action: tuple(motion.velocities.get(name, 0.0) for name in self.joint_names)
            for motion in self.actions
        }

    def thresholds(self) -> dict[str, float]:
        """Return the probability that estimates need to count, for each action that moves something."""
        return {motion.action: motion.confidence for motion in self.actions}

    def unknown(self, actions: Iterable[str]) -> list[str]:
        """Return which of a model's actions are not named here."""
        known = {*(motion.action for motion in self.actions), *self.rest, *self.no_motion}
        return [action for action in actions if action not in known]

    def directions(self, actions: Iterable[str]) -> tuple[tuple[bool, bool], ...]:
        """Return in which directions a model can move each joint.

        Parameters
        ----------
        actions : iterable of str
            The model's actions.

        Returns
        -------
        tuple of (bool, bool)
            For each joint whether some action has a positive velocity, and whether some has a negative one.
        """
        chosen = set(actions)
        moved = [target for action, target in self.targets().items() if action in chosen]
        return tuple(
            (any(target[i] > 0 for target in moved), any(target[i] < 0 for target in moved))
            for i in range(len(self.joints))
        )


_SECTIONS = ("urdf", "joints", "actions", "rest", "no_motion")


ROBOT_DESCRIPTION = "robot_description"
"""The value of ``urdf`` that stands for the robot's own URDF, which `robot_state_publisher` publishes."""


def load_exoskeleton(path: str | Path, robot_description: Callable[[], str] | None = None) -> Exoskeleton:
    """Read an exoskeleton's description.

    Parameters
    ----------
    path : str or Path
        A YAML file like ``config/exoskeleton.yaml``.
    robot_description : callable, optional
        Returns the robot's URDF; called only if the file asks for it with ``urdf: robot_description``.

    Returns
    -------
    Exoskeleton
        Its joints and actions.

    Raises
    ------
    SettingError
        For a file that cannot be read, an unknown or renamed key, a wrong number or an impossible motion.
    """
    path = Path(path)
    document = dict(_mapping(path.name, load_yaml(path, "exoskeleton")))
    for key, value in document.items():
        if key not in _SECTIONS:
            raise SettingError(f"{path.name}: {key}", value, unknown_name(Exoskeleton, key, _SECTIONS))
    document["joints"] = _entries(
        JointLimits, "name", f"{path.name}: joints", _joints(path, document, robot_description)
    )
    document["actions"] = _entries(ActionMotion, "action", f"{path.name}: actions", document.get("actions"))
    document.pop("urdf", None)
    return from_mapping(Exoskeleton, document, f"{path.name}:")


def _joints(
    path: Path, document: Mapping[str, Any], robot_description: Callable[[], str] | None
) -> Mapping[str, Any]:
    """Return the section ``joints``, with limits from the URDF where it leaves them out."""
    joints = _mapping(f"{path.name}: joints", document.get("joints"))
    urdf = document.get("urdf")
    if not urdf:
        return joints
    if not isinstance(urdf, str):
        raise SettingError(f"{path.name}: urdf", urdf, "name a URDF file, or robot_description")
    if urdf != ROBOT_DESCRIPTION:
        found = urdf_limits(read_urdf(path.parent / urdf), joints, Path(urdf).name)
    elif robot_description is not None:
        found = urdf_limits(robot_description(), joints, urdf)
    else:
        raise SettingError(
            f"{path.name}: urdf", urdf, "only running nodes have this topic; name a URDF file here"
        )
    filled = {}
    for name, value in joints.items():
        entry = _mapping(f"{path.name}: joints.{name}", {} if value is None else value)
        limits = found[name]
        given = {"lower": limits.lower, "upper": limits.upper, "max_velocity": limits.velocity}
        filled[name] = {**given, **entry}
    return filled


def _entries(cls: type, key: str, section: str, entries: Any) -> tuple[Any, ...]:
    """Build one `cls` for each entry of a section; the entries' names become the field `key`."""
    built: list[Any] = []
    known = [field.name for field in dataclasses.fields(cls) if field.name != key]
    for name, value in _mapping(section, entries).items():
        where = f"{section}.{name}"
        entry = _mapping(where, value)
        for field in entry:
            if field not in known:
                raise SettingError(f"{where}.{field}", entry[field], unknown_name(cls, field, known))
        built.append(from_mapping(cls, {key: str(name), **entry}, where))
    return tuple(built)


def _mapping(where: str, value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise SettingError(where, value, "write a mapping of names to values here")
    return value
