"""The checks of samples, the window grid, and the pipeline: windows do not depend on the chunks."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import sosfilt

from emg_recognition.errors import SampleError, SettingError
from emg_recognition.signal.filters import design
from emg_recognition.signal.pipeline import Pipeline, PipelineCounters, WindowGrid, check_samples
from emg_recognition.signal.settings import suited_settings

SETTINGS = suited_settings(rate=200, channels=2, unit="count")


def noise(samples, channels=2, seed=0):
    return np.random.default_rng(seed).normal(30, 20, size=(samples, channels)).astype(np.float32)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e31, -3e38])
def test_a_value_that_no_electrode_delivers_is_named(value):
    samples = np.zeros((6, 3), dtype=np.float32)
    samples[4, 1] = value
    samples[5, 0] = np.nan
    with pytest.raises(SampleError, match=r"^sample 1004 of channel 1 is \S+; check the electrode") as caught:
        check_samples(samples, 3, 1000)
    assert "\n" not in str(caught.value)


def test_an_index_above_int64_is_named_exactly():
    with pytest.raises(SampleError, match=rf"^sample {2**63 + 1} of channel 0"):
        check_samples(np.array([[0.0], [np.nan]]), 1, 2**63)


@pytest.mark.parametrize("shape", [(5, 2), (5, 4), (15,), (5, 3, 1)])
def test_a_wrong_shape_is_named(shape):
    with pytest.raises(SampleError, match=r"samples from index 7 have shape .* expected \(samples, 3\)"):
        check_samples(np.zeros(shape), 3, 7)


@pytest.mark.parametrize("dtype", [np.str_, bool, complex, object])
def test_other_types_than_numbers_are_named(dtype):
    with pytest.raises(SampleError, match="samples from index 7 are of type"):
        check_samples(np.zeros((2, 3)).astype(dtype), 3, 7)


@pytest.mark.parametrize("dtype", [np.int8, np.int16, np.int32, np.int64, np.uint16, np.float32, np.float64])
def test_numbers_become_float32(dtype):
    samples = np.array([[0, 100], [7, 3]], dtype=dtype)
    checked = check_samples(samples, 2, 0)
    assert checked.dtype == np.float32
    np.testing.assert_array_equal(checked, [[0, 100], [7, 3]])


def test_the_largest_negative_integer_is_a_number():
    samples = np.array([[np.iinfo(np.int64).min]])
    assert check_samples(samples, 1, 0)[0, 0] == np.float32(-(2.0**63))


def ramp(begin, end):
    return np.arange(begin, end, dtype=np.float64)[:, np.newaxis]


@pytest.mark.parametrize("stride", [1, 3, 10, 25])
@pytest.mark.parametrize("chunk", [1, 7, 40, 41, 1000])
def test_windows_lie_on_the_grid(stride, chunk):
    grid = WindowGrid(length=10, channels=1, stride=stride, settling_samples=0)
    found = [w for i in range(0, 1000, chunk) for w in grid.add(ramp(i, min(i + chunk, 1000)))]
    assert [position for position, _ in found] == list(range(0, 991, stride))
    for position, data in found:
        np.testing.assert_array_equal(data, ramp(position, position + 10))


@pytest.mark.parametrize("stride", [1, 4, 25])
@pytest.mark.parametrize("start", [0, 3])
def test_the_samples_until_the_next_window_complete_it(stride, start):
    pipeline = Pipeline(suited_settings(rate=100.0, channels=1, unit="V", window=0.1), stride)
    pipeline.push(ramp(0, 1), start)
    for _ in range(20):
        begun, complete = pipeline.counters, pipeline.until_window
        begin = start + begun.samples
        pipeline.push(ramp(0, complete - 1), begin)
        nearly = pipeline.counters
        pipeline.push(ramp(0, 1), begin + complete - 1)
        done = pipeline.counters
        assert nearly.windows + nearly.settling_windows == begun.windows + begun.settling_windows
        assert done.windows + done.settling_windows == begun.windows + begun.settling_windows + 1


@pytest.mark.parametrize(("settling", "withheld"), [(0, 0), (1, 1), (4, 1), (5, 2), (8, 2), (9, 3)])
def test_a_window_that_begins_while_settling_is_withheld(settling, withheld):
    grid = WindowGrid(length=10, channels=1, stride=4, settling_samples=settling)
    found = list(grid.add(ramp(0, 30)))
    assert found[0][0] == withheld * 4
    assert grid.settling_windows == withheld


def test_a_settling_window_counts_when_it_is_complete():
    grid = WindowGrid(length=10, channels=1, stride=4, settling_samples=100)
    assert list(grid.add(ramp(0, 9))) == []
    assert grid.settling_windows == 0
    assert list(grid.add(ramp(9, 10))) == []
    assert grid.settling_windows == 1


def test_a_restart_forgets_the_samples_and_keeps_the_count():
    grid = WindowGrid(length=10, channels=1, stride=4, settling_samples=1)
    list(grid.add(ramp(0, 17)))
    grid.restart(500)
    found = list(grid.add(ramp(500, 518)))
    assert [index for index, _ in found] == [504, 508]
    np.testing.assert_array_equal(found[0][1], ramp(504, 514))
    assert grid.settling_windows == 2


@pytest.mark.parametrize("start", [-7, 0, 1, 3, 4, 501, 10**18 + 1])
def test_windows_begin_at_multiples_of_the_stride_wherever_the_stream_starts(start):
    grid = WindowGrid(length=10, channels=1, stride=4, settling_samples=5)
    grid.restart(start)
    found = list(grid.add(ramp(0, 40)))
    expected = [index for index in range(start, start + 31) if index % 4 == 0]
    assert [index for index, _ in found] == [index for index in expected if index >= start + 5]
    assert grid.settling_windows == sum(index < start + 5 for index in expected)
    for index, data in found:
        np.testing.assert_array_equal(data, ramp(index - start, index - start + 10))


def test_windows_share_their_samples_and_cannot_be_written():
    grid = WindowGrid(length=2, channels=3, stride=1, settling_samples=0)
    (_, first), (_, second) = grid.add(np.zeros((3, 3)))
    with pytest.raises(ValueError, match="read-only"):
        first[...] = 7
    assert np.shares_memory(first, second)
    assert first.flags.c_contiguous
    assert first.dtype == np.float32


def windows_of_stream(samples, start, pipeline, stride):
    """Return the windows of one stream by their definition, channel by channel, without Pipeline."""
    values = samples.astype(np.float64)
    columns = [sosfilt(design(pipeline), column - column[0]) for column in values.T] if len(values) else []
    filtered = np.stack(columns, axis=1).astype(np.float32) if columns else values
    positions = range(-start % stride, len(values) - pipeline.length + 1, stride)
    kept = [p for p in positions if p >= pipeline.settling_samples]
    return {start + p: filtered[p : p + pipeline.length] for p in kept}, len(positions) - len(kept)


LAYOUTS = [
    np.ascontiguousarray,
    np.asfortranarray,
    lambda chunk: np.repeat(chunk, 2, axis=0)[::2],
    lambda chunk: np.ascontiguousarray(chunk[::-1, ::-1])[::-1, ::-1],
    lambda chunk: np.frombuffer(chunk.tobytes(), np.float32).reshape(chunk.shape),
    lambda chunk: chunk.astype(np.float64),
]


@settings(max_examples=150)
@given(data=st.data())
def test_windows_do_not_depend_on_the_chunks_bit_for_bit(data):
    rate = data.draw(st.sampled_from([200.0, 250.0, 1000.0]), "rate")
    channels = data.draw(st.integers(1, 9), "channels")
    pipeline = suited_settings(
        rate=rate,
        channels=channels,
        unit="count",
        window=data.draw(st.sampled_from([0.01, 0.05, 0.2]), "window"),
        settling=data.draw(st.sampled_from([0.0, 0.013, 0.25]), "settling"),
    )
    stride = data.draw(st.integers(1, 70), "stride")
    tested = Pipeline(pipeline, stride)
    index = data.draw(st.sampled_from([0, 12345, 2**31 - 5, 2**63 - 5]), "first index")
    expected, found = {}, []
    total = withheld = gaps = missing = 0
    streams = data.draw(st.integers(1, 3), "streams")
    for stream in range(streams):
        jump, asked = 0, True
        if stream:
            jump = data.draw(st.integers(-40, 40), "jump")
            asked = jump == 0 or data.draw(st.booleans(), "restart")
            gaps += not asked
            missing += max(0, jump) * (not asked)
        index += jump
        length = data.draw(st.integers(1, 900), "samples")
        samples = noise(length, channels, seed=stream)
        new, held = windows_of_stream(samples, index, pipeline, stride)
        expected[stream] = new
        withheld += held
        total += length
        cuts = sorted(data.draw(st.lists(st.integers(0, length), max_size=20), "cuts"))
        if data.draw(st.booleans(), "one by one"):
            cuts = list(range(1, min(length, 120))) + [c for c in cuts if c >= 120]
        layout = data.draw(st.sampled_from(LAYOUTS), "layout")
        for a, b in pairwise([0, *cuts, length]):
            found += [
                (stream, w)
                for w in tested.push(
                    layout(samples[a:b]), index + a, restart=asked and bool(stream) and a == 0
                )
            ]
            asked = asked and a == b  # an empty first chunk may ask, and so may the next
        index += length
    assert [(s, w.first_index) for s, w in found] == [(s, i) for s in expected for i in expected[s]]
    for stream, window in found:
        assert window.data.tobytes() == np.ascontiguousarray(expected[stream][window.first_index]).tobytes()
        assert window.last_index == window.first_index + pipeline.length - 1
    counters = tested.counters
    assert counters.samples == total
    assert counters.windows == len(found)
    assert counters.settling_windows == withheld
    assert counters.gaps == gaps
    assert counters.missing_samples == missing


def test_the_first_windows_are_settling():
    pipeline = Pipeline(SETTINGS, 10)
    windows = pipeline.push(noise(140), 0)
    # Windows that begin at 0 to 40 are withheld; 50 samples are 250 ms.
    assert [w.first_index for w in windows] == [50, 60, 70, 80, 90, 100]
    assert pipeline.counters == PipelineCounters(
        samples=140, windows=6, settling_windows=5, starts=1, gaps=0, missing_samples=0
    )


@pytest.mark.parametrize(("jump", "missing"), [(1, 1), (1000, 1000), (-1, 0), (-200, 0)])
def test_no_window_touches_a_gap(jump, missing):
    pipeline = Pipeline(SETTINGS, 10)
    pipeline.push(noise(205), 0)
    start = 205 + jump
    again = pipeline.push(noise(205), start)
    # A new stream, with its own offset and settling, on the same grid.
    fresh = Pipeline(SETTINGS, 10).push(noise(205), start)
    assert [w.first_index for w in again] == [w.first_index for w in fresh]
    assert again[0].first_index - start in range(50, 60)
    assert all(w.first_index % 10 == 0 for w in again)
    for one, other in zip(again, fresh, strict=True):
        np.testing.assert_array_equal(one.data, other.data)
    counters = pipeline.counters
    assert (counters.starts, counters.gaps, counters.missing_samples) == (2, 1, missing)


def test_a_requested_restart_is_not_a_gap():
    pipeline = Pipeline(SETTINGS, 10)
    pipeline.push(noise(100), 0)
    windows = pipeline.push(noise(100), 100, restart=True)
    assert [w.first_index for w in windows] == [150, 160]
    pipeline.push(noise(100), 5000, restart=True)
    counters = pipeline.counters
    assert (counters.starts, counters.gaps, counters.missing_samples) == (3, 0, 0)


def test_a_stream_that_begins_in_the_middle_gives_the_same_windows_once_settled():
    samples = noise(2000)
    whole = {w.first_index: w.data for w in Pipeline(SETTINGS, 7).push(samples, 0)}
    late = Pipeline(SETTINGS, 7).push(samples[503:], 503)
    settled = [w for w in late if w.first_index >= 503 + 400]  # 2 s
    assert len(settled) > 100
    for window in settled:
        np.testing.assert_allclose(window.data, whole[window.first_index], atol=1e-5)


def test_without_a_restart_the_stream_continues():
    pipeline = Pipeline(SETTINGS, 10)
    pipeline.push(noise(100), 0)
    assert pipeline.push(noise(100), 100)[0].first_index == 70
    assert pipeline.counters.starts == 1


BAD_CHUNKS = [
    pytest.param(np.nan, "sample 203 of channel 1 is nan", id="nan"),
    pytest.param(-np.inf, "sample 203 of channel 1 is -inf", id="infinity"),
    pytest.param(None, r"samples from index 200 have shape \(20, 3\), expected \(samples, 2\)", id="shape"),
]


@pytest.mark.parametrize(("value", "message"), BAD_CHUNKS)
def test_bad_samples_are_refused_and_the_stream_restarts(value, message):
    pipeline = Pipeline(SETTINGS, 10)
    pipeline.push(noise(200), 0)
    before = pipeline.counters
    bad = noise(20) if value is not None else noise(20, channels=3)
    if value is not None:
        bad[3, 1] = value
    with pytest.raises(SampleError, match=message):
        pipeline.push(bad, 200)
    assert pipeline.counters == before
    windows = pipeline.push(noise(200), 220)
    fresh = Pipeline(SETTINGS, 10).push(noise(200), 220)
    assert [w.first_index for w in windows] == [w.first_index for w in fresh]
    for one, other in zip(windows, fresh, strict=True):
        np.testing.assert_array_equal(one.data, other.data)
    # That stream continues; it does not start again with every chunk.
    assert [w.first_index for w in pipeline.push(noise(10), 420)] == [390]
    counters = pipeline.counters
    assert (counters.starts, counters.gaps, counters.missing_samples) == (2, 1, 20)


def test_the_same_samples_may_be_sent_again_after_bad_ones():
    pipeline = Pipeline(SETTINGS, 10)
    pipeline.push(noise(200), 0)
    with pytest.raises(SampleError):
        pipeline.push(np.full((20, 2), np.nan), 200)
    # The index continues the last good chunk, but the stream must have started again.
    assert pipeline.push(noise(200), 200)[0].first_index == 250


def test_bad_samples_at_the_very_beginning_are_not_a_gap():
    pipeline = Pipeline(SETTINGS, 10)
    with pytest.raises(SampleError):
        pipeline.push(np.full((20, 2), np.nan), 0)
    pipeline.push(noise(20), 20)
    counters = pipeline.counters
    assert (counters.samples, counters.starts, counters.gaps) == (20, 1, 0)


@pytest.mark.parametrize("stride", [0, -1, 2.0, True, None])
def test_a_stride_is_a_whole_number(stride):
    with pytest.raises(SettingError, match=r"^stride is .*: use a whole number of at least 1$"):
        Pipeline(SETTINGS, stride)


def test_an_index_of_any_integer_type_gives_a_plain_one():
    pipeline = Pipeline(SETTINGS, 10)
    first = np.uint64(2**63 + 2)
    windows = pipeline.push(noise(100), first)
    assert [w.first_index for w in windows] == [2**63 + 52, 2**63 + 62]
    assert type(windows[0].first_index) is int
    assert windows[0].last_index == 2**63 + 91


def test_the_samples_passed_in_are_not_changed():
    samples = noise(300)
    copy = samples.copy()
    windows = Pipeline(SETTINGS, 10).push(samples, 0)
    assert not np.shares_memory(windows[0].data, samples)
    np.testing.assert_array_equal(samples, copy)
