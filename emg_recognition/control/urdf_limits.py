"""Joint limits out of a URDF (http://wiki.ros.org/urdf/XML/joint: element ``limit``)."""

from __future__ import annotations

import math
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

from emg_recognition.errors import SettingError


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
