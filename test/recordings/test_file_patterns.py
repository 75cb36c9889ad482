"""Patterns of file names are Python's, and take bounded time and memory."""

import time

import pytest

from emg_recognition.errors import SettingError
from emg_recognition.recordings.file_patterns import FilePattern


def test_groups_of_a_name():
    pattern = FilePattern(r"(?P<subject>s[0-9]+)/(?P<label>\w+?)(_(?P<repetition>[0-9]+))?\.csv")
    assert pattern.groups == {"subject", "label", "repetition"}
    assert pattern.groups_of("s1/fist_2.csv") == {"subject": "s1", "label": "fist", "repetition": "2"}
    assert pattern.groups_of("s1/fist.csv") == {"subject": "s1", "label": "fist", "repetition": ""}
    assert pattern.groups_of("s1/fist.txt") is None


def test_why_a_name_does_not_match():
    pattern = FilePattern(r"s1/(?P<label>[a-z]+)\.csv")
    assert pattern.mismatch("S1/Fist.csv") == "matches only if upper and lower case are the same"
    assert pattern.mismatch("old/s1/fist.csv") == "only 's1/fist.csv' matches, not the whole path"
    assert pattern.mismatch("notes.txt") == "does not match"


@pytest.mark.parametrize(
    ("pattern", "problem"),
    [
        ("(", "it is not a regular expression"),
        ("(?P<a>x)(?P<a>y)", "it is not a regular expression"),
        ("", "write a regular expression"),
        (3, "write a regular expression"),
        ("a" * 1001, "at most 1000 characters"),
        ("((a{1000}){1000}){1000}", "more than 10000 copies"),
        ("a{99999999999999999999}", "more than 10000 copies"),
        ("(" * 499 + "a" + ")" * 499, "nested too deeply"),
    ],
)
def test_patterns_that_are_refused(pattern, problem):
    with pytest.raises(SettingError, match=problem):
        FilePattern(pattern)


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        ("(a{1,99}){1,99}b", "a" * 200),
        (r"(a|b|ab)*c\d", "ab" * 100 + "c"),
    ],
)
def test_exploding_patterns_give_up(pattern, name):
    begin = time.process_time()
    with pytest.raises(SettingError, match="takes too long to match"):
        FilePattern(pattern).groups_of(name)
    assert time.process_time() - begin < 4
