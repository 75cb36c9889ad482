"""The velocity that each joint should have: of the decided action, to neutral, or springing back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from emg_recognition.control.decision import Decision
from emg_recognition.control.exoskeleton import Exoskeleton
from emg_recognition.control.neutral import has_arrived, spring_back, towards_neutral


class Intent:
    """From decisions to target velocities.

    Parameters
    ----------
    exoskeleton : Exoskeleton
        What each action moves.

    Attributes
    ----------
    returning : bool
        Whether the joints are on their way to neutral because somebody asked for it. A decided
        action that moves something ends that: the wearer goes first.
    """

    def __init__(self, exoskeleton: Exoskeleton) -> None:
        self._exoskeleton = exoskeleton
        self._targets = exoskeleton.targets()
        self._still = (0.0,) * len(exoskeleton.joints)
        self._directions: tuple[tuple[bool, bool], ...] = ((False, False),) * len(exoskeleton.joints)
        self.returning = False

    def suit(self, actions: Iterable[str]) -> None:
        """Take note of the actions that the model can decide for."""
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
        return self._still
