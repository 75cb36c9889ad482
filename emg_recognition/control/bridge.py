"""The state machine between estimates and motion. ``docs/concepts/bridge.md`` shows it and its timing.

Nothing here reads a clock: every moment comes in as an :class:`Instant`, so that each rule can be
tested to the millisecond.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from emg_recognition.control.decision import NO_ACTION, Decider, Decision, DecisionSettings
from emg_recognition.control.exoskeleton import Exoskeleton
from emg_recognition.control.inputs import Estimate, Instant, Model, Signal, doubt_about
from emg_recognition.control.joints import STOP_RAMP
from emg_recognition.control.planner import Course, Intent
from emg_recognition.control.settings import BridgeSettings
from emg_recognition.control.states import Doubt, Effect, Event, Reason, State, after
from emg_recognition.control.trajectory import Command, violation
from emg_recognition.control.watch import Watch
from emg_recognition.errors import SettingError

COUNTERS = (
    *("estimates", "rejected", "commands", "armings", "refusals", "holds", "faults"),
    *(reason.counter for reason in Reason),
)

_NOTHING = Decision(NO_ACTION, 0.0)


class Bridge:
    """Turns estimates into joint commands while armed, and into a stop on any doubt.

    Parameters
    ----------
    exoskeleton : Exoskeleton
        Joints, limits and the motion of each action.
    settings : BridgeSettings
        Rate, decisions and times.

    Attributes
    ----------
    state : State
        Starts as ``DISARMED``.
    reason : str
        Why it is in this state.
    action : str
        The decided action; empty without one.
    counters : dict of str to int
        One for each name of :data:`COUNTERS`.

    Raises
    ------
    SettingError
        If a joint's `max_step` is too small for its `max_velocity` at this rate.
    """

    def __init__(self, exoskeleton: Exoskeleton, settings: BridgeSettings) -> None:
        for joint in exoskeleton.joints:
            needed = joint.max_velocity * settings.period
            if joint.step_limit < needed * (1 - 1e-9):
                raise SettingError(
                    f"joint {joint.name}: max_step",
                    joint.step_limit,
                    f"max_velocity at {settings.command_rate:g} commands a second takes {needed:.4g} rad",
                )
        self._exoskeleton = exoskeleton
        self._joints = exoskeleton.joints
        self._settings = settings
        self._decider = self._new_decider()
        self._watch = Watch(exoskeleton, settings)
        self._intent = Intent(exoskeleton)
        self._course = Course(exoskeleton.joints, settings.period)
        self._sent: Command | None = None
        self._holding_since = 0.0
        self._still_since: float | None = None
        self.state = State.DISARMED
        self.reason = "not armed yet"
        self.action = NO_ACTION
        self.counters = dict.fromkeys(COUNTERS, 0)

    # What it shows -----------------------------------------------------------------------------------

    @property
    def engaged(self) -> bool:
        """Whether the bridge is armed, be it moving or holding."""
        return self.state.engaged

    @property
    def last_index(self) -> int | None:
        """Last sample of the newest window that the command rests on; None while it rests on none."""
        return self._watch.signal.last_index if self.state is State.ARMED else None

    @property
    def model(self) -> Model | None:
        """The announced model."""
        return self._watch.model

    @property
    def step(self) -> int:
        """Samples between two windows, as the estimates show; 0 before."""
        return self._watch.signal.step

    @property
    def processing_delay(self) -> float:
        """ROS time from the newest usable window's end to its receipt here, s."""
        return self._watch.signal.delay

    def ages(self, now: Instant) -> tuple[float, float, float]:
        """Return the steady time since estimate, joint feedback and stop input, s; -1 before the first."""
        watch = self._watch
        return watch.signal.age(now), watch.feedback.age(now.steady), watch.stop_input.age(now.steady)

    def moving(self, now: Instant) -> bool:
        """Whether the last command still moves a joint."""
        return self._course.moving(now.steady)

    # What comes in -----------------------------------------------------------------------------------

    def announce(self, model: Model) -> None:
        """Take note of the model that runs; another one than before while engaged is a fault."""
        known = self._watch.model
        if known is not None and model != known:
            self._decider.clear()
            self._fault(Reason.MODEL_CHANGED, f"the model changed from {known.model!r} to {model.model!r}")
        self._watch.model = model
        self._intent.suit(model.actions)

    def device(self, signal: Signal) -> None:
        """Take note of what the armband says of itself."""
        self._watch.device = signal

    def estimate(self, estimate: Estimate, now: Instant) -> None:
        """Take one estimate in."""
        self.counters["estimates"] += 1
        if self._watch.model is None:
            self._count(Reason.WITHOUT_MODEL)
            return
        doubt = doubt_about(estimate, self._watch.model)
        if doubt is not None:
            self._fault(*doubt)
            return
        receipt = self._watch.signal.receive(
            estimate.stamp, estimate.last_index, now, may_restart=not self.engaged
        )
        if receipt.ignored is not None:
            self._count(receipt.ignored)
            return
        if receipt is receipt.FIRST:
            self._decider.clear()
        self.counters["rejected"] += not estimate.accepted
        self._decider.add(
            estimate.action, estimate.confidence, estimate.activation, estimate.accepted, now.steady
        )

    def feedback(
        self, names: Sequence[str], positions: Sequence[float], now: Instant, stamp: float | None = None
    ) -> None:
        """Take measured joint positions (rad) in, and the ROS time (s) at which they were measured."""
        doubt = self._watch.feedback.receive(names, positions, now, stamp)
        if doubt is not None:
            self._fault(*doubt)

    def stop_input(self, allowed: bool, now: Instant) -> None:
        """Take a message of the stop input in: whether motion is allowed."""
        self._watch.stop_input.receive(allowed, now.steady)
        if not allowed and self.engaged:
            self._fault(Reason.STOP_INPUT_FALSE, "the stop input says false")

    def stop_input_publishers(self, number: int) -> None:
        """Take note of how many publishers the stop input has."""
        self._watch.stop_input.count(number)

    def output_problem(self, problem: str | None) -> None:
        """Take note of what is wrong with the way to the exoskeleton; None if nothing is."""
        if problem is not None and problem != self._watch.output_problem:
            self._fault(Reason.OUTPUT_FAILED, problem)
        self._watch.output_problem = problem

    # What an operator asks for -----------------------------------------------------------------------

    def arm(self, now: Instant, objection: Doubt | None = None) -> str | None:
        """Arm, also out of a fault.

        Parameters
        ----------
        now : Instant
            Now.
        objection : Doubt or None
            A reason against it that the caller knows.

        Returns
        -------
        str or None
            Why arming is refused, with nothing changed; None when the bridge is armed.
        """
        if self.state is State.ARMED:
            return None
        refusal = self._refusal(now) or objection
        if refusal is not None:
            self.counters["refusals"] += 1
            self._count(refusal.reason)
            return refusal.text
        self._decider.clear()
        self._course.begin(self._watch.feedback.positions(), now.steady)
        self._still_since = None
        self.counters["armings"] += 1
        self._go(Event.ARM, "armed")
        return None

    def disarm(self, reason: str) -> None:
        """Stop and stay disarmed; a latched fault stays until the next arming."""
        self._go(Event.DISARM, reason)

    def stop(self, reason: str) -> None:
        """Stop and latch a fault, whatever the state."""
        self._fault(Reason.STOP_SERVICE, reason, Event.STOP)

    def return_to_neutral(self) -> str | None:
        """Bring the joints to their neutral positions, until a decided action moves something.

        Returns
        -------
        str or None
            Why not; None when they are on their way.
        """
        if self.state is not State.ARMED:
            return f"only while ARMED; the bridge is {self.state.name}: {self.reason}"
        if all(joint.neutral is None for joint in self._joints):
            return "no joint has a neutral position: give `neutral` in the exoskeleton's file"
        self._intent.returning = True
        self.reason = "returning to neutral"
        return None

    def change(self, *, decisions: DecisionSettings, hold_timeout: float) -> str | None:
        """Take other settings.

        Returns
        -------
        str or None
            Why not; None when they hold.
        """
        if self.engaged:
            return f"the bridge is {self.state.name}: disarm first"
        self._settings = dataclasses.replace(self._settings, decisions=decisions, hold_timeout=hold_timeout)
        self._decider = self._new_decider()
        return None

    # What goes out -----------------------------------------------------------------------------------

    def tick(self, now: Instant) -> Command | None:
        """Return the command of this tick, or None when there is nothing to say.

        Parameters
        ----------
        now : Instant
            One command period after the last tick, more or less: the course goes on from where
            the last command has brought the joints by now.
        """
        self._review(now)
        armed = self.state is State.ARMED
        decision = self._decider.decide(now.steady) if armed else _NOTHING
        self.action = decision.action
        if not self._course.started or self._said_enough(now):
            return None
        if self._settings.follows_velocity and self.engaged:
            self._course.lean(self._watch.feedback.positions(), now.steady)
        here = self._course.here(now.steady)
        command = self._course.plan(self._wanted(decision, [position for position, _ in here]), now.steady)
        broken = violation(command, here, self._joints)
        self._sent = command if broken is None else self._brake(broken, now)
        self.counters["commands"] += self._sent is not None
        return self._sent

    def last_word(self, now: Instant) -> Command | None:
        """Disarm for good and return the command that stops the joints, None if nothing is left to say."""
        self.disarm("shutting down")
        if not self._course.started or self._said_enough(now):
            return None
        return self._course.standstill(now.steady)

    def _wanted(self, decision: Decision, positions: Sequence[float]) -> tuple[float, ...]:
        """Return the velocity that each joint should have, rad/s."""
        if self.state is not State.ARMED:
            return (0.0,) * len(self._joints)
        returning = self._intent.returning
        velocities = self._intent.velocities(decision, positions)
        if returning and not self._intent.returning:
            self.reason = "armed"
        return velocities

    def _brake(self, broken: str, now: Instant) -> Command | None:
        """Fault, and stop where the last good command was."""
        self._fault(Reason.UNSAFE_COMMAND, f"a command was not sent: {broken}")
        if self._sent is None:
            return None
        self._course.begin(self._sent.positions, now.steady)
        return Command(STOP_RAMP, self._sent.positions, (0.0,) * len(self._joints))

    def _said_enough(self, now: Instant) -> bool:
        """Whether the stop was repeated long enough after standstill."""
        if self.engaged or self._course.moving(now.steady):
            self._still_since = None
            return False
        if self._still_since is None:
            self._still_since = now.steady
        return now.steady - self._still_since > self._settings.stop_time

    # Doubts and states -------------------------------------------------------------------------------

    def _review(self, now: Instant) -> None:
        """Leave ARMED or HOLDING where time or the joints demand it."""
        sudden = self._watch.tick(now)
        if not self.engaged:
            return
        commanded = [position for position, _ in self._course.here(now.steady)]
        doubt = self._watch.following_error(commanded) or self._watch.doubt(now)
        # A fault goes before a reason to hold.
        for found in (sudden, doubt):
            if found is not None and found.reason.effect is Effect.FAULTS:
                self._fault(*found)
                return
        doubt = sudden or doubt
        if doubt is not None:
            self._hold(doubt, now)
        elif self._decider.full and self._watch.stop_input.confirmed:
            self._go(Event.RESUME, "signals fresh again")
        held = now.steady - self._holding_since
        if self.state is State.HOLDING and held > self._settings.hold_timeout:
            limit = self._settings.hold_timeout
            self._fault(Reason.HELD_TOO_LONG, f"held longer than {limit:g} s: {self.reason}")

    def _refusal(self, now: Instant) -> Doubt | None:
        """Return why arming is refused now, or None."""
        if self.state is State.HOLDING:
            return Doubt(Reason.HOLDING_ALREADY, f"armed already and holding: {self.reason}")
        if self._course.moving(now.steady):
            return Doubt(Reason.STILL_MOVING, "the joints are still stopping; try again in 0.1 s")
        return self._watch.refusal(now)

    def _hold(self, doubt: Doubt, now: Instant) -> None:
        if self._go(Event.HOLD, doubt.text):
            self.counters["holds"] += 1
            self._count(doubt.reason)
            self._decider.clear()
            self._holding_since = now.steady

    def _fault(self, reason: Reason, text: str, event: Event = Event.FAULT) -> None:
        """Fault if engaged; count in any case."""
        self._count(reason)
        self.counters["faults"] += self._go(event, text)

    def _go(self, event: Event, reason: str) -> bool:
        """Change the state by the table, and by nothing else; return whether it has changed."""
        state = after(self.state, event)
        if state is self.state:
            return False
        self.state, self.reason = state, reason
        self._intent.returning = False
        return True

    def _count(self, reason: Reason) -> None:
        self.counters[reason.counter] += 1

    def _new_decider(self) -> Decider:
        exoskeleton = self._exoskeleton
        still = {*exoskeleton.rest, *exoskeleton.still}
        return Decider(self._settings.decisions, exoskeleton.thresholds(), still)
