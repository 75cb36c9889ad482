"""A state machine for Hypothesis: a bridge, two clocks, an arm and a switch that all may misbehave."""

from __future__ import annotations

import math
from collections import Counter
from typing import ClassVar

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from emg_recognition.control.bridge import Bridge
from emg_recognition.control.decision import DecisionSettings
from emg_recognition.control.exoskeleton import ActionMotion, Exoskeleton
from emg_recognition.control.inputs import Instant
from emg_recognition.control.joints import JointLimits
from emg_recognition.control.motion import AHEAD
from emg_recognition.control.receiver import FOLLOWING_TOLERANCE, LONGEST_LAG
from emg_recognition.control.settings import BridgeSettings
from emg_recognition.control.states import State
from emg_recognition.control.trajectory import Command
from emg_recognition.control.watch import Signal
from emg_recognition.ownership import GONE_AFTER
from emg_recognition.types import Estimate, Model

EPOCH = 1_700_000_000.0
JOINTS = (
    JointLimits(
        name="elbow",
        lower=0.0,
        upper=0.5,
        max_velocity=0.5,
        max_acceleration=8.0,
        neutral=0.2,
        spring_back=0.1,
    ),
    JointLimits(
        name="wrist",
        lower=-0.2,
        upper=0.2,
        max_velocity=0.4,
        max_acceleration=5.0,
        max_step=0.009,
        soft_zone=0.0,
        neutral=0.0,
        neutral_velocity=0.3,
        spring_back=0.2,
    ),
)
NAMES = [joint.name for joint in JOINTS]
EXOSKELETON = Exoskeleton(
    JOINTS,
    (
        ActionMotion(action="bend", velocities={"elbow": 0.5}),
        ActionMotion(action="stretch", velocities={"elbow": -0.5, "wrist": 0.1}, confidence=0.6),
        ActionMotion(action="drop", velocities={"wrist": -0.4}),
    ),
    no_motion=("fist",),
)
MODEL = Model(
    model="m1", sha256="abc", actions=("rest", "bend", "stretch", "drop", "fist"), rate=200.0, channels=8
)
OTHER_MODELS = (
    Model(model="m1", sha256="abc", actions=("rest",), rate=200.0, channels=8),
    Model(model="m2", sha256="abc", actions=MODEL.actions, rate=200.0, channels=8),
    Model(model="m1", sha256="abc", actions=(*MODEL.actions, "juggle"), rate=200.0, channels=8),
    Model(model="m1", sha256="abc", actions=MODEL.actions, rate=1000.0, channels=8),
)
ODD_FLOATS = st.sampled_from([math.nan, math.inf, -math.inf, -1.0, 2.0, 1e300])
#: What may be wrong with all estimates for a while; mostly nothing.
DEFECTS = (
    *("none",) * 6,
    *("same window", "no number", "another model", "late", "ahead", "same stamp"),
)
#: A stop must begin this long after the last fresh signal, s: 120 ms, and one tick of at most 20 ms.
STOP_BEGINS = 0.14 + 1e-9
#: Longest stop (s), and longest of a bridge whose ticks are always late.
RAMP, LATE_RAMP = 0.2, 0.6


