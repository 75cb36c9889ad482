"""What reaches the bridge from outside, judged at each moment: estimates, ROS time and the stop input."""

from __future__ import annotations

import math
from enum import Enum
from typing import NamedTuple

from emg_recognition.control.states import Reason, Violation
from emg_recognition.ownership import GONE_AFTER
from emg_recognition.types import Estimate, Model, impossible_number

FUTURE_TOLERANCE = 0.05
"""How far (s) a stamp may be ahead of ROS time; a clock step up to this does not restart the stream."""

SILENCE = 0.12
"""Silence of the stop input (s) that stops: two of its 20 messages a second were lost."""

_UNMOVED = 1e-4
"""ROS time has stopped if it has moved by less than this (s)."""

_PACE_MEMORY = 0.5
"""Time constant (s) for learning the pace of ROS time: a replay may run faster than the steady clock."""

_CONFIRMATIONS = 2
"""Messages of the stop input needed before it is believed: the first may have waited in a queue."""


class Sources(NamedTuple):
    """The topics that the bridge listens to, as resolved, for what it says to people."""

    estimates: str = "emg/action"
    model: str = "emg/model"
    joint_states: str = "exo/joint_states"
    stop_input: str = "exo/enable"
    commands: str = "exo/joint_trajectory"


RELATIVE = Sources()
"""The names before namespace and remapping."""


class Instant(NamedTuple):
    """One moment on both clocks.

    Attributes
    ----------
    steady : float
        A clock that only goes forward, s.
    ros : float
        ROS time, s; may pause and jump.
    """

    steady: float
    ros: float


def check_estimate(estimate: Estimate, model: Model) -> Violation | None:
    """Return what makes an estimate untrustworthy at any age, or None.

    Parameters
    ----------
    estimate : Estimate
        As received; ``time`` is ROS time.
    model : Model
        The announced model.
    """
    if estimate.model != model.model:
        return Violation(
            Reason.FOREIGN_ESTIMATE,
            f"estimate of another model: {estimate.model!r}, announced is {model.model!r}",
        )
    if not math.isfinite(estimate.time):
        return Violation(Reason.NOT_FINITE, f"estimate with a stamp of {estimate.time}")
    impossible = impossible_number(estimate)
    if impossible is not None:
        field, value = impossible
        return Violation(Reason.NOT_FINITE, f"estimate with {field} of {value}")
    return _check_action(estimate, model)


def _check_action(estimate: Estimate, model: Model) -> Violation | None:
    if not estimate.accepted:
        return None
    number = estimate.action_id
    if not 0 <= number < len(model.actions):
        return Violation(
            Reason.UNKNOWN_ACTION, f"estimate of action {number}, the model has {len(model.actions)}"
        )
    if estimate.action != model.actions[number]:
        return Violation(
            Reason.UNKNOWN_ACTION,
            f"estimate of action {number} named {estimate.action!r}, the model names it "
            f"{model.actions[number]!r}",
        )
    return None


