"""One joint's next step, within its limits, such that it can always stop inside them.

A step lasts one command period, over which the velocity changes linearly. Should no further
command come, a ramp of :data:`~emg_recognition.control.joints.STOP_RAMP` to standstill follows:
this is what a controller does that obeys the trajectory of contract 13. The bridge computes
each step from where that trajectory has brought the joint, so late or early commands neither
jump nor lose a limit.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
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
