"""Order and age of the estimates, judged on the steady clock and in ROS time."""

from __future__ import annotations

from enum import Enum

from emg_recognition.control.reasons import Doubt, Reason
from emg_recognition.control.signals import Instant

FUTURE_TOLERANCE = 0.05
"""How far (s) a stamp may lie ahead of ROS time; a clock step up to this leaves the stream running."""


class Receipt(Enum):
    """What became of a received estimate; the value is the reason why it is ignored."""

    FRESH = None
    FIRST = "after a break"
    OUT_OF_ORDER = Reason.OUT_OF_ORDER
    FUTURE = Reason.FROM_THE_FUTURE
    LATE = Reason.LATE

    @property
    def ignored(self) -> Reason | None:
        """Why the estimate may not vote; None if it may."""
        return self.value if isinstance(self.value, Reason) else None


class SignalWatch:
    """Decides which estimates are usable and whether the newest usable one is stale.

    Either clock alone can deceive: the time since receipt hides a delay on the way, ROS time can
    pause and jump. So both are judged, and either stops.

    Parameters
    ----------
    stale_after : float
        Age at which signals are stale, s.
    """

    def __init__(self, stale_after: float) -> None:
        self._stale_after = stale_after
        self._received: float | None = None
        self._stamp = 0.0
        self.last_index = 0
        self.step = 0
        """Samples between the newest two usable estimates of one stream; 0 before."""
        self.delay = 0.0
        """ROS time from the newest usable estimate's last sample to its receipt, s."""

    def receive(self, stamp: float, last_index: int, now: Instant, *, may_restart: bool) -> Receipt:
        """Judge one estimate on arrival and remember it if it is usable.

        Parameters
        ----------
        stamp : float
            ROS time of the window's last sample, s.
        last_index : int
            Index of that sample.
        now : Instant
            The moment of receipt.
        may_restart : bool
            Whether an index or stamp that went back is taken for a new stream. Not while armed.

        Returns
        -------
        Receipt
            ``FIRST`` after a break longer than `stale_after` and at a new stream.
        """
        delay = now.ros - stamp
        if delay < -FUTURE_TOLERANCE:
            return Receipt.FUTURE
        if delay > self._stale_after:
            return Receipt.LATE
        first = self._received is None or now.steady - self._received > self._stale_after
        if self._received is not None and (last_index <= self.last_index or stamp <= self._stamp):
            if last_index == self.last_index or not may_restart:
                return Receipt.OUT_OF_ORDER
            first = True
        if not first:
            self.step = last_index - self.last_index
        self._received, self._stamp, self.last_index, self.delay = now.steady, stamp, last_index, delay
        return Receipt.FIRST if first else Receipt.FRESH

    def age(self, now: Instant) -> float:
        """Return the steady time since the newest usable estimate, s; -1 before the first."""
        return -1.0 if self._received is None else now.steady - self._received

    def doubt(self, now: Instant) -> Doubt | None:
        """Return why the signals cannot be relied on now, or None."""
        if self._received is None:
            return Doubt(Reason.SIGNAL_STALE, "no usable estimate seen yet")
        age = now.steady - self._received
        if age > self._stale_after:
            return Doubt(Reason.SIGNAL_STALE, f"signal stale: no usable estimate for {age * 1000:.0f} ms")
        age = now.ros - self._stamp
        if age > self._stale_after:
            return Doubt(
                Reason.SIGNAL_OLD,
                f"signal stale: the newest window ended {age * 1000:.0f} ms ago in ROS time",
            )
        if age < -FUTURE_TOLERANCE:
            return Doubt(
                Reason.AHEAD_OF_ROS_TIME, f"ROS time lies {-age * 1000:.0f} ms before the newest window"
            )
        return None
