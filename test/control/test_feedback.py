"""Reported joint positions: what is stale, impossible or outside the limits."""

from __future__ import annotations

import math

import pytest

from emg_recognition.control.feedback import JointFeedback
from emg_recognition.control.inputs import Instant
from emg_recognition.control.joints import JointLimits
from emg_recognition.control.states import Reason
from emg_recognition.control.trajectory import standstill

EPOCH = 1_700_000_000.0
JOINTS = tuple(
    JointLimits(name=name, lower=-1.0, upper=1.0, max_velocity=0.5, max_acceleration=8.0) for name in "ab"
)


def at(steady: float, ros: float | None = None) -> Instant:
    """Return a moment; ROS time runs with the steady clock unless it is given."""
    return Instant(steady, EPOCH + (steady if ros is None else ros))


@pytest.fixture
def feedback() -> JointFeedback:
    feedback = JointFeedback(JOINTS, 0.12)
    assert feedback.receive(["b", "other", "a"], [0.2, 99.0, 0.1], at(1.0)) is None
    return feedback


def test_positions_come_in_the_order_of_the_joints(feedback: JointFeedback) -> None:
    assert feedback.positions() == (0.1, 0.2)
    assert feedback.violation(at(1.1)) is None


def test_a_joint_that_never_reported() -> None:
    feedback = JointFeedback(JOINTS, 0.12)
    feedback.receive(["a"], [0.1], at(1.0))
    assert str(feedback.violation(at(1.0))) == "no position of joint b on exo/joint_states yet"
    assert feedback.age(1.0) == -1.0


@pytest.mark.parametrize(
    ("stamp", "measured"),
    [
        (None, 1.1),
        (EPOCH + 1.08, 1.08),
        (EPOCH + 1.2, 1.1),  # ahead of ROS time
        (EPOCH - 5.0, 0.98),  # at most as old as it may be
        (math.nan, 1.1),
    ],
)
def test_a_position_was_measured_when_its_stamp_says(
    feedback: JointFeedback, stamp: float | None, measured: float
) -> None:
    feedback.receive(["a", "b"], [0.1, 0.2], at(1.1), stamp)
    assert feedback.measured() == pytest.approx(measured)


def test_each_joint_has_its_own_age(feedback: JointFeedback) -> None:
    feedback.receive(["a"], [0.1], at(1.1))
    assert "no position of joint b for 130 ms" in str(feedback.violation(at(1.13)))
    assert feedback.age(1.13) == pytest.approx(0.13)


def test_an_old_stamp_is_stale_right_after_receipt(feedback: JointFeedback) -> None:
    stamp = at(1.05).ros
    feedback.receive(["a", "b"], [0.1, 0.2], at(1.1), stamp)
    assert feedback.violation(at(1.1)) is None
    feedback.receive(["a", "b"], [0.1, 0.2], at(1.2), stamp)
    assert "was measured 150 ms ago in ROS time" in str(feedback.violation(at(1.2)))


@pytest.mark.parametrize(
    ("stamp", "text"),
    [
        (1.22, "joint a was measured 130 ms too long after its previous position"),
        (1.03, "joint a was measured 60 ms before its previous position"),
        (-50.0, "joint a was measured 51090 ms before its previous position"),
    ],
)
def test_a_stamp_that_cannot_be_is_doubted_for_a_while(
    feedback: JointFeedback, stamp: float, text: str
) -> None:
    for _ in range(2):  # of two joints in two messages
        assert feedback.receive(["a", "b"], [0.1, 0.2], at(1.1), EPOCH + 1.09) is None
    violation = feedback.receive(["a"], [0.1], at(1.1), EPOCH + stamp)
    assert violation is not None
    assert violation.reason is Reason.FEEDBACK_UNTIMELY
    assert text in violation.text
    feedback.receive(["a"], [0.1], at(1.101), EPOCH + 1.1)
    for k in range(11):
        assert feedback.violation(at(1.11 + 0.01 * k)) is not None
        feedback.receive(["a", "b"], [0.1, 0.2], at(1.11 + 0.01 * k), EPOCH + 1.11 + 0.01 * k)
    assert feedback.violation(at(1.23)) is None


