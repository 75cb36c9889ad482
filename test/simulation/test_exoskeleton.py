"""Simulated joints: their lag, and the trajectory and velocity controllers in front of them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emg_recognition.simulation.exoskeleton import (
    LAG,
    SimulatedJoint,
    SimulatedJoints,
    TrajectoryPoint,
    TrajectorySimulator,
    VelocitySimulator,
)

NAMES = ["elbow", "wrist"]
JOINTS = [SimulatedJoint("elbow", 0.0, 2.0), SimulatedJoint("wrist", -1.0, 1.0)]


def run(arm: TrajectorySimulator | VelocitySimulator, seconds: float, dt: float = 0.001) -> None:
    for _ in range(round(seconds / dt)):
        arm.step(dt)


class TestJoints:
    @pytest.fixture
    def arm(self) -> SimulatedJoints:
        return SimulatedJoints([SimulatedJoint("elbow", 0.0, 2.0), SimulatedJoint("wrist", -1.0, 0.0)])

    def test_they_start_at_rest_in_the_middle(self, arm: SimulatedJoints) -> None:
        assert arm.joint_names == ("elbow", "wrist")
        assert (arm.positions, arm.velocities) == ([1.0, -0.5], [0.0, 0.0])

    @pytest.mark.parametrize("steps", [1, 2, 7])
    def test_the_lag_is_of_first_order_however_time_is_divided(
        self, arm: SimulatedJoints, steps: int
    ) -> None:
        for k in range(1, steps + 1):
            arm.approach([1.0 + 0.1 * k / steps, -0.5], LAG / steps)
        # x + LAG x' = c t, from rest: x = c (t - LAG (1 - exp(-t / LAG))).
        assert arm.positions == pytest.approx([1.0 + 0.1 / math.e, -0.5])
        for _ in range(steps):
            arm.approach([1.1, -0.5], LAG / steps)
        assert arm.positions == pytest.approx([1.1 - 0.1 * (1 - 1 / math.e) / math.e, -0.5])

    def test_in_steady_motion_the_velocity_is_the_desired_one(self, arm: SimulatedJoints) -> None:
        desired = 1.0
        for duration in [0.01] * 20 + [0.001, 0.013, 0.0001, 0.03]:
            desired += 0.3 * duration
            arm.approach([desired, -0.5], duration)
        assert arm.velocities == pytest.approx([0.3, 0.0], rel=1e-4)
        assert arm.positions[0] == pytest.approx(desired - 0.3 * LAG, rel=1e-6)

    def test_they_stop_at_their_mechanical_stops(self, arm: SimulatedJoints) -> None:
        for _ in range(50):
            arm.approach([9.0, -9.0], 0.01)
        assert (arm.positions, arm.velocities) == ([2.0, -1.0], [0.0, 0.0])


class TestTrajectory:
    @pytest.fixture
    def arm(self) -> TrajectorySimulator:
        """Return an arm whose elbow starts at 1 rad and whose wrist starts at 0 rad."""
        return TrajectorySimulator(JOINTS)

    def test_without_a_trajectory_it_does_not_move(self, arm: TrajectorySimulator) -> None:
        run(arm, 0.5)
        assert arm.positions == [1.0, 0.0]
        assert arm.velocities == [0.0, 0.0]

    def test_it_reaches_the_last_point_and_holds_there(self, arm: TrajectorySimulator) -> None:
        assert arm.follow(NAMES, [TrajectoryPoint(0.5, [1.2, -0.1], [0.0, 0.0])]) is None
        run(arm, 0.25)
        # The cubic from rest to rest is half way at half time; the joint lags behind.
        assert 1.0 < arm.positions[0] < 1.1
        run(arm, 0.5)
        assert arm.positions == pytest.approx([1.2, -0.1], abs=1e-6)
        assert arm.velocities == pytest.approx([0.0, 0.0], abs=1e-5)

    def test_it_follows_a_stream_of_short_trajectories_at_their_speed(self, arm: TrajectorySimulator) -> None:
        """Each replaces the previous one at once, as those of the bridge do."""
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

    def test_joints_may_be_named_in_any_order(self, arm: TrajectorySimulator) -> None:
        arm.follow(["wrist", "elbow"], [TrajectoryPoint(0.1, [0.2, 1.3], [0.0, 0.0])])
        run(arm, 0.5)
        assert arm.positions == pytest.approx([1.3, 0.2], abs=1e-6)

    def test_the_joints_stop_at_their_mechanical_stops(self, arm: TrajectorySimulator) -> None:
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
        self, arm: TrajectorySimulator, names: list[str], points: list[TrajectoryPoint], refusal: str
    ) -> None:
        arm.follow(NAMES, [TrajectoryPoint(0.1, [1.2, 0.0], [0.0, 0.0])])
        assert refusal in str(arm.follow(names, points))
        run(arm, 0.5)
        assert arm.positions[0] == pytest.approx(1.2, abs=1e-6)

    @settings(deadline=None)
    @given(st.lists(st.floats(0.0, 0.2), min_size=1, max_size=20))
    def test_a_joint_stays_in_its_range_however_time_is_divided(self, steps: list[float]) -> None:
        arm = TrajectorySimulator([SimulatedJoint("elbow", 0.0, 2.0)])
        arm.follow(["elbow"], [TrajectoryPoint(0.1, [1.9], [30.0]), TrajectoryPoint(0.3, [2.1], [0.0])])
        for step in steps:
            arm.step(step)
            assert 0.0 <= arm.positions[0] <= 2.0
            assert math.isfinite(arm.velocities[0])


class TestVelocity:
    def test_the_newest_velocities_last_forever(self) -> None:
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
    def test_the_watchdog_stops_after_its_time_however_time_is_divided(self, dt: float) -> None:
        arm = VelocitySimulator(JOINTS, watchdog=0.1)
        arm.obey([0.5, 0.0])
        run(arm, 1.4, dt)
        assert arm.positions[0] == pytest.approx(1.05, abs=1e-6)
        assert arm.velocities[0] == pytest.approx(0.0, abs=1e-3)
        assert arm.stopped_by_watchdog == 1
        arm.obey([-0.5, 0.0])
        run(arm, 0.7, dt)
        assert arm.positions[0] == pytest.approx(1.0, abs=1e-6)

    def test_commands_in_time_do_not_trigger_the_watchdog(self) -> None:
        arm = VelocitySimulator(JOINTS, watchdog=0.1)
        for _ in range(20):
            arm.obey([0.5, 0.0])
            run(arm, 0.09)
        assert arm.velocities[0] == pytest.approx(0.5)
        assert arm.stopped_by_watchdog == 0

    def test_joints_at_rest_are_not_stopped(self) -> None:
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
    def test_a_refused_command_changes_nothing(self, velocities: list[float], refusal: str) -> None:
        """As with the real controller the joints go on moving; the watchdog is not reset."""
        arm = VelocitySimulator(JOINTS, watchdog=0.2)
        arm.obey([0.3, 0.0])
        run(arm, 0.15)
        assert refusal in str(arm.obey(velocities))
        run(arm, 0.04)
        assert arm.velocities == pytest.approx([0.3, 0.0], rel=1e-3)
        run(arm, 0.5)
        assert arm.positions[0] == pytest.approx(1.06, abs=1e-6)

    def test_a_drive_at_its_stop_does_not_wind_up(self) -> None:
        arm = VelocitySimulator(JOINTS)
        arm.obey([3.0, 0.0])
        run(arm, 2.0)
        assert arm.positions[0] == pytest.approx(2.0)
        arm.obey([-1.0, 0.0])
        run(arm, 0.1)
        assert arm.positions[0] == pytest.approx(1.9 + LAG, abs=1e-3)
