"""A list says where segments stand; what it says wrongly is named with its row."""

from __future__ import annotations

import pytest

from emg_recognition.errors import SettingError
from emg_recognition.training.settings import SplitSettings
from emg_recognition.training.splits import make_splits

CSV = """subject,repetition,side
healthy_1,1,train
healthy_1,2,train
healthy_1,3,validation
healthy_1,4,
,4,test
"""


@pytest.fixture
def split(study, tmp_path):
    recordings = study({"healthy": 2, "patient": 1})

    def make(text, name="split.csv"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        (found,) = make_splits(recordings, SplitSettings(name="list", file=str(path)))
        return found, recordings

    return make


def stands(found, recordings):
    return {
        side: {(recordings.subject[i], int(recordings.repetition[i])) for i in getattr(found, side).tolist()}
        for side in ("train", "validation", "test")
    }


def test_as_csv(split):
    found, recordings = split(CSV.replace("healthy_1,4,\n", ""))
    assert stands(found, recordings) == {
        "train": {("healthy_1", 1), ("healthy_1", 2)},
        "validation": {("healthy_1", 3)},
        "test": {("healthy_1", 4), ("healthy_2", 4), ("patient_1", 4)},
    }
    assert found.rule == "as split.csv lists"
    assert found.values["test"] == ("healthy_1/4", "healthy_2/4", "patient_1/4")


def test_as_yaml_with_validation_held_back(split):
    text = "- {subject: healthy_1, side: train}\n- {subject: patient_1, session: 1, side: test}\n"
    found, recordings = split(text, "split.yaml")
    assert stands(found, recordings) == {
        "train": {("healthy_1", number) for number in (1, 2, 3)},
        "validation": {("healthy_1", 4)},
        "test": {("patient_1", number) for number in (1, 2, 3, 4)},
    }


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (CSV, "split.csv: row 4 is .*: give it a side: train, validation, test"),
        ("subject,side\nbob,test\n", "row 1 is .*'bob'.*: no segment of a study.npz is meant"),
        ("subject,side\n,test\n", "row 1 .*no segment"),
        ("who,side\nbob,test\n", "row 1 .*no such column; known are subject, session, repetition, side"),
        ("subject,side\nhealthy_1,test,3\n", "row 1 .*no such column"),
        (
            "subject,repetition,side\nhealthy_1,,train\n,1,test\n",
            "row 2 .*some of it is listed for train before",
        ),
        ("subject,side\nhealthy_1,train\n", r"test subjects is \(\)"),
        ("subject,side\n", "split.file is .*write a row or more"),
    ],
)
def test_a_wrong_row_is_named(split, text, told):
    with pytest.raises(SettingError, match=told):
        split(text)


@pytest.mark.parametrize("text", ["subject: healthy_1", "- healthy_1", "[", "[]", "\x00"])
def test_a_file_that_is_no_list_is_refused(split, text):
    with pytest.raises(SettingError, match=r"split.file"):
        split(text, "split.yaml")


def test_a_file_that_is_not_there(study):
    with pytest.raises(SettingError, match=r"nowhere.csv.*cannot be read"):
        make_splits(study({"healthy": 1}), SplitSettings(name="list", file="nowhere.csv"))
