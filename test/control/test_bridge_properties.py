"""Whatever happens, in whatever order: the invariants that make the bridge harmless."""

from __future__ import annotations

import math

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from emg_recognition.control.bridge import Bridge, State
from emg_recognition.control.joints import ActionMotion, Exoskeleton, JointLimits
from emg_recognition.control.settings import BridgeSettings
from emg_recognition.control.signals import Estimate, Instant, Model
from emg_recognition.control.trajectory import Command, trajectory_points

EPOCH = 1_700_000_000.0
JOINTS = (
    JointLimits(name="elbow", lower=0.0, upper=0.5, max_velocity=0.5, max_acceleration=8.0),
    JointLimits(name="wrist", lower=-0.2, upper=0.2, max_velocity=0.4, max_acceleration=5.0),
)
EXOSKELETON = Exoskeleton(
    JOINTS,
    (
        ActionMotion(action="bend", joint="elbow", velocity=0.5),
        ActionMotion(action="stretch", joint="elbow", velocity=-0.5),
        ActionMotion(action="drop", joint="wrist", velocity=-0.4),
    ),
)
MODEL = Model("m1", "abc", ("rest", "bend", "stretch", "drop"))
ODD_FLOATS = st.sampled_from([math.nan, math.inf, -math.inf, -1.0, 2.0, 1e300])