class BridgeMachine(RuleBasedStateMachine):
    """Drives a bridge and checks every command that it sends."""

    seen: ClassVar[Counter[str]] = Counter()
    """Counts over all examples: steps, ticks, armings, moving commands, states."""

    @initialize(
        rate=st.sampled_from([50.0, 200.0, 500.0]),
        votes=st.integers(1, 4),
        dwell=st.sampled_from([0.0, 0.05]),
        proportional=st.booleans(),
        follows_velocity=st.booleans(),
        ros=st.sampled_from([EPOCH, EPOCH, EPOCH, 0.0]),
    )
    def start(
        self,
        rate: float,
        votes: int,
        dwell: float,
        proportional: bool,
        follows_velocity: bool,
        ros: float,
    ) -> None:
        self.settings = BridgeSettings(
            command_rate=rate,
            decisions=DecisionSettings(votes=votes, dwell=dwell, proportional=proportional),
            hold_timeout=0.5,
            follows_velocity=follows_velocity,
        )
        self.bridge = Bridge(EXOSKELETON, self.settings)
        self.steady = 5.0
        self.ros = ros
        self.ros_pace = 0.0 if ros == 0.0 else 1.0
        self.index = 100
        self.measured = [0.25, 0.0]
        #: What the bridge was told last.
        self.told = list(self.measured)
        self.publishers = 1
        self.allowed = True
        self.announced: Model | None = None
        #: Steady time of the last fresh signal of each kind; for ROS time, when it last moved.
        self.fresh = dict.fromkeys(("estimate", "feedback", "stop input", "ROS time"), -math.inf)
        #: Steady time of each switch's last message.
        self.heard = dict.fromkeys(("switch", "another switch"), -math.inf)
        self.newest = (-1, -math.inf)  # index and stamp of the last estimate that counts
        self.last_armed = -math.inf
        self.ticked = -math.inf
        self.late = False
        self.last: Command | None = None
        self.armed_by_service = False
        self.before = State.DISARMED

    @property
    def now(self) -> Instant:
        return Instant(self.steady, self.ros)

    # Time --------------------------------------------------------------------------------------------

    def pass_time(self, seconds: float) -> None:
        self.steady += seconds
        self.ros += self.ros_pace * seconds
        if self.ros_pace:
            self.fresh["ROS time"] = self.steady

    @rule(
        steps=st.integers(1, 100),
        action=st.sampled_from(MODEL.actions),
        follows=st.sampled_from([True, True, True, False]),
        mute=st.sampled_from(["", "", "estimates", "feedback", "switch"]),
        defect=st.sampled_from(DEFECTS),
    )
    def ordinary_time(
        self, steps: int, action: str, follows: bool, mute: str = "", defect: str = "none"
    ) -> None:
        """Let everything run normally, perhaps with a stuck arm, a silent node or a lasting defect."""
        due = heard = self.steady
        for _ in range(steps):
            self.pass_time(self.settings.period)
            if mute != "feedback":
                self.good_feedback()
            if self.steady >= due and mute != "estimates":
                due += 0.025
                self.regular_estimate(action, defect)
            if self.steady >= heard and mute != "switch":
                heard += 0.05
                self.switch_says(self.allowed)
            self.tick(follows)

    @rule(steps=st.integers(1, 40), periods=st.sampled_from([0.0, 0.2, 1.0, 1.7, 5.0, 30.0, 200.0]))
    def silence(self, steps: int, periods: float) -> None:
        """Nothing comes in, and the ticks come at any time."""
        for _ in range(steps):
            self.pass_time(periods * self.settings.period)
            self.tick(True)

    @rule(jump=st.sampled_from([-1e9, -3600.0, -0.2, -0.04, 0.04, 0.2, 3600.0]))
    def ros_clock_jumps(self, jump: float) -> None:
        self.ros += jump

    @rule(pace=st.sampled_from([0.0, 0.0, 1.0, 1.0, 0.3, 1.5, -1.0]))
    def ros_clock_changes_its_pace(self, pace: float) -> None:
        """At pace 0 the simulation is paused."""
        self.ros_pace = pace

    # Signals -----------------------------------------------------------------------------------------

    @rule(action=st.sampled_from(MODEL.actions), defect=st.sampled_from(DEFECTS))
    def regular_estimate(self, action: str, defect: str) -> None:
        self.index += 0 if defect == "same window" else 5
        changes = {
            "no number": {"activation": math.nan},
            "another model": {"model": "m2"},
            "late": {"time": self.ros - 0.2},
            "ahead": {"time": self.ros + 0.2},
            "same stamp": {"time": self.newest[1]},
        }
        self.estimate(action=action, action_id=MODEL.actions.index(action), **changes.get(defect, {}))

    @rule(
        lag=st.sampled_from([-10.0, -0.04, 0.0, 0.1, 0.5, 1e6, math.nan]),
        back=st.sampled_from([-5, 0, 1, 500]),
        action_id=st.sampled_from([-1, 0, 1, 9]),
        action=st.sampled_from(["", "rest", "bend", "unknown"]),
        confidence=st.one_of(st.just(0.9), ODD_FLOATS),
        activation=st.one_of(st.just(0.7), ODD_FLOATS),
        probability=st.one_of(st.just(0.7), st.sampled_from([math.nan, math.inf])),
        model=st.sampled_from(["m1", "m2", ""]),
        accepted=st.booleans(),
    )
    def odd_estimate(
        self,
        lag: float,
        back: int,
        action_id: int,
        action: str,
        confidence: float,
        activation: float,
        probability: float,
        model: str,
        accepted: bool,
    ) -> None:
        self.estimate(
            time=self.ros - lag,
            last_index=self.index - back,
            action_id=action_id,
            action=action,
            confidence=confidence,
            activation=activation,
            probabilities=(probability,),
            model=model,
            accepted=accepted,
        )

    def estimate(self, **fields: object) -> None:
        defaults: dict[str, object] = {
            "time": self.ros - 0.005,
            "last_index": self.index,
            "accepted": True,
            "confidence": 0.9,
            "probabilities": (0.9, 0.1),
            "activation": 1.0,
            "model": "m1",
        }
        estimate = Estimate(**{**defaults, **fields})  # type: ignore[arg-type]
        if self.counts_as_fresh(estimate):
            self.fresh["estimate"] = self.steady
            self.newest = (estimate.last_index, estimate.time)
        self.bridge.estimate(estimate, self.now)

    def counts_as_fresh(self, estimate: Estimate) -> bool:
        """Whether an estimate may keep the joints moving, following the documentation."""
        if self.announced is None or estimate.model != self.announced.model:
            return False
        numbers = (estimate.time, estimate.confidence, estimate.activation, *estimate.probabilities)
        if not all(map(math.isfinite, numbers)):
            return False
        in_order = estimate.last_index > self.newest[0] and estimate.time > self.newest[1]
        return -0.05 <= self.ros - estimate.time <= 0.12 and (in_order or not self.bridge.engaged)

    @rule()
    def good_feedback(self) -> None:
        self.bridge.feedback(NAMES, self.measured, self.now, self.ros if self.ros > 0 else None)
        self.fresh["feedback"] = self.steady
        self.told = list(self.measured)

    @rule(
        names=st.sampled_from([["elbow"], ["wrist", "elbow"], ["knee"], []]),
        position=ODD_FLOATS,
        short=st.booleans(),
    )
    def odd_feedback(self, names: list[str], position: float, short: bool) -> None:
        self.bridge.feedback(names, [position] * (len(names) - short), self.now)

    @rule(move=st.sampled_from([-0.3, -0.05, 0.05, 0.3]))
    def someone_moves_the_arm(self, move: float) -> None:
        self.measured = [position + move for position in self.measured]

    # The switch, the model, the cable ----------------------------------------------------------------

    @rule(allowed=st.booleans())
    def switch_says(self, allowed: bool) -> None:
        engaged = self.bridge.engaged
        self.bridge.stop_input(allowed, self.now)
        self.heard["switch"] = self.steady
        self.allowed = allowed
        if allowed:
            self.fresh["stop input"] = self.steady
        else:
            self.fresh["stop input"] = -math.inf
            assert not self.bridge.engaged
            assert not engaged or self.bridge.state is State.FAULT

    @rule(allowed=st.booleans())
    def another_switch_says(self, allowed: bool) -> None:
        self.bridge.stop_input(allowed, self.now, b"another")
        self.heard["another switch"] = self.steady
        self.fresh["stop input"] = self.steady if allowed else -math.inf
        assert allowed or not self.bridge.engaged

    @rule(number=st.sampled_from([0, 1, 1, 2]))
    def publishers_of_the_switch(self, number: int) -> None:
        self.publishers = number
        self.bridge.stop_input_publishers(number)

    @rule()
    def announce(self) -> None:
        self.announced = MODEL
        self.bridge.announce(MODEL)

    @rule(model=st.sampled_from(OTHER_MODELS))
    def announce_another(self, model: Model) -> None:
        self.announced = model
        self.bridge.announce(model)

    @rule(signal=st.sampled_from([Signal(200.0, 8), Signal(1000.0, 8), Signal(200.0, 4), Signal(0.0, 0)]))
    def armband(self, signal: Signal) -> None:
        self.bridge.device(signal)

    @rule(problem=st.sampled_from([None, None, "the cable was pulled"]))
    def cable(self, problem: str | None) -> None:
        self.bridge.output_problem(problem)

    # The operator ------------------------------------------------------------------------------------

    @rule()
    def arm(self) -> None:
        was = self.bridge.state
        refusal = self.bridge.arm(self.now)
        assert (refusal is None) == (self.bridge.state is State.ARMED)
        if refusal is not None:
            assert self.bridge.state is was
        elif was is not State.ARMED:
            self.armed_by_service = True
            self.last = None
            self.seen["armings"] += 1

    @rule(
        mute=st.sampled_from(["", "estimates", "feedback", "switch"]),
        action=st.sampled_from(MODEL.actions),
        defect=st.sampled_from(DEFECTS),
        pace=st.sampled_from([1.0, 1.0, 1.0, 0.3]),
    )
    def arm_as_an_operator_would(self, mute: str, action: str, defect: str, pace: float) -> None:
        """Most random sequences end in a fault; this leads back to motion, perhaps with a silent node."""
        self.announce()
        self.armband(Signal(200.0, 8))
        self.cable(None)
        self.publishers_of_the_switch(1)
        self.allowed = True
        self.ros_pace = 1.0
        if self.ros < EPOCH:
            self.ros = EPOCH
        self.measured = [min(max(p, j.lower), j.upper) for p, j in zip(self.measured, JOINTS, strict=True)]
        self.ordinary_time(60, "rest", True)
        self.arm()
        self.ordinary_time(60, action, True)
        self.ros_pace = pace
        self.ordinary_time(30, action, True, mute, defect)

    @rule()
    def disarm(self) -> None:
        self.bridge.disarm("by rule")
        assert not self.bridge.engaged

    @rule()
    def stop(self) -> None:
        self.bridge.stop("by rule")
        assert self.bridge.state is State.FAULT

    @rule()
    def return_to_neutral(self) -> None:
        refusal = self.bridge.return_to_neutral()
        assert (refusal is None) == (self.bridge.state is State.ARMED)

    @rule(votes=st.integers(1, 5), dwell=st.sampled_from([0.0, 0.1]), timeout=st.sampled_from([0.0, 0.5]))
    def change_parameters(self, votes: int, dwell: float, timeout: float) -> None:
        decisions = DecisionSettings(votes=votes, dwell=dwell)
        refusal = self.bridge.change(decisions=decisions, hold_timeout=timeout)
        assert (refusal is not None) == self.bridge.engaged

    @precondition(lambda self: self.bridge.engaged)
    @rule()
    def last_command(self) -> None:
        command = self.bridge.last_command(self.now)
        if command is None:
            return
        assert not command.moving
        self.check_numbers_and_limits(command)

    # What the bridge sends --------------------------------------------------------------------------

    def tick(self, follows: bool) -> None:
        command = self.bridge.tick(self.now)
        self.check_one_command_a_tick(command)
        self.seen["ticks"] += 1
        self.seen[f"ticks {self.bridge.state.name}"] += 1
        self.late |= self.steady - self.ticked > self.settings.period + 1e-9
        self.ticked = self.steady
        if self.bridge.state is State.ARMED:
            self.late = False
            self.last_armed = self.steady
            self.check_stop_begins_in_time()
        if command is None:
            return
        self.seen["commands that move"] += command.moving
        self.check_numbers_and_limits(command)
        self.check_no_motion_while_not_armed(command)
        if follows:
            self.measured = list(command.positions)
        self.last = command

    def check_one_command_a_tick(self, command: Command | None) -> None:
        """Never two different commands for one tick."""
        again = self.bridge.tick(self.now)
        assert (command is None) == (again is None), "one command or none for one tick"
        if command is not None and again is not None:
            for first, second in zip(command, again, strict=True):
                assert first == pytest.approx(second, abs=1e-9), "two different commands for one tick"

    def check_numbers_and_limits(self, command: Command) -> None:
        """No command exceeds a limit, and none is NaN."""
        assert command.until <= AHEAD + 1e-9
        assert all(map(math.isfinite, (*command.positions, *command.velocities, *command.stops))), (
            "not finite"
        )
        for joint, position, velocity, stop, measured in zip(
            JOINTS, command.positions, command.velocities, command.stops, self.told, strict=True
        ):
            assert joint.lower <= position <= joint.upper, "position beyond its limit"
            assert joint.lower <= stop <= joint.upper, "stop beyond its limit"
            assert abs(velocity) <= joint.max_velocity + 1e-9, "velocity beyond its limit"
            if self.steady == self.fresh["feedback"] and not self.settings.follows_velocity:
                away = FOLLOWING_TOLERANCE + joint.max_velocity * (LONGEST_LAG + AHEAD)
                assert abs(stop - measured) <= away + 1e-9, "far from where the joint is"
        if self.last is None:
            return
        for joint, measured, earlier, later, v0, v1 in zip(
            JOINTS,
            self.told,
            self.last.positions,
            command.positions,
            self.last.velocities,
            command.velocities,
            strict=True,
        ):
            # The rest of the command before has moved the joint. A stop starts again where the joints are.
            rest = joint.max_velocity * AHEAD
            drift = 0.3 if self.settings.follows_velocity else 0.0
            inside = min(max(measured, joint.lower), joint.upper)
            step = min(abs(later - earlier) - rest - drift, abs(later - inside))
            assert step <= joint.step_limit + FOLLOWING_TOLERANCE + 1e-9, "step beyond its limit"
            if abs(v1) > abs(v0):
                # Both may be planned from the same moment, the earlier one braking.
                limit = 2 * joint.max_acceleration * command.time + 1e-9
                assert abs(v1) - abs(v0) <= limit, "acceleration beyond its limit"

    def check_no_motion_while_not_armed(self, command: Command) -> None:
        """Only an armed bridge speeds up; any other ramps down and stays at rest."""
        if self.bridge.state is State.ARMED:
            return
        if self.last is None:
            assert not command.moving, "motion without having been armed"
            return
        for joint, earlier, later in zip(JOINTS, self.last.velocities, command.velocities, strict=True):
            # At the same moment an armed bridge may have braked harder.
            slack = joint.max_acceleration * command.time + 1e-9
            assert abs(later) <= abs(earlier) + slack, "faster while not armed"
        # Each late tick lets the ramp of the trajectory run for a while, which is gentler at low speed.
        ramp = LATE_RAMP if self.late else RAMP
        if self.steady - self.last_armed > ramp + 1e-9:
            assert not command.moving, "still moving after the ramp"

    def check_stop_begins_in_time(self) -> None:
        """The stop begins within 140 ms of the last fresh signal, on the steady clock."""
        for what, when in self.fresh.items():
            assert self.steady - when <= STOP_BEGINS, (
                f"armed {self.steady - when:.3f} s after the last {what}"
            )
        assert self.steady - min(self.heard.values()) > GONE_AFTER, "armed while two switches speak"
        # One that was heard may be in the graph although it is dead; one that was not heard may not.
        known = sum(when > -math.inf for when in self.heard.values())
        assert 1 <= self.publishers <= known, "armed with a stop input that has said nothing"

    @invariant()
    def a_latched_fault_is_left_by_arming_alone(self) -> None:
        if not hasattr(self, "bridge"):
            return
        self.seen["steps"] += 1
        if self.before is State.FAULT and self.bridge.state is not State.FAULT:
            assert self.armed_by_service, "a fault was left without arming"
        if self.before is State.DISARMED and self.bridge.engaged:
            assert self.armed_by_service, "armed without arming"
        self.before, self.armed_by_service = self.bridge.state, False

    @invariant()
    def what_it_reports_is_finite(self) -> None:
        if hasattr(self, "bridge"):
            assert all(map(math.isfinite, self.bridge.ages(self.now)))
            assert all(value >= 0 for value in self.bridge.counters.values())
