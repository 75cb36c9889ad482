"""What file names say about subject, session, label and repetition."""

from __future__ import annotations

import json
import re

import pytest

from emg_recognition.recordings.file_names import guess_pattern, libemg_labels, roles_in


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
        (["trial_1.csv", "trial_2.csv"], {"repetition": "1"}),
        (
            ["sub-anna/ses-2/sub-anna_ses-2_task-fist_run-3.edf"],
            {"subject": "anna", "session": "2", "label": "fist", "repetition": "3"},
        ),
        (
            ["sub-b2/ses-pre/sub-b2_ses-pre_task-rest_emg.edf", "sub-c/ses-1/sub-c_ses-1_task-fist_emg.edf"],
            {"subject": "b2", "session": "pre", "label": "rest"},
        ),
        (
            ["sub-01_ses-2_task-fist_run-3.csv", "sub-02_ses-2_task-rest_run-3.csv"],
            {"subject": "01", "session": "2", "label": "fist", "repetition": "3"},
        ),
        (
            ["anna/fist_3.edf", "bert/wrist_flexion_10.edf"],
            {"subject": "anna", "label": "fist", "repetition": "3"},
        ),
        (["anna/fist_3.edf"], {"subject": "anna", "label": "fist", "repetition": "3"}),
        (["fist_1.xdf", "rest_2.xdf"], {"label": "fist", "repetition": "1"}),
        (["größe_1.bdf", "rest_2.bdf"], {"label": "größe", "repetition": "1"}),
        (["fist.bdf", "rest.bdf"], {"label": "fist"}),
        (["pouring_3.edf"], {"label": "pouring", "repetition": "3"}),
        (["subject1/training/R_0_C_1.csv"], {"subject": "1", "repetition": "0", "label": "1"}),
        (["training/R_0_C_1.csv", "testing/R_0_C_1.csv"], {"repetition": "0", "label": "1"}),
        (["p1_fist_1.csv", "p1_open_1.csv"], {"subject": "1", "label": "fist", "repetition": "1"}),
        (["OpenBCI-RAW-fist_1.txt", "OpenBCI-RAW-open_2.txt"], {"label": "fist", "repetition": "1"}),
        (["TRX_fist1.csv", "TRX_rest1.csv"], {"label": "fist", "repetition": "1"}),
        (["OpenBCI-RAW-2024-01-01_10-11-12_fist.txt"], {"label": "fist"}),
        (
            ["anna_day1/grip_1.csv", "bert_day2/flex_1.csv"],
            {"subject": "anna", "session": "1", "label": "grip", "repetition": "1"},
        ),
        (
            ["Müller_Faust_1.csv", "Maier_Faust_1.csv"],
            {"subject": "Müller", "label": "Faust", "repetition": "1"},
        ),
        (["1/rest/2.csv", "2/fist/1.csv"], {"subject": "1", "label": "rest", "repetition": "2"}),
        (["fist_2_22.03.2024.csv"], {"label": "fist", "repetition": "2"}),
        (["fist_2_12-30-05.csv", "rest_1_12-31-05.csv"], {"label": "fist", "repetition": "2"}),
        (["fist-2-03-22-2024.csv", "rest-1-03-22-2024.csv"], {"label": "fist", "repetition": "2"}),
        (["fist_2_1700000123.csv", "rest_1_1700000456.csv"], {"label": "fist", "repetition": "2"}),
        (["AB_wave_in1.csv", "CD_fist2.csv"], {"subject": "AB", "label": "wave_in", "repetition": "1"}),
        (
            ["healthy/s1/fist_1.csv", "stroke/s2/rest_1.csv"],
            {"cohort": "healthy", "subject": "1", "label": "fist", "repetition": "1"},
        ),
        (["anna_hand_close_1.csv", "anna_rest_2.csv"], {"label": "hand_close", "repetition": "1"}),
        (["hand_open_1.csv", "wrist_open_2.csv"], {"label": "hand_open", "repetition": "1"}),
        (
            ["S01_HandOpen_R1.csv", "S01_Rest_R2.csv"],
            {"subject": "01", "label": "HandOpen", "repetition": "1"},
        ),
        (
            ["P01-D1-Grasp-T2.otb+", "P02-D1-Open-T2.otb+"],
            {"subject": "01", "session": "1", "label": "Grasp", "repetition": "2"},
        ),
    ],
)
def test_what_names_tell(names, roles):
    pattern = guess_pattern(names)
    assert pattern is not None
    assert all(re.fullmatch(pattern, name) for name in names)
    assert roles_in(pattern, names[0]) == roles


@pytest.mark.parametrize(
    "names",
    [
        [],
        ["recording.edf"],
        ["2024-01-03.edf"],
        ["S1_E2.mat", "notes.mat", "x1.mat"],
        ["data.set"],
        ["test.bdf"],
        ["BrainFlow-RAW_2024-01-01_10-00-00_0.csv"],
        [
            "opensignals_0007803B46AE_2020-01-02_10-11-12.txt",
            "opensignals_0007803B46AE_2020-01-03_10-11-12.txt",
        ],
    ],
)
def test_names_that_tell_nothing(names):
    assert guess_pattern(names) is None
    assert roles_in(None, "fist_1.csv") == {}


def test_names_of_libemg_classes(tmp_path):
    assert libemg_labels(tmp_path) == {}
    (tmp_path / "collection_details.json").write_text(json.dumps({"class_map": {"0": "Hand_Close"}}))
    assert libemg_labels(tmp_path) == {"0": "Hand_Close"}
    (tmp_path / "collection_details.json").write_text("[" * 100_000)
    assert libemg_labels(tmp_path) == {}


@pytest.mark.parametrize(
    ("names", "roles"),
    [
        (
            ["01/1_raw_data_13-12_22.03.16.txt", "02/2_raw_data_14-19_22.03.16.txt"],
            {"subject": "01", "session": "1"},
        ),
        (["anna.csv", "bert.csv"], {"subject": "anna"}),
        (["anna_1.csv", "bert_2.csv"], {"subject": "anna", "session": "1"}),
        (["sub-01_task-grasp_run-2_emg.tsv"], {"subject": "01", "repetition": "2"}),
        (["data_1.csv", "data_2.csv"], {}),
    ],
)
def test_names_of_files_that_have_labels_tell_the_people(names, roles):
    assert roles_in(guess_pattern(names, labelled=True), names[0]) == roles
