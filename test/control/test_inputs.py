"""Estimates, ROS time and the stop input, each judged at a given moment."""

from __future__ import annotations

import dataclasses
import math

import pytest

from emg_recognition.control.inputs import (
    SILENCE,
    Instant,
    Receipt,
    RosClockWatch,
    SignalWatch,
    StopInput,
    check_estimate,
)
from emg_recognition.control.states import Reason, Violation
from emg_recognition.ownership import GONE_AFTER
from emg_recognition.types import Estimate, Model

B = b"another publisher"
EPOCH = 1_700_000_000.0


def at(steady: float, ros: float | None = None) -> Instant:
    """Return a moment; ROS time runs with the steady clock unless it is given."""
    return Instant(steady, EPOCH + (steady if ros is None else ros))


class TestEstimate:
    MODEL = Model(model="m1", actions=("rest", "bend"))
    GOOD = Estimate(
        time=100.0,
        last_index=39,
        accepted=True,
        action_id=1,
        action="bend",
        confidence=0.9,
        probabilities=(0.1, 0.9),
        activation=0.7,
        model="m1",
    )

    @pytest.mark.parametrize(
        "change",
        [
            {},
            {"confidence": 1.0000001},
            {"confidence": 0.0},
            {"probabilities": ()},
            {"activation": 0.0},
            {"accepted": False, "action_id": -1, "action": ""},
        ],
    )
    def test_sound(self, change: dict[str, object]) -> None:
        assert check_estimate(dataclasses.replace(self.GOOD, **change), self.MODEL) is None

    @pytest.mark.parametrize(
        ("change", "text"),
        [
            ({"model": "m2"}, "'m2', announced is 'm1'"),
            ({"confidence": math.nan}, "confidence of nan"),
            ({"confidence": math.inf}, "confidence of inf"),
            ({"confidence": -0.1}, "confidence of -0.1"),
            ({"confidence": math.nan, "accepted": False, "action_id": -1, "action": ""}, "confidence of nan"),
            ({"time": math.nan}, "stamp of nan"),
            ({"activation": math.nan}, "activation of nan"),
            ({"activation": -0.5}, "activation of -0.5"),
            ({"probabilities": (0.5, math.nan)}, "probabilities of nan"),
            ({"probabilities": (0.5, 1.1)}, "probabilities of 1.1"),
            ({"action_id": 2}, "action 2, the model has 2"),
            ({"action_id": -1}, "action -1, the model has 2"),
            ({"action_id": 0}, "action 0 named 'bend', the model names it 'rest'"),
        ],
    )
    def test_impossible(self, change: dict[str, object], text: str) -> None:
        assert text in str(check_estimate(dataclasses.replace(self.GOOD, **change), self.MODEL))


class TestSignalWatch:
    @pytest.fixture
    def watch(self) -> SignalWatch:
        """Return a watch that received index 10 at 1 s, stamped 10 ms earlier."""
        watch = SignalWatch(0.12)
        assert self.receive(watch, 0.99, 10, at(1.0)) is Receipt.FIRST
        return watch

    @staticmethod
    def receive(watch: SignalWatch, stamp: float, index: int, now: Instant, restart: bool = False) -> Receipt:
        return watch.receive(EPOCH + stamp, index, now, may_restart=restart)

    def test_nothing_received(self) -> None:
        assert str(SignalWatch(0.12).violation(at(0.0))) == "no usable estimate on emg/action yet"
        assert SignalWatch(0.12).age(at(0.0)) == -1.0

    def test_the_next_estimate_is_fresh(self, watch: SignalWatch) -> None:
        assert self.receive(watch, 1.015, 15, at(1.025)) is Receipt.FRESH
        assert watch.last_index == 15
        assert watch.stride == 5
        assert watch.delay == pytest.approx(0.01, abs=1e-6)
        assert watch.age(at(1.1)) == pytest.approx(0.075)

    def test_silence_on_the_steady_clock_is_stale_while_ros_time_stands(self, watch: SignalWatch) -> None:
        assert watch.violation(at(1.119, 1.0)) is None
        assert "no usable estimate for 121 ms" in str(watch.violation(at(1.121, 1.0)))

    def test_an_old_stamp_is_stale_right_after_receipt(self, watch: SignalWatch) -> None:
        assert "ended 130 ms ago in ROS time" in str(watch.violation(at(1.001, 1.12)))

    def test_ros_time_that_went_back(self, watch: SignalWatch) -> None:
        assert watch.violation(at(1.01, 0.95)) is None
        assert "before the newest window" in str(watch.violation(at(1.01, 0.93)))

    @pytest.mark.parametrize(
        ("stamp", "index", "now", "receipt"),
        [
            (1.0, 10, at(1.02), Receipt.OUT_OF_ORDER),  # the same window twice
            (1.0, 9, at(1.02), Receipt.OUT_OF_ORDER),
            (0.99, 11, at(1.02), Receipt.OUT_OF_ORDER),  # a clock that has stopped
            (1.08, 11, at(1.02), Receipt.FUTURE),
            (1.06, 11, at(1.02), Receipt.FRESH),  # within the tolerance
            (0.995, 11, at(1.12), Receipt.LATE),
        ],
    )
    def test_unusable_estimates_do_not_refresh(
        self, watch: SignalWatch, stamp: float, index: int, now: Instant, receipt: Receipt
    ) -> None:
        assert self.receive(watch, stamp, index, now) is receipt
        assert (receipt.ignored is None) == (watch.age(now) == 0.0)

    def test_the_first_estimate_after_a_break(self, watch: SignalWatch) -> None:
        assert self.receive(watch, 1.12, 40, at(1.125)) is Receipt.FIRST

    def test_a_new_stream_is_accepted_only_where_it_may_restart(self, watch: SignalWatch) -> None:
        assert self.receive(watch, 1.02, 3, at(1.03)) is Receipt.OUT_OF_ORDER
        assert self.receive(watch, 1.02, 3, at(1.03), restart=True) is Receipt.FIRST
        assert watch.last_index == 3
        assert self.receive(watch, 1.03, 3, at(1.04), restart=True) is Receipt.OUT_OF_ORDER