class Receipt(Enum):
    """How an estimate was received; the value is the reason to ignore it, if there is one."""

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
    """Decides which estimates are usable, and whether the newest usable one is stale.

    One clock alone can deceive: the time since receipt does not show a delay on the way, and ROS time can
    pause and jump. So both are judged, and either one stops the motion.

    Parameters
    ----------
    stale_after : float
        Age at which signals are stale, s.
    topic : str
        Where estimates come from, for people.

    Attributes
    ----------
    last_index : int
        Last sample of the newest usable estimate's window.
    stride : int
        Samples between the newest two usable estimates of one stream; 0 before there are two.
    delay : float
        ROS time from the last sample of the newest usable estimate's window to its receipt, s.
    """

    def __init__(self, stale_after: float, topic: str = RELATIVE.estimates) -> None:
        self._stale_after = stale_after
        self._topic = topic
        self._received: float | None = None
        self._stamp = 0.0
        self.last_index = 0
        self.stride = 0
        self.delay = 0.0

    def receive(self, stamp: float, last_index: int, now: Instant, *, may_restart: bool) -> Receipt:
        """Judge an estimate on arrival, and remember it if it is usable.

        Parameters
        ----------
        stamp : float
            ROS time of the window's last sample, s.
        last_index : int
            Index of that sample.
        now : Instant
            The moment of receipt.
        may_restart : bool
            Whether an index or stamp that went back means a new stream. Not while armed.

        Returns
        -------
        Receipt
            ``FIRST`` after a break longer than `stale_after`, and at the start of a new stream.
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
            self.stride = last_index - self.last_index
        self._received, self._stamp, self.last_index, self.delay = now.steady, stamp, last_index, delay
        return Receipt.FIRST if first else Receipt.FRESH

    def age(self, now: Instant) -> float:
        """Return the steady time since the newest usable estimate, s; -1 before the first."""
        return -1.0 if self._received is None else now.steady - self._received

    def violation(self, now: Instant) -> Violation | None:
        """Return why the signals cannot be relied on now, or None."""
        if self._received is None:
            return Violation(Reason.SIGNAL_STALE, f"no usable estimate on {self._topic} yet")
        age = now.steady - self._received
        if age > self._stale_after:
            return Violation(Reason.SIGNAL_STALE, f"signal stale: no usable estimate for {age * 1000:.0f} ms")
        age = now.ros - self._stamp
        if age > self._stale_after:
            return Violation(
                Reason.SIGNAL_OLD,
                f"signal stale: the newest window ended {age * 1000:.0f} ms ago in ROS time",
            )
        if age < -FUTURE_TOLERANCE:
            return Violation(
                Reason.AHEAD_OF_ROS_TIME, f"ROS time is {-age * 1000:.0f} ms before the newest window"
            )
        return None


class RosClockWatch:
    """Compares ROS time with the steady clock from tick to tick.

    Parameters
    ----------
    tolerance : float
        Longest jump and longest standstill that are accepted, s.
    """

    def __init__(self, tolerance: float) -> None:
        self._tolerance = tolerance
        self._moved: Instant | None = None
        self._pace = 1.0

    def tick(self, now: Instant) -> Violation | None:
        """Take the next moment; return a violation if ROS time has jumped since the previous one.

        Parameters
        ----------
        now : Instant
            Not before the previous one on the steady clock.
        """
        last = self._moved
        if last is None:
            self._moved = now
            return None
        change = now.ros - last.ros
        if abs(change) <= _UNMOVED:
            return None
        self._moved = now
        passed = now.steady - last.steady
        # A published clock moves in steps, and late steps arrive together. So its pace shows only over
        # some time, and catching up with what it may have missed is not a jump.
        jump = change if change < 0 else max(change - self._pace * passed, 0.0)
        if abs(jump) > self._tolerance:
            self._pace = 1.0
            return Violation(Reason.ROS_TIME_JUMPED, f"ROS time jumped by {jump:+.3f} s")
        if passed > 0:
            self._pace += (change / passed - self._pace) * (1 - math.exp(-passed / _PACE_MEMORY))
        return None

    def violation(self, now: Instant) -> Violation | None:
        """Return why ROS time cannot be relied on now, or None."""
        if now.ros <= 0:
            return Violation(
                Reason.ROS_TIME_STANDS, "ROS time has not started: use_sim_time, and no /clock yet"
            )
        if self._moved is not None and abs(now.ros - self._moved.ros) <= _UNMOVED:
            stopped = now.steady - self._moved.steady
            if stopped > self._tolerance:
                return Violation(
                    Reason.ROS_TIME_STANDS, f"ROS time has not moved for {stopped * 1000:.0f} ms"
                )
        return None


class _Switch(NamedTuple):
    """The newest message of one publisher of the stop input."""

    allowed: bool
    received: float
    confirmations: int


class StopInput:
    """Judges whether the stop input allows motion: it says true, said so just now, and is the only one.

    Two switches would mean that one person allows what another forbids, so there may be only one. A publisher
    that was killed stays in the graph for a while and is known by its silence. One that has said nothing
    yet is not.

    Parameters
    ----------
    topic : str
        Its name, for people.
    """

    def __init__(self, topic: str = RELATIVE.stop_input) -> None:
        self._topic = topic
        #: From the longest silent one to the newest.
        self._switches: dict[bytes, _Switch] = {}
        self._publishers = 0

    def receive(self, allowed: bool, steady: float, publisher: bytes = b"") -> None:
        """Take a message.

        Parameters
        ----------
        allowed : bool
            Whether motion is allowed.
        steady : float
            Time of receipt on the steady clock, s.
        publisher : bytes
            Who sent it; always the same where the middleware does not tell.
        """
        before = self._switches.pop(publisher, None)
        again = before is not None and steady - before.received <= SILENCE
        confirmations = before.confirmations + 1 if before is not None and again else 1
        self._switches[publisher] = _Switch(allowed, steady, confirmations)
        self._forget(steady)

    def count(self, publishers: int) -> None:
        """Take the number of publishers in the graph, dead ones included."""
        if publishers != self._publishers:
            self.distrust()
        self._publishers = publishers

    def distrust(self) -> None:
        """Believe it again only after new messages: the next ones may have waited in a queue."""
        for publisher, switch in self._switches.items():
            self._switches[publisher] = switch._replace(confirmations=0)

    def age(self, steady: float) -> float:
        """Return the time since the last message, s; -1 before the first."""
        newest = self._newest
        return -1.0 if newest is None else steady - newest.received

    @property
    def confirmed(self) -> bool:
        """Whether enough messages have come since it appeared, fell silent or was distrusted."""
        newest = self._newest
        return newest is not None and newest.confirmations >= _CONFIRMATIONS

    def publishers(self, steady: float) -> tuple[int, int]:
        """Return how many publishers speak, and how many of the graph have not said anything yet."""
        self._forget(steady)
        speaking = sum(steady - switch.received <= GONE_AFTER for switch in self._switches.values())
        return speaking, max(0, self._publishers - len(self._switches))

    def violation(self, steady: float) -> Violation | None:
        """Return why motion is not allowed now, or None."""
        speaking, mute = self.publishers(steady)
        if speaking > 1:
            return Violation(
                Reason.STOP_INPUT_SEVERAL, f"{speaking} publishers speak on {self._topic}, one is allowed"
            )
        if speaking + mute > 1:
            return Violation(
                Reason.STOP_INPUT_SEVERAL,
                f"{self._publishers} publishers on {self._topic}, one is allowed, and not every one of them "
                "has said something yet",
            )
        if self._publishers == 0:
            return Violation(Reason.STOP_INPUT_LOST, f"the stop input has no publisher on {self._topic}")
        newest = self._newest
        if newest is None:
            return Violation(Reason.STOP_INPUT_SILENT, f"no message of the stop input {self._topic} yet")
        if not newest.allowed:
            return Violation(Reason.STOP_INPUT_FALSE, "the stop input says false")
        age = steady - newest.received
        if age > SILENCE:
            return Violation(
                Reason.STOP_INPUT_SILENT, f"the stop input has been silent for {age * 1000:.0f} ms"
            )
        return None

    @property
    def _newest(self) -> _Switch | None:
        return next(reversed(self._switches.values()), None)

    def _forget(self, steady: float) -> None:
        """Drop publishers that have left the graph; those that are silent left first."""
        for publisher, switch in list(self._switches.items()):
            if len(self._switches) <= max(1, self._publishers) or steady - switch.received <= GONE_AFTER:
                return
            del self._switches[publisher]
