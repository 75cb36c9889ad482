"""Estimates come out of the log and of the file as they went in."""

from __future__ import annotations

import numpy as np
import pytest

from emg_recognition.errors import RecordingError
from emg_recognition.replay.estimates import EstimateLog, Estimates, window_key


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


def test_one_and_many_are_kept_in_order(filled):
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


def test_what_is_taken_out_does_not_grow_with_the_log(filled):
    before = filled.estimates()
    filled.add(run=1, first_index=50, stamp=1, accepted=True, probabilities=np.float32([0.5, 0.5]))
    assert len(before) == 3
    assert len(filled.estimates()) == 4


def test_a_log_is_empty_at_first():
    found = EstimateLog(("rest", "fist"), 100).estimates()
    assert found.probabilities.shape == (0, 2)
    assert found.action.shape == found.confidence.shape == (0,)


def test_other_actions_do_not_fit(filled):
    with pytest.raises(ValueError, match="3 probabilities for 2 actions"):
        filled.add(run=0, first_index=0, stamp=0, accepted=True, probabilities=np.float32([1, 0, 0]))
    assert len(filled) == len(filled.estimates()) == 3


def test_keys_sort_by_run_and_then_by_index():
    assert window_key([0, 1, 1], [2**46, 0, 5]).argsort().tolist() == [0, 1, 2]


def test_a_file_gives_back_every_bit(filled, tmp_path):
    estimates = filled.estimates()
    estimates.save(tmp_path / "new" / "estimates.npz")
    found = Estimates.load(tmp_path / "new" / "estimates.npz")
    assert (found.actions, found.length) == (("rest", "fist"), 100)
    for name in ("run", "first_index", "stamp", "accepted", "probabilities"):
        assert getattr(found, name).dtype == getattr(estimates, name).dtype
        np.testing.assert_array_equal(getattr(found, name), getattr(estimates, name))


@pytest.mark.parametrize("content", [None, b"", b"PK\x03\x04 cut off"])
def test_what_is_no_estimates_is_refused(tmp_path, content):
    path = tmp_path / "estimates.npz"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(RecordingError, match=r"estimates\.npz: it holds no estimates"):
        Estimates.load(path)


def test_another_archive_is_refused(tmp_path):
    path = tmp_path / "other.npz"
    np.savez(path, format="something else", run=[1])
    with pytest.raises(RecordingError, match="something else"):
        Estimates.load(path)
