from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emg_recognition.simulation.exoskeleton import LAG, SimulatedJoint, TrajectoryPoint, TrajectorySimulator

NAMES = ["elbow", "wrist"]


@pytest.fixture
def arm() -> TrajectorySimulator:
    """Return an arm whose elbow starts at 1 rad and whose wrist starts at 0 rad."""
    return TrajectorySimulator([SimulatedJoint("elbow", 0.0, 2.0), SimulatedJoint("wrist", -1.0, 1.0)])


def run(arm: TrajectorySimulator, seconds: float, dt: float = 0.001) -> None:
    for _ in range(round(seconds / dt)):
        arm.step(dt)


def test_without_a_trajectory_it_stands(arm: TrajectorySimulator) -> None:
    run(arm, 0.5)
    assert arm.positions == [1.0, 0.0]
    assert arm.velocities == [0.0, 0.0]


def test_it_reaches_the_last_point_and_holds_there(arm: TrajectorySimulator) -> None:
    assert arm.follow(NAMES, [TrajectoryPoint(0.5, [1.2, -0.1], [0.0, 0.0])]) is None
    run(arm, 0.25)
    # The cubic from rest to rest is half way at half time; the lag keeps the joint behind.
    assert 1.0 < arm.positions[0] < 1.1
    run(arm, 0.5)
    assert arm.positions == pytest.approx([1.2, -0.1], abs=1e-6)
    assert arm.velocities == pytest.approx([0.0, 0.0], abs=1e-5)


def test_it_follows_a_stream_of_short_trajectories_at_their_speed(arm: TrajectorySimulator) -> None:
    """Each replaces the one before at once, as the bridge's do."""
    position = 1.0
    for _ in range(100):
        position += 0.4 * 0.005
        points = [
            TrajectoryPoint(0.005, [position, 0.0], [0.4, 0.0]),
            TrajectoryPoint(0.085, [position + 0.4 * 0.04, 0.0], [0.0, 0.0]),
        ]
        assert arm.follow(NAMES, points) is None
        run(arm, 0.005)
    assert arm.velocities[0] == pytest.approx(0.4, rel=0.01)
    assert arm.positions[0] == pytest.approx(position - 0.4 * LAG, abs=5e-4)
    run(arm, 0.2)
    assert arm.positions[0] == pytest.approx(position + 0.4 * 0.04, abs=1e-5)
    assert arm.velocities[0] == pytest.approx(0.0, abs=1e-3)


def test_names_come_in_any_order(arm: TrajectorySimulator) -> None:
    arm.follow(["wrist", "elbow"], [TrajectoryPoint(0.1, [0.2, 1.3], [0.0, 0.0])])
    run(arm, 0.5)
    assert arm.positions == pytest.approx([1.3, 0.2], abs=1e-6)


def test_the_joints_end_at_their_stops(arm: TrajectorySimulator) -> None:
    arm.follow(NAMES, [TrajectoryPoint(0.2, [9.0, -9.0], [0.0, 0.0])])
    run(arm, 1.0)
    assert arm.positions == [2.0, -1.0]
    assert arm.velocities == [0.0, 0.0]


@pytest.mark.parametrize(
    ("names", "points", "refusal"),
    [
        (["elbow"], [TrajectoryPoint(0.1, [1.0], [0.0])], "for joints elbow"),
        (["elbow", "knee"], [TrajectoryPoint(0.1, [1.0, 0.0], [0.0, 0.0])], "elbow, knee"),
        (NAMES, [], "without points"),
        (NAMES, [TrajectoryPoint(0.0, [1.0, 0.0], [0.0, 0.0])], "at 0.0 s"),
        (NAMES, [TrajectoryPoint(0.2, [1.0, 0.0], [0.0, 0.0])] * 2, "at 0.2 s after one at 0.2 s"),
        (NAMES, [TrajectoryPoint(math.nan, [1.0, 0.0], [0.0, 0.0])], "at nan s"),
        (NAMES, [TrajectoryPoint(0.1, [1.0, 0.0], [])], "without a position and a velocity"),
        (NAMES, [TrajectoryPoint(0.1, [math.nan, 0.0], [0.0, 0.0])], "not finite"),
        (NAMES, [TrajectoryPoint(0.1, [1.0, 0.0], [0.0, -0.1])], "last point moves"),
    ],
)
def test_a_refused_trajectory_changes_nothing(
    arm: TrajectorySimulator, names: list[str], points: list[TrajectoryPoint], refusal: str
) -> None:
    arm.follow(NAMES, [TrajectoryPoint(0.1, [1.2, 0.0], [0.0, 0.0])])
    assert refusal in str(arm.follow(names, points))
    run(arm, 0.5)
    assert arm.positions[0] == pytest.approx(1.2, abs=1e-6)


@settings(deadline=None)
@given(st.lists(st.floats(0.0, 0.2), min_size=1, max_size=20))
def test_a_joint_stays_inside_however_time_passes(steps: list[float]) -> None:
    arm = TrajectorySimulator([SimulatedJoint("elbow", 0.0, 2.0)])
    arm.follow(["elbow"], [TrajectoryPoint(0.1, [1.9], [30.0]), TrajectoryPoint(0.3, [2.1], [0.0])])
    for step in steps:
        arm.step(step)
        assert 0.0 <= arm.positions[0] <= 2.0
        assert math.isfinite(arm.velocities[0])
