"""The exoskeleton as the bridge is told of it: its joints, and which action moves which of them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from emg_recognition.actions import REST
from emg_recognition.control.joints import JointLimits, check_number, urdf_limits
from emg_recognition.errors import SettingError
from emg_recognition.settings import from_mapping


@dataclass(frozen=True, kw_only=True)
class ActionMotion:
    """The joints that an action moves, and how fast.

    Attributes
    ----------
    action : str
        The action's name as the model gives it.
    velocities : mapping of str to float
        Joint -> speed and direction, rad/s, not 0.
    confidence : float
        Estimates of this action with a smaller probability count as rejected; 0 to 1.

    Raises
    ------
    SettingError
        For a velocity that is no finite number, or 0; for no joint at all; for a confidence that
        is no probability.
    """

    action: str
    velocities: Mapping[str, float]
    confidence: float = 0.0

    def __post_init__(self) -> None:
        where = f"action {self.action}"
        if not isinstance(self.velocities, Mapping) or not self.velocities:
            raise SettingError(
                f"{where}: velocities", self.velocities, "map at least one joint to a speed, rad/s"
            )
        for joint, velocity in self.velocities.items():
            check_number(f"{where}: velocities.{joint}", velocity)
            if velocity == 0:
                raise SettingError(
                    f"{where}: velocities.{joint}",
                    velocity,
                    "leave out a joint that does not move; an action that moves none belongs to still",
                )
        check_number(f"{where}: confidence", self.confidence)
        if not 0 <= self.confidence <= 1:
            raise SettingError(f"{where}: confidence", self.confidence, "give a probability, 0 to 1")


@dataclass(frozen=True)
class Exoskeleton:
    """Joints and what actions ask of them.

    Attributes
    ----------
    joints : tuple of JointLimits
        In the order in which commands list them.
    motions : tuple of ActionMotion
        One for each action that moves something.
    rest : tuple of str
        The names of rest: the joints hold, or spring back where that is on.
    still : tuple of str
        Actions that are known and move nothing: the joints hold.

    Raises
    ------
    SettingError
        For no joint at all, a motion of an unknown joint or one above the joint's `max_velocity`,
        or an action with two meanings.
    """

    joints: tuple[JointLimits, ...]
    motions: tuple[ActionMotion, ...]
    rest: tuple[str, ...] = (REST,)
    still: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.joints:
            raise SettingError("joints", self.joints, "name at least one joint")
        limits = {joint.name: joint for joint in self.joints}
        for motion in self.motions:
            for joint, velocity in motion.velocities.items():
                where = f"action {motion.action}: velocities.{joint}"
                if joint not in limits:
                    raise SettingError(where, velocity, f"no such joint; known are {', '.join(limits)}")
                limit = limits[joint].max_velocity
                if abs(velocity) > limit:
                    raise SettingError(
                        where, velocity, f"stay within max_velocity {limit!r} rad/s of joint {joint}"
                    )
        names = [*(motion.action for motion in self.motions), *self.rest, *self.still]
        for name in names:
            if names.count(name) > 1:
                raise SettingError(
                    f"action {name}", name, "let it stand once: in actions, in rest or in still"
                )

    @property
    def joint_names(self) -> tuple[str, ...]:
        """The joints' names, in order."""
        return tuple(joint.name for joint in self.joints)

    def targets(self) -> dict[str, tuple[float, ...]]:
        """Return for each action that moves something the target velocity of every joint, rad/s."""
        return {
            motion.action: tuple(motion.velocities.get(name, 0.0) for name in self.joint_names)
            for motion in self.motions
        }

    def thresholds(self) -> dict[str, float]:
        """Return the probability that estimates of each moving action need to count."""
        return {motion.action: motion.confidence for motion in self.motions}

    def unknown(self, actions: Iterable[str]) -> list[str]:
        """Return which of a model's actions stand nowhere here."""
        known = {*(motion.action for motion in self.motions), *self.rest, *self.still}
        return [action for action in actions if action not in known]

    def directions(self, actions: Iterable[str]) -> tuple[tuple[bool, bool], ...]:
        """Tell for each joint whether a model can move it up, and down.

        Parameters
        ----------
        actions : iterable of str
            The model's actions.

        Returns
        -------
        tuple of (bool, bool)
            One pair a joint: some action has a positive velocity, some action a negative one.
        """
        moved = [target for action, target in self.targets().items() if action in set(actions)]
        return tuple(
            (any(target[i] > 0 for target in moved), any(target[i] < 0 for target in moved))
            for i in range(len(self.joints))
        )


_SECTIONS = ("urdf", "joints", "actions", "rest", "still")


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
    path = Path(path)
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise SettingError("exoskeleton", str(path), f"give a readable file ({error})") from error
    except yaml.YAMLError as error:
        problem = " ".join(str(error).split())
        raise SettingError("exoskeleton", str(path), f"give a file of valid YAML ({problem})") from error
    document = _mapping(path.name, document)
    for key in document:
        if key not in _SECTIONS:
            raise SettingError(
                f"{path.name}: {key}", document[key], f"no such setting; known are {', '.join(_SECTIONS)}"
            )
    joints = _with_urdf(path, document)
    names = {key: _names(path.name, key, document[key]) for key in ("rest", "still") if key in document}
    return Exoskeleton(
        _entries(JointLimits, "name", f"{path.name}: joints", joints),
        _entries(ActionMotion, "action", f"{path.name}: actions", document.get("actions")),
        **names,
    )


def _with_urdf(path: Path, document: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the section ``joints``, with limits of the URDF where it leaves them out."""
    joints = _mapping(f"{path.name}: joints", document.get("joints"))
    urdf = document.get("urdf") or ""
    if not urdf:
        return joints
    if not isinstance(urdf, str):
        raise SettingError(f"{path.name}: urdf", urdf, "name a URDF file")
    found = urdf_limits(path.parent / urdf)
    filled = {}
    for name, value in joints.items():
        entry = _mapping(f"{path.name}: joints.{name}", {} if value is None else value)
        if name not in found:
            raise SettingError(
                f"{path.name}: joints.{name}", name, f"{urdf} has no such joint; it has {', '.join(found)}"
            )
        limits = found[name]
        given = {"lower": limits.lower, "upper": limits.upper, "max_velocity": limits.velocity}
        filled[name] = {**given, **entry}
    return filled


def _entries(cls: type, key: str, section: str, entries: Any) -> tuple[Any, ...]:
    """Build one `cls` for each entry of a section whose keys become the field `key`."""
    built: list[Any] = []
    known = [field.name for field in dataclasses.fields(cls) if field.name != key]
    for name, value in _mapping(section, entries).items():
        where = f"{section}.{name}"
        entry = _mapping(where, value)
        for field in entry:
            if field not in known:
                raise SettingError(
                    f"{where}.{field}", entry[field], f"no such setting; known are {', '.join(known)}"
                )
        built.append(from_mapping(cls, {key: str(name), **entry}, where))
    return tuple(built)


def _names(file: str, key: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise SettingError(f"{file}: {key}", value, "write a list of action names here")
    return tuple(map(str, value))


def _mapping(where: str, value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise SettingError(where, value, "write a mapping of names to values here")
    return value
