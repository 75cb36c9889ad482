"""Delays and false activations against numbers worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from emg_recognition.recordings.labels import LabelInterval
from emg_recognition.replay.decisions import active, delay, false_activations
from emg_recognition.replay.estimates import EstimateLog

ACTIONS = ("rest", "elbow_flexion", "elbow_extension")
R, F, E, NONE = 0, 1, 2, -1


def estimates(count, run=0, actions=ACTIONS):
    """Windows of 100 samples that begin at 0, 25, 50 …"""
    log = EstimateLog(actions, 100)
    if count:
        first = np.arange(count) * 25
        shares = np.full((count, len(actions)), 0.5, np.float32)
        log.add(run=run, first_index=first, stamp=first, accepted=True, probabilities=shares)
    return log.estimates()


def interval(first, last, action, run=0):
    return LabelInterval(
        run=run, first=first, last=last, action=action, subject="", cohort="", session="", repetition=1
    )


def test_the_delay_ends_with_the_deciding_window():
    decided = np.array([R, R, R, R, F, F, F, F])
    labels = [interval(150, 1000, "elbow_flexion")]
    # Window 4 covers 100 to 199: 50 samples after the start, at 500 Hz.
    assert delay(estimates(8), decided, labels, 500.0) == {
        "measured": 1,
        "missed": 0,
        "median": 100.0,
        "p90": 100.0,
    }


def test_what_was_decided_before_the_start_does_not_count():
    decided = np.array([F, F, R, R, R, F, R, R])
    found = delay(estimates(8), decided, [interval(160, 1000, "elbow_flexion")], 1000.0)
    assert found["median"] == 225 - 160


def test_a_decision_after_the_end_is_missed():
    decided = np.array([R, R, R, R, R, F, F, F])
    labels = [interval(0, 223, "elbow_flexion"), interval(0, 224, "elbow_extension")]
    found = delay(estimates(8), decided, labels, 1000.0)
    assert (found["measured"], found["missed"]) == (0, 2)
    assert found["median"] is None
    assert delay(estimates(8), decided, [interval(0, 224, "elbow_flexion")], 1000.0)["measured"] == 1


def test_another_run_is_another_time():
    decided = np.array([F] * 8)
    assert delay(estimates(8, run=1), decided, [interval(0, 900, "elbow_flexion")], 1000.0)["missed"] == 1
    assert (
        delay(estimates(8, run=1), decided, [interval(0, 900, "elbow_flexion", run=1)], 1000.0)["missed"] == 0
    )


def test_median_and_ninetieth_percentile():
    decided = np.array([R, F] * 20)
    labels = [interval(at, at + 99, "elbow_flexion") for at in (25, 120, 200)]
    # The windows of flexion end at 125, 175, 225 …
    found = delay(estimates(40), decided, labels, 1000.0)
    assert found["measured"] == 3
    assert found["median"] == 25.0
    assert found["p90"] == pytest.approx(np.percentile([100, 5, 25], 90))


def test_without_windows_everything_is_missed():
    assert delay(estimates(0), np.zeros(0, int), [interval(0, 9, "rest")], 1000.0)["missed"] == 1


def test_an_activation_counts_where_it_begins():
    decided = np.array([R, F, F, R, E, F, NONE, F, R, F])
    resting = np.array([1, 1, 1, 1, 1, 1, 1, 1, 0, 0], bool)
    # F, E, F after E, F after nothing; the last one is outside the rest.
    assert false_activations(estimates(10), decided, resting) == 4


def test_one_that_was_there_when_the_rest_began_does_not_count():
    decided = np.array([F, F, F, R, R])
    resting = np.array([0, 0, 1, 1, 1], bool)
    assert false_activations(estimates(5), decided, resting) == 0
    assert active(estimates(5), decided).tolist() == [True, True, True, False, False]


def test_a_model_that_knows_no_rest_is_active_whenever_it_decides():
    found = active(estimates(3, actions=("elbow_flexion", "elbow_extension")), np.array([0, 1, NONE]))
    assert found.tolist() == [True, True, False]
