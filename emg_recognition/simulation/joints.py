"""Simulated joints: mechanical ends, and a lag behind the course that a controller wants."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

LAG = 0.015
"""Time constant (s) with which the joints follow the desired course."""


@dataclass(frozen=True)
class SimulatedJoint:
    """A joint and its mechanical ends.

    Attributes
    ----------
    name : str
        Its name in trajectories and joint states.
    lower, upper : float
        Mechanical ends, rad.
    """

    name: str
    lower: float
    upper: float


class SimulatedJoints:
    """Joints that start at rest in the middle of their range.

    They follow the desired course with a first-order lag and stop at their ends.

    Parameters
    ----------
    joints : sequence of SimulatedJoint
        In the order of :attr:`positions`.

    Attributes
    ----------
    positions : list of float
        Of the joints, rad.
    velocities : list of float
        Over the last step, rad/s.
    """

    def __init__(self, joints: Sequence[SimulatedJoint]) -> None:
        self.joints = tuple(joints)
        self.positions = [(joint.lower + joint.upper) / 2 for joint in joints]
        self.velocities = [0.0] * len(self.joints)
        self._course = list(self.positions)

    @property
    def joint_names(self) -> tuple[str, ...]:
        """The joints' names, in order."""
        return tuple(joint.name for joint in self.joints)

    def approach(self, desired: Sequence[float], duration: float) -> None:
        """Let time pass, over which the course goes straight from where it was.

        The lag's answer to a straight course is exact, so that it does not matter how time is cut.

        Parameters
        ----------
        desired : sequence of float
            Where the course is at the end of that time, rad, one a joint.
        duration : float
            How much time, s, above 0.
        """
        left = math.exp(-duration / LAG)
        for i, joint in enumerate(self.joints):
            behind = (desired[i] - self._course[i]) / duration * LAG
            reached = desired[i] - behind + (self.positions[i] - self._course[i] + behind) * left
            reached = min(max(reached, joint.lower), joint.upper)
            self.velocities[i] = (reached - self.positions[i]) / duration
            self.positions[i] = reached
        self._course = list(desired)
