"""Estimates in the log and in files, and how far two sets of them agree."""

from __future__ import annotations

import numpy as np
import pytest

from emg_recognition.errors import RecordingError
from emg_recognition.replay.estimates import Agreement, EstimateLog, Estimates, compare, window_key


@pytest.fixture
def filled():
    log = EstimateLog(("rest", "fist"), 100)
    log.add(run=0, first_index=125, stamp=7, accepted=True, probabilities=np.float32([0.25, 0.75]))
    log.add(
        run=1,
        first_index=np.array([0, 25]),
        stamp=np.array([2**60, 2**60 + 1]),
        accepted=np.array([False, True]),
        probabilities=np.float32([[0.6, 0.4], [0.1, 0.9]]),
    )
    return log


def test_single_and_many_estimates_stay_in_order(filled):
    found = filled.estimates()
    assert len(filled) == len(found) == 3
    assert found.run.tolist() == [0, 1, 1]
    assert found.first_index.tolist() == [125, 0, 25]
    assert found.last_index.tolist() == [224, 99, 124]
    assert found.stamp.tolist() == [7, 2**60, 2**60 + 1]
    assert found.accepted.tolist() == [True, False, True]
    assert found.action.tolist() == [1, 0, 1]
    assert found.confidence.tolist() == np.float32([0.75, 0.6, 0.9]).tolist()
    assert found.probabilities.dtype == np.float32


def test_a_copy_does_not_grow_with_the_log(filled):
    before = filled.estimates()
    filled.add(run=1, first_index=50, stamp=1, accepted=True, probabilities=np.float32([0.5, 0.5]))
    assert len(before) == 3
    assert len(filled.estimates()) == 4


def test_a_new_log_is_empty():
    found = EstimateLog(("rest", "fist"), 100).estimates()
    assert found.probabilities.shape == (0, 2)
    assert found.action.shape == found.confidence.shape == (0,)


def test_a_wrong_number_of_probabilities_is_refused(filled):
    with pytest.raises(ValueError, match="3 probabilities for 2 actions"):
        filled.add(run=0, first_index=0, stamp=0, accepted=True, probabilities=np.float32([1, 0, 0]))
    assert len(filled) == len(filled.estimates()) == 3


def test_keys_sort_by_run_and_then_by_index():
    assert window_key([0, 1, 1], [2**46, 0, 5]).argsort().tolist() == [0, 1, 2]


def test_a_file_keeps_every_bit(filled, tmp_path):
    estimates = filled.estimates()
    estimates.save(tmp_path / "new" / "estimates.npz")
    found = Estimates.load(tmp_path / "new" / "estimates.npz")
    assert (found.actions, found.length) == (("rest", "fist"), 100)
    for name in ("run", "first_index", "stamp", "accepted", "probabilities"):
        assert getattr(found, name).dtype == getattr(estimates, name).dtype
        np.testing.assert_array_equal(getattr(found, name), getattr(estimates, name))


@pytest.mark.parametrize("content", [None, b"", b"PK\x03\x04 cut off"])
def test_a_file_without_estimates_is_refused(tmp_path, content):
    path = tmp_path / "estimates.npz"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(RecordingError, match=r"estimates\.npz: it holds no estimates"):
        Estimates.load(path)


def test_another_npz_file_is_refused(tmp_path):
    path = tmp_path / "other.npz"
    np.savez(path, format="something else", run=[1])
    with pytest.raises(RecordingError, match="something else"):
        Estimates.load(path)


ACTIONS = ("rest", "fist")
FIST, REST = (0.25, 0.75), (0.75, 0.25)


def estimates_of(windows, actions=ACTIONS):
    """`windows`: (run, first index, probabilities)."""
    log = EstimateLog(actions, 100)
    for run, first, probabilities in windows:
        log.add(run=run, first_index=first, stamp=0, accepted=True, probabilities=np.float32(probabilities))
    return log.estimates()


def test_estimates_agree_with_themselves():
    one = estimates_of([(0, 0, FIST), (0, 25, REST), (1, 0, FIST)])
    assert compare(one, one) == Agreement(
        compared=3,
        same_action=1.0,
        identical_probabilities=1.0,
        largest_difference=0.0,
        missing=0,
        extra=0,
    )


def test_windows_are_matched_by_run_and_index_in_any_order():
    one = estimates_of([(0, 0, FIST), (0, 25, REST), (0, 50, REST), (1, 0, REST)])
    other = estimates_of([(1, 0, REST), (0, 25, FIST), (0, 0, (0.5, 0.5)), (2, 50, REST), (2, 75, REST)])
    found = compare(one, other)
    assert (found.compared, found.missing, found.extra) == (3, 1, 2)
    # FIST against a tie, where the first action counts; REST against FIST; REST against REST.
    assert found.same_action == pytest.approx(1 / 3)
    assert found.identical_probabilities == pytest.approx(1 / 3)
    assert found.largest_difference == 0.5


def test_a_single_bit_is_a_difference():
    near = (np.nextafter(np.float32(0.25), np.float32(1)), 0.75)
    found = compare(estimates_of([(0, 0, FIST)]), estimates_of([(0, 0, near)]))
    assert found.identical_probabilities == 0.0
    assert 0 < found.largest_difference < 1e-7
    assert found.same_action == 1.0


def test_other_actions_are_compared_by_name():
    other = estimates_of([(0, 0, (0.1, 0.2, 0.7)), (0, 25, (0.9, 0.1, 0.0))], ("pinch", "rest", "fist"))
    found = compare(estimates_of([(0, 0, FIST), (0, 25, REST)]), other)
    assert found.same_action == 0.5
    assert found.identical_probabilities is None
    assert found.largest_difference is None


def test_nothing_in_common():
    found = compare(estimates_of([(0, 0, FIST)]), estimates_of([(0, 25, FIST)]))
    assert found.compared == 0
    assert found.same_action is None
    assert (found.missing, found.extra) == (1, 1)
    assert compare(estimates_of([]), estimates_of([])).compared == 0


def test_a_window_that_occurs_twice_counts_once():
    found = compare(estimates_of([(0, 0, FIST)]), estimates_of([(0, 0, FIST), (0, 0, REST)]))
    assert (found.compared, found.same_action, found.extra) == (1, 1.0, 0)
