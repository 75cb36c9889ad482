"""Recognition from plain arrays and from chunks is what the nodes and replay do."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

import emg_recognition as emg
from emg_recognition.models.runtime import ActionModel
from emg_recognition.settings import from_mapping
from emg_recognition.signal.pipeline import Pipeline
from emg_recognition.signal.settings import PipelineSettings

RATE, CHANNELS = 500.0, 4


@pytest.fixture
def samples(rng):
    return (rng.standard_normal((2000, CHANNELS)) * 1e-4).astype(np.float32)


def chunk(samples, first, *, restart=False, rate=RATE, unit="V"):
    return SimpleNamespace(
        first_index=first, samples=samples, time=100.0 + first / RATE, restart=restart, rate=rate, unit=unit
    )


def test_it_says_what_signal_path_and_model_say(tiny_bundle, samples):
    estimates = emg.Recognizer.load(tiny_bundle).push(samples)
    model = ActionModel.load(tiny_bundle)
    pipeline = Pipeline(from_mapping(PipelineSettings, model.info.pipeline, "pipeline"), 12)  # 25 ms
    windows = pipeline.push(samples, 0)
    assert len(estimates) == len(windows) > 100
    for estimate, window in zip(estimates, windows, strict=True):
        assert estimate.first_index == window.first_index
        assert estimate.time == pytest.approx(window.last_index / RATE)
        assert np.array_equal(np.float32(estimate.probabilities), model.predict(window.data))


def test_the_cut_into_chunks_does_not_matter(tiny_bundle, samples, rng):
    whole = emg.Recognizer.load(tiny_bundle).push(samples)
    recognizer = emg.Recognizer.load(tiny_bundle)
    cuts = np.sort(rng.integers(0, len(samples), 40))
    pieces = [e for part in np.split(samples, cuts) for e in recognizer.push(part)]
    assert pieces == whole
    recognizer.reset()
    assert recognizer.push(samples.tolist()) == whole


def test_a_gap_starts_the_stream_and_the_vote_again(write_tiny_bundle, tmp_path, samples):
    sure = write_tiny_bundle(tmp_path, (0.0, 9.0, 0.0))
    recognizer = emg.Recognizer.load(sure)
    before = recognizer.push(chunk(samples, 0, restart=True))
    assert [e.decision for e in before[:3]] == ["", "", "elbow_flexion"]
    assert before[-1].time == pytest.approx(100.0 + before[-1].last_index / RATE)
    after = recognizer.push(chunk(samples, 5000))
    assert after[0].first_index >= 5000 + 0.25 * RATE
    assert [e.decision for e in after[:3]] == ["", "", "elbow_flexion"]
    assert recognizer.counters.gaps == 1


def test_settings_of_the_bundle_can_be_replaced(tiny_bundle, samples):
    settings = emg.LiveSettings(stride=0.1, confidence_threshold=1.0)
    estimates = emg.Recognizer.load(tiny_bundle, live=settings).push(samples)
    assert np.unique(np.diff([e.first_index for e in estimates])).tolist() == [50]
    assert {(e.accepted, e.action, e.action_id) for e in estimates} == {(False, "", -1)}


def test_foreign_samples_are_refused(tiny_bundle, samples):
    recognizer = emg.Recognizer.load(tiny_bundle)
    for wrong, error, words in (
        (samples[:, :3], emg.SampleError, "3"),
        (samples[0], emg.SampleError, r"\(4,\)"),
        (chunk(samples, 0, rate=200.0), emg.BundleError, "200"),
        (chunk(samples, 0, unit="count"), emg.BundleError, "count"),
    ):
        with pytest.raises(error, match=words):
            recognizer.push(wrong)
    broken = samples.copy()
    broken[700, 2] = np.nan
    with pytest.raises(emg.SampleError, match="nan"):
        recognizer.push(broken)
    assert recognizer.push(samples)


def test_the_model_tells_what_it_needs(tiny_bundle):
    model = emg.Recognizer.load(tiny_bundle).model
    assert (model.rate, model.channels, model.unit) == (RATE, CHANNELS, "V")
    assert model.actions == ("rest", "elbow_flexion", "elbow_extension")
