"""Simulated joints: their lag, and the trajectory and velocity controllers in front of them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
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


PERIOD = 0.001


def run(arm: SimulatedJoints, seconds: float) -> None:
    for _ in range(round(seconds / arm.period)):
        arm.update()


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
    @pytest.fixture(params=[False, True], ids=["from measured", "from desired"])
    def arm(self, request: pytest.FixtureRequest) -> TrajectorySimulator:
        """Return an arm whose elbow starts at 1 rad and whose wrist starts at 0 rad."""
        return TrajectorySimulator(JOINTS, PERIOD, interpolate_from_desired_state=request.param)

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

    def test_joints_may_be_named_in_any_order(self, arm: TrajectorySimulator) -> None:
        arm.follow(["wrist", "elbow"], [TrajectoryPoint(0.1, [0.2, 1.3], [0.0, 0.0])])
        run(arm, 0.5)
        assert arm.positions == pytest.approx([1.3, 0.2], abs=1e-6)

    def test_the_joints_stop_at_their_mechanical_stops(self, arm: TrajectorySimulator) -> None:
        arm.follow(NAMES, [TrajectoryPoint(0.2, [9.0, -9.0], [0.0, 0.0])])
        run(arm, 1.0)
        assert arm.positions == [2.0, -1.0]
        assert arm.velocities == [0.0, 0.0]

    def test_only_the_newest_counts_and_from_the_next_update_on(self, arm: TrajectorySimulator) -> None:
        arm.follow(NAMES, [TrajectoryPoint(0.001, [1.9, 0.0], [0.0, 0.0])])
        arm.follow(NAMES, [TrajectoryPoint(0.5, [0.9, 0.0], [0.0, 0.0])])
        assert arm.positions[0] == 1.0
        run(arm, 0.1)
        assert arm.positions[0] < 1.0

    @pytest.mark.parametrize(
        ("velocities", "accelerations", "half_way"),
        [
            ((), (), 1.05),  # a line
            ((0.0,), (), 1.05),  # a cubic, symmetrical from rest to rest
            ((0.4,), (), 1.05 - 0.4 * 0.5 / 8),
            ((0.4,), (0.0,), 1.05 - 0.4 * 0.5 * 5 / 32),
        ],
    )
    def test_the_first_point_says_how_it_is_reached(
        self, velocities: tuple[float, ...], accelerations: tuple[float, ...], half_way: float
    ) -> None:
        """At half time, a cubic from rest to v is v T / 8 below the middle, a quintic 5 v T / 32."""
        arm = TrajectorySimulator([SimulatedJoint("elbow", 0.0, 2.0)], PERIOD)
        first = TrajectoryPoint(0.5, [1.1], velocities, accelerations)
        stop = TrajectoryPoint(5.0, [1.2], velocities and [0.0], accelerations and [0.0])
        assert arm.follow(["elbow"], [first, stop]) is None
        run(arm, 0.25)
        # The joint is behind by its lag times the velocity.
        assert arm.positions[0] + LAG * arm.velocities[0] == pytest.approx(half_way, abs=2e-4)

    def test_a_stamp_says_when_it_begins(self, arm: TrajectorySimulator) -> None:
        run(arm, 1.0)
        points = [TrajectoryPoint(0.1, [1.1, 0.0], [0.0, 0.0]), TrajectoryPoint(0.2, [1.3, 0.0], [0.0, 0.0])]
        # It ended before the last update.
        assert "ended 0.050 s ago" in str(arm.follow(NAMES, points, start=0.75))
        # Its first point is past: the controller is at once where the trajectory is by now.
        assert arm.follow(NAMES, points, start=0.85) is None
        run(arm, 0.01)
        assert arm.velocities[0] > 5.0
        run(arm, 0.5)
        # It leads to its first point from now on, although it begins later.
        assert arm.follow(NAMES, [TrajectoryPoint(0.1, [1.0, 0.0], [0.0, 0.0])], start=2.0) is None
        run(arm, 0.05)
        assert arm.positions[0] < 1.3

    def test_from_measured_it_begins_where_a_blocked_joint_is(self) -> None:
        """The desired state is far ahead of a joint that stands at its stop; the measured one is not."""
        speeds = []
        for from_desired in (False, True):
            arm = TrajectorySimulator(
                [SimulatedJoint("elbow", 0.0, 2.0)], PERIOD, interpolate_from_desired_state=from_desired
            )
            arm.follow(["elbow"], [TrajectoryPoint(0.1, [3.0], [0.0])])
            run(arm, 0.5)
            arm.follow(["elbow"], [TrajectoryPoint(0.5, [1.8], [0.0])])
            run(arm, 0.1)
            speeds.append(arm.velocities[0])
        assert speeds[0] < -0.1
        assert speeds[1] == 0.0

    @pytest.mark.parametrize(
        ("names", "points", "refusal"),
        [
            (["elbow"], [TrajectoryPoint(0.1, [1.0], [0.0])], "for joints elbow"),
            (["elbow", "knee"], [TrajectoryPoint(0.1, [1.0, 0.0], [0.0, 0.0])], "elbow, knee"),
            (NAMES, [], "without points"),
            (NAMES, [TrajectoryPoint(0.2, [1.0, 0.0], [0.0, 0.0])] * 2, "at 0.2 s after one at 0.2 s"),
            (NAMES, [TrajectoryPoint(math.nan, [1.0, 0.0], [0.0, 0.0])], "at nan s"),
            (NAMES, [TrajectoryPoint(0.1, [1.0], [0.0, 0.0])], "without a position"),
            (NAMES, [TrajectoryPoint(0.1, [1.0, 0.0], [0.0])], "for some joints only"),
            (NAMES, [TrajectoryPoint(0.1, [1.0, 0.0], [], [0.0, 0.0])], "and no velocities"),
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

    @given(st.sampled_from([0.001, 0.002, 0.01, 0.1]), st.floats(-30.0, 30.0), st.booleans())
    def test_a_joint_stays_in_its_range(self, period: float, velocity: float, from_desired: bool) -> None:
        arm = TrajectorySimulator(
            [SimulatedJoint("elbow", 0.0, 2.0)], period, interpolate_from_desired_state=from_desired
        )
        arm.follow(["elbow"], [TrajectoryPoint(0.1, [1.9], [velocity]), TrajectoryPoint(0.3, [2.1], [0.0])])
        for _ in range(round(0.5 / period)):
            arm.update()
            assert 0.0 <= arm.positions[0] <= 2.0
            assert math.isfinite(arm.velocities[0])


@pytest.mark.parametrize("from_desired", [False, True])
@pytest.mark.parametrize("rate", [100, 125, 200, 500])
def test_a_stream_of_short_trajectories_moves_at_their_speed(rate: int, from_desired: bool) -> None:
    """Each replaces the previous one, as those of the bridge do, 200 a second."""
    arm = TrajectorySimulator(JOINTS, 1 / rate, interpolate_from_desired_state=from_desired)
    position, sent, reached = 1.0, 0, []
    while arm.time < 1.5:
        if arm.time < 1.0 and sent * 0.005 <= arm.time:
            sent += 1
            position += 0.4 * 0.005
            ahead = position + 0.4 * 0.04
            points = [
                TrajectoryPoint(0.005, [position, 0.0], [0.4, 0.0]),
                TrajectoryPoint(0.085, [ahead, 0.0], [0.0, 0.0]),
            ]
            assert arm.follow(NAMES, points) is None
        arm.update()
        if arm.time <= 1.0:
            reached.append(arm.positions[0])
    half = len(reached) // 2
    assert (reached[-1] - reached[half - 1]) * 2 == pytest.approx(reached[-1] - 1.0 + 0.4 * LAG, rel=0.05)
    assert arm.positions[0] == pytest.approx(position + 0.4 * 0.04, abs=1e-5)
    assert arm.velocities[0] == pytest.approx(0.0, abs=1e-3)


def test_the_observer_sees_what_each_update_finds() -> None:
    arm = VelocitySimulator([SimulatedJoint("elbow", 0.0, 2.0)], 0.01)
    seen: list[tuple[float, float, float]] = []
    arm.observer = lambda time, positions, velocities: seen.append((time, positions[0], velocities[0]))
    arm.obey([0.5])
    run(arm, 0.03)
    assert seen[0] == (0.0, 1.0, 0.0)
    assert [time for time, _, _ in seen] == pytest.approx([0.0, 0.01, 0.02])
    assert seen[2][1] > seen[1][1] > 1.0


class TestVelocity:
    def test_the_newest_velocities_last_forever(self) -> None:
        arm = VelocitySimulator(JOINTS, PERIOD)
        assert arm.obey([0.3, -0.1]) is None
        run(arm, 1.0)
        assert arm.velocities == pytest.approx([0.3, -0.1])
        assert arm.positions == pytest.approx([1.3 - 0.3 * LAG, -0.1 + 0.1 * LAG], abs=1e-3)
        assert arm.obey([0.0, 0.2]) is None
        run(arm, 1.0)
        assert arm.velocities == pytest.approx([0.0, 0.2], abs=1e-6)
        assert arm.stopped_by_watchdog == 0

    @pytest.mark.parametrize("period", [0.001, 0.01, 0.05])
    def test_the_watchdog_stops_after_its_time(self, period: float) -> None:
        arm = VelocitySimulator(JOINTS, period, watchdog=0.1)
        arm.obey([0.5, 0.0])
        run(arm, 1.4)
        assert arm.positions[0] == pytest.approx(1.05, abs=1e-6)
        assert arm.velocities[0] == pytest.approx(0.0, abs=1e-3)
        assert arm.stopped_by_watchdog == 1
        arm.obey([-0.5, 0.0])
        run(arm, 0.7)
        assert arm.positions[0] == pytest.approx(1.0, abs=1e-6)

    def test_commands_in_time_do_not_trigger_the_watchdog(self) -> None:
        arm = VelocitySimulator(JOINTS, PERIOD, watchdog=0.1)
        for _ in range(20):
            arm.obey([0.5, 0.0])
            run(arm, 0.09)
        assert arm.velocities[0] == pytest.approx(0.5)
        assert arm.stopped_by_watchdog == 0

    def test_joints_at_rest_are_not_stopped(self) -> None:
        arm = VelocitySimulator(JOINTS, PERIOD, watchdog=0.1)
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
        arm = VelocitySimulator(JOINTS, PERIOD, watchdog=0.2)
        arm.obey([0.3, 0.0])
        run(arm, 0.15)
        assert refusal in str(arm.obey(velocities))
        run(arm, 0.04)
        assert arm.velocities == pytest.approx([0.3, 0.0], rel=1e-3)
        run(arm, 0.5)
        assert arm.positions[0] == pytest.approx(1.06, abs=1e-6)

    def test_a_drive_at_its_stop_does_not_wind_up(self) -> None:
        arm = VelocitySimulator(JOINTS, PERIOD)
        arm.obey([3.0, 0.0])
        run(arm, 2.0)
        assert arm.positions[0] == pytest.approx(2.0)
        arm.obey([-1.0, 0.0])
        run(arm, 0.1)
        assert arm.positions[0] == pytest.approx(1.9 + LAG, abs=1e-3)
