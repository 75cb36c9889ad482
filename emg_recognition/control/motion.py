"""How the joints move from one command to the next, within their limits and always able to stop.

A step lasts one command period, over which the velocity changes linearly. If no further command
comes, a ramp of :data:`~emg_recognition.control.joints.STOP_RAMP` to standstill follows: this is
what a controller does that obeys a trajectory of
:func:`~emg_recognition.control.trajectory.trajectory_points`. Each step is planned from where that
trajectory has brought the joint, so a late or early command neither jumps nor exceeds a limit.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from emg_recognition.control.joints import SOFT_MARGIN, STOP_RAMP, JointLimits
from emg_recognition.control.trajectory import Command, stop_positions

CREEP = 0.05
"""Share of the largest speed that is left at the very limit of a soft zone, so that a joint gets there."""

_DRIFT = 1.0
"""Time constant (s) with which the profile follows the measured positions of an exoskeleton that obeys
velocities alone: fast enough for its drift, slow enough for a blocked joint to be noticed."""


class Step(NamedTuple):
    """The motion of a joint over one command period.

    Attributes
    ----------
    position, velocity : float
        At the start, rad and rad/s.
    next_position, next_velocity : float
        One period later.
    """

    position: float
    velocity: float
    next_position: float
    next_velocity: float


def standing(position: float) -> Step:
    """Return the step of a joint that does not move from `position` (rad)."""
    return Step(position, 0.0, position, 0.0)


def plan_step(limits: JointLimits, position: float, velocity: float, target: float, period: float) -> Step:
    """Plan the next step towards a target velocity.

    Parameters
    ----------
    limits : JointLimits
        Respected at the step's end and along the stop ramp that may follow it.
    position, velocity : float
        Where the joint is now, rad and rad/s.
    target : float
        Wanted velocity, rad/s; clipped to the limit.
    period : float
        Length of the step, s.

    Returns
    -------
    Step
        With ``next_velocity`` as close to `target` as the limits allow.
    """
    change = limits.max_acceleration * period
    wanted = min(max(target, -limits.max_velocity), limits.max_velocity)
    up = _highest_velocity(limits, limits.upper - SOFT_MARGIN - position, velocity, period)
    down = _highest_velocity(limits, position - limits.lower - SOFT_MARGIN, -velocity, period)
    wanted = max(min(wanted, up), -down)
    # Last, because braking harder than the limit is not allowed either. The margin in _highest_velocity
    # makes sure that this does not carry the joint beyond a limit.
    reached = min(max(wanted, velocity - change), velocity + change)
    end = position + (velocity + reached) / 2 * period
    return Step(position, velocity, min(max(end, limits.lower), limits.upper), reached)


def state_after(step: Step, elapsed: float, period: float) -> tuple[float, float]:
    """Return where a step and the stop ramp after it have brought the joint.

    Parameters
    ----------
    step : Step
        The step commanded last.
    elapsed : float
        Time since its start, s.
    period : float
        Length of the step, s.

    Returns
    -------
    position, velocity : float
        In rad and rad/s.
    """
    if elapsed <= 0:
        return step.position, step.velocity
    if elapsed < period:
        acceleration = (step.next_velocity - step.velocity) / period
        moved = step.velocity * elapsed + acceleration * elapsed**2 / 2
        return step.position + moved, step.velocity + acceleration * elapsed
    ramp = min(elapsed - period, STOP_RAMP)
    share = ramp / STOP_RAMP
    moved = step.next_velocity * ramp * (1 - share / 2)
    return step.next_position + moved, step.next_velocity * (1 - share)


def _highest_velocity(limits: JointLimits, room: float, velocity: float, period: float) -> float:
    """Return the highest velocity towards a limit at the step's end that leaves enough room to stop.

    The room must be at least v·(period + ramp)/2 + v²/(2·acceleration): then the ramp at the end of the
    trajectory ends inside the limit, and so it does after a step of full braking.
    """
    gentle = _approach_speed(limits, room)
    room -= velocity * period / 2
    if room <= 0:
        return 0.0
    linear = period + STOP_RAMP / 2
    acceleration = limits.max_acceleration
    return min(gentle, acceleration * (math.sqrt(linear**2 + 2 * room / acceleration) - linear))


def _approach_speed(limits: JointLimits, room: float) -> float:
    """Return the speed that the soft zone allows towards the limit."""
    if limits.soft_zone <= max(room, 0.0):
        return limits.max_velocity
    return limits.max_velocity * max(room / limits.soft_zone, CREEP)


class MotionProfile:
    """The motion of all joints: where the last command has brought them, and the next command.

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
        """Begin at standstill at `positions` (rad), at a moment of the steady clock (s)."""
        self._steps = [standing(position) for position in positions]
        self._begun = steady

    def here(self, steady: float) -> list[tuple[float, float]]:
        """Return position (rad) and velocity (rad/s) of each joint now; empty before it has begun."""
        elapsed = steady - self._begun
        return [state_after(step, elapsed, self._period) for step in self._steps]

    def follow(
        self, measured: Sequence[float], here: Sequence[tuple[float, float]], steady: float
    ) -> list[tuple[float, float]]:
        """Shift the profile towards measured positions: an exoskeleton that obeys velocities drifts.

        Parameters
        ----------
        measured : sequence of float
            Measured positions, rad.
        here : sequence of (float, float)
            What :meth:`here` returns for this moment.
        steady : float
            Now, on the steady clock, s.

        Returns
        -------
        list of (float, float)
            What :meth:`here` returns for this moment from now on.
        """
        share = 1 - math.exp(-max(steady - self._begun, 0.0) / _DRIFT)
        steps = []
        for joint, step, (position, _), seen in zip(self._joints, self._steps, here, measured, strict=True):
            target = position + (seen - position) * share
            shift = min(max(target, joint.lower), joint.upper) - position
            steps.append(
                step._replace(position=step.position + shift, next_position=step.next_position + shift)
            )
        self._steps = steps
        return self.here(steady)

    def plan(self, targets: Sequence[float], here: Sequence[tuple[float, float]], steady: float) -> Command:
        """Plan one period of motion towards target velocities.

        Parameters
        ----------
        targets : sequence of float
            Wanted velocity of each joint, rad/s.
        here : sequence of (float, float)
            What :meth:`here` returns for this moment.
        steady : float
            Now, on the steady clock, s.

        Returns
        -------
        Command
            Within every limit.
        """
        self._steps = [
            plan_step(joint, position, velocity, target, self._period)
            for joint, (position, velocity), target in zip(self._joints, here, targets, strict=True)
        ]
        self._begun = steady
        positions = tuple(step.next_position for step in self._steps)
        return Command(self._period, positions, tuple(step.next_velocity for step in self._steps))

    def stop(self, steady: float) -> Command:
        """Return the command that stops every joint within the stop ramp."""
        here = self.here(steady)
        stops = stop_positions(
            [position for position, _ in here], [velocity for _, velocity in here], self._joints
        )
        return Command(STOP_RAMP, stops, (0.0,) * len(stops))


def is_moving(here: Sequence[tuple[float, float]]) -> bool:
    """Return whether any joint moves, from positions (rad) and velocities (rad/s)."""
    return any(velocity != 0.0 for _, velocity in here)
