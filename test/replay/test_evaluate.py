"""One call evaluates a bag, an archive or recordings in memory."""

from __future__ import annotations

import json

import numpy as np
import pytest

from emg_recognition.control.decision import DecisionSettings
from emg_recognition.errors import BundleError, RecordingError, SettingError
from emg_recognition.recordings.archive import from_arrays, save_archive
from emg_recognition.replay.evaluate import evaluate
from emg_recognition.replay.offline import replay_bag
from emg_recognition.replay.scoring import score


@pytest.fixture
def bag(robot, signal):
    with robot() as bag:
        bag.samples(0, signal, restart=True)
        bag.label("start", 100, "rest")
        bag.label("start", 1500, "elbow_flexion")
    return bag.path


@pytest.fixture
def recordings(signal):
    columns = {name: np.array(["a", "b"]) for name in ("subject", "cohort", "session")}
    return from_arrays(
        {
            "x": np.round(signal * 1e6).astype(np.int32),
            "start": np.array([0, 1500]),
            "length": np.array([1500, 1500]),
            "scale": 1e6,
            "fs": 500.0,
            "unit": "V",
            "label": np.array(["rest", "elbow_flexion"]),
            "rep": np.array([1, 1]),
            **columns,
        },
        "study",
    )


def test_a_bag_and_the_path_of_a_bundle(bag, model, tmp_path):
    result = evaluate(model.info.path, bag, tmp_path / "out", stride=0.02)
    expected = score(replay_bag(bag, model, stride=0.02)).to_json()
    found = json.loads((tmp_path / "out" / "metrics.json").read_text())
    assert {**found, "created": ""} == {**expected, "created": ""}
    assert result.report == tmp_path / "out" / "report.html"
    assert result.metrics.accuracy == found["accuracy"]
    assert len(result.estimates) == result.metrics.windows.estimated
    assert "balanced accuracy" in repr(result)
    assert "\n" not in repr(result)


def test_recordings_and_their_archive_give_the_same(recordings, model, tmp_path):
    save_archive(tmp_path / "study.npz", recordings)
    one, other = evaluate(model, recordings), evaluate(model, str(tmp_path / "study.npz"))
    np.testing.assert_array_equal(one.estimates.probabilities, other.estimates.probabilities)
    assert one.metrics.stride == other.metrics.stride == 25
    assert one.report is other.report is None
    assert list(one.metrics.per_subject) == ["a", "b"]


def test_settings_replace_those_of_the_bundle(bag, model):
    plain = evaluate(model, bag)
    assert (plain.metrics.stride, plain.metrics.confidence_threshold) == (12, 0.5)
    assert plain.metrics.decisions == DecisionSettings()
    single = DecisionSettings(votes=1)
    changed = evaluate(model, bag, confidence_threshold=0.0, decisions=single)
    assert changed.metrics.rejected == 0.0
    assert changed.metrics.decisions == single


def test_bad_input_gets_one_clear_error(bag, recordings, model, tmp_path):
    with pytest.raises(BundleError, match="nowhere"):
        evaluate(tmp_path / "nowhere", bag)
    with pytest.raises(RecordingError, match="nowhere"):
        evaluate(model, tmp_path / "nowhere")
    with pytest.raises(RecordingError, match=r"nowhere\.npz"):
        evaluate(model, tmp_path / "nowhere.npz")
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(SettingError, match="evaluation did not write"):
        evaluate(model, bag, tmp_path)
