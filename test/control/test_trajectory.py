from __future__ import annotations

import math

import pytest

from emg_recognition.control.joints import STOP_RAMP, JointLimits
from emg_recognition.control.trajectory import Command, Point, trajectory_points

JOINTS = tuple(
    JointLimits(name=name, lower=-1.0, upper=1.0, max_velocity=0.5, max_acceleration=8.0) for name in "ab"
)


def test_a_moving_command_ends_at_standstill_within_100_ms() -> None:
    first, last = trajectory_points(Command(0.02, (0.1, -0.2), (0.4, -0.5)), JOINTS)
    assert first == Point(0.02, (0.1, -0.2), (0.4, -0.5))
    assert last.velocities == (0.0, 0.0)
    assert last.time == pytest.approx(0.1)
    # Constant braking covers half of what constant speed would.
    assert last.positions == pytest.approx((0.1 + 0.4 * STOP_RAMP / 2, -0.2 - 0.5 * STOP_RAMP / 2))


def test_standing_still_is_one_point() -> None:
    assert trajectory_points(Command(0.005, (0.1, 0.2), (0.0, 0.0)), JOINTS) == (
        Point(0.005, (0.1, 0.2), (0.0, 0.0)),
    )


def test_the_end_stays_within_the_limits() -> None:
    _, last = trajectory_points(Command(0.005, (0.999, -0.999), (0.5, -0.5)), JOINTS)
    assert last.positions == (1.0, -1.0)


def test_one_moving_joint_is_enough_for_a_ramp() -> None:
    points = trajectory_points(Command(0.005, (0.1, 0.2), (0.0, math.nextafter(0.0, 1.0))), JOINTS)
    assert len(points) == 2


def test_a_command_of_other_joints_is_no_command() -> None:
    with pytest.raises(ValueError, match="argument"):
        trajectory_points(Command(0.005, (0.1,), (0.2,)), JOINTS)
