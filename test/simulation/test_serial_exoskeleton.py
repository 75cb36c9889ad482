"""Joints behind the serial protocol: commands, watchdog and emergency stop."""

from __future__ import annotations

import math

import pytest

from emg_recognition.simulation.exoskeleton import SimulatedJoint, TrajectoryPoint, TrajectorySimulator
from emg_recognition.simulation.serial_exoskeleton import PERIOD as UPDATE
from emg_recognition.simulation.serial_exoskeleton import STOP_RAMP, SerialSimulator

JOINTS = [SimulatedJoint("elbow", 0.0, 2.0), SimulatedJoint("wrist", -1.0, 1.0)]
PERIOD = 0.005


def run(arm: SerialSimulator, seconds: float, dt: float = 0.001) -> None:
    for _ in range(round(seconds / dt)):
        arm.step(dt)


def move(arm: SerialSimulator, seconds: float, speed: float = 0.4, start: float = 1.0) -> float:
    """Command a steady motion of the elbow; return where the last command has brought it."""
    position = start
    for _ in range(round(seconds / PERIOD)):
        position += speed * PERIOD
        assert arm.obey([position, 0.0], [speed, 0.0], PERIOD) is None
        run(arm, PERIOD)
    return position


def test_it_stops_by_itself_within_the_ramp() -> None:
    arm = SerialSimulator(JOINTS)
    assert arm.watchdog
    last = move(arm, 0.5)
    assert arm.velocities[0] == pytest.approx(0.4, rel=0.01)
    assert not arm.watchdog
    run(arm, STOP_RAMP - 0.002)
    assert not arm.watchdog
    run(arm, 0.004)
    assert arm.watchdog
    run(arm, 0.15)
    assert arm.positions[0] == pytest.approx(last + 0.4 * STOP_RAMP / 2, abs=1e-4)
    assert arm.velocities[0] == pytest.approx(0.0, abs=1e-3)


def test_it_moves_as_with_the_trajectory_of_the_same_command() -> None:
    serial = SerialSimulator(JOINTS)
    trajectory = TrajectorySimulator(JOINTS, UPDATE, interpolate_from_desired_state=True)
    for k in range(1, 40):
        stops, still = (1.03 + 0.5 * PERIOD * k, -0.03 - 0.4 * PERIOD * k), (0.0, 0.0)
        assert serial.obey(stops, still, 0.1) is None
        assert trajectory.follow(["elbow", "wrist"], [TrajectoryPoint(0.1, stops, still)]) is None
        for dt in (0.0021, 0.001 * (k % 4)):
            serial.step(dt)
            while trajectory.time < serial.joints.time:
                trajectory.update()
            assert serial.positions == pytest.approx(trajectory.positions, abs=1e-12)


def test_a_command_without_velocity_ends_at_its_position() -> None:
    arm = SerialSimulator(JOINTS)
    move(arm, 0.2)
    arm.obey([1.1, 0.0], [0.0, 0.0], STOP_RAMP)
    run(arm, 0.4)
    assert arm.positions[0] == pytest.approx(1.1, abs=1e-6)


def test_the_emergency_stop_holds_the_joints() -> None:
    arm = SerialSimulator(JOINTS)
    move(arm, 0.3)
    here = arm.positions[0]
    arm.emergency_stop = True
    assert arm.watchdog
    assert "emergency stop" in str(arm.obey([1.5, 0.0], [0.4, 0.0], PERIOD))
    run(arm, 0.3)
    assert arm.positions[0] == pytest.approx(here, abs=1e-3)
    arm.emergency_stop = False
    run(arm, 0.3)
    assert arm.positions[0] == pytest.approx(here, abs=1e-3)
    assert arm.obey([here + 0.002, 0.0], [0.4, 0.0], PERIOD) is None


@pytest.mark.parametrize(
    ("positions", "velocities", "duration", "refusal"),
    [
        ([1.0], [0.0], PERIOD, "for 1 joints; there are 2"),
        ([2.1, 0.0], [0.0, 0.0], PERIOD, "joint elbow is to go to 2.1 rad"),
        ([math.nan, 0.0], [0.0, 0.0], PERIOD, "joint elbow is to go to nan"),
        ([1.0, 0.0], [math.nan, 0.0], PERIOD, "not finite"),
        ([1.0, 0.0], [0.0, 0.0], 0.0, "lasts 0 s"),
        ([1.0, 0.0], [0.0, 0.0], 0.101, "lasts 0.101 s"),
        ([1.0, 0.0], [0.0, 0.0], math.nan, "lasts nan s"),
    ],
)
def test_a_refused_command_changes_nothing(
    positions: list[float], velocities: list[float], duration: float, refusal: str
) -> None:
    arm = SerialSimulator(JOINTS)
    last = move(arm, 0.2)
    assert refusal in str(arm.obey(positions, velocities, duration))
    run(arm, 0.3)
    assert arm.positions[0] == pytest.approx(last + 0.4 * STOP_RAMP / 2, abs=1e-4)
    assert arm.watchdog


def test_it_stays_in_its_range() -> None:
    arm = SerialSimulator(JOINTS)
    arm.obey([2.0, 0.0], [30.0, 0.0], PERIOD)
    for _ in range(300):
        arm.step(0.001)
        assert 0.0 <= arm.positions[0] <= 2.0
