"""The last look at a command before it leaves: finite, and within every limit.

The planning keeps the limits by itself; this check knows nothing of how it does so.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from emg_recognition.control.joints import JointLimits
from emg_recognition.control.trajectory import Command

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
