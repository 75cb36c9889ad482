from __future__ import annotations

import math

import pytest

from emg_recognition.simulation.exoskeleton import LAG, SimulatedJoint, VelocitySimulator

JOINTS = [SimulatedJoint("elbow", 0.0, 2.0), SimulatedJoint("wrist", -1.0, 1.0)]


def run(arm: VelocitySimulator, seconds: float, dt: float = 0.001) -> None:
    for _ in range(round(seconds / dt)):
        arm.step(dt)


def test_the_newest_velocities_hold_for_ever() -> None:
    arm = VelocitySimulator(JOINTS)
    assert arm.obey([0.3, -0.1]) is None
    run(arm, 1.0)
    assert arm.velocities == pytest.approx([0.3, -0.1])
    assert arm.positions == pytest.approx([1.3 - 0.3 * LAG, -0.1 + 0.1 * LAG], abs=1e-3)
    assert arm.obey([0.0, 0.2]) is None
    run(arm, 1.0)
    assert arm.velocities == pytest.approx([0.0, 0.2], abs=1e-6)
    assert arm.stopped_by_watchdog == 0


@pytest.mark.parametrize("dt", [0.001, 0.03, 0.7])
def test_the_watchdog_stops_after_its_time_however_time_is_cut(dt: float) -> None:
    arm = VelocitySimulator(JOINTS, watchdog=0.1)
    arm.obey([0.5, 0.0])
    run(arm, 1.4, dt)
    assert arm.positions[0] == pytest.approx(1.05, abs=1e-6)
    assert arm.velocities[0] == pytest.approx(0.0, abs=1e-3)
    assert arm.stopped_by_watchdog == 1
    arm.obey([-0.5, 0.0])
    run(arm, 0.7, dt)
    assert arm.positions[0] == pytest.approx(1.0, abs=1e-6)


def test_commands_in_time_keep_the_watchdog_quiet() -> None:
    arm = VelocitySimulator(JOINTS, watchdog=0.1)
    for _ in range(20):
        arm.obey([0.5, 0.0])
        run(arm, 0.09)
    assert arm.velocities[0] == pytest.approx(0.5)
    assert arm.stopped_by_watchdog == 0


def test_standing_joints_are_not_stopped() -> None:
    arm = VelocitySimulator(JOINTS, watchdog=0.1)
    run(arm, 0.5)
    arm.obey([0.0, 0.0])
    run(arm, 0.5)
    assert arm.stopped_by_watchdog == 0


@pytest.mark.parametrize(
    ("velocities", "refusal"),
    [
        ([0.1], "1 velocities for 2 joints"),
        ([0.1, 0.1, 0.1], "3 velocities for 2 joints"),
        ([], "0 velocities"),
        ([math.nan, 0.0], "not finite"),
        ([0.0, -math.inf], "not finite"),
    ],
)
def test_a_refused_command_changes_nothing(velocities: list[float], refusal: str) -> None:
    """As with the real controller the joints move on; and it does not feed the watchdog."""
    arm = VelocitySimulator(JOINTS, watchdog=0.2)
    arm.obey([0.3, 0.0])
    run(arm, 0.15)
    assert refusal in str(arm.obey(velocities))
    run(arm, 0.04)
    assert arm.velocities == pytest.approx([0.3, 0.0], rel=1e-3)
    run(arm, 0.5)
    assert arm.positions[0] == pytest.approx(1.06, abs=1e-6)


def test_a_drive_at_its_end_does_not_wind_up() -> None:
    arm = VelocitySimulator(JOINTS)
    arm.obey([3.0, 0.0])
    run(arm, 2.0)
    assert arm.positions[0] == pytest.approx(2.0)
    arm.obey([-1.0, 0.0])
    run(arm, 0.1)
    assert arm.positions[0] == pytest.approx(1.9 + LAG, abs=1e-3)