@pytest.mark.parametrize("stamp", [1.2, 1.05, None])
def test_the_networks_jitter_and_a_slewed_clock_are_no_doubt(
    feedback: JointFeedback, stamp: float | None
) -> None:
    feedback.receive(["a", "b"], [0.1, 0.2], at(1.1), EPOCH + 1.09)
    stamp = None if stamp is None else EPOCH + stamp
    assert feedback.receive(["a", "b"], [0.1, 0.2], at(1.1), stamp) is None
    assert feedback.violation(at(1.11)) is None


@pytest.mark.parametrize("position", [math.nan, math.inf, -math.inf])
def test_a_position_that_is_not_finite_is_reported_and_not_kept(
    feedback: JointFeedback, position: float
) -> None:
    violation = feedback.receive(["a"], [position], at(1.1))
    assert violation is not None
    assert violation.reason is Reason.FEEDBACK_BROKEN
    assert f"reports a position of {position}" in violation.text
    assert feedback.positions() == (0.1, 0.2)
    assert "joint a" in str(feedback.violation(at(1.13)))


@pytest.mark.parametrize("position", [-1.001, 1.001])
def test_a_joint_outside_its_limits_until_it_is_back(feedback: JointFeedback, position: float) -> None:
    feedback.receive(["a"], [0.1], at(1.3))  # after a pause it may be anywhere
    assert "outside -1 to 1" in str(feedback.receive(["a", "b"], [position, 0.2], at(1.6)))
    assert "outside -1 to 1" in str(feedback.violation(at(1.6)))
    assert feedback.receive(["a"], [math.copysign(1.0, position)], at(1.61)) is None
    assert feedback.violation(at(1.61)) is None


@pytest.mark.parametrize("positions", [[], [0.1], [0.1, 0.2, 0.3]])
def test_more_or_fewer_positions_than_names(feedback: JointFeedback, positions: list[float]) -> None:
    violation = feedback.receive(["a", "b"], positions, at(1.2))
    assert violation is not None
    assert violation.reason is Reason.FEEDBACK_BROKEN
    assert f"2 names and {len(positions)} positions" in violation.text
    assert "stale" in str(feedback.violation(at(1.2)))


def test_a_jump(feedback: JointFeedback) -> None:
    assert feedback.receive(["a"], [0.2], at(1.01)) is None
    violation = feedback.receive(["a"], [0.32], at(1.02))
    assert violation is not None
    assert violation.reason is Reason.FEEDBACK_JUMP
    assert "joint a jumped from 0.200 to 0.320" in violation.text


def test_messages_in_a_burst_are_not_a_jump(feedback: JointFeedback) -> None:
    """At full speed, 0.5 rad/s, four messages that waited for 100 ms arrive together."""
    for i in range(1, 5):
        assert feedback.receive(["a"], [0.1 + 0.0125 * i], at(1.1)) is None


def test_a_pause_is_longer_than_usual(feedback: JointFeedback) -> None:
    for k in range(1, 4001):
        feedback.receive(["a", "b"], [0.1, 0.2], at(1.0 + 0.005 * k))
    assert feedback.pause(21.039, 0.0) is None
    violation = feedback.pause(21.045, 0.0)
    assert violation is not None
    assert violation.reason is Reason.FEEDBACK_PAUSED
    assert "no position of joint a for 45 ms; usually one comes within" in violation.text
    # The bridge itself was held up, or such pauses are usual.
    assert feedback.pause(21.045, 0.02) is None
    feedback.receive(["a", "b"], [0.1, 0.2], at(21.05))
    assert feedback.pause(21.12, 0.0) is None


def test_a_jump_is_remembered(feedback: JointFeedback) -> None:
    feedback.receive(["a"], [0.5], at(1.01))
    feedback.receive(["a"], [0.1], at(1.02))
    feedback.receive(["a"], [0.1], at(2.9))
    violation = feedback.restless(2.9)
    assert violation is not None
    assert violation.reason is Reason.FEEDBACK_RESTLESS
    assert "jumped 1.9 s ago" in violation.text
    assert feedback.restless(3.1) is None


