"""The course on which the commands lead the joints, from one tick to the next."""

from __future__ import annotations

import math
from collections.abc import Sequence

from emg_recognition.control.joints import STOP_RAMP, JointLimits
from emg_recognition.control.motion import Step, plan_step, standing, state_after
from emg_recognition.control.trajectory import Command, stop_positions

_DRIFT = 1.0
"""Time constant (s) with which the course leans towards the measured positions where only velocities are
followed: quick against drift, slow enough for a blocked joint to be noticed."""


class Course:
    """Where the last command has brought each joint, and what comes next.

    Parameters
    ----------
    joints : sequence of JointLimits
        The joints, in the order of all values here.
    period : float
        Time between two commands, s.
    """

    def __init__(self, joints: Sequence[JointLimits], period: float) -> None:
        self._joints = tuple(joints)
        self._period = period
        self._steps: list[Step] = []
        self._begun = 0.0

    @property
    def started(self) -> bool:
        """Whether it has begun anywhere."""
        return bool(self._steps)

    def begin(self, positions: Sequence[float], steady: float) -> None:
        """Stand still at `positions` (rad) from a moment of the steady clock (s) on."""
        self._steps = [standing(position) for position in positions]
        self._begun = steady

    def here(self, steady: float) -> list[tuple[float, float]]:
        """Return position (rad) and velocity (rad/s) of each joint now; empty before it has begun."""
        elapsed = steady - self._begun
        return [state_after(step, elapsed, self._period) for step in self._steps]

    def moving(self, steady: float) -> bool:
        """Whether any joint is to move now."""
        return any(velocity != 0.0 for _, velocity in self.here(steady))

    def lean(self, measured: Sequence[float], steady: float) -> None:
        """Move towards measured positions (rad): an exoskeleton that follows velocities drifts."""
        share = 1 - math.exp(-max(steady - self._begun, 0.0) / _DRIFT)
        steps = []
        for joint, step, (position, _), seen in zip(
            self._joints, self._steps, self.here(steady), measured, strict=True
        ):
            aim = position + (seen - position) * share
            shift = min(max(aim, joint.lower), joint.upper) - position
            steps.append(
                step._replace(position=step.position + shift, next_position=step.next_position + shift)
            )
        self._steps = steps

    def plan(self, targets: Sequence[float], steady: float) -> Command:
        """Go on towards target velocities for one period.

        Parameters
        ----------
        targets : sequence of float
            Wanted velocity of each joint, rad/s.
        steady : float
            Now, on the steady clock, s.

        Returns
        -------
        Command
            Within every limit.
        """
        here = self.here(steady)
        self._steps = [
            plan_step(joint, position, velocity, target, self._period)
            for joint, (position, velocity), target in zip(self._joints, here, targets, strict=True)
        ]
        self._begun = steady
        positions = tuple(step.next_position for step in self._steps)
        return Command(self._period, positions, tuple(step.next_velocity for step in self._steps))

    def standstill(self, steady: float) -> Command:
        """Return the command that stops every joint within the stop ramp."""
        here = self.here(steady)
        stops = stop_positions(
            [position for position, _ in here], [velocity for _, velocity in here], self._joints
        )
        return Command(STOP_RAMP, stops, (0.0,) * len(stops))
