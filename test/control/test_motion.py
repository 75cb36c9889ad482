"""The motion profile: always within the limits and able to stop, whenever its ticks come."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emg_recognition.control.joints import STOP_RAMP, JointLimits
from emg_recognition.control.motion import AHEAD, SOFT_MARGIN, MotionProfile, is_moving, next_velocity
from emg_recognition.control.trajectory import Command, check_command

PERIOD = 0.005
ELBOW = JointLimits(name="elbow", lower=0.0, upper=2.0, max_velocity=0.5, max_acceleration=8.0)


class Motion:
    """A profile of one joint whose commands are obeyed, and whose measured positions follow at once."""

    def __init__(self, limits: JointLimits, start: float, period: float = PERIOD) -> None:
        self.limits, self.period, self.time = limits, period, 1.0
        self.profile = MotionProfile((limits,), period)
        self.profile.begin([start], self.time)
        self.commands: list[Command] = []

    def tick(self, target: float, passed: float | None = None, *, urgent: bool = False) -> Command:
        """Let time pass, and plan the next command."""
        self.time += self.period if passed is None else passed
        here = self.profile.here(self.time)
        self.profile.receiver.look([here[0][0]], self.time)
        command = self.profile.plan([target], here, self.time, urgent=urgent)
        if command is not None:
            assert check_command(command, here, (self.limits,)) is None
            self.commands.append(command)
        return self.commands[-1]

    def run(self, target: float, ticks: int, *, urgent: bool = False) -> list[float]:
        """Plan with regular ticks; return the velocities."""
        return [self.tick(target, urgent=urgent).velocities[0] for _ in range(ticks)]


def test_a_target_is_reached_at_once_and_gently() -> None:
    motion = Motion(ELBOW, 1.0)
    speeds = motion.run(0.4, 40)
    assert speeds[0] == pytest.approx(0.8 * 8.0 * PERIOD)
    assert speeds[14] > 0.85 * 0.4
    assert speeds[-1] == pytest.approx(0.4, abs=1e-3)
    changes = [round(later - earlier, 6) for earlier, later in pairwise(speeds[10:])]
    assert changes == sorted(changes, reverse=True)
    # 0.2 s at 0.4 rad/s, less what the acceleration costs
    assert motion.commands[-1].positions[0] == pytest.approx(1.0 + 0.4 * (0.2 - 0.036), abs=2e-3)


def test_a_target_above_the_limit_is_clipped() -> None:
    assert Motion(ELBOW, 1.0).run(3.0, 60)[-1] == pytest.approx(0.5, abs=1e-3)


@pytest.mark.parametrize(("urgent", "ticks"), [(True, 22), (False, 28)])
def test_full_speed_stops_in_time(urgent: bool, ticks: int) -> None:
    motion = Motion(ELBOW, 1.0)
    motion.run(0.5, 60)
    speeds = motion.run(0.0, 50, urgent=urgent)
    assert speeds[0] < 0.5
    assert all(abs(speed) <= 0.02 for speed in speeds[ticks:])
    assert speeds[-1] == 0.0


def test_every_command_of_a_stop_ends_at_the_same_place() -> None:
    motion = Motion(ELBOW, 1.0)
    motion.run(0.4, 60)
    motion.run(0.0, 12, urgent=True)
    ends = [command.stops[0] for command in motion.commands[-12:]]
    assert max(ends) - min(ends) < 1e-3
    times = [command.until for command in motion.commands[-12:-4]]
    assert times == pytest.approx([times[0] - PERIOD * k for k in range(8)])


def test_a_joint_comes_to_rest_just_inside_its_limit() -> None:
    motion = Motion(ELBOW, 1.5)
    motion.run(0.5, 1000)
    assert motion.commands[-1].positions[0] == pytest.approx(2.0 - SOFT_MARGIN, abs=1e-3)
    assert motion.commands[-1].velocities[0] < 1e-3
    assert motion.run(-0.5, 100)[-1] == pytest.approx(-0.5, abs=1e-3)


def test_beyond_the_soft_margin_a_joint_can_only_go_back() -> None:
    assert next_velocity(ELBOW, 1.995, 0.0, 0.5, PERIOD) == 0.0
    assert next_velocity(ELBOW, 1.995, 0.0, -0.5, PERIOD) < 0.0


def test_without_a_new_command_the_joint_stops() -> None:
    motion = Motion(ELBOW, 1.0)
    motion.run(0.5, 60)
    end = motion.commands[-1].stops[0]
    assert is_moving(motion.profile.here(motion.time + 0.9 * AHEAD))
    assert motion.profile.here(motion.time + AHEAD) == [(end, 0.0)]
    assert end < motion.profile.here(motion.time)[0][0] + 0.5 * AHEAD


def test_a_receiver_may_have_got_nothing_since_the_beginning() -> None:
    motion = Motion(ELBOW, 1.0)
    motion.run(0.4, 10)
    motion.profile.begin([1.5], motion.time)
    here = motion.profile.here(motion.time)
    assert motion.profile.plan([0.4], here, motion.time) is not None
    assert (1.5, 0.0) in motion.profile.receiver.possible(motion.time + 0.02)[0]


@st.composite
def limits(draw: st.DrawFn) -> JointLimits:
    lower = draw(st.floats(-3.0, 3.0))
    velocity = draw(st.floats(0.01, 3.0))
    return JointLimits(
        name="any",
        lower=lower,
        upper=lower + draw(st.floats(0.05, 3.0)),
        max_velocity=velocity,
        max_acceleration=velocity / STOP_RAMP * draw(st.floats(1.0, 5.0)),
    )


@settings(max_examples=80)
@given(
    limits=limits(),
    start=st.floats(0.0, 1.0),
    rate=st.floats(50.0, 500.0),
    targets=st.lists(
        st.tuples(st.floats(-5.0, 5.0), st.integers(1, 30), st.sampled_from([0.0, 0.3, 1.0, 1.0, 3.0, 30.0])),
        max_size=8,
    ),
)
def test_no_limit_is_exceeded_for_any_targets_and_any_times_of_ticks(
    limits: JointLimits, start: float, rate: float, targets: list[tuple[float, int, float]]
) -> None:
    motion = Motion(limits, limits.lower + start * (limits.upper - limits.lower), 1.0 / rate)
    for target, ticks, periods in targets:
        for _ in range(ticks):
            # The tick itself checks position, velocity, acceleration and where it stops.
            motion.tick(target, periods * motion.period)
            end = motion.profile.here(motion.time + AHEAD)[0][0]
            assert limits.lower - 1e-9 <= end <= limits.upper + 1e-9


class TestProfile:
    def test_before_it_has_begun(self) -> None:
        profile = MotionProfile((ELBOW,), PERIOD)
        assert not profile.started
        assert profile.here(0.0) == []

    def test_it_follows_measured_positions(self) -> None:
        motion = Motion(ELBOW, 1.0)
        now = motion.time + PERIOD
        here = motion.profile.here(now)
        before = here[0][0]
        assert before < motion.profile.follow([before + 0.1], here, now)[0][0] < before + 0.001
        motion.tick(0.0)
        here = motion.profile.here(now)
        assert motion.profile.follow([here[0][0] + 0.1], here, now) == here  # no time has passed

    def test_following_stays_within_the_limits(self) -> None:
        motion = Motion(ELBOW, 1.0)
        for _ in range(2000):
            here = motion.profile.here(motion.time)
            motion.profile.follow([2.5], here, motion.time)
            motion.profile.plan([0.0], motion.profile.here(motion.time), motion.time)
            motion.time += PERIOD
        assert motion.profile.here(motion.time)[0][0] <= 2.0