class BridgeMachine(RuleBasedStateMachine):
    """A bridge, two clocks, an arm that follows, and everybody free to misbehave."""

    @initialize(rate=st.sampled_from([50.0, 200.0, 500.0]), votes=st.integers(1, 4))
    def start(self, rate: float, votes: int) -> None:
        self.settings = BridgeSettings(command_rate=rate, votes=votes, hold_timeout=0.5)
        self.bridge = Bridge(EXOSKELETON, self.settings)
        self.steady = 5.0
        self.ros_offset = EPOCH
        self.index = 100
        self.measured = [0.25, 0.0]
        self.last_fresh = -math.inf
        self.last_armed = -math.inf
        self.speeds: tuple[float, ...] | None = None
        self.armed_by_service = False
        self.before = State.DISARMED

    @property
    def now(self) -> Instant:
        return Instant(self.steady, self.ros_offset + self.steady)

    @rule(steps=st.integers(1, 60), action=st.sampled_from(MODEL.actions), follows=st.booleans())
    def ordinary_time(self, steps: int, action: str, follows: bool) -> None:
        """Let everything run as it should, perhaps with an arm that is stuck."""
        due = self.steady
        for _ in range(steps):
            self.steady += self.settings.period
            self.bridge.feedback(["elbow", "wrist"], self.measured, self.now)
            if self.steady >= due:
                due += 0.025
                self.good_estimate(action)
            self.tick(follows)

    @rule(steps=st.integers(1, 40), periods=st.sampled_from([0.0, 0.2, 1.0, 1.7, 5.0, 30.0, 200.0]))
    def silence(self, steps: int, periods: float) -> None:
        """Nothing comes in, and the ticks come when they want."""
        for _ in range(steps):
            self.steady += periods * self.settings.period
            self.tick(True)

    @rule(action=st.sampled_from(MODEL.actions))
    def good_estimate(self, action: str) -> None:
        self.index += 5
        self.estimate(action=action, action_id=MODEL.actions.index(action))
        self.last_fresh = self.steady

    @rule(
        lag=st.sampled_from([-10.0, -0.04, 0.0, 0.1, 0.5, 1e6, math.nan]),
        back=st.sampled_from([-5, 0, 1, 500]),
        action_id=st.sampled_from([-1, 0, 1, 9]),
        action=st.sampled_from(["", "rest", "bend", "unheard of"]),
        confidence=st.one_of(st.just(0.9), ODD_FLOATS),
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
        model: str,
        accepted: bool,
    ) -> None:
        self.estimate(
            stamp=self.now.ros - lag,
            last_index=self.index - back,
            action_id=action_id,
            action=action,
            confidence=confidence,
            model=model,
            accepted=accepted,
        )
        # Some of these are good ones; counting all as fresh only loosens the invariant.
        self.last_fresh = self.steady

    def estimate(self, **fields: object) -> None:
        defaults: dict[str, object] = {
            "stamp": self.now.ros - 0.005,
            "last_index": self.index,
            "accepted": True,
            "confidence": 0.9,
            "model": "m1",
        }
        self.bridge.estimate(Estimate(**{**defaults, **fields}), self.now)  # type: ignore[arg-type]

    @rule(names=st.sampled_from([["elbow"], ["wrist", "elbow"], ["knee"], []]), position=ODD_FLOATS)
    def odd_feedback(self, names: list[str], position: float) -> None:
        self.bridge.feedback(names, [position] * len(names), self.now)

    @rule()
    def announce(self) -> None:
        self.bridge.announce(MODEL)

    @rule(model=st.sampled_from([Model("m1", "abc", ("rest",)), Model("m2", "abc", MODEL.actions)]))
    def announce_another(self, model: Model) -> None:
        self.bridge.announce(model)

    @rule(jump=st.sampled_from([-1e9, -3600.0, -0.2, -0.04, 0.04, 0.2, 3600.0]))
    def ros_clock_jumps(self, jump: float) -> None:
        self.ros_offset += jump

    @rule()
    def arm(self) -> None:
        was = self.bridge.state
        refusal = self.bridge.arm(self.now)
        assert (refusal is None) == (self.bridge.state is State.ARMED)
        if refusal is None and was is not State.ARMED:
            self.armed_by_service = True
            self.speeds = None
        elif refusal is not None:
            assert self.bridge.state is was

    @rule()
    def arm_as_an_operator_would(self) -> None:
        """Most random courses end in a fault; this leads back to motion."""
        self.announce()
        self.measured = [min(max(p, j.lower), j.upper) for p, j in zip(self.measured, JOINTS, strict=True)]
        self.ordinary_time(60, "rest", True)
        self.arm()
        self.ordinary_time(60, "bend", True)

    @rule()
    def disarm(self) -> None:
        self.bridge.disarm("by rule")
        assert not self.bridge.engaged

    @rule()
    def stop(self) -> None:
        self.bridge.stop("by rule")
        assert self.bridge.state is State.FAULT

    @precondition(lambda self: self.bridge.engaged)
    @rule()
    def last_word(self) -> None:
        word = self.bridge.last_word(self.now)
        assert word is not None
        self.check_limits(word)
        assert not word.moving

    def tick(self, follows: bool) -> None:
        command = self.bridge.tick(self.now)
        again = self.bridge.tick(self.now)
        assert command == again, "two different commands for one tick"
        if self.bridge.state is State.ARMED:
            self.last_armed = self.steady
        if command is None:
            assert not self.bridge.engaged, "silence while engaged"
            return
        self.check_limits(command)
        self.check_motion(command)
        if follows:
            self.measured = list(command.positions)
        self.speeds = command.velocities

    def check_limits(self, command: Command) -> None:
        """No command beyond any limit, nothing that is not finite."""
        points = trajectory_points(command, JOINTS)
        assert points[-1].time <= 0.1 + 1e-9
        assert not any(points[-1].velocities)
        for point in points:
            for joint, position, velocity in zip(JOINTS, point.positions, point.velocities, strict=True):
                assert joint.lower <= position <= joint.upper
                assert abs(velocity) <= joint.max_velocity

    def check_motion(self, command: Command) -> None:
        """Only an armed bridge speeds up; any other stands after the ramp."""
        if self.bridge.state is not State.ARMED:
            if self.speeds is not None:
                for earlier, later in zip(self.speeds, command.velocities, strict=True):
                    assert abs(later) <= abs(earlier), "faster while not armed"
            else:
                assert not command.moving, "motion without having been armed"
            # 80 ms at regular ticks; each late tick lets the gentler ramp of the trajectory run a while.
            if self.steady - self.last_armed > 0.14:
                assert not command.moving, "still moving after the ramp"
        # The stop begins within 140 ms of the last fresh signal, whatever ROS time does.
        if self.steady - self.last_fresh > 0.14:
            assert self.bridge.state is not State.ARMED

    @invariant()
    def a_fault_is_left_by_arming_alone(self) -> None:
        if not hasattr(self, "bridge"):
            return
        if self.before is State.FAULT and self.bridge.state is not State.FAULT:
            assert self.armed_by_service
        if self.before is State.DISARMED and self.bridge.engaged:
            assert self.armed_by_service
        self.before, self.armed_by_service = self.bridge.state, False


BridgeMachine.TestCase.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
TestBridge = BridgeMachine.TestCase
