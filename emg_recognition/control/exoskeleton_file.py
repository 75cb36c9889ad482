"""Reading ``exoskeleton.yaml``: joints, limits (also from a URDF), and the motion of each action."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from emg_recognition.control.exoskeleton import ActionMotion, Exoskeleton
from emg_recognition.control.joints import JointLimits
from emg_recognition.control.urdf_limits import urdf_limits
from emg_recognition.errors import SettingError
from emg_recognition.settings import from_mapping

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
