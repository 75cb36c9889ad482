"""Users of EMG-EPN-612, in the layout of the published files."""

from __future__ import annotations

import json

import numpy as np
import pytest

from emg_recognition.errors import RecordingError


def user(counts, name="user7", **changes):
    def gesture(label, begin, marked=None):
        part = counts[begin : begin + 400]
        entry = {
            "emg": {f"ch{i + 1}": part[:, i].tolist() for i in range(part.shape[1])},
            "gestureName": label,
        }
        return {**entry, "groundTruthIndex": marked} if marked else entry

    training = {"idx_1": gesture("noGesture", 0), "idx_2": gesture("fist", 400, [101, 300])}
    training["idx_10"] = gesture("fist", 800)
    return {
        "generalInfo": {"deviceModel": "Myo Armband", "samplingFrequencyInHertz": 200},
        "userInfo": {"name": name},
        "trainingSamples": training,
        "testingSamples": {"idx_1": gesture("fist", 1200), "idx_2": gesture("", 0)},
        **changes,
    }


def test_gestures_of_several_users(tmp_path, counts, opened):
    for name in ("user7", "user8"):
        (tmp_path / name).mkdir()
        (tmp_path / name / f"{name}.json").write_text(json.dumps(user(counts, name)))
    found = opened(tmp_path)
    assert (found.rate, found.unit, found.channels) == (200.0, "count", 3)
    assert found.label.tolist() == ["noGesture", "fist", "fist", "fist"] * 2
    assert found.repetition.tolist() == [1, 1, 2, 1] * 2
    assert found.sessions == (
        ("user7", "testing"),
        ("user7", "training"),
        ("user8", "testing"),
        ("user8", "training"),
    )
    assert found.length.tolist()[:3] == [400, 200, 400]
    np.testing.assert_array_equal(found.segment(1), counts[500:700].astype(np.float32))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"trainingSamples": {}, "testingSamples": {"idx_1": {"gestureName": ""}}},
            "none of its 1 gestures has a name",
        ),
        ({"generalInfo": {}}, "does not say its sampling rate"),
        ({"trainingSamples": [1]}, "not a readable EMG-EPN-612 file|none of its"),
    ],
)
def test_what_cannot_be_used_is_said(tmp_path, counts, opened, changes, said):
    (tmp_path / "user.json").write_text(json.dumps(user(counts, **changes)))
    with pytest.raises(RecordingError, match=said):
        opened(tmp_path / "user.json")
