"""Commands, the last check before they are sent, and the trajectory that carries out a command and stops."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from emg_recognition.control.joints import JointLimits

_ROUNDING = 1e-9
"""What floating-point arithmetic may add to a value."""


class Command(NamedTuple):
    """Where all joints are to be a moment from now, how fast, and where they stop if nothing more is said.

    Attributes
    ----------
    time : float
        Time from now to the next command, s.
    positions : tuple of float
        One for each joint, rad, at that time.
    velocities : tuple of float
        One for each joint, rad/s, at that time.
    until : float
        Time from now to standstill, s.
    stops : tuple of float
        Where each joint then stands, rad. The motion from now to there is a cubic.
    """

    time: float
    positions: tuple[float, ...]
    velocities: tuple[float, ...]
    until: float
    stops: tuple[float, ...]

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
    for joint, (position, velocity), wanted, speed, stop in zip(
        joints, here, command.positions, command.velocities, command.stops, strict=True
    ):
        if not joint.lower <= stop <= joint.upper:
            return f"joint {joint.name}: a stop at {stop!r} outside {joint.lower!r} to {joint.upper!r}"
        if not (math.isfinite(wanted) and math.isfinite(speed)):
            return f"joint {joint.name}: position {wanted}, velocity {speed}"
        if not joint.lower <= wanted <= joint.upper:
            return f"joint {joint.name}: position {wanted!r} outside {joint.lower!r} to {joint.upper!r}"
        if abs(speed) > joint.max_velocity + _ROUNDING:
            return f"joint {joint.name}: velocity {speed!r} above {joint.max_velocity!r}"
        # "not <=", so that a present state that is not finite fails as well.
        if not abs(speed - velocity) <= joint.max_acceleration * command.time + _ROUNDING:
            return f"joint {joint.name}: from {velocity!r} to {speed!r} rad/s in {command.time!r} s"
        if not abs(wanted - position) <= joint.step_limit + _ROUNDING:
            return f"joint {joint.name}: a step from {position!r} to {wanted!r} rad"
    return None


def standstill(positions: Sequence[float], until: float, period: float) -> Command:
    """Return the command to stand at some positions.

    Parameters
    ----------
    positions : sequence of float
        One for each joint, rad.
    until : float
        How long it may take, s.
    period : float
        Time to the next command, s.
    """
    return Command(period, tuple(positions), (0.0,) * len(positions), until, tuple(positions))
