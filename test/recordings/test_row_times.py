"""Rate, bursts and gaps from times; lost samples from counters."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emg_recognition.recordings.row_times import find_lost, find_pace, whole


@pytest.mark.parametrize("burst", [1, 2, 3, 8, 25])
@pytest.mark.parametrize("within", [0.0, 0.0004])
def test_the_rate_is_rows_over_time_however_rows_arrive(burst, within):
    i = np.arange(2000)
    pace = find_pace(i // burst * burst / 250 + i % burst * within, gap=0.02)
    assert pace.rate == pytest.approx(250, rel=1e-6)
    assert pace.packet == burst
    assert not pace.gaps.any()


def test_late_packets_and_a_pause_do_not_change_the_rate(rng):
    i = np.arange(4000)
    time = i // 2 * 2 / 200 + rng.uniform(0, 0.004, 4000)[i // 2]
    time[3000:] += 60
    pace = find_pace(time, gap=0.02)
    assert whole(pace.rate) == 200
    assert (pace.packet, np.flatnonzero(pace.gaps).tolist()) == (2, [2999])


@pytest.mark.parametrize("rate", [200.0, 1000.0, 1259.2593, 2000.0])
def test_times_rounded_to_milliseconds_are_no_bursts(rate):
    pace = find_pace(np.round(np.arange(4000) / rate, 3), gap=0.02)
    assert pace.rate == pytest.approx(rate, rel=1e-3)
    assert pace.packet == 1


def test_lost_samples_count_for_the_rate():
    index = np.arange(2000) + 15 * (np.arange(2000) // 100)
    counted = find_lost(index % 256)
    assert (counted.lost.sum(), (counted.lost > 0).sum(), counted.modulus) == (285, 19, 256)
    pace = find_pace(index // 8 * 8 / 250, 0.02, counted.lost, 250.0)
    assert pace.rate == pytest.approx(250, rel=1e-3)


def test_too_few_times_say_nothing():
    assert find_pace(np.arange(1) / 100, 0.02) is None
    assert find_pace(np.zeros(500), 0.02) is None
    pace = find_pace(np.arange(5) / 100, 0.02, rate=100.0)
    assert pace.uncertainty == np.inf


@given(
    modulus=st.sampled_from([16, 101, 128, 200, 256, 1000, 65536]),
    step=st.sampled_from([1, 2]),
    packet=st.sampled_from([1, 2]),
    start=st.integers(0, 50),
    holes=st.dictionaries(st.integers(1, 2999), st.integers(1, 5), max_size=6),
)
def test_counters_count_what_is_missing(modulus, step, packet, start, holes):
    number = np.arange(3000) + start
    for at, size in holes.items():
        number[at:] += size
    if modulus % step:
        step = 1
    rows = np.repeat(number * step % modulus, packet)
    counted = find_lost(rows, modulus)
    assert counted.lost.sum() == packet * sum(holes.values())
    found = find_lost(rows)
    if modulus < 2000:
        assert found.modulus == modulus
        assert (found.lost == counted.lost).all()


def test_what_does_not_count_is_no_counter(rng):
    assert find_lost(rng.integers(0, 200, 500).astype(float)) is None
    assert find_lost(np.arange(100) + 0.5) is None
    assert find_lost(np.zeros(100)) is None


def test_a_counter_that_begins_again_restarts():
    counted = find_lost(np.concatenate([np.arange(100.0), np.arange(50.0)]))
    assert np.flatnonzero(counted.restarts).tolist() == [99]
    assert counted.lost.sum() == 0
