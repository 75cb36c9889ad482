"""The course on which the commands lead the joints, from one tick to the next."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from emg_recognition.control.decision import Decision
from emg_recognition.control.exoskeleton import Exoskeleton
from emg_recognition.control.joints import STOP_RAMP, JointLimits
from emg_recognition.control.motion import (
    Step,
    has_arrived,
    plan_step,
    spring_back,
    standing,
    state_after,
    towards_neutral,
)
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
