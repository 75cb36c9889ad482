"""Losses, repetitions and delays of devices without a clock, seen by counter and host's clock."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emg_recognition.devices.clock import DeviceClock
from emg_recognition.devices.order import ByClock, Place
from emg_recognition.devices.protocol import DataFrame, InfoFrame
from emg_recognition.devices.stream import SampleChunk, SampleStream

RATE = 250.0
BYTE = 256
"""Period of the Cyton's counter."""


def make_stream(period: int = BYTE, *, rate: float = RATE, has_clock: bool = False) -> SampleStream:
    info = InfoFrame("d", "s", rate, 1, "count", 1.0, ("",), ("",))
    return SampleStream(info, counter_period=period, has_clock=has_clock)


def make_frame(sample: int, *, period: int = BYTE, restart: bool = False) -> DataFrame:
    """Return one sample of a device without a clock."""
    return DataFrame(sample % period if period else 0, 0, restart, np.zeros((1, 1), np.int32))


class Line:
    """A device whose sample k is taken at k / rate, and a stream that reads it 2 ms later."""

    def __init__(self, period: int = BYTE) -> None:
        self.period = period
        self.stream = make_stream(period)

    def take(
        self, sample: int, *, delay: float = 0.002, fresh: bool = True, restart: bool = False
    ) -> SampleChunk | None:
        frame = make_frame(sample, period=self.period, restart=restart)
        return self.stream.chunk(frame, 50.0 + sample / RATE + delay, fresh)

    def run(self, first: int, last: int) -> list[SampleChunk]:
        chunks = [self.take(sample) for sample in range(first, last)]
        assert all(chunk is not None for chunk in chunks)
        return [chunk for chunk in chunks if chunk is not None]

    def loses(self, first: int, **more: float) -> tuple[int, bool]:
        """Return how many samples are reported lost before a sample, and whether it is a restart."""
        chunk = self.take(first, **more)  # type: ignore[arg-type]
        assert chunk is not None
        return chunk.dropped_before, chunk.restart


@pytest.mark.parametrize("period", [BYTE, 128, 1 << 32])
def test_a_counter_of_8_or_32_bits_wraps(period: int) -> None:
    line = Line(period)
    start = -3 % period
    chunks = line.run(start, start + 700)
    assert [c.first_index for c in chunks] == list(range(start, start + 700))
    assert [c.restart for c in chunks] == [True] + [False] * 699
    assert line.stream.counters.lost == 0
    times = np.array([c.time for c in chunks])
    assert np.abs(times - 50.002 - np.arange(start, start + 700) / RATE).max() < 1e-4


def test_a_loss_across_the_wrap_of_8_bits() -> None:
    line = Line()
    line.run(0, 250)
    assert line.loses(260) == (10, False)
    assert line.run(261, 262)[0].first_index == 261


def test_a_repeated_packet() -> None:
    line = Line()
    line.run(0, 300)
    assert line.take(299, delay=0.004) is None
    assert line.take(290, delay=0.04) is None
    assert line.take(300) is not None
    counters = line.stream.counters
    assert (counters.duplicates, counters.late, counters.lost, counters.restarts) == (2, 0, 0, 1)


def test_a_late_packet() -> None:
    line = Line()
    line.run(0, 300)
    assert line.loses(303) == (3, False)
    assert line.take(301, delay=0.02) is None
    assert line.loses(304) == (0, False)
    counters = line.stream.counters
    assert (counters.duplicates, counters.late, counters.lost, counters.restarts) == (0, 1, 3, 1)


@pytest.mark.parametrize("lost", [1, 100, 200, 255])
def test_a_loss_up_to_the_period_is_exact(lost: int) -> None:
    line = Line()
    line.run(0, 300)
    assert line.loses(300 + lost) == (lost, False)


@pytest.mark.parametrize("lost", [256, 257, 511, 512, 100_000])
@pytest.mark.parametrize("delay", [0.002, 0.02, 0.3])
def test_a_loss_longer_than_the_period_is_counted_by_the_clock_and_is_a_restart(
    lost: int, delay: float
) -> None:
    line = Line()
    line.run(0, 300)
    assert line.loses(300 + lost, delay=delay) == (lost, True)
    following = line.run(301 + lost, 3000 + lost)
    assert not any(c.restart or c.dropped_before for c in following)
    assert line.stream.counters.reboots == 0
    assert following[-1].time == pytest.approx(50.002 + (2999 + lost) / RATE, abs=1e-3)


