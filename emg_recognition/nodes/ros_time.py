"""From the host's monotonic clock to ROS time."""

from __future__ import annotations

import time

from rclpy.clock import Clock

#: A step of the ROS clock beyond this restarts the stream, s (contract 8).
STEP_LIMIT = 0.050


class RosTime:
    """Adds a constant offset to monotonic time, so that stamps carry no jitter of either clock.

    The offset is taken once, and again only after a clock step of more than 50 ms.

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
        """Look for a clock step; after one, take the offset anew and return True."""
        offset = self._measure()
        if abs(offset - self._offset) <= STEP_LIMIT * 1e9:
            return False
        self._offset = offset
        return True

    def nanoseconds(self, monotonic: float) -> int:
        """Return ROS time in ns of a ``time.monotonic()`` value in s."""
        return round(monotonic * 1e9) + self._offset
