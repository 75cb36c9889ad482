from __future__ import annotations

import math

import pytest

from emg_recognition.control.feedback import JointFeedback
from emg_recognition.control.joints import JointLimits

JOINTS = tuple(
    JointLimits(name=name, lower=-1.0, upper=1.0, max_velocity=0.5, max_acceleration=8.0) for name in "ab"
)


@pytest.fixture
def feedback() -> JointFeedback:
    feedback = JointFeedback(JOINTS, 0.12)
    assert feedback.receive(["b", "other", "a"], [0.2, 99.0, 0.1], 1.0) is None
    return feedback


def test_positions_come_in_the_order_of_the_joints(feedback: JointFeedback) -> None:
    assert feedback.positions() == (0.1, 0.2)
    assert feedback.doubt(1.1) is None


def test_a_joint_never_seen_is_a_doubt() -> None:
    feedback = JointFeedback(JOINTS, 0.12)
    feedback.receive(["a"], [0.1], 1.0)
    assert feedback.doubt(1.0) == "no position of joint b seen yet"


def test_each_joint_has_an_age_of_its_own(feedback: JointFeedback) -> None:
    feedback.receive(["a"], [0.1], 1.1)
    assert "no position of joint b for 130 ms" in str(feedback.doubt(1.13))


@pytest.mark.parametrize("position", [math.nan, math.inf, -math.inf])
def test_a_position_that_is_not_finite_is_doubted_and_not_kept(
    feedback: JointFeedback, position: float
) -> None:
    assert f"reports a position of {position}" in str(feedback.receive(["a"], [position], 1.1))
    assert feedback.positions() == (0.1, 0.2)
    assert "joint a" in str(feedback.doubt(1.13))


@pytest.mark.parametrize("position", [-1.001, 1.001])
def test_a_joint_outside_its_limits_is_doubted_until_it_is_back(
    feedback: JointFeedback, position: float
) -> None:
    assert "outside -1 to 1" in str(feedback.receive(["a"], [position], 1.1))
    assert "outside -1 to 1" in str(feedback.doubt(1.1))
    assert feedback.receive(["a"], [math.copysign(1.0, position)], 1.11) is None
    assert feedback.doubt(1.11) is None


def test_names_without_positions_are_no_feedback(feedback: JointFeedback) -> None:
    assert feedback.receive(["a", "b"], [], 1.2) is None
    assert "stale" in str(feedback.doubt(1.2))