def test_a_delay_of_half_a_period_is_not_a_loss() -> None:
    line = Line()
    line.run(0, 300)
    for sample in range(300, 420):  # all of these arrive at once, 0.5 s late
        assert line.loses(sample, delay=0.5 - (sample - 300) / RATE) == (0, False)


def test_a_delayed_reader_is_not_a_loss() -> None:
    line = Line()
    line.run(0, 300)
    for sample in range(300, 1000):
        assert line.loses(sample, delay=3.0 - (sample - 300) / RATE, fresh=False) == (0, False)
    assert line.loses(1000) == (0, False)


def test_a_loss_while_the_reader_is_delayed_is_seen_when_it_has_caught_up() -> None:
    line = Line()
    line.run(0, 300)
    for sample in range(300, 400):
        line.loses(sample, delay=5.0, fresh=False)
    # 3 periods are missing before this one, which the number alone does not show.
    assert line.loses(400 + 3 * BYTE, delay=5.0, fresh=False) == (0, False)
    assert line.loses(401 + 3 * BYTE) == (3 * BYTE, True)


def test_a_counter_that_starts_again_is_a_reboot() -> None:
    line = Line(1 << 32)
    line.run(0, 3000)
    chunk = line.stream.chunk(make_frame(0), 50.0 + 3010 / RATE)
    assert chunk is not None
    assert (chunk.first_index, chunk.dropped_before, chunk.restart) == (3000, 0, True)
    assert line.stream.counters.reboots == 1


def test_a_stopped_device_continues_with_a_restart_whatever_its_counter() -> None:
    line = Line()
    line.run(0, 300)
    line.stream.begin(line.stream.info)
    chunk = line.stream.chunk(make_frame(17), 1000.0)
    assert chunk is not None
    assert (chunk.first_index, chunk.dropped_before, chunk.restart) == (300, 0, True)
    assert chunk.time == pytest.approx(1000.0)
    following = line.stream.chunk(make_frame(18), 1000.004)
    assert following is not None
    assert (following.first_index, following.dropped_before, following.restart) == (301, 0, False)
    assert line.stream.counters.reboots == 0


@pytest.mark.parametrize("lost", [100, 2500])
def test_without_a_counter_a_silence_is_counted_by_the_clock_and_is_a_restart(lost: int) -> None:
    line = Line(0)
    line.run(0, 300)
    assert line.loses(300 + lost) == (lost, True)
    assert line.loses(301 + lost) == (0, False)


def test_without_a_counter_jitter_and_a_delayed_reader_are_not_a_loss(rng: np.random.Generator) -> None:
    line = Line(0)
    line.run(0, 1)
    for sample in range(1, 2000):
        assert line.loses(sample, delay=float(rng.uniform(0, 0.1))) == (0, False)
    assert line.loses(2000, delay=1.0, fresh=False) == (0, False)


def test_a_refused_line_is_a_restart_and_the_time_continues() -> None:
    line = Line(0)
    chunks = line.run(0, 3000)
    chunk = line.take(3001, restart=True)
    assert chunk is not None
    assert (chunk.first_index, chunk.restart) == (3000, True)
    assert chunk.time - chunks[-1].time == pytest.approx(1 / RATE, abs=1e-4)


def test_a_small_counter_and_a_clock_count_every_loss() -> None:
    stream = make_stream(BYTE, has_clock=True)
    index = 0
    for lost in (0, 3, 255, 256, 1000, 0):
        index += lost
        frame = DataFrame(index % BYTE, round(index / RATE * 1e6), False, np.zeros((5, 1), np.int32))
        chunk = stream.chunk(frame, 9.0 + index / RATE)
        assert chunk is not None
        assert (chunk.first_index, chunk.dropped_before) == (index, lost)
        assert chunk.restart == (index == 0 or lost >= BYTE)
        index += 5
    assert stream.chunk(frame, 9.0 + index / RATE) is None
    assert (stream.counters.duplicates, stream.counters.reboots) == (1, 0)


