"""The first repetitions of each person of the minority, in the order in which they were recorded."""

from __future__ import annotations

import numpy as np
import pytest

from emg_recognition.errors import SettingError
from emg_recognition.training.learning_curve import check_curve, shortened
from emg_recognition.training.split import RandomWindows, Split
from emg_recognition.training.windows import SegmentTable

ROWS = [  # subject, cohort, session, repetition
    ("h", "healthy", "1", 1),
    ("p", "patient", "session 10", 1),
    ("p", "patient", "session 2", 2),
    ("p", "patient", "session 2", 1),
    ("p", "patient", "session 2", 1),
    ("q", "patient", "1", 3),
    ("h", "healthy", "1", 2),
    ("q", "patient", "1", 4),
]


@pytest.fixture
def segments():
    subject, cohort, session, repetition = (np.array(column) for column in zip(*ROWS, strict=True))
    none = np.zeros(len(ROWS), np.int64)
    return SegmentTable(none, cohort, subject, session, repetition, none, none)


def split_of(train, kind=Split):
    return kind("", "a rule", np.array(train), np.array([7]), np.array([7]), {})


@pytest.mark.parametrize(
    ("repetitions", "left"), [(1, [0, 3, 4, 5, 6]), (2, [0, 2, 3, 4, 5, 6]), (3, [0, 1, 2, 3, 4, 5, 6])]
)
def test_the_first_repetitions_of_the_first_session_come_first(segments, repetitions, left):
    everything = split_of(range(7))
    found = shortened(everything, segments, "patient", repetitions)
    assert found.train.tolist() == left
    assert found.test is everything.test
    assert found.validation is everything.validation


def test_only_training_repetitions_count(segments):
    assert shortened(split_of([0, 2, 5]), segments, "patient", 1).train.tolist() == [0, 2, 5]
    assert check_curve([1, 2], [split_of(range(7))], segments, "patient") == 3


@pytest.mark.parametrize(
    ("asked", "minority", "kind", "message"),
    [
        ([1], None, Split, "name one"),
        ([1], "patient", RandomWindows, "use another split"),
        ([1, 3], "patient", Split, "patient trains with 3 repetitions each; give numbers from 1 to 2"),
        ([1, 1], "patient", Split, "each once"),
    ],
)
def test_a_curve_that_cannot_be_drawn_is_refused(segments, asked, minority, kind, message):
    with pytest.raises(SettingError, match=message):
        check_curve(asked, [split_of(range(7), kind)], segments, minority)
