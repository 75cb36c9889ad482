"""The state machine between estimates and motion. ``docs/bridge.md`` shows it and its timing.

Nothing here reads a clock: every moment comes in as an :class:`Instant`, so that each rule can be
tested to the millisecond.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum

from emg_recognition.control.feedback import JointFeedback
from emg_recognition.control.freshness import SignalWatch
from emg_recognition.control.joints import STOP_RAMP, Exoskeleton
from emg_recognition.control.motion import Step, plan_step, standing, state_after
from emg_recognition.control.settings import BridgeSettings
from emg_recognition.control.signals import Estimate, Instant, Model, doubt_about
from emg_recognition.control.trajectory import Command
from emg_recognition.control.vote import NO_ACTION, MajorityVote

MAX_FOLLOWING_ERROR = 0.2
"""Largest distance (rad) of a measured position from its command; beyond it the joint is blocked or loose."""

COUNTERS = (
    "estimates",
    "rejected",
    "out_of_order",
    "from_the_future",
    "late",
    "without_model",
    "doubtful",
    "feedback_doubts",
    "commands",
    "armings",
    "refusals",
    "holds",
    "faults",
)


class State(IntEnum):
    """The bridge's states, with the numbers of ``BridgeState.msg``."""

    DISARMED = 0
    ARMED = 1
    HOLDING = 2
    FAULT = 3