@pytest.mark.parametrize("drift", [200e-6, -200e-6])
@pytest.mark.parametrize("period", [BYTE, 0])
@pytest.mark.parametrize("seed", range(2))
def test_counted_samples_are_a_clock_within_a_millisecond_after_ten_seconds(
    drift: float, period: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    stream = make_stream(period)
    true = 1e4 + np.arange(int(30 * RATE)) / RATE * (1 + drift)
    arrival = np.maximum.accumulate(true + rng.uniform(-0.008, 0.008, len(true)))
    found = [stream.chunk(make_frame(k, period=period), a) for k, a in enumerate(arrival.tolist())]
    stamps = np.array([chunk.time for chunk in found if chunk is not None])
    error = (stamps - true + 0.008)[true > true[0] + 10]
    assert np.abs(error).max() < 1e-3
    # No jitter of arrival: from sample to sample the stamps advance by almost exactly 4 ms.
    assert np.abs(np.diff(error)).max() < 20e-6
    assert stream.measured_rate == pytest.approx(RATE / (1 + drift), rel=5e-4)
    assert (stream.counters.lost, stream.counters.restarts) == (0, 1)


@pytest.mark.parametrize("true", [190.0, 230.0, 265.0, 125.0])
def test_a_wrong_nominal_rate_is_not_a_loss_and_is_measured(true: float, rng: np.random.Generator) -> None:
    stream = make_stream()
    for k in range(int(30 * RATE)):
        chunk = stream.chunk(make_frame(k), 1e4 + k / true + float(rng.uniform(0, 0.008)))
        assert chunk is not None
        assert chunk.dropped_before == 0
    # Whether or not the stamps have caught up with it.
    assert stream.measured_rate == pytest.approx(true, rel=2e-3)
    (remark,) = stream.rate_remark("set rate to {rate}")
    assert remark.startswith("the measured rate is ")
    assert remark.endswith(f"Hz, not 250 Hz; set rate to {stream.measured_rate:.1f}")
    assert stream.rate_remark("") == []


def test_the_place_of_the_first_frame() -> None:
    place = ByClock(RATE, 1 << 32, DeviceClock(RATE)).place(
        DataFrame(7, 5, False, np.zeros((1, 1), np.int32)), 0.0, begins=True, fresh=True
    )
    assert place == Place(5, restart=True, steady=False)


@settings(max_examples=60)
@given(
    st.sampled_from([0, 128, BYTE, 1 << 32]),
    st.lists(
        st.tuples(
            st.integers(0, 2**32 - 1), st.integers(1, 9), st.booleans(), st.booleans(), st.floats(0.0, 9.0)
        ),
        max_size=30,
    ),
)
def test_the_index_never_repeats_whatever_a_device_without_a_clock_sends(
    period: int, frames: list[tuple[int, int, bool, bool, float]]
) -> None:
    stream, now, chunks = make_stream(period), 0.0, []
    for counter, samples, restart, fresh, elapsed in frames:
        now += elapsed
        frame = DataFrame(counter, 0, restart, np.zeros((samples, 1), np.int32))
        chunk = stream.chunk(frame, now, fresh)
        if chunk is not None:
            chunks.append(chunk)
    counters, end = stream.counters, None
    for chunk in chunks:
        assert end is None or chunk.first_index == end + chunk.dropped_before
        end = chunk.first_index + len(chunk.samples)
    assert sum(c.dropped_before for c in chunks) == counters.lost
    assert len(chunks) + counters.duplicates + counters.late == len(frames)
    ends = [c.time + (len(c.samples) - 1) / RATE for c in chunks]
    assert all(later.time > earlier for earlier, later in zip(ends, chunks[1:], strict=False))


def test_a_delayed_reader_and_a_wrong_rate_are_no_loss() -> None:
    # 380 samples a second that are said to be 500; every 4 s the reader is delayed and then catches up.
    stream = make_stream(0, rate=500.0)
    for k in range(30 * 380):
        delayed = k > 6 * 380 and k % (4 * 380) < 1.2 * 380
        chunk = stream.chunk(make_frame(k, period=0), 1e4 + k / 380, fresh=not delayed)
        assert chunk is not None
    assert stream.counters.lost == 0
