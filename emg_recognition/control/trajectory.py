"""From a command to the points of a trajectory that ends at standstill at most 100 ms ahead."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from emg_recognition.control.joints import STOP_RAMP, JointLimits


class Command(NamedTuple):
    """What the bridge wants of all joints.

    Attributes
    ----------
    time : float
        Time from now at which it holds, s.
    positions : tuple of float
        One a joint, rad.
    velocities : tuple of float
        One a joint, rad/s.
    """

    time: float
    positions: tuple[float, ...]
    velocities: tuple[float, ...]

    @property
    def moving(self) -> bool:
        """Whether any joint is to move."""
        return any(velocity != 0.0 for velocity in self.velocities)


class Point(NamedTuple):
    """A trajectory point: positions (rad) and velocities (rad/s) at a time from the start (s)."""

    time: float
    positions: tuple[float, ...]
    velocities: tuple[float, ...]


def stop_positions(
    positions: Sequence[float], velocities: Sequence[float], joints: Sequence[JointLimits]
) -> tuple[float, ...]:
    """Return where the stop ramp from these positions (rad) and velocities (rad/s) ends, rad.

    Parameters
    ----------
    positions, velocities : sequence of float
        One a joint.
    joints : sequence of JointLimits
        The joints in the same order; the end stays within their ranges.
    """
    return tuple(
        min(max(position + velocity * STOP_RAMP / 2, joint.lower), joint.upper)
        for position, velocity, joint in zip(positions, velocities, joints, strict=True)
    )


def trajectory_points(command: Command, joints: Sequence[JointLimits]) -> tuple[Point, ...]:
    """Return the points of a trajectory that carries a command out and then stops.

    The controller behind it need not watch for silence: if the bridge dies, the trajectory's own
    end stops the joints (contract 13). Positions and velocities fit each other, so that
    the usual cubic interpolation between the points has exactly linear velocity.

    Parameters
    ----------
    command : Command
        What is wanted, at most 20 ms ahead.
    joints : sequence of JointLimits
        The joints in the command's order; the end stays within their ranges.

    Returns
    -------
    tuple of Point
        The command, and where it moves the standstill one stop ramp later.
    """
    point = Point(*command)
    if not command.moving:
        return (point,)
    stops = stop_positions(command.positions, command.velocities, joints)
    return point, Point(command.time + STOP_RAMP, stops, (0.0,) * len(stops))


_ROUNDING = 1e-9
"""What floating-point arithmetic may add to a value."""


def violation(
    command: Command, here: Sequence[tuple[float, float]], joints: Sequence[JointLimits]
) -> str | None:
    """Return which limit a command breaks, or None.

    Parameters
    ----------
    command : Command
        What is about to be sent.
    here : sequence of (float, float)
        Position (rad) and velocity (rad/s) of each joint where the last command has brought it.
    joints : sequence of JointLimits
        The limits, in the same order.
    """
    for joint, (position, velocity), wanted, speed in zip(
        joints, here, command.positions, command.velocities, strict=True
    ):
        if not (math.isfinite(wanted) and math.isfinite(speed)):
            return f"joint {joint.name}: position {wanted}, velocity {speed}"
        if not joint.lower <= wanted <= joint.upper:
            return f"joint {joint.name}: position {wanted!r} outside {joint.lower!r} to {joint.upper!r}"
        if abs(speed) > joint.max_velocity:
            return f"joint {joint.name}: velocity {speed!r} above {joint.max_velocity!r}"
        # Written so that a place that is no number fails them.
        if not abs(speed - velocity) <= joint.max_acceleration * command.time + _ROUNDING:
            return f"joint {joint.name}: from {velocity!r} to {speed!r} rad/s in {command.time!r} s"
        if not abs(wanted - position) <= joint.step_limit + _ROUNDING:
            return f"joint {joint.name}: a step from {position!r} to {wanted!r} rad"
    return None
