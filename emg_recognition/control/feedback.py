"""Judge the reported joint positions: complete, fresh, finite, possible and within the limits."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from emg_recognition.control.inputs import Instant
from emg_recognition.control.joints import JointLimits
from emg_recognition.control.states import Reason, Violation

JUMP_TOLERANCE = 0.1
"""Distance (rad) from the previous position that is accepted at any time: messages come in bursts."""


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
    ) -> Violation | None:
        """Take measured positions.

        Parameters
        ----------
        names : sequence of str
            Joint names, in the order of `positions`.
        positions : sequence of float
            Measured positions, rad.
        now : Instant
            The moment of receipt.
        stamp : float or None
            ROS time of the measurement, s; None if the driver does not give it.

        Returns
        -------
        Violation or None
            What is wrong with them; a position that is not finite is not kept.
        """
        if len(names) != len(positions):
            return Violation(
                Reason.FEEDBACK_BROKEN, f"joint state with {len(names)} names and {len(positions)} positions"
            )
        violation = None
        for name, position in zip(names, positions, strict=True):
            limits = self._joints.get(name)
            if limits is None:
                continue
            if not math.isfinite(position):
                violation = Violation(
                    Reason.FEEDBACK_BROKEN, f"joint {name} reports a position of {position}"
                )
                continue
            violation = self._jump(limits, position, now) or _outside(limits, position) or violation
            self._newest[name] = _Measured(position, now.steady, stamp)
        return violation

    def violation(self, now: Instant) -> Violation | None:
        """Return why the feedback cannot be relied on now, or None."""
        for name, limits in self._joints.items():
            measured = self._newest.get(name)
            if measured is None:
                return Violation(Reason.FEEDBACK_STALE, f"no position of joint {name} seen yet")
            age = now.steady - measured.received
            if age > self._stale_after:
                return Violation(
                    Reason.FEEDBACK_STALE,
                    f"feedback stale: no position of joint {name} for {age * 1000:.0f} ms",
                )
            age = 0.0 if measured.stamp is None else now.ros - measured.stamp
            # "not <=", so that a stamp that is not finite fails as well.
            if not age <= self._stale_after:
                return Violation(
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
        """Return the age of the oldest joint position, s; -1 before every joint has reported."""
        if len(self._newest) < len(self._joints):
            return -1.0
        return steady - min(measured.received for measured in self._newest.values())

    def _jump(self, limits: JointLimits, position: float, now: Instant) -> Violation | None:
        """Return a violation if the joint cannot have got here since its last position, else None."""
        last = self._newest.get(limits.name)
        # Someone may have moved the arm during a pause.
        if last is None or now.steady - last.received > self._stale_after:
            return None
        possible = JUMP_TOLERANCE + 2 * limits.max_velocity * (now.steady - last.received)
        if abs(position - last.position) <= possible:
            return None
        return Violation(
            Reason.FEEDBACK_JUMP,
            f"joint {limits.name} jumped from {last.position:.3f} to {position:.3f} rad",
        )


def _outside(limits: JointLimits, position: float) -> Violation | None:
    if limits.lower <= position <= limits.upper:
        return None
    return Violation(
        Reason.FEEDBACK_OUTSIDE,
        f"joint {limits.name} is at {position:.3f} rad, outside {limits.lower:g} to {limits.upper:g}",
    )
