"""Segments one by one become recordings, in memory and in a file alike."""

from __future__ import annotations

import numpy as np
import pytest

from emg_recognition.errors import RecordingError
from emg_recognition.recordings.segments import Segment, gather_segments

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
