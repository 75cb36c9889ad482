"""The index, the last second and the rate of a stream, with gaps and restarts."""

import numpy as np
import pytest

from emg_recognition.signal.stream import RateMeter, RecentSamples, StreamIndex


def rows(first, count):
    """Return samples of two channels whose values are their index."""
    return np.repeat(np.arange(first, first + count, dtype=np.float32)[:, np.newaxis], 2, axis=1)


def pushed(*chunks, rate=100.0):
    recent = RecentSamples(rate)
    missing = [recent.push(rows(first, count), first, restart=restart) for first, count, restart in chunks]
    return recent, missing


def test_there_is_nothing_before_the_first_chunk():
    recent = RecentSamples(100.0)
    assert recent.last_second().shape == (0, 0)
    assert recent.preview(0.02) is None


def test_the_last_second_does_not_depend_on_the_chunks():
    recent, missing = pushed(*((first, 7, first == 0) for first in range(0, 350, 7)))
    assert recent.last_second()[:, 0].tolist() == list(range(250, 350))
    assert not any(missing)
    one, _ = pushed((0, 350, True))
    assert np.array_equal(one.last_second(), recent.last_second())


def test_of_the_two_sides_of_a_gap_the_longer_is_returned():
    recent, missing = pushed((0, 100, True), (130, 30, False))
    # Of the last 100 indices, 60 to 99 and 130 to 159 are there.
    assert recent.last_second()[:, 0].tolist() == list(range(60, 100))
    assert missing == [0, 30]
    recent.push(rows(160, 60), 160)
    assert recent.last_second()[:, 0].tolist() == list(range(130, 220))


def test_a_restart_is_a_border_without_loss():
    recent, missing = pushed((0, 100, True), (100, 60, True))
    assert missing == [0, 0]
    assert recent.last_second()[:, 0].tolist() == list(range(100, 160))


def test_an_index_that_goes_back_discards_the_earlier_samples():
    recent, missing = pushed((500, 100, True), (0, 20, True))
    assert missing == [0, 0]
    assert recent.last_second()[:, 0].tolist() == list(range(20))


def test_a_refused_chunk_is_a_border():
    recent, _ = pushed((0, 40, True))
    recent.break_off()
    recent.push(rows(40, 50), 40)
    assert recent.last_second()[:, 0].tolist() == list(range(40, 90))


def test_the_preview_is_the_rms_of_the_newest_samples_without_the_offset(rng):
    recent = RecentSamples(1000.0)
    samples = 500.0 + rng.normal(0.0, 1.0, (100, 2)).astype(np.float32)
    samples[-20:, 1] += 10.0 * np.sin(np.arange(20) * np.pi / 2)
    for first in range(0, 100, 5):
        recent.push(samples[first : first + 5], first)
    assert recent.preview(0.02) == pytest.approx([1.0, np.hypot(1.0, 10.0 / np.sqrt(2.0))], rel=0.4)
    recent.push(samples[:50], 200)
    assert recent.preview(0.02) is None


def test_the_index_counts_gaps_and_what_is_missing_at_them():
    index = StreamIndex()
    assert index.add(100, 10)
    assert not index.add(110, 10)
    assert index.add(125, 10)  # 5 are missing
    assert index.add(135, 10, restart=True)  # requested
    assert index.add(500, 10, restart=True)  # requested: the index may jump
    assert index.add(20, 10)  # goes back
    index.break_off()
    assert index.add(30, 0)
    assert not index.add(30, 10)
    assert (index.samples, index.starts, index.gaps, index.missing, index.next_index) == (70, 6, 3, 5, 40)


def test_the_rate_is_measured_after_ten_seconds_and_counts_lost_samples():
    meter = RateMeter()
    rate, index, known = 997.0, 0, []
    for _ in range(3000):
        meter.add(index, 1e9 + index / rate)
        index += 5 if index % 1000 else 45  # a chunk of 40 is lost now and then
        known.append((index, meter.rate))
    assert all(
        (found is not None) == (at > 10.0 * rate + 40) for at, found in known if abs(at - 10.0 * rate) > 50
    )
    assert meter.rate == pytest.approx(rate, rel=1e-4)
    meter.restart()
    assert meter.rate is None


def test_a_change_of_rate_shows_within_the_span():
    meter, index, now = RateMeter(after=5.0), 0, 0.0
    for true in (1000.0, 980.0):
        for _ in range(0, 40_000, 5):
            index, now = index + 5, now + 5 / true
            meter.add(index, now)
        assert meter.rate == pytest.approx(true, rel=1e-9)


@pytest.mark.parametrize(
    ("rate", "step", "jitter", "error"), [(200.0, 10, 8e-3, 2e-3), (1000.0, 5, 5e-4, 1e-4)]
)
def test_jitter_of_the_times_hardly_matters(rng, rate, step, jitter, error):
    meter = RateMeter()
    for index in range(0, round(20 * rate), step):
        meter.add(index, 1e9 + index / rate + rng.uniform(-jitter, jitter))
    assert meter.rate == pytest.approx(rate, rel=error)


def test_a_clock_that_goes_back_restarts_the_measurement():
    meter = RateMeter()
    for index in range(0, 4000, 100):
        meter.add(index, 1e9 + index / 200.0)
    assert meter.rate == pytest.approx(200.0)
    meter.add(4000, 1e8)
    assert meter.rate is None