class Clocks:
    """Both clocks, and a watch that ticks with them."""

    def __init__(self) -> None:
        self.watch = RosClockWatch(0.12)
        self.now = Instant(10.0, EPOCH)

    def run(self, seconds: float, pace: float = 1.0, period: float = 0.005) -> list[Violation]:
        """Let time pass; return the jumps that were found."""
        found = []
        for _ in range(round(seconds / period)):
            self.now = Instant(self.now.steady + period, self.now.ros + pace * period)
            found += [violation for violation in [self.watch.tick(self.now)] if violation]
        return found

    def jump(self, by: float) -> None:
        self.now = self.now._replace(ros=self.now.ros + by)

    def violation(self) -> Violation | None:
        return self.watch.violation(self.now)


class TestRosClock:
    @pytest.fixture
    def clocks(self) -> Clocks:
        clocks = Clocks()
        assert clocks.run(1.0) == []
        assert clocks.violation() is None
        return clocks

    @pytest.mark.parametrize("by", [-3600.0, -0.13, 0.13, 3600.0, -1.7e9])
    def test_a_jump_is_found_once(self, clocks: Clocks, by: float) -> None:
        clocks.jump(by)
        (violation,) = clocks.run(0.5)
        assert violation.reason is Reason.ROS_TIME_JUMPED
        assert f"jumped by {by:+.3f}"[:12] in violation.text

    @pytest.mark.parametrize("by", [-0.11, 0.11])
    def test_a_small_step_is_accepted(self, clocks: Clocks, by: float) -> None:
        clocks.jump(by)
        assert clocks.run(0.5) == []

    def test_a_stopped_clock_is_found_after_the_tolerance(self, clocks: Clocks) -> None:
        clocks.run(0.115, pace=0.0)
        assert clocks.violation() is None
        clocks.run(0.015, pace=0.0)
        violation = clocks.violation()
        assert violation is not None
        assert violation.reason is Reason.ROS_TIME_STANDS
        assert "130 ms" in violation.text
        assert clocks.run(0.1) == []
        assert clocks.violation() is None

    def test_a_clock_that_has_not_started(self) -> None:
        watch = RosClockWatch(0.12)
        watch.tick(Instant(1.0, 0.0))
        assert "has not started" in str(watch.violation(Instant(1.0, 0.0)))

    def test_a_faster_replay_is_not_a_jump_even_if_ticks_are_late(self) -> None:
        clocks = Clocks()
        clocks.run(3.0, pace=4.0)
        assert clocks.run(0.4, pace=4.0, period=0.1) == []

    def test_a_clock_published_in_steps_does_not_jump(self) -> None:
        """As `ros2 bag play --clock 20` does at twice the speed."""
        clocks = Clocks()
        found = []
        for _ in range(100):
            clocks.jump(0.1)
            found += clocks.run(0.05, pace=0.0)
            assert clocks.violation() is None
        assert found == []


