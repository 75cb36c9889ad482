from __future__ import annotations

import pytest

from emg_recognition.control.inputs import Instant, Receipt, SignalWatch

EPOCH = 1_700_000_000.0


def at(steady: float, ros: float | None = None) -> Instant:
    """Return a moment; ROS time runs with the steady clock unless it is given."""
    return Instant(steady, EPOCH + (steady if ros is None else ros))


@pytest.fixture
def watch() -> SignalWatch:
    """Return a watch that has received index 10 at 1 s, stamped 10 ms before."""
    watch = SignalWatch(0.12)
    assert watch.receive(EPOCH + 0.99, 10, at(1.0), may_restart=False) is Receipt.FIRST
    return watch


def receive(watch: SignalWatch, stamp: float, index: int, now: Instant, restart: bool = False) -> Receipt:
    return watch.receive(EPOCH + stamp, index, now, may_restart=restart)


def test_nothing_received_is_a_doubt() -> None:
    assert str(SignalWatch(0.12).doubt(at(0.0))) == "no usable estimate seen yet"
    assert SignalWatch(0.12).age(at(0.0)) == -1.0


def test_the_next_estimate_is_fresh(watch: SignalWatch) -> None:
    assert receive(watch, 1.015, 15, at(1.025)) is Receipt.FRESH
    assert watch.last_index == 15
    assert watch.step == 5
    assert watch.delay == pytest.approx(0.01, abs=1e-6)
    assert watch.age(at(1.1)) == pytest.approx(0.075)


def test_silence_on_the_steady_clock_is_stale_though_ros_time_stands(watch: SignalWatch) -> None:
    assert watch.doubt(at(1.119, 1.0)) is None
    assert "no usable estimate for 121 ms" in str(watch.doubt(at(1.121, 1.0)))


def test_an_old_stamp_is_stale_though_it_came_just_now(watch: SignalWatch) -> None:
    assert "ended 130 ms ago in ROS time" in str(watch.doubt(at(1.001, 1.12)))


def test_ros_time_that_went_back_is_a_doubt(watch: SignalWatch) -> None:
    assert watch.doubt(at(1.01, 0.95)) is None
    assert "before the newest window" in str(watch.doubt(at(1.01, 0.93)))


@pytest.mark.parametrize(
    ("stamp", "index", "now", "receipt"),
    [
        (1.0, 10, at(1.02), Receipt.OUT_OF_ORDER),  # the same window twice
        (1.0, 9, at(1.02), Receipt.OUT_OF_ORDER),
        (0.99, 11, at(1.02), Receipt.OUT_OF_ORDER),  # a clock that stands
        (1.08, 11, at(1.02), Receipt.FUTURE),
        (1.06, 11, at(1.02), Receipt.FRESH),  # within the tolerance
        (0.995, 11, at(1.12), Receipt.LATE),
    ],
)
def test_unusable_estimates_do_not_refresh(
    watch: SignalWatch, stamp: float, index: int, now: Instant, receipt: Receipt
) -> None:
    assert receive(watch, stamp, index, now) is receipt
    assert (receipt.ignored is None) == (watch.age(now) == 0.0)


def test_after_a_break_the_first_estimate_says_so(watch: SignalWatch) -> None:
    assert receive(watch, 1.12, 40, at(1.125)) is Receipt.FIRST


def test_a_new_stream_is_accepted_only_where_it_may_restart(watch: SignalWatch) -> None:
    assert receive(watch, 1.02, 3, at(1.03)) is Receipt.OUT_OF_ORDER
    assert receive(watch, 1.02, 3, at(1.03), restart=True) is Receipt.FIRST
    assert watch.last_index == 3
    assert receive(watch, 1.03, 3, at(1.04), restart=True) is Receipt.OUT_OF_ORDER
