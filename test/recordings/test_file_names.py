"""What file names say about subject, session, label and repetition."""

from __future__ import annotations

import json
import re

import pytest

from emg_recognition.recordings.file_names import guess_pattern, libemg_labels


@pytest.mark.parametrize(
    ("names", "roles"),
    [
        (["R_0_C_1.csv", "R_10_C_0.csv"], {"repetition": "0", "label": "1"}),
        (["C_3_R_0_emg.csv", "C_0_R_12_emg.csv"], {"label": "3", "repetition": "0"}),
        (
            ["session1_participant2_gesture10_trial7.hea", "session3_participant43_gesture1_trial1.hea"],
            {"session": "1", "subject": "2", "label": "10", "repetition": "7"},
        ),
        (["S1_E2_A1.mat", "S10_E1_A1.mat"], {"subject": "1"}),
        (
            ["sub-anna/ses-2/sub-anna_ses-2_task-fist_run-3.edf"],
            {"subject": "anna", "session": "2", "label": "fist", "repetition": "3"},
        ),
        (
            ["anna/fist_3.edf", "bert/wrist_flexion_10.edf"],
            {"subject": "anna", "label": "fist", "repetition": "3"},
        ),
        (["fist_1.xdf", "rest_2.xdf"], {"label": "fist", "repetition": "1", "subject": None}),
        (["größe_1.bdf", "rest_2.bdf"], {"label": "größe", "repetition": "1", "subject": None}),
        (["fist.bdf", "rest.bdf"], {"label": "fist", "subject": None}),
        (["subject1/training/R_0_C_1.csv"], {"subject": "1", "repetition": "0", "label": "1"}),
    ],
)
def test_names_of_known_sets(names, roles):
    pattern = guess_pattern(names)
    assert pattern is not None
    assert all(re.fullmatch(pattern, name) for name in names)
    assert re.fullmatch(pattern, names[0]).groupdict() == roles


@pytest.mark.parametrize(
    "names",
    [
        [],
        ["recording.edf"],
        ["2024-01-03.edf"],
        ["S1_E2.mat", "notes.mat", "x1.mat"],
        ["data.set"],
        ["test.bdf"],
    ],
)
def test_names_that_tell_nothing(names):
    assert guess_pattern(names) is None


def test_names_of_libemg_classes(tmp_path):
    assert libemg_labels(tmp_path) == {}
    (tmp_path / "collection_details.json").write_text(json.dumps({"class_map": {"0": "Hand_Close"}}))
    assert libemg_labels(tmp_path) == {"0": "Hand_Close"}
    (tmp_path / "collection_details.json").write_text("[" * 100_000)
    assert libemg_labels(tmp_path) == {}
