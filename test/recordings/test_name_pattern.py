"""The pattern of file names is found by comparing them."""

from __future__ import annotations

import re

import pytest

from emg_recognition.recordings.name_pattern import compare_names


@pytest.mark.parametrize(
    ("names", "expected"),
    [
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
        (["R_0_C_1.csv", "R_1_C_2.csv"], {"repetition": "0", "label": "1"}),
        (
            ["sub-01_ses-2_task-fist_run-3.csv", "sub-02_ses-2_task-rest_run-3.csv"],
            {"subject": "01", "session": "2", "label": "fist", "repetition": "3"},
        ),
        (["1/rest/2.csv", "2/fist/1.csv"], {"subject": "1", "label": "rest", "repetition": "2"}),
        (["anna_hand_close_1.csv", "anna_rest_2.csv"], {"label": "anna_hand_close", "repetition": "1"}),
        (
            ["S01_HandOpen_R1.csv", "S01_Rest_R2.csv"],
            {"subject": "01", "label": "HandOpen", "repetition": "1"},
        ),
    ],
)
def test_what_names_tell(names, expected):
    pattern = compare_names(names)
    assert all(re.fullmatch(pattern, name) for name in names)
    assert re.fullmatch(pattern, names[0]).groupdict() == expected


@pytest.mark.parametrize(
    "names",
    [
        ["recording.csv"],
        ["BrainFlow-RAW_2024-01-01_10-00-00_0.csv"],
        [
            "opensignals_0007803B46AE_2020-01-02_10-11-12.txt",
            "opensignals_0007803B46AE_2020-01-03_10-11-12.txt",
        ],
        [],
    ],
)
def test_names_that_tell_no_label(names):
    assert compare_names(names) is None
