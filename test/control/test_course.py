from __future__ import annotations

import pytest

from emg_recognition.control.joints import STOP_RAMP, JointLimits
from emg_recognition.control.planner import Course

JOINTS = (JointLimits(name="a", lower=0.0, upper=2.0, max_velocity=0.5, max_acceleration=8.0),)
PERIOD = 0.005


@pytest.fixture
def course() -> Course:
    """Return a course at full speed, begun at 1 rad; its last plan was made at 1 s."""
    course = Course(JOINTS, PERIOD)
    assert not course.started
    assert course.here(0.0) == []
    course.begin([1.0], 0.8)
    for i in range(41):
        course.plan([0.5], 0.8 + i * PERIOD)
    return course


def test_a_plan_begins_where_the_last_one_has_led(course: Course) -> None:
    ((position, velocity),) = course.here(1.0 + PERIOD)
    command = course.plan([0.5], 1.0 + PERIOD)
    assert velocity == command.velocities[0] == 0.5
    assert command.positions[0] == pytest.approx(position + 0.5 * PERIOD)


def test_without_a_new_plan_it_comes_to_rest(course: Course) -> None:
    assert course.moving(1.0 + PERIOD + STOP_RAMP / 2)
    assert not course.moving(1.0 + PERIOD + STOP_RAMP + 1e-9)


def test_a_standstill_ends_where_the_ramp_does(course: Course) -> None:
    word = course.standstill(1.0 + PERIOD)
    assert word.velocities == (0.0,)
    assert word.positions[0] == pytest.approx(course.here(2.0)[0][0])


def test_it_leans_towards_what_is_measured(course: Course) -> None:
    now = 1.0 + PERIOD
    before = course.here(now)[0][0]
    course.lean([before + 0.1], now)
    assert before < course.here(now)[0][0] < before + 0.001
    course.plan([0.0], now)
    place = course.here(now)[0][0]
    course.lean([place + 0.1], now)
    assert course.here(now)[0][0] == place  # no time has passed


def test_leaning_stays_within_the_limits(course: Course) -> None:
    now = 1.0
    for _ in range(2000):
        now += PERIOD
        course.lean([2.5], now)
        course.plan([0.0], now)
    assert course.here(now)[0][0] <= 2.0
