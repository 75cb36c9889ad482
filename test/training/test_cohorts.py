"""The minority is the one that is named, or the patients, or none; and it is said."""

from __future__ import annotations

import pytest

from emg_recognition.errors import SettingError
from emg_recognition.training.ensemble import choose_minority

PAPER = {"healthy": 40_000, "patient": 5_000}


@pytest.mark.parametrize(
    ("asked", "windows", "minority"),
    [
        (None, PAPER, "patient"),
        ("patient", PAPER, "patient"),
        ("N", {"N": 10, "I": 10, "O": 10}, "N"),
        (None, {"N": 10, "I": 10}, None),
        (None, {"patient": 10}, None),
        (None, {"patient": 20, "healthy": 10}, None),
        (None, {"": 10}, None),
    ],
)
def test_the_choice(asked, windows, minority):
    found, sentence = choose_minority(asked, windows)
    assert found == minority
    assert ("one member" in sentence) == (minority is None)


def test_the_sentence_counts():
    assert "5000 training windows" in choose_minority(None, PAPER)[1]
    assert "training windows: (unnamed) 10" in choose_minority(None, {"": 10})[1]


@pytest.mark.parametrize(
    ("asked", "windows", "told"),
    [
        ("Patient", PAPER, "'Patient': no such cohort; training windows: healthy 40000, patient 5000"),
        ("healthy", PAPER, "40000 training windows, the others 5000"),
        ("patient", {"patient": 10}, "10 training windows, the others 0"),
        ("a", {"a": 10, "b": 10}, "name the smaller"),
    ],
)
def test_a_minority_that_is_none_is_refused(asked, windows, told):
    with pytest.raises(SettingError, match=told):
        choose_minority(asked, windows)