class TestStopInput:
    @pytest.fixture
    def switch(self) -> StopInput:
        """Return a stop input with one publisher that has said true twice, the last time at 1 s."""
        switch = StopInput()
        switch.count(1)
        switch.receive(True, 0.95)
        switch.receive(True, 1.0)
        return switch

    @staticmethod
    def reason(switch: StopInput, steady: float) -> Reason | None:
        violation = switch.violation(steady)
        return None if violation is None else violation.reason

    def test_it_allows_motion_while_it_says_true(self, switch: StopInput) -> None:
        assert self.reason(switch, 0.999 + SILENCE) is None
        assert switch.confirmed

    def test_false_stops(self, switch: StopInput) -> None:
        switch.receive(False, 1.05)
        assert self.reason(switch, 1.05) is Reason.STOP_INPUT_FALSE

    def test_silence_stops(self, switch: StopInput) -> None:
        assert self.reason(switch, 1.121) is Reason.STOP_INPUT_SILENT
        assert "silent for 121 ms" in str(switch.violation(1.121))
        assert switch.age(1.121) == pytest.approx(0.121)

    def test_no_message_yet(self) -> None:
        switch = StopInput()
        switch.count(1)
        assert "no message of the stop input exo/enable yet" in str(switch.violation(0.0))
        assert switch.age(5.0) == -1.0

    @pytest.mark.parametrize(("number", "why"), [(0, Reason.STOP_INPUT_LOST), (2, Reason.STOP_INPUT_SEVERAL)])
    def test_there_must_be_exactly_one(self, switch: StopInput, number: int, why: Reason) -> None:
        switch.count(number)
        assert self.reason(switch, 1.0) is why

    def test_one_message_is_not_believed_yet(self) -> None:
        switch = StopInput()
        switch.count(1)
        switch.receive(True, 1.0)
        assert not switch.confirmed
        switch.receive(True, 1.05)
        assert switch.confirmed

    @pytest.mark.parametrize("event", ["silence", "distrust", "another publisher"])
    def test_it_must_be_confirmed_again(self, switch: StopInput, event: str) -> None:
        if event == "distrust":
            switch.distrust()
        elif event == "another publisher":
            switch.count(2)
            switch.count(1)
        switch.receive(True, 1.2 if event == "silence" else 1.05)
        assert not switch.confirmed
        switch.receive(True, 1.25 if event == "silence" else 1.1)
        assert switch.confirmed

    def test_a_second_one_that_speaks_is_noticed_and_its_end_too(self, switch: StopInput) -> None:
        switch.count(2)
        switch.receive(True, 1.01, B)
        assert self.reason(switch, 1.01) is Reason.STOP_INPUT_SEVERAL
        assert "2 publishers speak on exo/enable" in str(switch.violation(1.01))
        for i in range(20):
            switch.receive(True, 1.05 + i * 0.05)
        assert self.reason(switch, 2.0) is None
        assert switch.confirmed

    def test_the_silence_of_one_is_noticed_although_another_speaks(self, switch: StopInput) -> None:
        switch.count(2)
        reasons = []
        for i in range(20):
            switch.receive(True, 1.01 + i * 0.05, B)
            reasons.append(self.reason(switch, 1.01 + i * 0.05))
        # The first one was killed, but stays in the graph.
        assert reasons[0] is Reason.STOP_INPUT_SEVERAL
        assert reasons[-1] is None
        assert reasons.index(None) * 0.05 == pytest.approx(GONE_AFTER, abs=0.06)

    def test_one_that_has_said_nothing_is_not_taken_for_a_dead_one(self, switch: StopInput) -> None:
        switch.count(2)
        for i in range(100):
            switch.receive(True, 1.05 + i * 0.05)
            assert self.reason(switch, 1.05 + i * 0.05) is Reason.STOP_INPUT_SEVERAL
        assert "not every one of them has said something" in str(switch.violation(6.0))

    def test_one_that_comes_back_from_the_dead_is_a_second_one(self, switch: StopInput) -> None:
        switch.count(2)
        for i in range(40):
            switch.receive(True, 1.01 + i * 0.05, B)
        assert self.reason(switch, 2.96) is None
        switch.receive(True, 2.97)
        assert self.reason(switch, 2.97) is Reason.STOP_INPUT_SEVERAL

    def test_those_that_have_left_are_forgotten(self, switch: StopInput) -> None:
        for number in range(1000):
            switch.receive(True, 1.0 + number, number.to_bytes(16, "big"))
        switch.count(2)
        # The second of the two is one that was never heard, not one of the thousand.
        for i in range(4):
            switch.receive(True, 2000.0 + i * 0.05, B)
        assert self.reason(switch, 2000.2) is None
        switch.count(3)
        switch.receive(True, 2000.2, B)
        assert self.reason(switch, 2000.2) is Reason.STOP_INPUT_SEVERAL

    def test_false_counts_whoever_says_it(self, switch: StopInput) -> None:
        switch.count(2)
        switch.receive(False, 1.01, B)
        assert self.reason(switch, 1.6) is Reason.STOP_INPUT_FALSE
