from __future__ import annotations

import pytest

from emg_recognition.errors import SettingError
from emg_recognition.recordings.recordings import parse_repetitions


@pytest.mark.parametrize(
    ("text", "repetitions"),
    [
        ("4", (4,)),
        ("1-3", (1, 2, 3)),
        ("1,3", (1, 3)),
        ("1-3,5", (1, 2, 3, 5)),
        (" 5 , 1-2", (1, 2, 5)),
        ("1-3,2-4,3", (1, 2, 3, 4)),
        ("7-7", (7,)),
        ("0", (0,)),
    ],
)
def test_numbers_and_ranges(text, repetitions):
    assert parse_repetitions(text) == repetitions


@pytest.mark.parametrize(
    "text", ["", " ", "a", "1,", ",1", "3-1", "1-", "-1", "1--3", "1.5", "1-2-3", "1-1000000000", "²", "１"]
)
def test_anything_else_is_named(text):
    with pytest.raises(SettingError) as caught:
        parse_repetitions(text)
    assert str(caught.value) == f"repetitions is {text!r}: write numbers and rising ranges, such as 1-3,5"
