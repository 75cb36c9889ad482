"""Descriptions of CSV files: an unusable value is refused with the file, the key and the remedy."""

from __future__ import annotations

import pytest
import yaml

from emg_recognition.errors import SettingError
from emg_recognition.recordings.csv_description import load_description

GOOD = {"files": r"(?P<label>\w+)\.csv", "columns": {"samples": ["a", "b"]}, "rate": 200}


def loaded(tmp_path, document):
    path = tmp_path / "study.yaml"
    path.write_text(document if isinstance(document, str) else yaml.safe_dump(document))
    return load_description(path)


def test_defaults(tmp_path):
    found = loaded(tmp_path, GOOD)
    assert found.columns.samples == ("a", "b")
    assert (found.folder, found.delimiter, found.header, found.rate) == (".", None, None, 200)
    assert (found.unit, found.scale, found.labels, found.constants) == (None, None, None, {})


def test_column_numbers_may_be_a_range(tmp_path):
    found = loaded(tmp_path, {**GOOD, "columns": {"samples": "2-5,8", "time": 1}})
    assert found.columns.samples == (2, 3, 4, 5, 8)


def test_labels_and_constants_may_be_numbers(tmp_path):
    found = loaded(tmp_path, {**GOOD, "labels": {0: None, 1: "fist"}, "constants": {"session": 3}})
    assert found.labels == {"0": None, "1": "fist"}
    assert found.constants == {"session": "3"}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"files": None}, "study.yaml: files is None: write a regular expression"),
        ({"files": "(?P<label>["}, "it is not a regular expression"),
        ({"files": "(?P<label>.)(?P<day>.)"}, "unknown group day; use subject, cohort, session, label"),
        ({"files": ".*"}, "study.yaml: label is None: name a label column, a marker column, or a group"),
        ({"columns": {"samples": ["a"], "label": "l"}}, "label is 'l': give it in one place"),
        ({"constants": {"label": "rest"}}, "label is 'rest': give it in one place"),
        ({"columns": {}}, "study.yaml: columns.samples is None: give it a value"),
        ({"columns": {"samples": []}}, "study.yaml: columns.samples is (): list the column of each channel"),
        ({"columns": {"samples": ["a", "a"]}}, "columns.samples is ('a', 'a'): list the column of each"),
        ({"columns": {"samples": [0]}}, "columns.samples is 0: give a name of the header, or a number"),
        ({"columns": {"samples": [1], "time": True}}, "columns.time is True: give a name"),
        ({"columns": {"samples": [1], "emg": 2}}, "study.yaml: columns.emg is 2: no such setting"),
        ({"decimal": "x"}, "study.yaml: decimal is 'x': use one of"),
        ({"encoding": "utf-99"}, "encoding is 'utf-99': write an encoding that Python knows"),
        ({"encoding": "hex"}, "encoding is 'hex': write an encoding that Python knows"),
        ({"comment": "//"}, "comment is '//': write one character"),
        ({"skip": -1}, "skip is -1: use a whole number of at least 0"),
        ({"counter_modulus": 1}, "counter_modulus is 1: use a whole number of at least 2"),
        ({"columns": {"samples": ["a"], "marker": 0}}, "columns.marker is 0: give a name"),
        ({"columns": {"samples": ["a"], "marker": "m"}}, "label is None: give it in one place"),
        ({"events": {"onset": 0}}, "study.yaml: events.onset is 0: give a name of the header, or a number"),
        ({"events": {"begin": 1}}, "study.yaml: events.begin is 1: no such setting; known are file, onset"),
        ({"rate": -1}, "rate is -1: use a number above 0 Hz"),
        ({"scale": 0}, "scale is 0: use a number above 0"),
        ({"gap": "long"}, "gap is 'long': use a number above 0 s"),
        ({"unit": "mV"}, "unit is 'mV': use one of V, count"),
        ({"time_unit": "days"}, "time_unit is 'days': use one of s, ms, us, ns, min, clock"),
        ({"delimiter": ", "}, "delimiter is ', ': write one character"),
        ({"header": "yes"}, "header is 'yes': use true or false"),
        ({"labels": {}}, "labels is {}: write a mapping of labels to actions"),
        ({"labels": {"1": 5}}, "labels.1 is 5: write the action, or null"),
        ({"constants": {"arm": "left"}}, "write a mapping of any of subject, cohort, session"),
        ({"rates": 100}, "study.yaml: rates is 100: no such setting; known are files"),
    ],
)
def test_unusable_values_are_refused(tmp_path, change, said):
    with pytest.raises(SettingError) as caught:
        loaded(tmp_path, {**GOOD, **change})
    assert said in str(caught.value)
    assert str(caught.value).startswith("study.yaml: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["files: [", "files: a\nfiles: b", "- a", "text", "\x00", ""])
def test_a_file_that_is_not_a_description_is_refused(tmp_path, text):
    with pytest.raises(SettingError, match=r"study\.yaml"):
        loaded(tmp_path, text)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(SettingError, match=r"absent\.yaml': it cannot be read"):
        load_description(tmp_path / "absent.yaml")
