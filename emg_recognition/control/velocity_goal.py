"""From decisions to the velocity that each joint should have, and the way back to neutral positions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from emg_recognition.control.decision import Decision
from emg_recognition.control.exoskeleton import Exoskeleton
from emg_recognition.control.joints import JointLimits

ARRIVED = 0.002
"""Distance (rad) from its neutral position within which a joint has arrived."""

_SLOWING = 0.05
"""Distance (rad) from it at which the speed begins to fall with the distance."""


class VelocityGoal:
    """The target velocity of every joint.

    Parameters
    ----------
    exoskeleton : Exoskeleton
        What each action moves.

    Attributes
    ----------
    returning : bool
        Whether the joints are on their way to neutral on an operator's request. A decided action that
        moves something ends that: the wearer has priority.
    """

    def __init__(self, exoskeleton: Exoskeleton) -> None:
        self._exoskeleton = exoskeleton
        self._targets = exoskeleton.targets()
        self._standstill = (0.0,) * len(exoskeleton.joints)
        self._directions: tuple[tuple[bool, bool], ...] = ((False, False),) * len(exoskeleton.joints)
        self.returning = False

    def use_actions(self, actions: Iterable[str]) -> None:
        """Take the actions that the model can recognise; spring-back depends on them."""
        self._directions = self._exoskeleton.directions(actions)

    def velocities(self, decision: Decision, positions: Sequence[float]) -> tuple[float, ...]:
        """Return the velocity that each joint should have, rad/s.

        Parameters
        ----------
        decision : Decision
            What takes effect now.
        positions : sequence of float
            Where the joints are, rad.
        """
        joints = self._exoskeleton.joints
        if decision.action in self._targets:
            self.returning = False
            return tuple(velocity * decision.speed for velocity in self._targets[decision.action])
        self.returning = self.returning and not has_arrived(joints, positions)
        if self.returning:
            return towards_neutral(joints, positions)
        if decision.action in self._exoskeleton.rest:
            return spring_back(joints, positions, self._directions)
        return self._standstill


def has_arrived(joints: Sequence[JointLimits], positions: Sequence[float]) -> bool:
    """Return whether every joint that has a neutral position is there.

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
        The joints; one without a neutral position does not move.
    positions : sequence of float
        Where they are, rad.
    """
    return tuple(
        _velocity_to_neutral(joint, position, joint.neutral_velocity)
        for joint, position in zip(joints, positions, strict=True)
    )


def spring_back(
    joints: Sequence[JointLimits], positions: Sequence[float], directions: Sequence[tuple[bool, bool]]
) -> tuple[float, ...]:
    """Return the target velocity of each joint that springs back, rad/s.

    A joint springs back only in a direction in which no action moves it: what the wearer can do is left to
    the wearer.

    Parameters
    ----------
    joints : sequence of JointLimits
        The joints.
    positions : sequence of float
        Where they are, rad.
    directions : sequence of (bool, bool)
        For each joint whether an action moves it up, and down.
    """
    targets = []
    for joint, position, (up, down) in zip(joints, positions, directions, strict=True):
        velocity = _velocity_to_neutral(joint, position, joint.spring_back)
        owned = (velocity > 0 and up) or (velocity < 0 and down)
        targets.append(0.0 if owned else velocity)
    return tuple(targets)


def _velocity_to_neutral(joint: JointLimits, position: float, speed: float) -> float:
    if joint.neutral is None:
        return 0.0
    distance = joint.neutral - position
    if abs(distance) <= ARRIVED:
        return 0.0
    return speed * max(-1.0, min(1.0, distance / _SLOWING))
