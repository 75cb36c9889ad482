"""The last second of a live stream, with gaps and restarts, and its rate."""

import numpy as np
import pytest

from emg_recognition.signal.quality_measures import RateMeter, RecentSamples


def rows(first, count):
    """Samples that tell their index, two channels."""
    return np.repeat(np.arange(first, first + count, dtype=np.float32)[:, np.newaxis], 2, axis=1)


def pushed(*chunks, rate=100.0):
    recent = RecentSamples(rate)
    missing = [recent.push(rows(first, count), first, restart=restart) for first, count, restart in chunks]
    return recent, missing


def test_before_the_first_chunk_there_is_nothing():
    recent = RecentSamples(100.0)
    assert recent.last_second().shape == (0, 0)
    assert recent.preview(0.02) is None


def test_the_last_second_however_it_was_cut():
    recent, missing = pushed(*((first, 7, first == 0) for first in range(0, 350, 7)))
    assert recent.last_second()[:, 0].tolist() == list(range(250, 350))
    assert not any(missing)
    one, _ = pushed((0, 350, True))
    assert np.array_equal(one.last_second(), recent.last_second())


def test_a_gap_leaves_the_longer_side():
    recent, missing = pushed((0, 100, True), (130, 30, False))
    # Of the last 100 indices 60 to 99 are there, and 130 to 159.
    assert recent.last_second()[:, 0].tolist() == list(range(60, 100))
    assert missing == [0, 30]
    recent.push(rows(160, 60), 160)
    assert recent.last_second()[:, 0].tolist() == list(range(130, 220))


def test_a_restart_is_a_border_without_a_loss():
    recent, missing = pushed((0, 100, True), (100, 60, True))
    assert missing == [0, 0]
    assert recent.last_second()[:, 0].tolist() == list(range(100, 160))


def test_an_index_that_goes_back_forgets_what_was():
    recent, missing = pushed((500, 100, True), (0, 20, True))
    assert missing == [0, 0]
    assert recent.last_second()[:, 0].tolist() == list(range(20))


def test_a_refused_chunk_is_a_border():
    recent, _ = pushed((0, 40, True))
    recent.break_off()
    recent.push(rows(40, 50), 40)
    assert recent.last_second()[:, 0].tolist() == list(range(40, 90))


def test_the_preview_is_the_strength_of_the_newest_without_the_offset(rng):
    recent = RecentSamples(1000.0)
    samples = 500.0 + rng.normal(0.0, 1.0, (100, 2)).astype(np.float32)
    samples[-20:, 1] += 10.0 * np.sin(np.arange(20) * np.pi / 2)
    for first in range(0, 100, 5):
        recent.push(samples[first : first + 5], first)
    assert recent.preview(0.02) == pytest.approx([1.0, np.hypot(1.0, 10.0 / np.sqrt(2.0))], rel=0.4)
    recent.push(samples[:50], 200)
    assert recent.preview(0.02) is None


def test_the_rate_is_measured_from_ten_seconds_on_with_losses_counted():
    meter = RateMeter()
    rate, index, known = 997.0, 0, []
    for _ in range(3000):
        meter.add(index, 10**18 + round(index / rate * 1e9))
        index += 5 if index % 1000 else 45  # a chunk of 40 is lost now and then
        known.append(meter.rate)
    assert known[0] == 0.0
    assert meter.rate == pytest.approx(rate, rel=1e-4)
    meter.restart()
    assert meter.rate == 0.0


def test_jitter_of_the_stamps_stays_far_below_a_hundredth(rng):
    meter = RateMeter()
    for index in range(0, 4000, 10):
        meter.add(index, 10**18 + round(index / 200.0 * 1e9 + rng.uniform(-8e6, 8e6)))
    assert meter.rate == pytest.approx(200.0, rel=2e-3)


def test_a_clock_that_goes_back_starts_the_measurement_anew():
    meter = RateMeter()
    for index in range(0, 4000, 100):
        meter.add(index, 10**18 + index * 5_000_000)
    assert meter.rate == pytest.approx(200.0)
    meter.add(4000, 10**17)
    assert meter.rate == 0.0
