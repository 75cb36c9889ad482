"""Whether ROS time passes as it should: it has started, moves, and does not jump."""

from __future__ import annotations

import math

from emg_recognition.control.reasons import Doubt, Reason
from emg_recognition.control.signals import Instant

_STANDS = 1e-4
"""ROS time stands while it has moved by less than this (s)."""

_MEMORY = 0.5
"""Time constant (s) with which the pace of ROS time is learnt: a replay may run faster than steady time."""


class RosClockWatch:
    """Compares ROS time with the steady clock from tick to tick.

    Parameters
    ----------
    tolerance : float
        Largest jump, and longest standstill, that is let pass, s.
    """

    def __init__(self, tolerance: float) -> None:
        self._tolerance = tolerance
        self._moved: Instant | None = None
        self._pace = 1.0

    def tick(self, now: Instant) -> Doubt | None:
        """Take a moment in; return a doubt if ROS time has jumped since the one before.

        Parameters
        ----------
        now : Instant
            Not before the last one on the steady clock.
        """
        last = self._moved
        if last is None:
            self._moved = now
            return None
        way = now.ros - last.ros
        if abs(way) <= _STANDS:
            return None
        self._moved = now
        passed = now.steady - last.steady
        # A clock that is published comes in steps, and late ones at once: so its pace shows only over
        # some time, and what it may have missed since it last moved is no jump.
        jump = way if way < 0 else max(way - self._pace * passed, 0.0)
        if abs(jump) > self._tolerance:
            self._pace = 1.0
            return Doubt(Reason.ROS_TIME_JUMPED, f"ROS time jumped by {jump:+.3f} s")
        if passed > 0:
            self._pace += (way / passed - self._pace) * (1 - math.exp(-passed / _MEMORY))
        return None

    def doubt(self, now: Instant) -> Doubt | None:
        """Return why ROS time cannot be relied on now, or None."""
        if now.ros <= 0:
            return Doubt(Reason.ROS_TIME_STANDS, "ROS time has not started: use_sim_time, and no /clock yet")
        if self._moved is not None and abs(now.ros - self._moved.ros) <= _STANDS:
            stood = now.steady - self._moved.steady
            if stood > self._tolerance:
                return Doubt(Reason.ROS_TIME_STANDS, f"ROS time has stood still for {stood * 1000:.0f} ms")
        return None
