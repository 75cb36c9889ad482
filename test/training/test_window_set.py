"""A set of windows: selected, moved, counted and sent to another process."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from emg_recognition.signal.settings import suited_settings
from emg_recognition.training.windows import windows_from_recordings

PER_WINDOW = ("action", "cohort", "subject", "session", "repetition", "segment", "begin", "windows")


@pytest.fixture
def recordings(unequal):
    return unequal


@pytest.fixture
def pipeline():
    return suited_settings(rate=200.0, channels=2, unit="count")


def test_a_selection_keeps_everything_together(recordings, pipeline):
    found = windows_from_recordings(recordings, pipeline, 10)
    kept = found.repetition == 2
    for part in (found.select(kept), found.select(np.flatnonzero(kept)), found.of_segments([1])):
        assert len(part) == 18
        assert part.actions == found.actions
        for name in PER_WINDOW:
            np.testing.assert_array_equal(getattr(part, name), getattr(found, name)[kept])
    assert len(found.select([])) == len(found.of_segments([])) == 0


@pytest.mark.parametrize("warm_up", [False, True])
def test_a_moved_window_stays_in_the_usable_part_of_its_segment(recordings, pipeline, warm_up):
    found = windows_from_recordings(recordings, pipeline, 10, warm_up=warm_up)
    every = windows_from_recordings(recordings, pipeline, 1, warm_up=warm_up)
    indices = np.array([5, 0, len(found) - 1, 5])
    shift = np.array([3, -7, 9, 0])
    for i, by, window in zip(indices, shift, found.gather(indices, shift), strict=True):
        begins = every.begin[every.segment == found.segment[i]]
        wanted = min(max(found.begin[i] + by, begins[0]), begins[-1])
        np.testing.assert_array_equal(window, every.windows[every.begin == wanted][0])
    np.testing.assert_array_equal(found.gather(indices, 2), found.gather(indices, [2] * 4))
    np.testing.assert_array_equal(found.gather(indices), found.windows[indices])


def test_what_is_gathered_is_a_copy(recordings, pipeline):
    found = windows_from_recordings(recordings, pipeline, 10)
    before = found.windows
    found.gather([0, 0])[:] = 0
    np.testing.assert_array_equal(found.windows, before)


def test_batches_are_all_windows_in_order(recordings, pipeline):
    found = windows_from_recordings(recordings, pipeline, 10)
    parts = list(found.batches(20))
    assert [len(part) for part in parts] == [20, 20, 6]
    np.testing.assert_array_equal(np.concatenate(parts), found.windows)
    assert list(found.select([]).batches()) == []


def test_counts(recordings, pipeline):
    found = windows_from_recordings(recordings, pipeline, 10, actions=("rest", "fist"))
    assert list(found.count("action").items()) == [("rest", 18), ("fist", 28)]
    assert found.count("cohort") == {"healthy": 40, "patient": 6}
    assert found.count("subject") == {"a": 40, "b": 6}
    assert found.count_by("cohort", "action") == {
        ("healthy", "rest"): 18,
        ("healthy", "fist"): 22,
        ("patient", "fist"): 6,
    }
    assert found.of_segments([0]).count_by("repetition", "session") == {(1, "1"): 22}
    assert found.select([]).count("action") == {}


def test_a_set_is_sent_to_another_process_without_its_samples(recordings, pipeline, tmp_path):
    mapped = windows_from_recordings(recordings, pipeline, 10, cache=tmp_path)
    sent = pickle.dumps(mapped.select([3, 1]))
    assert mapped.signal.samples[:50].tobytes() not in sent
    found = pickle.loads(sent)
    np.testing.assert_array_equal(found.windows, mapped.windows[[3, 1]])
    assert found.subject.tolist() == ["a", "a"]
