"""The state machine between estimates and motion; ``docs/concepts/bridge.md`` shows it and its timing.

Nothing here reads a clock: every moment is passed in as an :class:`Instant`, so that each rule can be
tested to the millisecond.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

from emg_recognition.control.decision import NO_ACTION, NO_DECISION, Decider, Decision, DecisionSettings
from emg_recognition.control.exoskeleton import Exoskeleton
from emg_recognition.control.inputs import RELATIVE, Instant, Receipt, Sources, check_estimate
from emg_recognition.control.motion import AHEAD, MotionProfile, is_moving
from emg_recognition.control.receiver import FOLLOWING_TOLERANCE
from emg_recognition.control.settings import BridgeSettings, controller_delay
from emg_recognition.control.states import Event, Reason, Response, State, Violation, after
from emg_recognition.control.trajectory import Command, check_command, standstill
from emg_recognition.control.velocity_goal import VelocityGoal
from emg_recognition.control.watch import Signal, Watch
from emg_recognition.text import printable
from emg_recognition.types import Estimate, Model

_LONGEST_REASON = 500

COUNTERS = (
    *("estimates", "rejected", "commands", "armings", "refusals", "holds", "faults"),
    *(reason.counter for reason in Reason),
)

_SETTLED = 1.0
"""Time (s) after which joints whose measured positions are restless are where a stop has brought them."""

_AGAIN = 2.0
"""Joints that come to rest away from their commands twice in this time (s) do not follow."""


class Bridge:
    """Turns estimates into joint commands while armed, and stops on any violation.

    Parameters
    ----------
    exoskeleton : Exoskeleton
        Joints, limits and the motion of each action.
    settings : BridgeSettings
        Command rate, decisions and times.
    sources : Sources
        Names of topics, for people.

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

    def __init__(
        self, exoskeleton: Exoskeleton, settings: BridgeSettings, sources: Sources = RELATIVE
    ) -> None:
        exoskeleton.check_period(settings.period)
        self._exoskeleton = exoskeleton
        self._joints = exoskeleton.joints
        self._settings = settings
        self._decider = self.new_decider()
        self._watch = Watch(exoskeleton, settings, sources)
        self._goal = VelocityGoal(exoskeleton)
        self._profile = MotionProfile(
            exoskeleton.joints, settings.period, follows_velocity=settings.follows_velocity
        )
        self._sent: Command | None = None
        self._holding_since = 0.0
        self._standing_since: float | None = None
        self._astray = False
        self._astray_since = 0.0
        self._anchored_at = -math.inf
        self.state = State.DISARMED
        self.reason = "not armed yet"
        self.action = NO_ACTION
        self.counters = dict.fromkeys(COUNTERS, 0)

    @property
    def engaged(self) -> bool:
        """Whether the bridge is armed, moving or holding."""
        return self.state.engaged

    @property
    def last_index(self) -> int | None:
        """Last sample of the newest window behind the command; None while no window is behind it."""
        return self._watch.signal.last_index if self.state is State.ARMED else None

    def ages(self, now: Instant) -> tuple[float, float, float]:
        """Return the steady ages of estimate, joint feedback and stop input, s; -1 before the first."""
        watch = self._watch
        return watch.signal.age(now), watch.feedback.age(now.steady), watch.stop_input.age(now.steady)

    def moving(self, now: Instant) -> bool:
        """Whether the last command still moves a joint."""
        return is_moving(self._profile.here(now.steady))

    def controller_delay(self, decisions: DecisionSettings, *, window: float, stride: float) -> float:
        """Return the average controller delay of some decision settings, s.

        Length and stride (s) of the windows are those that the announced model and the estimates show; the
        given ones are used as long as these show nothing.
        """
        model, signal = self._watch.model, self._watch.signal
        if model is not None and model.rate > 0:
            window, stride = model.length / model.rate or window, signal.stride / model.rate or stride
        return controller_delay(window=window, stride=stride, decisions=decisions, processing=signal.delay)

    def announce(self, model: Model) -> None:
        """Take the model that the classifier runs; a change while engaged is a fault."""
        known = self._watch.model
        if known is not None and model != known:
            self._decider.clear()
            self._fault(Reason.MODEL_CHANGED, f"the model changed from {known.model!r} to {model.model!r}")
        self._watch.model = model
        self._goal.use_actions(model.actions)

    def device(self, signal: Signal) -> None:
        """Take what the armband says about itself."""
        self._watch.device = signal

    def estimate(self, estimate: Estimate, now: Instant) -> Receipt | None:
        """Take the next estimate; its ``time`` is ROS time.

        Returns
        -------
        Receipt or None
            ``FRESH`` or ``FIRST``; None for one that may not vote.
        """
        self.counters["estimates"] += 1
        if self._watch.model is None:
            self._count(Reason.WITHOUT_MODEL)
            return None
        violation = check_estimate(estimate, self._watch.model)
        if violation is not None:
            self._fault(*violation)
            return None
        receipt = self._watch.signal.receive(
            estimate.time, estimate.last_index, now, may_restart=not self.engaged
        )
        if receipt.ignored is not None:
            self._count(receipt.ignored)
            return None
        if receipt is receipt.FIRST:
            self._decider.clear()
        self.counters["rejected"] += not estimate.accepted
        self._decider.add(
            estimate.action, estimate.confidence, estimate.activation, estimate.accepted, now.steady
        )
        return receipt

    def feedback(
        self,
        names: Sequence[str],
        positions: Sequence[float],
        now: Instant,
        stamp: float | None = None,
        publisher: bytes = b"",
    ) -> None:
        """Take measured joint positions (rad), the ROS time (s) of the measurement, and who reports them."""
        violation = self._watch.feedback.receive(names, positions, now, stamp, publisher)
        if violation is None:
            return
        if violation.reason.response is Response.FAULTS:
            self._fault(*violation)
        elif not self._hold(violation, now):
            self._count(violation.reason)

    def stop_input(self, allowed: bool, now: Instant, publisher: bytes = b"") -> None:
        """Take a message of the stop input: whether motion is allowed, and who says so."""
        self._watch.stop_input.receive(allowed, now.steady, publisher)
        if not allowed and self.engaged:
            self._fault(Reason.STOP_INPUT_FALSE, "the stop input says false")

    def stop_input_publishers(self, number: int) -> None:
        """Take the number of publishers of the stop input, dead ones included."""
        self._watch.stop_input.count(number)

    def command_publishers(self, number: int) -> None:
        """Take the number of publishers on the topic of the commands, the bridge included."""
        self._watch.command_publishers = number

    def output_problem(self, problem: str | None) -> None:
        """Take what is wrong with the connection to the exoskeleton; None if nothing is."""
        if problem is not None and problem != self._watch.output_problem:
            self._fault(Reason.OUTPUT_FAILED, problem)
        self._watch.output_problem = problem

    def arm(self, now: Instant, objection: Violation | None = None) -> str | None:
        """Arm, also after a fault.

        Parameters
        ----------
        now : Instant
            Now.
        objection : Violation or None
            A reason against it that only the caller knows.

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
            return printable(refusal.text, _LONGEST_REASON)
        self._decider.clear()
        self._profile.begin(self._watch.feedback.positions(), now.steady)
        self._standing_since = None
        self._astray = False
        self.counters["armings"] += 1
        self._go(Event.ARM, "armed")
        return None

    def disarm(self, reason: str) -> None:
        """Stop and stay disarmed; a latched fault stays until the next arming."""
        self._go(Event.DISARM, reason)

    def stop(self, reason: str) -> None:
        """Stop and latch a fault, in any state."""
        self._fault(Reason.STOP_SERVICE, reason, Event.STOP)

    def surprised(self, error: str) -> None:
        """Stop and latch a fault, because the program around the bridge met an unexpected error."""
        self._fault(Reason.UNEXPECTED, f"unexpected error: {error}")

    def return_to_neutral(self) -> str | None:
        """Bring the joints to their neutral positions, unless a decided action moves something.

        Returns
        -------
        str or None
            Why it is refused; None when the joints are on their way.
        """
        if self.state is not State.ARMED:
            return f"only while ARMED; the bridge is {self.state.name}: {self.reason}"
        if all(joint.neutral is None for joint in self._joints):
            return "no joint has a neutral position: set `neutral` in the exoskeleton's file"
        self._goal.returning = True
        self.reason = "returning to neutral"
        return None

    def change(
        self, *, decisions: DecisionSettings, hold_timeout: float, model_sha256: str | None = None
    ) -> str | None:
        """Change settings; with `model_sha256` also the only model that may be armed (empty: any).

        Returns
        -------
        str or None
            Why it is refused; None when they are in effect.
        """
        if self.engaged:
            return f"the bridge is {self.state.name}: disarm first"
        self._settings = dataclasses.replace(self._settings, decisions=decisions, hold_timeout=hold_timeout)
        if model_sha256 is not None:
            self._watch.expect(model_sha256)
        self._decider = self.new_decider()
        return None

    def tick(self, now: Instant) -> Command | None:
        """Return the command of this tick, or None when there is nothing to say.

        Parameters
        ----------
        now : Instant
            About one command period after the last tick. The motion goes on from where the last command
            has brought the joints by now.
        """
        here = self._profile.here(now.steady)
        self._review(self._following(), now)
        decision = self._decider.decide(now.steady) if self.state is State.ARMED else NO_DECISION
        self.action = decision.action
        if not self._profile.started or self._has_stopped(here, now):
            return None
        if self._watch.output_problem is not None and not self.engaged:
            # What is sent now might be obeyed when the cause has gone.
            self._profile.end()
            return None
        here = self._where(here, now)
        if not here:
            return None
        targets = self._targets(decision, [position for position, _ in here])
        urgent = self.state is not State.ARMED
        command = self._profile.plan(targets, here, now.steady, urgent=urgent)
        if command is None:
            return None
        broken = check_command(command, here, self._joints)
        broken = broken or self._watch.feedback.far_from(command, now.steady)
        self._sent = command if broken is None else self._brake(broken, now)
        self.counters["commands"] += self._sent is not None
        return self._sent

    def last_command(self, now: Instant) -> Command | None:
        """Disarm for good and return the command that stops the joints; None if they have stopped."""
        self.disarm("shutting down")
        if not self._profile.started or self._has_stopped(self._profile.here(now.steady), now):
            return None
        here = self._profile.here(now.steady)
        still = (0.0,) * len(self._joints)
        command = self._profile.plan(still, here, now.steady, urgent=True)
        far = command is not None and self._watch.feedback.far_from(command, now.steady) is not None
        if command is None or (far and not self._settings.follows_velocity):
            # The end of the command before stops the joints.
            return None
        # For an exoskeleton that follows velocities, this is the last one.
        return command._replace(velocities=still)

    def _where(self, here: list[tuple[float, float]], now: Instant) -> list[tuple[float, float]]:
        """Return where the next command begins; nothing if none is to be sent.

        A stop stops where the joints are: if they are not where the commands have brought them, it begins
        at the measured positions.
        """
        feedback = self._watch.feedback
        if feedback.violation(now) is not None or feedback.pause(now.steady, 0.0) is not None:
            # Where the joints are is not known. The stop is said now; repeated later it would be wrong.
            if not self._astray:
                self._astray, self._astray_since = True, now.steady
            # A velocity must be said until it is zero, and then: it has no end.
            said = now.steady - self._astray_since > AHEAD and not self._settings.follows_velocity
            return [] if said else here
        measured = feedback.positions()
        if self._settings.follows_velocity:
            return self._profile.follow(measured, here, now.steady) if self.engaged else here
        if self._astray and self.state is not State.ARMED:
            self._astray = False
            return self._anchor(measured, now)
        stray = self._profile.receiver.stray(measured)
        if stray is not None:
            if self.state is State.ARMED and now.steady - self._anchored_at < _AGAIN:
                self._fault(Reason.NOT_FOLLOWING, "the joints do not follow their commands: blocked or loose")
                stray = list(measured)
            return self._anchor(stray, now)
        return here

    def _anchor(self, positions: Sequence[float], now: Instant) -> list[tuple[float, float]]:
        """Begin at these positions (rad), inside the limits."""
        inside = [
            min(max(position, joint.lower), joint.upper)
            for joint, position in zip(self._joints, positions, strict=True)
        ]
        self._profile.begin(inside, now.steady)
        self._anchored_at = now.steady
        return self._profile.here(now.steady)

    def _targets(self, decision: Decision, positions: Sequence[float]) -> tuple[float, ...]:
        """Return the velocity that each joint should have, rad/s."""
        if self.state is not State.ARMED:
            return (0.0,) * len(self._joints)
        returning = self._goal.returning
        velocities = self._goal.velocities(decision, positions)
        if returning and not self._goal.returning:
            self.reason = "armed"
        return velocities

    def _brake(self, broken: str, now: Instant) -> Command | None:
        """Fault, and stop where the joints are measured, if a command there is possible."""
        self._fault(Reason.UNSAFE_COMMAND, f"a command was not sent: {broken}")
        here = self._anchor(self._watch.feedback.positions(), now)
        command = standstill([position for position, _ in here], AHEAD, self._settings.period)
        # Without one, the end of the last command stops the joints; velocities have no end.
        far = self._watch.feedback.far_from(command, now.steady) is not None
        return None if far and not self._settings.follows_velocity else command

    def _has_stopped(self, here: Sequence[tuple[float, float]], now: Instant) -> bool:
        """Return whether the stop was repeated long enough after standstill."""
        if self.engaged or is_moving(here):
            self._standing_since = None
            return False
        if self._standing_since is None:
            self._standing_since = now.steady
        return now.steady - self._standing_since > self._settings.stop_time

    def _review(self, following: Violation | None, now: Instant) -> None:
        """Leave ARMED or HOLDING if time or the joints demand it."""
        sudden = self._watch.tick(now)
        if not self.engaged:
            return
        lasting = following or self._watch.violation(now)
        # A reason to fault comes before a reason to hold.
        for found in (sudden, lasting):
            if found is not None and found.reason.response is Response.FAULTS:
                self._fault(*found)
                return
        violation = sudden or lasting
        if violation is not None:
            self._hold(violation, now)
        elif self._decider.full and self._watch.stop_input.confirmed and self._found():
            self._go(Event.RESUME, "signals fresh again")
        limit = self._settings.hold_timeout
        if self.state is State.HOLDING and now.steady - self._holding_since > limit:
            self._fault(Reason.HELD_TOO_LONG, f"held longer than {limit:g} s: {self.reason}")

    def _found(self) -> bool:
        """Return whether the joints are where they are believed to be, and have had time to get there."""
        # Commands from before may still arrive and move them.
        settled = AHEAD if self._profile.receiver.resting else _SETTLED
        return not self._astray and self._watch.feedback.measured() - self._anchored_at > settled

    def _following(self) -> Violation | None:
        """Return which joint is not where its commands should have brought it, or None."""
        if not self._profile.started:
            return None
        feedback = self._watch.feedback
        beyond = self._profile.receiver.look(feedback.positions(), feedback.measured())
        for joint, distance in zip(self._joints, beyond, strict=True):
            # "not <=", so that a profile that is not finite fails as well.
            if not distance <= FOLLOWING_TOLERANCE:
                self._astray = self._astray or self.engaged
                return Violation(
                    Reason.NOT_FOLLOWING,
                    f"joint {joint.name} is {distance:.2f} rad farther from its command than it may "
                    "lag: blocked or loose",
                )
        return None

    def _refusal(self, now: Instant) -> Violation | None:
        """Return why arming is refused now, or None."""
        if self.state is State.HOLDING:
            return Violation(Reason.HOLDING_ALREADY, f"armed already and holding: {self.reason}")
        if self.moving(now):
            return Violation(Reason.STILL_MOVING, "the joints are still stopping; try again in 0.1 s")
        return self._watch.refusal(now)

    def _hold(self, violation: Violation, now: Instant) -> bool:
        """Hold, and count why, if armed and not holding already; return whether it was."""
        if not self._go(Event.HOLD, violation.text):
            return False
        self.counters["holds"] += 1
        self._count(violation.reason)
        self._decider.clear()
        self._holding_since = now.steady
        return True

    def _fault(self, reason: Reason, text: str, event: Event = Event.FAULT) -> None:
        """Count the reason, and fault if engaged."""
        self._count(reason)
        self.counters["faults"] += self._go(event, text)

    def _go(self, event: Event, reason: str) -> bool:
        """Change the state as the table says; return whether it has changed."""
        state = after(self.state, event)
        if state is self.state:
            return False
        # A reason may quote another program.
        self.state, self.reason = state, printable(reason, _LONGEST_REASON)
        self._goal.returning = False
        return True

    def _count(self, reason: Reason) -> None:
        self.counters[reason.counter] += 1

    def new_decider(self) -> Decider:
        """Return a decider with the bridge's settings that has seen nothing yet."""
        no_motion = (*self._exoskeleton.rest, *self._exoskeleton.no_motion)
        return Decider(self._settings.decisions, self._exoskeleton.thresholds(), no_motion)
