"""From frames with a clock to chunks: index, time, losses and restarts; and joining chunks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emg_recognition.devices.protocol import DataFrame, InfoFrame
from emg_recognition.devices.stream import SampleChunk, SampleStream, join_chunks

RATE = 1000.0


def make_info(channels: int = 2, scale: float = 3.0) -> InfoFrame:
    return InfoFrame("d", "s", RATE, channels, "V", scale, ("",) * channels, ("",) * channels)


def make_frame(
    counter: int, *, time: float | None = None, samples: int = 5, channels: int = 2, restart: bool = False
) -> DataFrame:
    """Return a frame of a device whose clock was 0 at its sample 0, or is at `time`."""
    us = round((counter / RATE if time is None else time) * 1e6) % 2**32
    return DataFrame(counter % 2**32, us, restart, np.full((samples, channels), counter % 1000, np.int32))


class Line:
    """A stream whose frames arrive right after their last sample, unless delayed."""

    def __init__(self) -> None:
        self.stream = SampleStream(make_info())
        self.now = 100.0

    def take(self, frame: DataFrame, elapsed: float = 0.005) -> SampleChunk | None:
        self.now += elapsed
        return self.stream.chunk(frame, self.now)

    def run(self, first: int, frames: int) -> list[SampleChunk]:
        chunks = [self.take(make_frame(first + 5 * k)) for k in range(frames)]
        assert all(chunk is not None for chunk in chunks)
        return [chunk for chunk in chunks if chunk is not None]


def test_samples_are_counts_over_scale_bit_for_bit() -> None:
    counts = np.array([[1, -2], [8388607, -8388608]], np.int32)
    chunk = SampleStream(make_info(scale=7e5)).chunk(DataFrame(0, 0, False, counts), 1.0)
    assert chunk is not None
    assert chunk.samples.dtype == np.float32
    assert np.array_equal(chunk.samples, (counts.astype(np.float64) / 7e5).astype(np.float32))


def test_a_stream_begins_with_a_restart_and_continues_without() -> None:
    chunks = Line().run(0, 4)
    assert [c.restart for c in chunks] == [True, False, False, False]
    assert [c.first_index for c in chunks] == [0, 5, 10, 15]
    assert [c.dropped_before for c in chunks] == [0] * 4
    assert [c.time for c in chunks] == pytest.approx([100.001, 100.006, 100.011, 100.016], abs=1e-6)


def test_the_index_of_a_running_device_is_its_counter() -> None:
    assert Line().run(5000, 1)[0].first_index == 5000


def test_the_counter_wraps() -> None:
    line = Line()
    chunks = line.run(2**32 - 12, 6)
    assert [c.first_index for c in chunks] == [2**32 - 12 + 5 * k for k in range(6)]
    assert [c.restart for c in chunks] == [True] + [False] * 5
    assert line.stream.counters.lost == 0


def test_a_loss_across_the_wrap_is_counted() -> None:
    line = Line()
    line.run(2**32 - 12, 1)
    chunk = line.take(make_frame(2**32 + 13), elapsed=0.025)
    assert chunk is not None
    assert (chunk.first_index, chunk.dropped_before, chunk.restart) == (2**32 + 13, 20, False)
    assert line.stream.counters.lost == 20


def test_a_loss_longer_than_the_period_of_the_microseconds_is_counted() -> None:
    line = Line()
    line.run(0, 1)
    lost = 3 * 3600 * 1000
    chunk = line.take(make_frame(5 + lost), elapsed=0.005 + lost / RATE)
    assert chunk is not None
    assert (chunk.first_index, chunk.dropped_before, chunk.restart) == (5 + lost, lost, False)
    assert chunk.time == pytest.approx(100.001 + 0.005 + lost / RATE, abs=1e-3)


def test_duplicates_and_late_frames_are_discarded_and_counted_separately() -> None:
    line = Line()
    line.run(0, 3)
    assert line.take(make_frame(10)) is None  # the last one again
    assert line.take(make_frame(0)) is None  # an earlier one again
    after_loss = line.take(make_frame(20))
    assert after_loss is not None
    assert after_loss.dropped_before == 5
    assert line.take(make_frame(15)) is None  # the lost one, too late
    assert line.take(make_frame(23)) is None  # overlaps what was delivered
    (chunk,) = line.run(25, 1)
    assert (chunk.first_index, chunk.dropped_before, chunk.restart) == (25, 0, False)
    counters = line.stream.counters
    assert (counters.duplicates, counters.late, counters.lost, counters.reboots) == (2, 2, 5, 0)


def test_after_a_marked_restart_the_index_continues() -> None:
    line = Line()
    line.run(0, 3)
    chunk = line.take(make_frame(15, restart=True))
    assert chunk is not None
    assert (chunk.first_index, chunk.dropped_before, chunk.restart) == (15, 0, True)
    assert line.take(make_frame(15, restart=True)) is None
    assert line.stream.counters.duplicates == 1
    assert line.stream.counters.reboots == 0


def test_a_marked_restart_after_a_pause_keeps_the_clock() -> None:
    line = Line()
    line.run(0, 3)
    chunk = line.take(make_frame(15, time=60.015, restart=True), elapsed=60.005)
    assert chunk is not None
    assert (chunk.first_index, chunk.restart) == (15, True)
    assert line.stream.counters.reboots == 0
    assert chunk.time == pytest.approx(line.now - 0.004, abs=1e-5)


def test_an_unmarked_pause_is_a_restart() -> None:
    line = Line()
    line.run(0, 3)
    chunk = line.take(make_frame(15, time=3.015), elapsed=3.005)
    assert chunk is not None
    assert (chunk.first_index, chunk.restart) == (15, True)
    assert line.stream.counters.reboots == 0


@pytest.mark.parametrize("marked", [True, False])
def test_after_a_reboot_the_index_continues(marked: bool) -> None:
    line = Line()
    line.run(0, 400)
    before = line.now
    chunk = line.take(make_frame(0, time=0.3, restart=marked), elapsed=2.0)
    assert chunk is not None
    assert (chunk.first_index, chunk.dropped_before, chunk.restart) == (2000, 0, True)
    assert chunk.time == pytest.approx(before + 2.0 - 0.004, abs=1e-6)
    following = line.take(make_frame(5, time=0.305))
    assert following is not None
    assert (following.first_index, following.restart) == (2005, False)
    assert line.stream.counters.reboots == 1
    assert line.stream.counters.late == 0


def test_a_device_clock_that_goes_back_is_a_reboot() -> None:
    """The counter alone could mean a loss: since its reboot the device has counted beyond the old value."""
    line = Line()
    line.run(0, 400)
    chunk = line.take(make_frame(3000, time=1.0), elapsed=10.0)
    assert chunk is not None
    assert (chunk.first_index, chunk.dropped_before, chunk.restart) == (2000, 0, True)
    assert line.stream.counters.reboots == 1


def test_a_marked_reboot_soon_after_the_start_is_not_mistaken_for_late_frames() -> None:
    line = Line()
    line.run(0, 20)
    chunk = line.take(make_frame(0, time=0.001, restart=True), elapsed=1.0)
    assert chunk is not None
    assert (chunk.first_index, chunk.restart) == (100, True)


def test_a_frame_with_a_wrong_channel_count_is_discarded_and_counts_as_lost() -> None:
    line = Line()
    line.run(0, 1)
    assert line.take(make_frame(5, channels=3)) is None
    (chunk,) = line.run(10, 1)
    assert (chunk.first_index, chunk.dropped_before) == (10, 5)
    assert line.stream.counters.wrong_channels == 1


def test_what_a_device_sent_while_disconnected_is_counted_as_lost() -> None:
    line = Line()
    line.run(0, 3)
    line.stream.begin(make_info())
    chunk = line.take(make_frame(4015), elapsed=4.005)
    assert chunk is not None
    assert (chunk.first_index, chunk.dropped_before, chunk.restart) == (4015, 4000, True)


def test_a_rebooted_device_whose_counter_and_clock_agree_by_chance() -> None:
    line = Line()
    line.run(0, 3)
    line.stream.begin(make_info())
    chunk = line.take(make_frame(500), elapsed=30.0)
    assert chunk is not None
    assert (chunk.first_index, chunk.dropped_before, chunk.restart) == (15, 0, True)
    assert chunk.time == pytest.approx(line.now - 0.004, abs=1e-5)
    assert line.stream.counters.reboots == 1


frames = st.tuples(
    st.one_of(st.integers(-400, 400), st.integers(0, 2**32 - 1)),  # step of the counter
    st.one_of(st.none(), st.integers(0, 2**32 - 1)),  # device clock, or as the counter says
    st.integers(1, 7),
    st.booleans(),
    st.floats(0.0, 100.0),
)


@settings(max_examples=60)
@given(st.integers(0, 2**32 - 1), st.lists(frames, max_size=30))
def test_the_index_never_repeats_whatever_the_device_sends(
    start: int, steps: list[tuple[int, int | None, int, bool, float]]
) -> None:
    stream, counter, now, chunks = SampleStream(make_info()), start, 0.0, []
    for step, device_us, samples, restart, elapsed in steps:
        counter, now = (counter + step) % 2**32, now + elapsed
        us = counter * 1000 % 2**32 if device_us is None else device_us
        chunk = stream.chunk(DataFrame(counter, us, restart, np.zeros((samples, 2), np.int32)), now)
        if chunk is not None:
            chunks.append(chunk)
    counters = stream.counters
    if steps:
        assert chunks[0].first_index == (start + steps[0][0]) % 2**32
    end = None
    for chunk in chunks:
        assert end is None or chunk.first_index == end + chunk.dropped_before
        end = chunk.first_index + len(chunk.samples)
    assert sum(c.dropped_before for c in chunks) == counters.lost
    assert sum(len(c.samples) for c in chunks) == counters.samples
    assert sum(c.restart for c in chunks) == counters.restarts
    assert len(chunks) + counters.duplicates + counters.late == len(steps)
    times = [c.time for c in chunks]
    ends = [c.time + (len(c.samples) - 1) / RATE for c in chunks]
    assert all(later > earlier for earlier, later in zip(ends, times[1:], strict=False))


def make_chunk(first: int, samples: int, *, dropped: int = 0, restart: bool = False) -> SampleChunk:
    values = np.arange(first, first + samples, dtype=np.float32).reshape(-1, 1)
    return SampleChunk(first, values, first / 1000, dropped, restart, RATE, "V")


def test_chunks_that_continue_each_other_are_joined() -> None:
    given = [
        make_chunk(0, 5, restart=True),
        make_chunk(5, 5),
        make_chunk(10, 3),
        make_chunk(20, 5, dropped=7),
        make_chunk(25, 5),
        make_chunk(30, 1, restart=True),
        make_chunk(40, 5, dropped=9, restart=True),
    ]
    joined = join_chunks(given)
    assert [(c.first_index, len(c.samples), c.dropped_before, c.restart) for c in joined] == [
        (0, 13, 0, True),
        (20, 10, 7, False),
        (30, 1, 0, True),
        (40, 5, 9, True),
    ]
    for whole in joined:
        assert whole.time == whole.first_index / 1000
        assert whole.samples.dtype == np.float32
        assert np.array_equal(
            whole.samples[:, 0], np.arange(whole.first_index, whole.first_index + len(whole.samples))
        )


def test_joining_one_chunk_or_none() -> None:
    assert join_chunks([]) == []
    only = make_chunk(3, 2)
    assert join_chunks([only]) == [only]
