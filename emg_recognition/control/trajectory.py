"""Commands, the last check before they are sent, and the trajectory that carries out a command and stops."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from emg_recognition.control.joints import STOP_RAMP, JointLimits

_ROUNDING = 1e-9
"""What floating-point arithmetic may add to a value."""


class Command(NamedTuple):
    """Where all joints are to be a moment from now, and how fast; also a point of a trajectory.

    Attributes
    ----------
    time : float
        Time from now, or from the start of the trajectory, s.
    positions : tuple of float
        One for each joint, rad.
    velocities : tuple of float
        One for each joint, rad/s.
    """

    time: float
    positions: tuple[float, ...]
    velocities: tuple[float, ...]

    @property
    def moving(self) -> bool:
        """Whether any joint is to move."""
        return any(velocity != 0.0 for velocity in self.velocities)


def check_command(
    command: Command, here: Sequence[tuple[float, float]], joints: Sequence[JointLimits]
) -> str | None:
    """Check a command against every limit; this knows nothing about how it was planned.

    Parameters
    ----------
    command : Command
        What is about to be sent.
    here : sequence of (float, float)
        Position (rad) and velocity (rad/s) of each joint now, as the last command has brought it.
    joints : sequence of JointLimits
        The limits, in the same order.

    Returns
    -------
    str or None
        Which limit the command exceeds; None if none.
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
        # "not <=", so that a present state that is not finite fails as well.
        if not abs(speed - velocity) <= joint.max_acceleration * command.time + _ROUNDING:
            return f"joint {joint.name}: from {velocity!r} to {speed!r} rad/s in {command.time!r} s"
        if not abs(wanted - position) <= joint.step_limit + _ROUNDING:
            return f"joint {joint.name}: a step from {position!r} to {wanted!r} rad"
    return None


def stop_positions(
    positions: Sequence[float], velocities: Sequence[float], joints: Sequence[JointLimits]
) -> tuple[float, ...]:
    """Return where the stop ramp from these positions (rad) and velocities (rad/s) ends, rad.

    Parameters
    ----------
    positions, velocities : sequence of float
        One for each joint.
    joints : sequence of JointLimits
        The joints in the same order; the end stays within their ranges.
    """
    return tuple(
        min(max(position + velocity * STOP_RAMP / 2, joint.lower), joint.upper)
        for position, velocity, joint in zip(positions, velocities, joints, strict=True)
    )


def trajectory_points(command: Command, joints: Sequence[JointLimits]) -> tuple[Command, ...]:
    """Return the points of a trajectory that carries out a command and then stops.

    The controller behind it need not watch for silence: if the bridge dies, the end of the trajectory stops
    the joints. Positions and velocities match, so that the usual cubic interpolation between the points
    has exactly linear velocity.

    Parameters
    ----------
    command : Command
        What is wanted, at most 20 ms ahead.
    joints : sequence of JointLimits
        The joints in the command's order; the end stays within their ranges.

    Returns
    -------
    tuple of Command
        The command and, if it moves, the standstill one stop ramp later: at most 100 ms ahead.
    """
    if not command.moving:
        return (command,)
    stops = stop_positions(command.positions, command.velocities, joints)
    return command, Command(command.time + STOP_RAMP, stops, (0.0,) * len(stops))
