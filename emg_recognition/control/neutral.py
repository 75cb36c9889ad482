"""Bringing joints back that no action brings back: on request, and slowly by themselves at rest."""

from __future__ import annotations

from collections.abc import Sequence

from emg_recognition.control.joints import JointLimits

ARRIVED = 0.002
"""So near (rad) to its neutral position a joint has arrived."""

_SLOWING = 0.05
"""So near (rad) to it the speed begins to fall with the distance."""


def has_arrived(joints: Sequence[JointLimits], positions: Sequence[float]) -> bool:
    """Tell whether every joint that has a neutral position is there.

    Parameters
    ----------
    joints : sequence of JointLimits
        The joints.
    positions : sequence of float
        Where they are, rad.
    """
    return all(
        joint.neutral is None or abs(joint.neutral - position) <= ARRIVED
        for joint, position in zip(joints, positions, strict=True)
    )


def towards_neutral(joints: Sequence[JointLimits], positions: Sequence[float]) -> tuple[float, ...]:
    """Return the target velocity of each joint on the way to its neutral position, rad/s.

    Parameters
    ----------
    joints : sequence of JointLimits
        The joints; one without a neutral position stays.
    positions : sequence of float
        Where they are, rad.
    """
    return tuple(
        _velocity(joint, position, joint.neutral_velocity)
        for joint, position in zip(joints, positions, strict=True)
    )


def spring_back(
    joints: Sequence[JointLimits], positions: Sequence[float], directions: Sequence[tuple[bool, bool]]
) -> tuple[float, ...]:
    """Return the target velocity of each joint that springs back, rad/s.

    A joint springs back only the way that no action moves it: what the wearer can do is left to
    the wearer.

    Parameters
    ----------
    joints : sequence of JointLimits
        The joints.
    positions : sequence of float
        Where they are, rad.
    directions : sequence of (bool, bool)
        Whether an action moves the joint up, and down.
    """
    targets = []
    for joint, position, (up, down) in zip(joints, positions, directions, strict=True):
        velocity = _velocity(joint, position, joint.spring_back)
        owned = (velocity > 0 and up) or (velocity < 0 and down)
        targets.append(0.0 if owned else velocity)
    return tuple(targets)


def _velocity(joint: JointLimits, position: float, speed: float) -> float:
    if joint.neutral is None:
        return 0.0
    way = joint.neutral - position
    if abs(way) <= ARRIVED:
        return 0.0
    return speed * max(-1.0, min(1.0, way / _SLOWING))
