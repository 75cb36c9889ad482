"""Estimates are compared window by window."""

from __future__ import annotations

import numpy as np
import pytest

from emg_recognition.replay.estimates import EstimateLog, compare

ACTIONS = ("rest", "fist")
FIST, REST = (0.25, 0.75), (0.75, 0.25)


def estimates(windows, actions=ACTIONS):
    """`windows`: (run, first index, probabilities)."""
    log = EstimateLog(actions, 100)
    for run, first, probabilities in windows:
        log.add(run=run, first_index=first, stamp=0, accepted=True, probabilities=np.float32(probabilities))
    return log.estimates()


def test_the_same_is_the_same():
    one = estimates([(0, 0, FIST), (0, 25, REST), (1, 0, FIST)])
    assert compare(one, one) == {
        "compared": 3,
        "same_action": 1.0,
        "identical_probabilities": 1.0,
        "largest_difference": 0.0,
        "only_in_first": 0,
        "only_in_second": 0,
    }


def test_windows_are_found_by_run_and_index_whatever_their_order():
    one = estimates([(0, 0, FIST), (0, 25, REST), (0, 50, REST), (1, 0, REST)])
    other = estimates([(1, 0, REST), (0, 25, FIST), (0, 0, (0.5, 0.5)), (2, 50, REST), (2, 75, REST)])
    found = compare(one, other)
    assert (found["compared"], found["only_in_first"], found["only_in_second"]) == (3, 1, 2)
    # FIST against a tie, of which the first counts; REST against FIST; REST against REST.
    assert found["same_action"] == pytest.approx(1 / 3)
    assert found["identical_probabilities"] == pytest.approx(1 / 3)
    assert found["largest_difference"] == 0.5


def test_a_single_bit_is_a_difference():
    near = (np.nextafter(np.float32(0.25), np.float32(1)), 0.75)
    found = compare(estimates([(0, 0, FIST)]), estimates([(0, 0, near)]))
    assert found["identical_probabilities"] == 0.0
    assert 0 < found["largest_difference"] < 1e-7
    assert found["same_action"] == 1.0


def test_other_actions_are_compared_by_name():
    other = estimates([(0, 0, (0.1, 0.2, 0.7)), (0, 25, (0.9, 0.1, 0.0))], ("pinch", "rest", "fist"))
    found = compare(estimates([(0, 0, FIST), (0, 25, REST)]), other)
    assert found["same_action"] == 0.5
    assert found["identical_probabilities"] is None
    assert found["largest_difference"] is None


def test_nothing_in_common():
    found = compare(estimates([(0, 0, FIST)]), estimates([(0, 25, FIST)]))
    assert found["compared"] == 0
    assert found["same_action"] is None
    assert (found["only_in_first"], found["only_in_second"]) == (1, 1)
    assert compare(estimates([]), estimates([]))["compared"] == 0


def test_what_occurs_twice_counts_once():
    found = compare(estimates([(0, 0, FIST)]), estimates([(0, 0, FIST), (0, 0, REST)]))
    assert (found["compared"], found["same_action"], found["only_in_second"]) == (1, 1.0, 0)
