"""What the exoskeleton reports about its joints: complete, fresh, finite, possible, within the limits."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from emg_recognition.control.inputs import Instant
from emg_recognition.control.joints import JointLimits
from emg_recognition.control.states import Doubt, Reason

JUMP_TOLERANCE = 0.1
"""How far (rad) a position may differ from the one before at once: messages come in bursts."""


class _Measured(NamedTuple):
    position: float
    received: float
    stamp: float | None


class JointFeedback:
    """The newest measured position of every joint.

    Parameters
    ----------
    joints : sequence of JointLimits
        The joints that matter; others are ignored.
    stale_after : float
        Age at which a position is stale, s.
    """

    def __init__(self, joints: Sequence[JointLimits], stale_after: float) -> None:
        self._joints = {joint.name: joint for joint in joints}
        self._stale_after = stale_after
        self._newest: dict[str, _Measured] = {}

    def receive(
        self, names: Sequence[str], positions: Sequence[float], now: Instant, stamp: float | None = None
    ) -> Doubt | None:
        """Take measured positions in.

        Parameters
        ----------
        names : sequence of str
            Joint names, in the order of `positions`.
        positions : sequence of float
            Measured positions, rad.
        now : Instant
            The moment of receipt.
        stamp : float or None
            ROS time of the measurement, s; None where the driver does not say.

        Returns
        -------
        Doubt or None
            What is wrong; a position that is not finite is not kept.
        """
        if len(names) != len(positions):
            return Doubt(
                Reason.FEEDBACK_BROKEN, f"joint state with {len(names)} names and {len(positions)} positions"
            )
        doubt = None
        for name, position in zip(names, positions, strict=True):
            limits = self._joints.get(name)
            if limits is None:
                continue
            if not math.isfinite(position):
                doubt = Doubt(Reason.FEEDBACK_BROKEN, f"joint {name} reports a position of {position}")
                continue
            doubt = self._jump(limits, position, now) or _outside(limits, position) or doubt
            self._newest[name] = _Measured(position, now.steady, stamp)
        return doubt

    def doubt(self, now: Instant) -> Doubt | None:
        """Return why the feedback cannot be relied on now, or None.

        Parameters
        ----------
        now : Instant
            Now.
        """
        for name, limits in self._joints.items():
            measured = self._newest.get(name)
            if measured is None:
                return Doubt(Reason.FEEDBACK_STALE, f"no position of joint {name} seen yet")
            age = now.steady - measured.received
            if age > self._stale_after:
                return Doubt(
                    Reason.FEEDBACK_STALE,
                    f"feedback stale: no position of joint {name} for {age * 1000:.0f} ms",
                )
            age = 0.0 if measured.stamp is None else now.ros - measured.stamp
            # Written so that a stamp that is not finite fails it.
            if not age <= self._stale_after:
                return Doubt(
                    Reason.FEEDBACK_STALE,
                    f"feedback stale: joint {name} was measured {age * 1000:.0f} ms ago in ROS time",
                )
            outside = _outside(limits, measured.position)
            if outside:
                return outside
        return None

    def positions(self) -> tuple[float, ...]:
        """Return the newest positions (rad) in the order of the joints; each must have been seen."""
        return tuple(self._newest[name].position for name in self._joints)

    def age(self, steady: float) -> float:
        """Return the time since the oldest of the newest positions came, s; -1 before each has come."""
        if len(self._newest) < len(self._joints):
            return -1.0
        return steady - min(measured.received for measured in self._newest.values())

    def _jump(self, limits: JointLimits, position: float, now: Instant) -> Doubt | None:
        """Return a doubt if the joint cannot have come here since its last position, or None."""
        last = self._newest.get(limits.name)
        # After a pause anybody may have moved the arm.
        if last is None or now.steady - last.received > self._stale_after:
            return None
        possible = JUMP_TOLERANCE + 2 * limits.max_velocity * (now.steady - last.received)
        if abs(position - last.position) <= possible:
            return None
        return Doubt(
            Reason.FEEDBACK_JUMP,
            f"joint {limits.name} jumped from {last.position:.3f} to {position:.3f} rad",
        )


def _outside(limits: JointLimits, position: float) -> Doubt | None:
    if limits.lower <= position <= limits.upper:
        return None
    return Doubt(
        Reason.FEEDBACK_OUTSIDE,
        f"joint {limits.name} is at {position:.3f} rad, outside {limits.lower:g} to {limits.upper:g}",
    )
