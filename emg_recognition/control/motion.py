"""One joint's next step, within its limits, such that it can always stop inside them.

A step lasts one command period, over which the velocity changes linearly. Should no further
command come, a ramp of :data:`~emg_recognition.control.joints.STOP_RAMP` to standstill follows:
this is what a controller does that obeys the trajectory of contract 13. The bridge computes
each step from where that trajectory has brought the joint, so late or early commands neither
jump nor lose a limit.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from emg_recognition.control.joints import SOFT_MARGIN, STOP_RAMP, JointLimits

CREEP = 0.05
"""Share of the largest speed that is left at the very limit of a soft zone, so that a joint arrives there."""


class Step(NamedTuple):
    """A joint's course over one command period.

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
    """Return the step of a joint that stands still at `position` (rad)."""
    return Step(position, 0.0, position, 0.0)


def plan_step(limits: JointLimits, position: float, velocity: float, target: float, period: float) -> Step:
    """Plan the next step towards a target velocity.

    Parameters
    ----------
    limits : JointLimits
        Kept at the step's end and along the stop ramp that may follow it.
    position, velocity : float
        Where the joint is now, rad and rad/s.
    target : float
        Wanted velocity, rad/s; clipped to the limit.
    period : float
        Length of the step, s.

    Returns
    -------
    Step
        With ``next_velocity`` as near to `target` as velocity, acceleration and position limits allow.
    """
    change = limits.max_acceleration * period
    wanted = min(max(target, -limits.max_velocity), limits.max_velocity)
    up = _highest_velocity(limits, limits.upper - SOFT_MARGIN - position, velocity, period)
    down = _highest_velocity(limits, position - limits.lower - SOFT_MARGIN, -velocity, period)
    wanted = max(min(wanted, up), -down)
    # Last, because braking harder than the limit hurts too. The margin that _highest_velocity
    # keeps makes sure that this does not carry the joint over a limit.
    reached = min(max(wanted, velocity - change), velocity + change)
    end = position + (velocity + reached) / 2 * period
    return Step(position, velocity, min(max(end, limits.lower), limits.upper), reached)


def state_after(step: Step, elapsed: float, period: float) -> tuple[float, float]:
    """Return where a step and the stop ramp after it bring the joint.

    Parameters
    ----------
    step : Step
        The course commanded last.
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

    The room left must hold v·(period + ramp)/2 + v²/(2·acceleration): the trajectory's own ramp
    then ends inside the limit, and the same holds after a step of full braking.
    """
    gentle = _approach_speed(limits, room)
    room -= velocity * period / 2
    if room <= 0:
        return 0.0
    linear = period + STOP_RAMP / 2
    acceleration = limits.max_acceleration
    return min(gentle, acceleration * (math.sqrt(linear**2 + 2 * room / acceleration) - linear))


def _approach_speed(limits: JointLimits, room: float) -> float:
    """Return the speed at which the soft zone lets a joint go on towards its limit."""
    if limits.soft_zone <= max(room, 0.0):
        return limits.max_velocity
    return limits.max_velocity * max(room / limits.soft_zone, CREEP)
