from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emg_recognition.control.joints import STOP_RAMP, JointLimits
from emg_recognition.control.motion import SOFT_MARGIN, Step, plan_step, standing, state_after

PERIOD = 0.005
ELBOW = JointLimits(name="elbow", lower=0.0, upper=2.0, max_velocity=0.5, max_acceleration=8.0)


def run(limits: JointLimits, step: Step, target: float, ticks: int, period: float = PERIOD) -> list[Step]:
    steps = []
    for _ in range(ticks):
        step = plan_step(limits, step.next_position, step.next_velocity, target, period)
        steps.append(step)
    return steps


def test_a_target_is_reached_with_the_limit_of_acceleration() -> None:
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
    # 0.5 rad/s at 8 rad/s² take 62.5 ms, so the twelfth step still moves.
    assert stopping[11].next_velocity > 0.0


def test_a_joint_comes_to_rest_just_inside_its_limit() -> None:
    steps = run(ELBOW, standing(1.5), 0.5, 1000)
    assert steps[-1].next_position == pytest.approx(2.0 - SOFT_MARGIN, abs=1e-4)
    assert steps[-1].next_velocity < 1e-4
    assert run(ELBOW, steps[-1], -0.5, 100)[-1].next_velocity == -0.5


def test_beyond_the_soft_margin_only_the_way_back_is_open() -> None:
    assert plan_step(ELBOW, 1.995, 0.0, 0.5, PERIOD).next_velocity == 0.0
    assert plan_step(ELBOW, 1.995, 0.0, -0.5, PERIOD).next_velocity < 0.0


def test_without_a_new_command_the_joint_stands_after_the_ramp() -> None:
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
    course=st.lists(
        st.tuples(st.floats(-5.0, 5.0), st.integers(1, 40), st.sampled_from([0.0, 0.3, 1.0, 1.0, 3.0, 30.0])),
        max_size=12,
    ),
)
def test_no_limit_is_exceeded_whatever_is_wanted_and_whenever_the_ticks_come(
    limits: JointLimits, start: float, rate: float, course: list[tuple[float, int, float]]
) -> None:
    period = 1.0 / rate
    step = standing(limits.lower + start * (limits.upper - limits.lower))
    for target, ticks, periods in course:
        for _ in range(ticks):
            position, velocity = state_after(step, periods * period, period)
            step = plan_step(limits, position, velocity, target, period)
            assert limits.lower <= step.next_position <= limits.upper
            assert abs(step.next_velocity) <= limits.max_velocity
            change = abs(step.next_velocity - velocity)
            assert change <= limits.max_acceleration * period * (1 + 1e-9)
            # The course is not cut short by the limit: position and velocity fit each other.
            expected = position + (velocity + step.next_velocity) / 2 * period
            assert step.next_position == pytest.approx(expected, abs=1e-9)
            end, _ = state_after(step, 1.0, period)
            assert limits.lower - 1e-9 <= end <= limits.upper + 1e-9


@settings(max_examples=150, deadline=None)
@given(
    limits=limits(),
    start=st.floats(0.0, 1.0),
    rate=st.floats(50.0, 500.0),
    course=st.lists(st.tuples(st.floats(-5.0, 5.0), st.integers(1, 60)), max_size=10),
)
def test_at_regular_ticks_the_soft_margin_is_kept_too(
    limits: JointLimits, start: float, rate: float, course: list[tuple[float, int]]
) -> None:
    period = 1.0 / rate
    lower, upper = limits.lower + SOFT_MARGIN, limits.upper - SOFT_MARGIN
    step = standing(lower + start * (upper - lower))
    for target, ticks in course:
        for _ in range(ticks):
            step = plan_step(limits, step.next_position, step.next_velocity, target, period)
            end, _ = state_after(step, 1.0, period)
            assert lower - 1e-9 <= end <= upper + 1e-9
