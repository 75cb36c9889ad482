"""Steps of one joint, and the motion profile of all: always within the limits and able to stop."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emg_recognition.control.joints import STOP_RAMP, JointLimits
from emg_recognition.control.motion import (
    SOFT_MARGIN,
    MotionProfile,
    Step,
    is_moving,
    plan_step,
    standing,
    state_after,
)
from emg_recognition.control.trajectory import Command

PERIOD = 0.005
ELBOW = JointLimits(name="elbow", lower=0.0, upper=2.0, max_velocity=0.5, max_acceleration=8.0)


def run(limits: JointLimits, step: Step, target: float, ticks: int, period: float = PERIOD) -> list[Step]:
    steps = []
    for _ in range(ticks):
        step = plan_step(limits, step.next_position, step.next_velocity, target, period)
        steps.append(step)
    return steps


def test_a_target_is_reached_at_the_largest_acceleration() -> None:
    steps = run(ELBOW, standing(1.0), 0.4, 40)
    assert steps[0].next_velocity == pytest.approx(8.0 * PERIOD)
    assert steps[9].next_velocity == pytest.approx(0.4)
    assert steps[-1].next_velocity == 0.4
    # 0.2 s at 0.4 rad/s, less half of the 50 ms of acceleration
    assert steps[-1].next_position == pytest.approx(1.0 + 0.4 * 0.2 - 0.4 * 0.05 / 2)


def test_a_target_above_the_limit_is_clipped() -> None:
    assert run(ELBOW, standing(1.0), 3.0, 100)[-1].next_velocity == 0.5


def test_full_speed_stops_within_the_ramp() -> None:
    fast = run(ELBOW, standing(1.0), 0.5, 100)[-1]
    stopping = run(ELBOW, fast, 0.0, round(STOP_RAMP / PERIOD))
    assert stopping[-1].next_velocity == 0.0
    # 62.5 ms at 8 rad/s² from 0.5 rad/s, so the twelfth step still moves.
    assert stopping[11].next_velocity > 0.0


def test_a_joint_comes_to_rest_just_inside_its_limit() -> None:
    steps = run(ELBOW, standing(1.5), 0.5, 1000)
    assert steps[-1].next_position == pytest.approx(2.0 - SOFT_MARGIN, abs=1e-4)
    assert steps[-1].next_velocity < 1e-4
    assert run(ELBOW, steps[-1], -0.5, 100)[-1].next_velocity == -0.5


def test_beyond_the_soft_margin_a_joint_can_only_go_back() -> None:
    assert plan_step(ELBOW, 1.995, 0.0, 0.5, PERIOD).next_velocity == 0.0
    assert plan_step(ELBOW, 1.995, 0.0, -0.5, PERIOD).next_velocity < 0.0


def test_without_a_new_command_the_joint_stops_with_the_ramp() -> None:
    step = Step(1.0, 0.5, 1.0 + 0.5 * PERIOD, 0.5)
    assert state_after(step, 0.0, PERIOD) == (1.0, 0.5)
    assert state_after(step, PERIOD, PERIOD) == pytest.approx((1.0025, 0.5))
    position, velocity = state_after(step, PERIOD + STOP_RAMP / 2, PERIOD)
    assert velocity == pytest.approx(0.25)
    assert position == pytest.approx(1.0025 + 0.75 * 0.5 * STOP_RAMP / 2)
    assert state_after(step, 10.0, PERIOD) == (pytest.approx(1.0025 + 0.5 * STOP_RAMP / 2), 0.0)


@st.composite
def limits(draw: st.DrawFn) -> JointLimits:
    lower = draw(st.floats(-3.0, 3.0))
    velocity = draw(st.floats(0.01, 3.0))
    return JointLimits(
        name="any",
        lower=lower,
        upper=lower + draw(st.floats(0.05, 3.0)),
        max_velocity=velocity,
        max_acceleration=velocity / STOP_RAMP * draw(st.floats(1.0, 5.0)),
    )


@settings(max_examples=150, deadline=None)
@given(
    limits=limits(),
    start=st.floats(0.0, 1.0),
    rate=st.floats(50.0, 500.0),
    targets=st.lists(
        st.tuples(st.floats(-5.0, 5.0), st.integers(1, 40), st.sampled_from([0.0, 0.3, 1.0, 1.0, 3.0, 30.0])),
        max_size=12,
    ),
)
def test_no_limit_is_exceeded_for_any_targets_and_any_times_of_ticks(
    limits: JointLimits, start: float, rate: float, targets: list[tuple[float, int, float]]
) -> None:
    period = 1.0 / rate
    step = standing(limits.lower + start * (limits.upper - limits.lower))
    for target, ticks, periods in targets:
        for _ in range(ticks):
            position, velocity = state_after(step, periods * period, period)
            step = plan_step(limits, position, velocity, target, period)
            assert limits.lower <= step.next_position <= limits.upper
            assert abs(step.next_velocity) <= limits.max_velocity
            change = abs(step.next_velocity - velocity)
            assert change <= limits.max_acceleration * period * (1 + 1e-9)
            # The limit does not cut the step short: position and velocity match.
            expected = position + (velocity + step.next_velocity) / 2 * period
            assert step.next_position == pytest.approx(expected, abs=1e-9)
            end, _ = state_after(step, 1.0, period)
            assert limits.lower - 1e-9 <= end <= limits.upper + 1e-9


@settings(max_examples=150, deadline=None)
@given(
    limits=limits(),
    start=st.floats(0.0, 1.0),
    rate=st.floats(50.0, 500.0),
    targets=st.lists(st.tuples(st.floats(-5.0, 5.0), st.integers(1, 60)), max_size=10),
)
def test_regular_ticks_keep_the_soft_margin_too(
    limits: JointLimits, start: float, rate: float, targets: list[tuple[float, int]]
) -> None:
    period = 1.0 / rate
    lower, upper = limits.lower + SOFT_MARGIN, limits.upper - SOFT_MARGIN
    step = standing(lower + start * (upper - lower))
    for target, ticks in targets:
        for _ in range(ticks):
            step = plan_step(limits, step.next_position, step.next_velocity, target, period)
            end, _ = state_after(step, 1.0, period)
            assert lower - 1e-9 <= end <= upper + 1e-9


class TestProfile:
    JOINTS = (JointLimits(name="a", lower=0.0, upper=2.0, max_velocity=0.5, max_acceleration=8.0),)

    @pytest.fixture
    def profile(self) -> MotionProfile:
        """Return a profile at full speed that began at 1 rad; its last command was planned at 1 s."""
        profile = MotionProfile(self.JOINTS, PERIOD)
        assert not profile.started
        assert profile.here(0.0) == []
        profile.begin([1.0], 0.8)
        for i in range(41):
            self.plan(profile, 0.5, 0.8 + i * PERIOD)
        return profile

    @staticmethod
    def plan(profile: MotionProfile, target: float, now: float) -> Command:
        return profile.plan([target], profile.here(now), now)

    def test_a_command_begins_where_the_last_one_has_led(self, profile: MotionProfile) -> None:
        ((position, velocity),) = profile.here(1.0 + PERIOD)
        command = self.plan(profile, 0.5, 1.0 + PERIOD)
        assert velocity == command.velocities[0] == 0.5
        assert command.positions[0] == pytest.approx(position + 0.5 * PERIOD)

    def test_without_a_new_command_it_comes_to_rest(self, profile: MotionProfile) -> None:
        assert is_moving(profile.here(1.0 + PERIOD + STOP_RAMP / 2))
        assert not is_moving(profile.here(1.0 + PERIOD + STOP_RAMP + 1e-9))

    def test_a_stop_ends_where_the_ramp_does(self, profile: MotionProfile) -> None:
        command = profile.stop(1.0 + PERIOD)
        assert command.velocities == (0.0,)
        assert command.positions[0] == pytest.approx(profile.here(2.0)[0][0])

    def test_it_follows_measured_positions(self, profile: MotionProfile) -> None:
        now = 1.0 + PERIOD
        here = profile.here(now)
        before = here[0][0]
        assert before < profile.follow([before + 0.1], here, now)[0][0] < before + 0.001
        self.plan(profile, 0.0, now)
        here = profile.here(now)
        assert profile.follow([here[0][0] + 0.1], here, now) == here  # no time has passed

    def test_following_stays_within_the_limits(self, profile: MotionProfile) -> None:
        now = 1.0
        for _ in range(2000):
            now += PERIOD
            profile.follow([2.5], profile.here(now), now)
            self.plan(profile, 0.0, now)
        assert profile.here(now)[0][0] <= 2.0
