"""Stamps of messages to nanoseconds and back, and monotonic time to ROS time."""

from __future__ import annotations

import time

from builtin_interfaces.msg import Time
from rclpy.clock import Clock

#: Seconds are a signed 32-bit number.
_LAST_SECOND = 2**31 - 1


def to_time(nanoseconds: int) -> Time:
    """Return a stamp from nanoseconds since the epoch; the nearest one where it has room for no such time."""
    nanoseconds = min(max(nanoseconds, -_LAST_SECOND * 1_000_000_000), _LAST_SECOND * 1_000_000_000)
    return Time(sec=nanoseconds // 1_000_000_000, nanosec=nanoseconds % 1_000_000_000)


def to_nanoseconds(stamp: Time) -> int:
    """Return nanoseconds since the epoch from a stamp."""
    return stamp.sec * 1_000_000_000 + stamp.nanosec


#: A step of the ROS clock larger than this restarts the stream, s.
STEP_LIMIT = 0.050


class RosTime:
    """Turn monotonic time into ROS time with a constant offset, so that stamps have no jitter.

    The offset is measured once, and again only after a clock step of more than 50 ms.

    Parameters
    ----------
    clock : rclpy.clock.Clock
        The node's clock.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._offset = self._measure()

    def _measure(self) -> int:
        return int(self._clock.now().nanoseconds) - time.monotonic_ns()

    def stepped(self) -> bool:
        """Return whether the clock has stepped; after a step the offset is measured again."""
        offset = self._measure()
        if abs(offset - self._offset) <= STEP_LIMIT * 1e9:
            return False
        self._offset = offset
        return True

    def nanoseconds(self, monotonic: float) -> int:
        """Return ROS time in ns of a ``time.monotonic()`` value in s."""
        return round(monotonic * 1e9) + self._offset
