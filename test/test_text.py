"""Foreign text cannot steer a terminal, and is bounded."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emg_recognition.text import natural, nfc, printable, printable_lines, readable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("ready", "ready"),
        ("Ärztin, 0.5 µV – ok", "Ärztin, 0.5 µV – ok"),
        ("\x1b[2J\x1b]0;owned\x07", r"\x1b[2J\x1b]0;owned\x07"),
        ("two\nlines\r", r"two\nlines\r"),
        ("\u202egnihton", r"\u202egnihton"),
        ("\u2066\u200b\u009b1m", r"\u2066\u200b\x9b1m"),
        (ValueError("bad\tvalue"), r"bad\tvalue"),
        (float("nan"), "nan"),
        ("x" * 5000, "x" * 200 + "… (5000 characters)"),
    ],
)
def test_steering_characters_are_escaped_and_long_texts_cut(text, shown):
    assert printable(text) == shown


@given(st.text("ab µ字\x1b\x9b\u202e\ue000\n\t", max_size=400), st.integers(1, 300))
def test_every_result_is_printable_and_bounded(text, longest):
    shown = printable(text, longest)
    assert shown.isprintable()
    assert len(shown) <= longest + len(f"… ({len(text)} characters)")
    if text.isprintable() and len(text) <= longest:
        assert shown == text


def test_lines_stay_lines():
    assert (
        printable_lines(ValueError("one\n\x1b[2Jtwo\n" + "x" * 9), 5)
        == "one\n\\x1b[… (7 characters)\n" + "x" * 5 + "… (9 characters)"
    )


def test_names_of_files_are_readable_and_composed(tmp_path):
    assert readable("Müller_1.csv") == "Müller_1.csv"
    assert readable(tmp_path / os.fsdecode(b"M\xfcller_1.csv")) == f"{tmp_path}/Müller_1.csv"
    assert nfc("u\u0308ben") == "üben"


def test_numbers_in_names_are_sorted_as_people_count():
    names = ["s10", "s2", "10", "2", "m²", "s2b1", "²"]
    assert sorted(names, key=natural) == ["2", "10", "m²", "s2", "s2b1", "s10", "²"]
