"""Recorded segments give the same windows as the live pipeline."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emg_recognition.errors import SampleError, SettingError
from emg_recognition.signal import batch
from emg_recognition.signal.batch import filter_segment, segment_windows, window_starts
from emg_recognition.signal.pipeline import Pipeline
from emg_recognition.signal.settings import suited_settings

SETTINGS = suited_settings(rate=200, channels=3, unit="count")


def noise(samples, seed=0):
    return np.random.default_rng(seed).normal(30, 20, size=(samples, 3)).astype(np.float32)


@pytest.mark.parametrize("chunk", [1, 7, 20])
def test_live_and_recorded_windows_agree_bit_for_bit(chunk):
    samples = noise(700)
    first_indices, windows = segment_windows(samples, SETTINGS, 5)
    live = Pipeline(SETTINGS, 5)
    found = [w for i in range(0, 700, chunk) for w in live.push(samples[i : i + chunk], i)]
    assert first_indices.tolist() == [w.first_index for w in found]
    assert windows.tobytes() == b"".join(w.data.tobytes() for w in found)
    assert first_indices[0] == SETTINGS.settling_samples
    assert (windows.dtype, windows.shape[1:]) == (np.float32, (40, 3))


@settings(max_examples=40)
@given(
    samples=st.integers(0, 400),
    stride=st.integers(1, 80),
    settling=st.sampled_from([0.0, 0.1, 0.25]),
    warm_up=st.booleans(),
    at_once=st.sampled_from([1, 33, 10_000]),
)
def test_windows_cut_from_the_filtered_segment_equal_those_of_the_stream(
    samples, stride, settling, warm_up, at_once
):
    pipeline = suited_settings(rate=200, channels=3, unit="count", settling=settling)
    values = noise(samples)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(batch, "_AT_ONCE", at_once)
        filtered = filter_segment(values, pipeline, warm_up=warm_up)
    starts = window_starts(samples, pipeline, stride, warm_up=warm_up)
    assert (filtered.dtype, filtered.shape, starts.dtype) == (np.float32, (samples, 3), np.int64)
    lead = pipeline.settling_samples if warm_up and samples else 0
    stream = Pipeline(pipeline, stride).push(np.pad(values, ((lead, 0), (0, 0)), mode="reflect"), -lead)
    assert starts.tolist() == [window.first_index for window in stream]
    for start, window in zip(starts, stream, strict=True):
        assert filtered[start : start + 40].tobytes() == window.data.tobytes()


@settings(max_examples=60)
@given(
    samples=st.integers(0, 400), stride=st.integers(1, 80), settling=st.sampled_from([0.0, 0.1, 0.25, 3.0])
)
def test_a_warmed_up_segment_gives_every_window(samples, stride, settling):
    pipeline = suited_settings(rate=200, channels=3, unit="count", settling=settling)
    first_indices, windows = segment_windows(noise(samples), pipeline, stride, warm_up=True)
    assert first_indices.tolist() == list(range(0, samples - 40 + 1, stride))
    assert windows.shape == (len(first_indices), 40, 3)
    assert np.isfinite(windows).all()


@pytest.mark.parametrize("stride", [10, 7, 80])
def test_the_warm_up_is_the_segment_backwards(stride):
    samples = noise(300)
    lead = SETTINGS.settling_samples
    mirrored = np.concatenate([samples[lead:0:-1], samples])
    expected = [w for w in Pipeline(SETTINGS, stride).push(mirrored, -lead) if w.first_index >= 0]
    first_indices, windows = segment_windows(samples, SETTINGS, stride, warm_up=True)
    assert first_indices.tolist() == [w.first_index for w in expected]
    np.testing.assert_array_equal(windows, [w.data for w in expected])


def test_a_segment_shorter_than_the_warm_up_is_mirrored_back_and_forth():
    pipeline = suited_settings(rate=200, channels=1, unit="count", window=0.02, settling=0.05)
    samples = np.array([[3.0], [5.0], [8.0], [1.0]], dtype=np.float32)
    lead = [[8], [1], [8], [5], [3], [5], [8], [1], [8], [5]]  # ... 1 8 5 | 3 5 8 1
    expected = Pipeline(pipeline, 1).push(np.concatenate([lead, samples]).astype(np.float32), -10)
    first_indices, windows = segment_windows(samples, pipeline, 1, warm_up=True)
    assert first_indices.tolist() == [0]
    np.testing.assert_array_equal(windows[0], expected[0].data)


@pytest.mark.parametrize("warm_up", [False, True])
@pytest.mark.parametrize("samples", [0, 1, 39])
def test_a_segment_too_short_for_a_window_gives_none(samples, warm_up):
    first_indices, windows = segment_windows(noise(samples), SETTINGS, 10, warm_up=warm_up)
    assert (first_indices.shape, first_indices.dtype) == ((0,), np.int64)
    assert (windows.shape, windows.dtype) == ((0, 40, 3), np.float32)


def test_without_warm_up_a_segment_may_end_before_it_has_settled():
    assert len(segment_windows(noise(89), SETTINGS, 10)[0]) == 0
    assert segment_windows(noise(90), SETTINGS, 10)[0].tolist() == [50]


@pytest.mark.parametrize("warm_up", [False, True])
def test_a_bad_sample_is_named_with_its_place_in_the_segment(warm_up):
    samples = noise(200)
    samples[6, 2] = np.nan
    with pytest.raises(SampleError, match=r"^sample 6 of channel 2 is nan"):
        segment_windows(samples, SETTINGS, 10, warm_up=warm_up)


def test_a_bad_stride_is_refused():
    with pytest.raises(SettingError, match=r"^stride is 0"):
        segment_windows(noise(200), SETTINGS, 0)
