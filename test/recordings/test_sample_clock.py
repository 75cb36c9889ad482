"""Times and runs of samples, from their indices and stamps."""

from __future__ import annotations

import numpy as np
import pytest

from emg_recognition.recordings.sample_clock import Runs, SampleClock

SECOND = 1_000_000_000


def test_an_index_that_goes_back_begins_a_new_run():
    runs = Runs()
    assert (runs.number, runs.add(0, 100, 0, 1000.0)) == (0, 0)
    assert runs.add(100, 50, SECOND, 1000.0) == 0
    assert runs.add(400, 50, 2 * SECOND, 1000.0) == 0  # a gap
    assert runs.add(449, 50, 3 * SECOND, 1000.0) == 1
    assert runs.add(499, 0, 3 * SECOND, 1000.0) == 1
    assert runs.add(499, 5, 3 * SECOND, 1000.0) == 1
    assert runs.add(0, 5, 4 * SECOND, 1000.0) == 2
    assert runs.number == 2


def test_the_run_of_an_index_is_found_by_its_stamp():
    runs = Runs()
    runs.add(0, 1000, 0, 1000.0)
    assert runs.of(np.array([5, 900]), np.array([0, 0])).tolist() == [0, 0]
    runs.add(0, 1000, 60 * SECOND, 1000.0)
    stamps = np.array([SECOND // 2, 60 * SECOND + SECOND // 2, 59 * SECOND])
    assert runs.of(np.array([500, 500, 10]), stamps).tolist() == [0, 1, 1]


def test_among_equally_near_runs_it_is_the_last():
    runs = Runs()
    for _ in range(5):
        runs.add(0, 10, 7, 1000.0)
    assert runs.of(np.array([3]), np.array([7])).tolist() == [4]


SECOND = 1_000_000_000
T0 = 1_800_000_000 * SECOND


def clock_of(*pieces, rate=1000.0):
    """Return a clock; each piece is run, first index, count and stamp in s after T0."""
    clock = SampleClock()
    for run, first, count, stamp in pieces:
        clock.add(run, first, count, T0 + round(stamp * SECOND), rate)
    return clock


@pytest.mark.parametrize("chunk", [1, 5, 7, 1000, 5000])
def test_the_size_of_the_messages_does_not_matter(chunk):
    pieces = [(0, 100 + i, min(chunk, 5000 - i), 0.001 * i) for i in range(0, 5000, chunk)]
    clock = clock_of(*pieces)
    index = np.array([100, 101, 1099, 5099, 5100])
    assert clock.time_at(0, index) == pytest.approx([0, 0.001, 0.999, 4.999, 5.0], abs=1e-9)
    assert clock.range_of(0) == (100, 5099)
    assert clock.index_at(T0 + 2 * SECOND) == (0, 2100)
    assert clock.index_at(T0 + 2 * SECOND + 1) == (0, 2100)  # a nanosecond is less than a sample
    assert clock.index_at(T0 + 2 * SECOND + 600_000) == (0, 2101)
    assert clock.time_of(np.array([T0, T0 + SECOND])) == pytest.approx([0, 1], abs=1e-9)


def test_memory_does_not_grow_with_the_messages():
    clock = SampleClock()
    for i in range(0, 60_000, 5):
        clock.add(0, i, 5, T0 + i * 1_000_000, 1000.0)
    assert len(clock._pieces) == 60


@pytest.mark.parametrize(
    ("second", "pause"),
    [
        ((0, 1000, 100, 1.0), 0.0),  # continues
        ((0, 1000, 100, 1.03), 0.0),  # jitter
        ((0, 1000, 100, 3.5), 2.5),  # the device was away, its index continues
        ((0, 3500, 100, 3.5), 2.5),  # lost and counted
        ((0, 3500, 100, 3.52), 2.5),
        ((0, 3500, 100, 1.0), 2.5),  # lost and counted, and the clock was set back
        ((0, 1000, 100, -3600.0), 0.0),  # set back
        ((0, 1000, 100, 86400.0 * 365), 0.0),  # set after a flat battery
        ((1, 0, 100, 4.0), 3.0),  # acquisition restarted
        ((1, 0, 100, -5.0), 0.0),
    ],
)
def test_pauses_are_kept_and_clock_jumps_ignored(second, pause):
    clock = clock_of((0, 0, 1000, 0.0), second)
    run, first, _, stamp = second
    assert clock.time_at(run, first) == pytest.approx(1.0 + pause, abs=1e-9)
    assert clock.time_at(run, first + 10) == pytest.approx(1.01 + pause, abs=1e-9)
    assert clock.time_at(0, 999) == pytest.approx(0.999, abs=1e-9)
    assert clock.stamp_at(run, first + 10) == T0 + round((stamp + 0.01) * SECOND)
    assert clock.index_at(T0 + round((stamp + 0.01) * SECOND)) == (run, first + 10)
    assert clock.time_of(np.array([T0 + round((stamp + 0.05) * SECOND)])) == pytest.approx(
        [1.05 + pause], abs=1e-6
    )


def test_stamps_outside_the_samples():
    clock = clock_of((0, 50, 1000, 0.0), (0, 1050, 500, 5.0), (1, 7, 500, 20.0))
    assert clock.index_at(T0 - 30 * SECOND) == (0, 50)  # before all samples
    assert clock.index_at(T0 + 3 * SECOND) == (0, 1050)  # in a pause: the next sample
    assert clock.index_at(T0 + 9 * SECOND) == (1, 7)
    assert clock.index_at(T0 + 90 * SECOND) == (1, 507)  # after all samples
    # Time passes in a pause, measured from either side.
    assert clock.time_of(np.array([T0 + 2 * SECOND, T0 + 4 * SECOND])) == pytest.approx([2, 4], abs=1e-9)


def test_the_time_of_missing_samples_follows_from_the_rate():
    clock = clock_of((0, 100, 1000, 0.0), (1, 0, 10, 2.0))
    assert clock.time_at([0, 0, 1], [90, 1200, 30]) == pytest.approx([-0.01, 1.1, 2.03], abs=1e-9)
    assert np.isnan(clock.time_at(5, 0))
    assert clock.stamp_at(5, 0) is None
    assert clock.range_of(5) is None


def test_a_clock_without_samples():
    clock = SampleClock()
    clock.add(0, 0, 0, T0, 1000.0)
    assert np.isnan(clock.time_at(0, 3))
    assert clock.time_at([], []).shape == (0,)
    assert clock.range_of(0) is None
    with pytest.raises(ValueError, match="no samples"):
        clock.index_at(T0)


def test_a_drifting_clock_does_not_break_the_axis():
    # 200 ppm: after ten minutes the stamps differ by 0.12 s from the times that follow from the rate.
    clock = clock_of(*[(0, i * 1000, 1000, i * 1.0002) for i in range(600)])
    assert clock.time_at(0, 599_999) == pytest.approx(599.999, abs=1e-6)
    assert clock.index_at(T0 + round(599 * 1.0002 * SECOND)) == (0, 599_000)
