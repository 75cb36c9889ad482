"""What the exoskeleton reports about its joints: complete, fresh, finite, within the limits."""

from __future__ import annotations

import math
from collections.abc import Sequence

from emg_recognition.control.joints import JointLimits


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
        self._newest: dict[str, tuple[float, float]] = {}

    def receive(self, names: Sequence[str], positions: Sequence[float], steady: float) -> str | None:
        """Take measured positions in.

        Parameters
        ----------
        names : sequence of str
            Joint names, in the order of `positions`.
        positions : sequence of float
            Measured positions, rad.
        steady : float
            Time of receipt on the steady clock, s.

        Returns
        -------
        str or None
            What is wrong with a position; one that is not finite is not kept.
        """
        doubt = None
        for name, position in zip(names, positions, strict=False):
            limits = self._joints.get(name)
            if limits is None:
                continue
            if not math.isfinite(position):
                doubt = f"joint {name} reports a position of {position}"
                continue
            self._newest[name] = (position, steady)
            doubt = _outside(limits, position) or doubt
        return doubt

    def doubt(self, steady: float) -> str | None:
        """Return why the feedback cannot be relied on now, or None.

        Parameters
        ----------
        steady : float
            Now, on the steady clock, s.
        """
        for name, limits in self._joints.items():
            if name not in self._newest:
                return f"no position of joint {name} seen yet"
            position, received = self._newest[name]
            if steady - received > self._stale_after:
                return f"feedback stale: no position of joint {name} for {(steady - received) * 1000:.0f} ms"
            outside = _outside(limits, position)
            if outside:
                return outside
        return None

    def positions(self) -> tuple[float, ...]:
        """Return the newest positions (rad) in the order of the joints; each must have been seen."""
        return tuple(self._newest[name][0] for name in self._joints)


def _outside(limits: JointLimits, position: float) -> str | None:
    if limits.lower <= position <= limits.upper:
        return None
    return f"joint {limits.name} is at {position:.3f} rad, outside {limits.lower:g} to {limits.upper:g}"
