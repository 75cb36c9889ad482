"""What the bridge is told, as plain values, and what is wrong with an estimate."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from emg_recognition.control.exoskeleton import Exoskeleton
from emg_recognition.control.states import Doubt, Reason


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


@dataclass(frozen=True)
class Model:
    """The model that the estimates come from.

    Attributes
    ----------
    model : str
        Its id.
    sha256 : str
        Of its network file.
    actions : tuple of str
        In the order of the action ids.
    rate : float
        Sampling rate that it was made for, Hz.
    channels : int
        Channels that it was made for.
    """

    model: str
    sha256: str
    actions: tuple[str, ...]
    rate: float
    channels: int


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """The estimate of one window.

    Attributes
    ----------
    stamp : float
        ROS time of the window's last sample, s.
    last_index : int
        Index of that sample.
    accepted : bool
        False where the classifier rejected the window.
    action_id : int
        Position in the model's actions.
    action : str
        The action's name.
    confidence : float
        Largest probability.
    probabilities : sequence of float
        One an action; may be empty.
    activation : float
        RMS of the window over that of the training data.
    model : str
        Id of the model.
    """

    stamp: float
    last_index: int
    accepted: bool
    action_id: int
    action: str
    confidence: float
    probabilities: Sequence[float]
    activation: float
    model: str


def doubt_about(estimate: Estimate, model: Model) -> Doubt | None:
    """Return what makes an estimate untrustworthy whatever its age, or None.

    Parameters
    ----------
    estimate : Estimate
        As received.
    model : Model
        The model that it should come from.
    """
    if estimate.model != model.model:
        return Doubt(
            Reason.FOREIGN_ESTIMATE,
            f"estimate of another model: {estimate.model!r}, announced is {model.model!r}",
        )
    return _doubt_about_numbers(estimate) or _doubt_about_action(estimate, model)


def _doubt_about_numbers(estimate: Estimate) -> Doubt | None:
    if not math.isfinite(estimate.stamp):
        return Doubt(Reason.NOT_FINITE, f"estimate with a stamp of {estimate.stamp}")
    # A float32 softmax may end a rounding above 1.
    if not 0.0 <= estimate.confidence <= 1.001:
        return Doubt(Reason.NOT_FINITE, f"estimate with a confidence of {estimate.confidence}")
    if not (math.isfinite(estimate.activation) and estimate.activation >= 0.0):
        return Doubt(Reason.NOT_FINITE, f"estimate with an activation of {estimate.activation}")
    for probability in estimate.probabilities:
        if not math.isfinite(probability):
            return Doubt(Reason.NOT_FINITE, f"estimate with a probability of {probability}")
    return None


def _doubt_about_action(estimate: Estimate, model: Model) -> Doubt | None:
    if not estimate.accepted:
        return None
    number = estimate.action_id
    if not 0 <= number < len(model.actions):
        return Doubt(
            Reason.UNKNOWN_ACTION, f"estimate of action {number}, the model has {len(model.actions)}"
        )
    if estimate.action != model.actions[number]:
        return Doubt(
            Reason.UNKNOWN_ACTION,
            f"estimate of action {number} named {estimate.action!r}, the model names it "
            f"{model.actions[number]!r}",
        )
    return None


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


SILENCE = 0.12
"""Silence (s) that stops: two of the 20 messages a second were lost."""

_NEEDED = 2
"""Messages needed before the input is believed: the first may have waited in a queue."""


class StopInput:
    """Whether the stop input allows motion: it says so, has just said so, and there is one of it.

    Silence of one publisher would hide behind the voice of another one, and a message does not
    tell whose it is. So there may be only one.
    """

    def __init__(self) -> None:
        self._allowed = False
        self._spoken: float | None = None
        self._heard = 0
        self._publishers = 0

    def receive(self, allowed: bool, steady: float) -> None:
        """Take a message in.

        Parameters
        ----------
        allowed : bool
            Whether motion is allowed.
        steady : float
            Time of receipt on the steady clock, s.
        """
        self._allowed = allowed
        self._heard = self._heard + 1 if self.age(steady) <= SILENCE else 1
        self._spoken = steady

    def count(self, publishers: int) -> None:
        """Take note of how many publishers there are."""
        if publishers != self._publishers:
            self._heard = 0
        self._publishers = publishers

    def distrust(self) -> None:
        """Believe it again only after new messages: what comes now may have waited in a queue."""
        self._heard = 0

    def age(self, steady: float) -> float:
        """Return the time since the last message, s; -1 before the first."""
        return -1.0 if self._spoken is None else steady - self._spoken

    @property
    def confirmed(self) -> bool:
        """Whether enough messages have come since it appeared, fell silent or was distrusted."""
        return self._heard >= _NEEDED

    def doubt(self, steady: float) -> Doubt | None:
        """Return why motion is not allowed now, or None."""
        if self._publishers > 1:
            return Doubt(
                Reason.STOP_INPUT_SEVERAL,
                f"the stop input has {self._publishers} publishers, one is allowed; "
                "one that was killed is forgotten after 20 s",
            )
        if self._publishers == 0:
            return Doubt(Reason.STOP_INPUT_LOST, "the stop input has no publisher")
        if self._spoken is None:
            return Doubt(Reason.STOP_INPUT_SILENT, "the stop input has not spoken yet")
        if not self._allowed:
            return Doubt(Reason.STOP_INPUT_FALSE, "the stop input says false")
        age = steady - self._spoken
        if age > SILENCE:
            return Doubt(Reason.STOP_INPUT_SILENT, f"the stop input has been silent for {age * 1000:.0f} ms")
        return None


class Signal(NamedTuple):
    """A sampling rate (Hz) and a number of channels; 0 for one that is not known."""

    rate: float
    channels: int


ANY_SIGNAL = Signal(0.0, 0)


def mismatch(model: Model, exoskeleton: Exoskeleton, expected: Signal, device: Signal) -> Doubt | None:
    """Return why a model must not move this exoskeleton, or None.

    Parameters
    ----------
    model : Model
        The announced model.
    exoskeleton : Exoskeleton
        What each action does.
    expected : Signal
        What the configuration asks for.
    device : Signal
        What the armband says of itself.
    """
    unknown = exoskeleton.unknown(model.actions)
    if unknown:
        return Doubt(
            Reason.OTHER_ACTIONS,
            f"model {model.model!r} has actions that the exoskeleton's file does not name: "
            f"{', '.join(unknown)}; put each under actions, rest or still",
        )
    if not any(action in exoskeleton.targets() for action in model.actions):
        return Doubt(
            Reason.OTHER_ACTIONS,
            f"no action of model {model.model!r} moves a joint: {', '.join(model.actions)}",
        )
    for source, signal in (("the parameters say", expected), ("the armband has", device)):
        for name, wanted, has in (
            ("rate", signal.rate, model.rate),
            ("channels", signal.channels, model.channels),
        ):
            if wanted and wanted != has:
                return Doubt(
                    Reason.OTHER_SIGNAL,
                    f"model {model.model!r} was made for {name} {has:g}, {source} {wanted:g}",
                )
    return None
