from __future__ import annotations

import numpy as np
import pytest

from emg_recognition.recordings.archive import from_arrays


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
