"""Trajectories that end at standstill, and the last check of a command."""

from __future__ import annotations

import math

import pytest

from emg_recognition.control.joints import STOP_RAMP, JointLimits
from emg_recognition.control.trajectory import Command, check_command, trajectory_points

JOINTS = tuple(
    JointLimits(name=name, lower=-1.0, upper=1.0, max_velocity=0.5, max_acceleration=8.0) for name in "ab"
)


def test_a_moving_command_ends_at_standstill_within_100_ms() -> None:
    first, last = trajectory_points(Command(0.02, (0.1, -0.2), (0.4, -0.5)), JOINTS)
    assert first == Command(0.02, (0.1, -0.2), (0.4, -0.5))
    assert last.velocities == (0.0, 0.0)
    assert last.time == pytest.approx(0.1)
    # Constant braking covers half the distance of constant speed.
    assert last.positions == pytest.approx((0.1 + 0.4 * STOP_RAMP / 2, -0.2 - 0.5 * STOP_RAMP / 2))


def test_standstill_is_one_point() -> None:
    assert trajectory_points(Command(0.005, (0.1, 0.2), (0.0, 0.0)), JOINTS) == (
        Command(0.005, (0.1, 0.2), (0.0, 0.0)),
    )


def test_the_end_stays_within_the_limits() -> None:
    _, last = trajectory_points(Command(0.005, (0.999, -0.999), (0.5, -0.5)), JOINTS)
    assert last.positions == (1.0, -1.0)


def test_one_moving_joint_is_enough_for_a_ramp() -> None:
    points = trajectory_points(Command(0.005, (0.1, 0.2), (0.0, math.nextafter(0.0, 1.0))), JOINTS)
    assert len(points) == 2


def test_a_command_for_other_joints() -> None:
    with pytest.raises(ValueError, match="argument"):
        trajectory_points(Command(0.005, (0.1,), (0.2,)), JOINTS)


class TestCheck:
    LIMITS = (
        JointLimits(name="a", lower=0.0, upper=1.0, max_velocity=0.5, max_acceleration=8.0),
        JointLimits(name="b", lower=-1.0, upper=0.0, max_velocity=0.4, max_acceleration=5.0, max_step=0.003),
    )
    HERE = ((0.5, 0.2), (-0.5, 0.0))
    PERIOD = 0.005

    def test_a_command_within_every_limit(self) -> None:
        command = Command(self.PERIOD, (0.501, -0.5), (0.2 + 8.0 * self.PERIOD, -5.0 * self.PERIOD))
        assert check_command(command, self.HERE, self.LIMITS) is None

    @pytest.mark.parametrize(
        ("positions", "velocities", "text"),
        [
            ((math.nan, -0.5), (0.2, 0.0), "joint a: position nan"),
            ((0.5, -0.5), (0.2, math.inf), "joint b: position -0.5, velocity inf"),
            ((1.001, -0.5), (0.2, 0.0), "joint a: position 1.001 outside 0.0 to 1.0"),
            ((0.5, -0.5), (-0.51, 0.0), "joint a: velocity -0.51 above 0.5"),
            ((0.5, -0.5), (0.2, 0.03), "joint b: from 0.0 to 0.03"),
            ((0.5, -0.5031), (0.2, 0.0), "joint b: a step"),
            ((0.5, -0.5), (math.nan, 0.0), "joint a: position 0.5, velocity nan"),
        ],
    )
    def test_a_command_beyond_a_limit(
        self, positions: tuple[float, ...], velocities: tuple[float, ...], text: str
    ) -> None:
        assert text in str(check_command(Command(self.PERIOD, positions, velocities), self.HERE, self.LIMITS))

    @pytest.mark.parametrize("here", [(math.nan, 0.0), (0.5, math.nan)])
    def test_a_present_state_that_is_not_finite(self, here: tuple[float, float]) -> None:
        command = Command(self.PERIOD, (0.5, -0.5), (0.2, 0.0))
        assert check_command(command, [here, self.HERE[1]], self.LIMITS) is not None