def test_a_joint_that_moves_by_itself(feedback: JointFeedback) -> None:
    for k in range(100):
        feedback.receive(["a", "b"], [0.1 + 0.04 * (k % 2), 0.2], at(1.0 + 0.01 * k))
    assert "joint a moves by 0.04 rad although nothing moves it" in str(feedback.restless(2.0))
    for k in range(40):
        feedback.receive(["a", "b"], [0.1, 0.2], at(2.0 + 0.01 * k))
    assert feedback.restless(2.4) is None


def test_a_command_far_from_where_the_joint_is(feedback: JointFeedback) -> None:
    # 0.05 rad, and what the speed of 0.5 rad/s does in 0.1 s of stop, 0.15 s of lag and 10 ms of age.
    assert feedback.far_from(standstill((0.27, 0.2), 0.1, 0.005), 1.01) is None
    assert (
        feedback.far_from(standstill((0.29, 0.2), 0.1, 0.005), 1.01) == "joint a: 0.29 rad, measured 0.1 rad"
    )
    assert feedback.far_from(standstill((math.nan, 0.2), 0.1, 0.005), 1.01) is not None


def test_after_a_pause_any_position_is_possible(feedback: JointFeedback) -> None:
    assert feedback.receive(["a"], [-0.9], at(1.13)) is None


DRIVER, OTHER = b"driver", b"other"


class TestPublishers:
    @pytest.fixture
    def feedback(self) -> JointFeedback:
        feedback = JointFeedback(JOINTS, 0.12)
        assert feedback.receive(["a", "b"], [0.1, 0.2], at(1.0), publisher=DRIVER) is None
        return feedback

    def test_a_second_one_of_the_same_joint_is_noticed_and_not_used(self, feedback: JointFeedback) -> None:
        violation = feedback.receive(["b", "c"], [0.0, 0.0], at(1.01), publisher=OTHER)
        assert violation is not None
        assert violation.reason is Reason.FEEDBACK_SEVERAL
        assert str(feedback.violation(at(1.01))) == (
            "2 publishers report joint b on exo/joint_states, one is allowed"
        )
        assert feedback.positions() == (0.1, 0.2)

    def test_it_is_over_soon_after_the_second_one_has_ended(self, feedback: JointFeedback) -> None:
        feedback.receive(["b"], [0.0], at(1.01), publisher=OTHER)
        for i in range(8):
            feedback.receive(["a", "b"], [0.1, 0.2], at(1.1 + 0.1 * i), publisher=DRIVER)
        assert feedback.violation(at(1.8)) is None

    def test_a_new_driver_is_accepted_soon_after_the_old_one_was_killed(
        self, feedback: JointFeedback
    ) -> None:
        found = []
        for i in range(20):
            now = at(1.05 + 0.05 * i)
            feedback.receive(["a", "b"], [0.3, 0.4], now, publisher=OTHER)
            found.append(feedback.violation(now))
        assert found[0] is not None
        assert found[0].reason is Reason.FEEDBACK_SEVERAL
        assert found[11:] == [None] * 9
        assert feedback.positions() == (0.3, 0.4)

    def test_each_joint_may_have_a_driver_of_its_own(self) -> None:
        feedback = JointFeedback(JOINTS, 0.12)
        for i in range(10):
            assert feedback.receive(["a"], [0.1], at(1.0 + 0.01 * i), publisher=DRIVER) is None
            assert feedback.receive(["b", "other"], [0.2, 9.0], at(1.005 + 0.01 * i), publisher=OTHER) is None
        assert feedback.violation(at(1.1)) is None
        assert feedback.positions() == (0.1, 0.2)

    @pytest.mark.parametrize(
        ("names", "positions"), [(["c"], []), (["a", "b"], []), (["a"], [math.nan]), (["c"], [math.inf])]
    )
    def test_what_others_say_wrongly_changes_nothing(
        self, feedback: JointFeedback, names: list[str], positions: list[float]
    ) -> None:
        assert feedback.receive(names, positions, at(1.01), publisher=OTHER) is None
        assert feedback.violation(at(1.01)) is None
        assert feedback.positions() == (0.1, 0.2)
