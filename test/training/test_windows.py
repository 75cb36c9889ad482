"""Windows of recordings: selected, moved, counted and sent to another process."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from emg_recognition.errors import RecordingError
from emg_recognition.signal.batch import segment_windows
from emg_recognition.signal.settings import suited_settings
from emg_recognition.training.windows import from_windows, windows_from_recordings


@pytest.fixture
def recordings(unequal):
    return unequal


@pytest.fixture
def pipeline():
    return suited_settings(rate=200.0, channels=2, unit="count")


def test_every_window_has_the_labels_of_its_segment(recordings, pipeline):
    found = windows_from_recordings(recordings, pipeline, 10)
    # The filters settle for 50 samples, and a window has 40. The fourth segment gives none.
    assert np.bincount(found.segment).tolist() == [22, 18, 6]
    assert found.actions == ("fist", "rest", "wave")
    assert found.windows.shape == (46, 40, 2)
    assert found.windows.dtype == np.float32
    for name in ("cohort", "subject", "session", "repetition"):
        assert (getattr(found, name) == getattr(recordings, name)[found.segment]).all()
    for cohort in set(recordings.cohort.tolist()):
        np.testing.assert_array_equal(found.of_cohort(cohort), found.cohort == cohort)
    assert (found.length, found.channels) == (40, 2)
    assert [found.actions[i] for i in found.action] == recordings.label[found.segment].tolist()
    expected = segment_windows(recordings.segment(1), pipeline, 10)[1]
    np.testing.assert_array_equal(found.windows[found.segment == 1], expected)


def test_warm_up_uses_every_window(recordings, pipeline):
    found = windows_from_recordings(recordings, pipeline, 10, warm_up=True)
    assert np.bincount(found.segment).tolist() == [(n - 40) // 10 + 1 for n in (300, 260, 140, 60)]


def test_chosen_actions_keep_their_order_and_exclude_the_others(recordings, pipeline):
    found = windows_from_recordings(recordings, pipeline, 10, actions=("rest", "fist", "point"))
    assert found.actions == ("rest", "fist", "point")
    assert set(found.segment) == {0, 1, 2}
    assert found.action[found.segment == 0].tolist() == [1] * 22


def test_segments_keep_their_numbers_in_the_recordings(recordings, pipeline):
    found = windows_from_recordings(recordings, pipeline, 10, actions=("rest", "wave"), warm_up=True)
    assert np.unique(found.segment).tolist() == [1, 3]
    expected = segment_windows(recordings.segment(3), pipeline, 10, warm_up=True)[1]
    np.testing.assert_array_equal(found.of_segments([0, 3]).windows, expected)
    assert len(found.signal.samples) == 260 + 60


def test_a_set_from_finished_windows(rng):
    windows = rng.normal(size=(3, 5, 2))
    found = from_windows(windows, [0, 1, 0], ("rest", "fist"), cohort=["x", "y", "y"])
    np.testing.assert_array_equal(found.windows, windows.astype(np.float32))
    np.testing.assert_array_equal(found.gather([1], 4), found.windows[1:2])
    assert found.count_by("cohort", "action") == {
        ("x", "rest"): 1,
        ("y", "rest"): 1,
        ("y", "fist"): 1,
    }
    assert found.repetition.tolist() == [1, 1, 1]
    assert found.segment.tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("change", "both"),
    [
        ({"rate": 400.0}, ("200", "400")),
        ({"channels": 3}, ("2", "3")),
        ({"unit": "V"}, ("count", "V")),
    ],
)
def test_a_pipeline_for_other_recordings_is_refused_with_both_values(recordings, pipeline, change, both):
    other = suited_settings(**{"rate": 200.0, "channels": 2, "unit": "count", **change})
    with pytest.raises(RecordingError) as caught:
        windows_from_recordings(recordings, other, 10)
    assert all(value in str(caught.value) for value in (*both, "here.npz"))


@pytest.mark.parametrize("actions", [("point",), ("wave",), ()])
def test_recordings_without_a_window_are_refused(recordings, pipeline, actions):
    with pytest.raises(RecordingError, match="no window of 40 samples"):
        windows_from_recordings(recordings, pipeline, 10, actions=actions)


PER_WINDOW = ("action", "cohort", "subject", "session", "repetition", "segment", "begin", "windows")


def test_a_selection_keeps_the_columns_together(recordings, pipeline):
    found = windows_from_recordings(recordings, pipeline, 10)
    kept = found.repetition == 2
    for part in (found.select(kept), found.select(np.flatnonzero(kept)), found.of_segments([1])):
        assert len(part) == 18
        assert part.actions == found.actions
        for name in PER_WINDOW:
            np.testing.assert_array_equal(getattr(part, name), getattr(found, name)[kept])
    assert len(found.select([])) == len(found.of_segments([])) == 0


def test_sessions_come_in_sorted_order_with_all_their_windows(recordings, pipeline):
    every = windows_from_recordings(recordings, pipeline, 20)
    windows = every.select(np.arange(len(every))[::-3])
    found = dict(windows.by_session())
    names = list(zip(windows.subject.tolist(), windows.session.tolist(), strict=True))
    assert list(found) == sorted(set(names))
    for key, one in found.items():
        own = windows.select([name == key for name in names])
        np.testing.assert_array_equal(one.begin, own.begin)
        np.testing.assert_array_equal(one.segment, own.segment)
    assert not dict(windows.select([]).by_session())


@pytest.mark.parametrize("warm_up", [False, True])
def test_a_shifted_window_stays_in_the_usable_part_of_its_segment(recordings, pipeline, warm_up):
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


def test_gathered_windows_are_copies(recordings, pipeline):
    found = windows_from_recordings(recordings, pipeline, 10)
    before = found.windows
    found.gather([0, 0])[:] = 0
    np.testing.assert_array_equal(found.windows, before)


def test_batches_hold_all_windows_in_order(recordings, pipeline):
    found = windows_from_recordings(recordings, pipeline, 10)
    parts = list(found.batches(20))
    assert [len(part) for part in parts] == [20, 20, 6]
    np.testing.assert_array_equal(np.concatenate(parts), found.windows)
    assert list(found.select([]).batches()) == []


def test_windows_are_counted_by_columns(recordings, pipeline):
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


def test_a_set_is_pickled_without_its_samples(recordings, pipeline, tmp_path):
    mapped = windows_from_recordings(recordings, pipeline, 10, cache=tmp_path)
    sent = pickle.dumps(mapped.select([3, 1]))
    assert mapped.signal.samples[:50].tobytes() not in sent
    found = pickle.loads(sent)
    np.testing.assert_array_equal(found.windows, mapped.windows[[3, 1]])
    assert found.subject.tolist() == ["a", "a"]