class Bridge:
    """Turns estimates into joint commands while armed, and into a stop on any doubt.

    Parameters
    ----------
    exoskeleton : Exoskeleton
        Joints, limits and the motion of each action.
    settings : BridgeSettings
        Rate, votes and times.

    Attributes
    ----------
    state : State
        Starts as ``DISARMED``.
    reason : str
        Why it is in this state.
    action : str
        The action that the newest command carries out; empty without one.
    counters : dict of str to int
        One for each name of :data:`COUNTERS`.
    """

    def __init__(self, exoskeleton: Exoskeleton, settings: BridgeSettings) -> None:
        self._joints = exoskeleton.joints
        self._targets = exoskeleton.targets()
        self._still = (0.0,) * len(exoskeleton.joints)
        self._settings = settings
        self._vote = MajorityVote(settings.votes)
        self._signal = SignalWatch(settings.stale_after)
        self._feedback = JointFeedback(exoskeleton.joints, settings.stale_after)
        self._model: Model | None = None
        self._steps: list[Step] = []
        self._ticked = 0.0
        self._holding_since = 0.0
        self._still_since: float | None = None
        self.state = State.DISARMED
        self.reason = "not armed yet"
        self.action = NO_ACTION
        self.counters = dict.fromkeys(COUNTERS, 0)

    @property
    def engaged(self) -> bool:
        """Whether the bridge is armed, be it moving or holding."""
        return self.state in (State.ARMED, State.HOLDING)

    @property
    def last_index(self) -> int | None:
        """Last sample of the newest window that the command rests on; None while it rests on none."""
        return self._signal.last_index if self.state is State.ARMED else None

    @property
    def processing_delay(self) -> float:
        """ROS time from the newest usable window's end to its receipt here, s."""
        return self._signal.delay

    def signal_age(self, now: Instant) -> float:
        """Return the steady time since the newest usable estimate, s; -1 before the first."""
        return self._signal.age(now)

    def announce(self, model: Model) -> None:
        """Take note of the model that runs; another one than before while engaged is a fault."""
        if self._model is not None and model != self._model:
            self._vote.clear()
            if self.engaged:
                self._fault(f"the model changed from {self._model.model!r} to {model.model!r}")
        self._model = model

    def estimate(self, estimate: Estimate, now: Instant) -> None:
        """Take one estimate in."""
        self.counters["estimates"] += 1
        if self._model is None:
            self.counters["without_model"] += 1
            return
        doubt = doubt_about(estimate, self._model)
        if doubt is not None:
            self.counters["doubtful"] += 1
            if self.engaged:
                self._fault(doubt)
            return
        receipt = self._signal.receive(estimate.stamp, estimate.last_index, now, may_restart=not self.engaged)
        if not receipt.usable:
            self.counters[receipt.value] += 1
            return
        if receipt is receipt.FIRST:
            self._vote.clear()
        if not estimate.accepted:
            self.counters["rejected"] += 1
        self._vote.add(estimate.action if estimate.accepted else NO_ACTION)

    def feedback(self, names: Sequence[str], positions: Sequence[float], now: Instant) -> None:
        """Take measured joint positions (rad) in."""
        doubt = self._feedback.receive(names, positions, now.steady)
        if doubt is not None:
            self.counters["feedback_doubts"] += 1
            if self.engaged:
                self._fault(doubt)

    def arm(self, now: Instant) -> str | None:
        """Arm, also out of a fault.

        Returns
        -------
        str or None
            Why arming is refused, with nothing changed; None when the bridge is armed.
        """
        if self.state is State.ARMED:
            return None
        refusal = self._refusal(now)
        if refusal is not None:
            self.counters["refusals"] += 1
            return refusal
        self._vote.clear()
        self._steps = [standing(position) for position in self._feedback.positions()]
        self._ticked = now.steady
        self._still_since = None
        self.counters["armings"] += 1
        self.state, self.reason = State.ARMED, "armed"
        return None

    def disarm(self, reason: str) -> None:
        """Stop and stay disarmed; a latched fault stays until the next arming."""
        if self.engaged:
            self.state, self.reason = State.DISARMED, reason

    def stop(self, reason: str) -> None:
        """Stop and latch a fault, whatever the state."""
        self._fault(reason)

    def tick(self, now: Instant) -> Command | None:
        """Return the command of this tick, or None when there is nothing to say.

        Parameters
        ----------
        now : Instant
            One command period after the last tick, more or less: the course goes on from where
            the last command has brought the joints by now.
        """
        here = self._here(now)
        self._review(now, [position for position, _ in here])
        self.action = self._vote.decided() if self.state is State.ARMED else NO_ACTION
        if not here or self._said_enough(now):
            return None
        period = self._settings.period
        targets = self._targets.get(self.action, self._still)
        self._steps = [
            plan_step(joint, position, velocity, target, period)
            for joint, (position, velocity), target in zip(self._joints, here, targets, strict=True)
        ]
        self._ticked = now.steady
        self.counters["commands"] += 1
        positions = tuple(step.next_position for step in self._steps)
        return Command(period, positions, tuple(step.next_velocity for step in self._steps))

    def last_word(self, now: Instant) -> Command | None:
        """Disarm for good and return the command that stops the joints, None if nothing is left to say."""
        self.disarm("shutting down")
        here = self._here(now)
        if not here or self._said_enough(now):
            return None
        stops = tuple(
            min(max(position + velocity * STOP_RAMP / 2, joint.lower), joint.upper)
            for joint, (position, velocity) in zip(self._joints, here, strict=True)
        )
        return Command(STOP_RAMP, stops, self._still)

    def _here(self, now: Instant) -> list[tuple[float, float]]:
        """Return where the last command has brought each joint; empty before the first arming."""
        elapsed = now.steady - self._ticked
        return [state_after(step, elapsed, self._settings.period) for step in self._steps]

    def _refusal(self, now: Instant) -> str | None:
        """Return why arming is refused now, or None."""
        if self.state is State.HOLDING:
            return f"armed already and holding: {self.reason}"
        if self._moving(now):
            return "the joints are still stopping; try again in 0.1 s"
        if self._model is None:
            return "no model announced yet: start the classifier"
        if not any(action in self._targets for action in self._model.actions):
            return f"no action of model {self._model.model!r} moves a joint: {', '.join(self._model.actions)}"
        return self._doubt(now)

    def _doubt(self, now: Instant) -> str | None:
        return self._signal.doubt(now) or self._feedback.doubt(now.steady)

    def _review(self, now: Instant, positions: Sequence[float]) -> None:
        """Leave ARMED or HOLDING where time or the joints demand it."""
        if not self.engaged:
            return
        blocked = self._following_error(positions)
        if blocked is not None:
            self._fault(blocked)
            return
        doubt = self._doubt(now)
        if self.state is State.ARMED and doubt is not None:
            self._vote.clear()
            self._holding_since = now.steady
            self.counters["holds"] += 1
            self.state, self.reason = State.HOLDING, doubt
        if self.state is State.HOLDING:
            if doubt is None and self._vote.full:
                self.state, self.reason = State.ARMED, "signals fresh again"
            elif now.steady - self._holding_since > self._settings.hold_timeout:
                self._fault(f"held longer than {self._settings.hold_timeout:g} s: {self.reason}")

    def _following_error(self, positions: Sequence[float]) -> str | None:
        """Return which joint is not where its commands should have brought it, or None."""
        for joint, position, measured in zip(
            self._joints, positions, self._feedback.positions(), strict=True
        ):
            error = abs(position - measured)
            if error > MAX_FOLLOWING_ERROR:
                return f"joint {joint.name} is {error:.2f} rad away from its command: blocked or loose"
        return None

    def _fault(self, reason: str) -> None:
        if self.state is not State.FAULT:
            self.counters["faults"] += 1
            self.state, self.reason = State.FAULT, reason

    def _moving(self, now: Instant) -> bool:
        return any(velocity != 0.0 for _, velocity in self._here(now))

    def _said_enough(self, now: Instant) -> bool:
        """Whether the stop was repeated long enough after standstill."""
        if self.engaged or self._moving(now):
            self._still_since = None
            return False
        if self._still_since is None:
            self._still_since = now.steady
        return now.steady - self._still_since > self._settings.stop_time
