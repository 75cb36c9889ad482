from __future__ import annotations

import pytest

from emg_recognition.control.inputs import Instant, RosClockWatch
from emg_recognition.control.states import Doubt, Reason

EPOCH = 1_700_000_000.0
PERIOD = 0.005


class Clocks:
    """Both clocks, and a watch that ticks with them."""

    def __init__(self) -> None:
        self.watch = RosClockWatch(0.12)
        self.now = Instant(10.0, EPOCH)

    def run(self, seconds: float, pace: float = 1.0, period: float = PERIOD) -> list[Doubt]:
        """Let time pass; return the jumps that were found."""
        found = []
        for _ in range(round(seconds / period)):
            self.now = Instant(self.now.steady + period, self.now.ros + pace * period)
            found += [doubt for doubt in [self.watch.tick(self.now)] if doubt]
        return found

    def jump(self, by: float) -> None:
        self.now = self.now._replace(ros=self.now.ros + by)


@pytest.fixture
def clocks() -> Clocks:
    clocks = Clocks()
    assert clocks.run(1.0) == []
    assert clocks.watch.doubt(clocks.now) is None
    return clocks


@pytest.mark.parametrize("by", [-3600.0, -0.13, 0.13, 3600.0, -1.7e9])
def test_a_jump_is_found_once(clocks: Clocks, by: float) -> None:
    clocks.jump(by)
    (doubt,) = clocks.run(0.5)
    assert doubt.reason is Reason.ROS_TIME_JUMPED
    assert f"jumped by {by:+.3f}"[:12] in doubt.text


@pytest.mark.parametrize("by", [-0.11, 0.11])
def test_a_small_step_is_let_pass(clocks: Clocks, by: float) -> None:
    clocks.jump(by)
    assert clocks.run(0.5) == []


def test_a_clock_that_stands_is_found_after_the_tolerance(clocks: Clocks) -> None:
    clocks.run(0.115, pace=0.0)
    assert clocks.watch.doubt(clocks.now) is None
    clocks.run(0.015, pace=0.0)
    doubt = clocks.watch.doubt(clocks.now)
    assert doubt is not None
    assert doubt.reason is Reason.ROS_TIME_STANDS
    assert "130 ms" in doubt.text
    assert clocks.run(0.1) == []
    assert clocks.watch.doubt(clocks.now) is None


def test_a_clock_that_has_not_started_is_a_doubt() -> None:
    watch = RosClockWatch(0.12)
    watch.tick(Instant(1.0, 0.0))
    assert "has not started" in str(watch.doubt(Instant(1.0, 0.0)))


def test_a_faster_replay_is_no_jump_even_where_ticks_are_late() -> None:
    clocks = Clocks()
    clocks.run(3.0, pace=4.0)
    assert clocks.run(0.4, pace=4.0, period=0.1) == []


def test_a_clock_that_is_published_in_steps_is_no_jump() -> None:
    """As `ros2 bag play --clock 20` does it, at twice the speed."""
    clocks = Clocks()
    found = []
    for _ in range(100):
        clocks.jump(0.1)
        found += clocks.run(0.05, pace=0.0)
        assert clocks.watch.doubt(clocks.now) is None
    assert found == []
