"""Recordings: segments, selections, windows, and recordings made from NumPy arrays."""

from __future__ import annotations

import numpy as np
import pytest

from emg_recognition.errors import RecordingError, SettingError
from emg_recognition.recordings.archive import from_arrays
from emg_recognition.recordings.recordings import parse_repetitions
from emg_recognition.recordings.segments import Segment, gather_segments


@pytest.fixture
def recordings():
    counts = np.arange(60, dtype=np.int16).reshape(20, 3) - 30
    return from_arrays(
        {
            "x": counts,
            "start": [0, 5, 12, 2],
            "length": [5, 7, 8, 3],
            "scale": 20000,
            "fs": 200,
            "subject": ["b", "a", "a", "b"],
            "cohort": ["patient", "healthy", "healthy", "patient"],
            "session": ["1", "1", "2", "1"],
            "label": ["rest", "fist", "rest", "elbow_flexion"],
            "rep": [1, 1, 2, 3],
        },
        "here",
    )


def test_what_it_holds(recordings):
    assert len(recordings) == 4
    assert recordings.channels == 3
    assert recordings.actions == ("elbow_flexion", "fist", "rest")
    assert recordings.cohorts == ("healthy", "patient")
    assert (recordings.scale, recordings.rate, recordings.unit) == (20000.0, 200.0, "count")
    assert recordings.repetition.tolist() == [1, 1, 2, 3]
    assert recordings.source == "here"


def test_a_segment_is_in_the_unit_of_the_recording(recordings):
    segment = recordings.segment(3)
    assert segment.dtype == np.float32
    # By hand: rows 2 to 4 of the counts; -24 / 20000 rounded once, from float64.
    np.testing.assert_array_equal(segment[0], np.float32([-24 / 20000, -23 / 20000, -22 / 20000]))
    assert segment.shape == (3, 3)


def test_counts_of_24_bits_are_rounded_once():
    counts = np.array([[16_777_217, 33_554_435, -2_147_483_647]], dtype=np.int32)
    layout = {"x": counts, "start": [0], "length": [1], "scale": 4.7e7, "fs": 200, "rep": [1]}
    names = {key: ["s"] for key in ("subject", "cohort", "session", "label")}
    segment = from_arrays({**layout, **names}, "here").segment(0)
    assert segment[0].tolist() == [np.float32(int(count) / 4.7e7) for count in counts[0]]


@pytest.mark.parametrize(
    "which", [[False, True, True, False], [1, 2], np.array([1, 2], dtype=np.uint8), (1, 2)]
)
def test_a_selection_by_mask_or_numbers(recordings, which):
    chosen = recordings.select(which)
    assert chosen.label.tolist() == ["fist", "rest"]
    assert chosen.cohorts == ("healthy",)
    assert chosen.session.tolist() == ["1", "2"]
    np.testing.assert_array_equal(chosen.segment(1), recordings.segment(2))
    assert chosen.counts is recordings.counts
    assert len(recordings) == 4


def test_a_selection_keeps_the_order_asked_for(recordings):
    assert recordings.select([3, 0]).label.tolist() == ["elbow_flexion", "rest"]


@pytest.mark.parametrize("which", [[], np.zeros(4, dtype=bool)])
def test_a_selection_may_be_empty(recordings, which):
    chosen = recordings.select(which)
    assert len(chosen) == 0
    assert chosen.actions == ()


@pytest.mark.parametrize("which", [[4], [True, False], [0.5, 1.5]])
def test_a_selection_that_does_not_fit_is_refused(recordings, which):
    with pytest.raises(IndexError):
        recordings.select(which)


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


HEAD = {"channels": 2, "rate": 500.0, "unit": "V", "source": "here"}


def segments(rng):
    for number, length in enumerate((7, 3, 12)):
        samples = rng.normal(size=(length, 2)).astype(np.float32)
        yield Segment(samples, f"s{number}", "c", "1", "fist", number)


@pytest.mark.parametrize("in_file", [False, True])
def test_they_lie_one_behind_the_other(tmp_path, in_file):
    counts = tmp_path / "counts.npy" if in_file else None
    found = gather_segments(segments(np.random.default_rng(1)), **HEAD, counts=counts)
    assert found.counts.flags.writeable == (not in_file)  # what is mapped cannot be changed
    assert found.length.tolist() == [7, 3, 12]
    assert found.subject.tolist() == ["s0", "s1", "s2"]
    assert found.repetition.tolist() == [0, 1, 2]
    assert (found.rate, found.unit, found.source, found.scale) == (500.0, "V", "here", 1.0)
    for i, expected in enumerate(segments(np.random.default_rng(1))):
        np.testing.assert_array_equal(found.segment(i), expected.samples)


@pytest.mark.parametrize("in_file", [False, True])
def test_none_at_all_is_an_error(tmp_path, in_file):
    with pytest.raises(RecordingError, match="recording here: it has 0 segments"):
        gather_segments([], **HEAD, counts=tmp_path / "counts.npy" if in_file else None)


def test_a_bad_value_is_named():
    bad = Segment(np.array([[0.0, 0.0], [0.0, np.nan]]), "s", "c", "1", "fist", 1)
    with pytest.raises(RecordingError, match="segment 0, sample 1, channel 1 is nan"):
        gather_segments([bad], **HEAD, counts=None)
