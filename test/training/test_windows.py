from __future__ import annotations

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


def test_each_window_knows_where_it_comes_from(recordings, pipeline):
    found = windows_from_recordings(recordings, pipeline, 10)
    # 50 samples settle: the last window of n samples begins at n - 40. The fourth segment gives none.
    assert np.bincount(found.segment).tolist() == [22, 18, 6]
    assert found.actions == ("fist", "rest", "wave")
    assert found.windows.shape == (46, 40, 2)
    assert found.windows.dtype == np.float32
    for name in ("cohort", "subject", "session", "repetition"):
        assert (getattr(found, name) == getattr(recordings, name)[found.segment]).all()
    assert (found.length, found.channels) == (40, 2)
    assert [found.actions[i] for i in found.action] == recordings.label[found.segment].tolist()
    expected = segment_windows(recordings.segment(1), pipeline, 10)[1]
    np.testing.assert_array_equal(found.windows[found.segment == 1], expected)


def test_bridging_lets_every_window_count(recordings, pipeline):
    found = windows_from_recordings(recordings, pipeline, 10, warm_up=True)
    assert np.bincount(found.segment).tolist() == [(n - 40) // 10 + 1 for n in (300, 260, 140, 60)]


def test_chosen_actions_keep_their_order_and_leave_out_the_rest(recordings, pipeline):
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


def test_windows_that_are_there_already(rng):
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
def test_another_pipeline_s_recordings_are_refused_with_both_values(recordings, pipeline, change, both):
    other = suited_settings(**{"rate": 200.0, "channels": 2, "unit": "count", **change})
    with pytest.raises(RecordingError) as caught:
        windows_from_recordings(recordings, other, 10)
    assert all(value in str(caught.value) for value in (*both, "here.npz"))


@pytest.mark.parametrize("actions", [("point",), ("wave",), ()])
def test_no_window_at_all_is_an_error(recordings, pipeline, actions):
    with pytest.raises(RecordingError, match="no window of 40 samples"):
        windows_from_recordings(recordings, pipeline, 10, actions=actions)
