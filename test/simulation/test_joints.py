from __future__ import annotations

import math

import pytest

from emg_recognition.simulation.exoskeleton import LAG, SimulatedJoint, SimulatedJoints


@pytest.fixture
def arm() -> SimulatedJoints:
    return SimulatedJoints([SimulatedJoint("elbow", 0.0, 2.0), SimulatedJoint("wrist", -1.0, 0.0)])


def test_they_start_at_rest_in_the_middle(arm: SimulatedJoints) -> None:
    assert arm.joint_names == ("elbow", "wrist")
    assert (arm.positions, arm.velocities) == ([1.0, -0.5], [0.0, 0.0])


@pytest.mark.parametrize("steps", [1, 2, 7])
def test_the_lag_is_of_first_order_however_time_is_cut(arm: SimulatedJoints, steps: int) -> None:
    for k in range(1, steps + 1):
        arm.approach([1.0 + 0.1 * k / steps, -0.5], LAG / steps)
    # x + LAG x' = c t, from rest: x = c (t - LAG (1 - exp(-t / LAG))).
    assert arm.positions == pytest.approx([1.0 + 0.1 / math.e, -0.5])
    for _ in range(steps):
        arm.approach([1.1, -0.5], LAG / steps)
    assert arm.positions == pytest.approx([1.1 - 0.1 * (1 - 1 / math.e) / math.e, -0.5])


def test_in_steady_motion_the_velocity_is_that_of_the_course(arm: SimulatedJoints) -> None:
    desired = 1.0
    for duration in [0.01] * 20 + [0.001, 0.013, 0.0001, 0.03]:
        desired += 0.3 * duration
        arm.approach([desired, -0.5], duration)
    assert arm.velocities == pytest.approx([0.3, 0.0], rel=1e-4)
    assert arm.positions[0] == pytest.approx(desired - 0.3 * LAG, rel=1e-6)


def test_they_stop_at_their_ends(arm: SimulatedJoints) -> None:
    for _ in range(50):
        arm.approach([9.0, -9.0], 0.01)
    assert (arm.positions, arm.velocities) == ([2.0, -1.0], [0.0, 0.0])
