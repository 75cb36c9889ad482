"""Segments that are left out by name."""

from __future__ import annotations

import numpy as np
import pytest

from emg_recognition.errors import SettingError
from emg_recognition.recordings.recordings import Recordings


@pytest.fixture(scope="module")
def study():
    names = [
        (subject, session, action, repetition)
        for subject, session in (("anna", "1"), ("anna", "2"), ("bert", ""), ("c", "2024/11/3"))
        for action in ("fist", "point")
        for repetition in (1, 2, 3)
    ]
    subjects, sessions, labels, repetitions = map(list, zip(*names, strict=True))
    samples = [np.full((400, 2), number, np.float32) for number in range(len(names))]
    return Recordings.from_segments(
        samples, labels, subjects=subjects, sessions=sessions, repetitions=repetitions, rate=200.0
    )


@pytest.mark.parametrize(
    ("name", "segments"),
    [
        ("anna", range(12)),
        ("anna/2", range(6, 12)),
        ("anna/2/point", range(9, 12)),
        ("anna/2/point/3", [11]),
        ("anna/*/point/3", [5, 11]),
        ("*/*/*/2", range(1, 18, 3)),
        ("b*", range(12, 18)),
        ("bert/-/fist", range(12, 15)),
        ("c/2024/11/3/fist/1", [18]),
    ],
)
def test_a_name_means_all_that_begins_with_it(study, name, segments):
    left = study.without([name])
    expected = [number for number in range(24) if number not in segments]
    assert [int(left.raw_segment(i)[0, 0]) for i in range(len(left))] == expected
    assert left.problems == (f"{name} is left out, {24 - len(expected)} of 24 segments",)


def test_several_names_and_none(study):
    assert len(study.without(["anna", "bert/-/fist/1", "bert"])) == 6
    assert len(study.without([])) == 24


@pytest.mark.parametrize(
    ("names", "texts"),
    [
        (["dora"], ("'dora'", "anna, bert, c")),
        (["anna/3"], ("anna has no session '3'", "it has 1, 2")),
        (["anna/1/wave/1"], ("anna/1 has no action 'wave'", "fist, point")),
        (["anna/*/fist/4"], ("anna/*/fist has no repetition '4'", "1, 2, 3")),
        (["anna/1/fist/1/7"], ("SUBJECT/SESSION/ACTION/REPETITION",)),
        (["a.na"], ("anna, bert, c",)),
        (["*"], ("no segment would be left",)),
        ("anna", ("give a list",)),
    ],
)
def test_an_unknown_name_says_which_there_are(study, names, texts):
    with pytest.raises(SettingError) as raised:
        study.without(names)
    assert all(text in str(raised.value) for text in texts), str(raised.value)
