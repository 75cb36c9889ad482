"""A run is scored on all windows and on the subjects of the minority; the rows average the runs."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from emg_recognition.training.comparison_table import average_runs, score_run
from emg_recognition.training.windows import from_windows

ACTIONS = ("rest", "flexion")
COHORT = ["healthy"] * 4 + ["patient"] * 6
SUBJECT = ["h1"] * 4 + ["p1"] * 2 + ["p2"] * 4
TRUTH = [0, 0, 0, 1, 0, 1, 0, 0, 0, 1]
PREDICTED = [0, 0, 0, 0, 0, 1, 1, 0, 0, 0]


@pytest.fixture
def tested():
    return from_windows(np.zeros((10, 4, 1)), TRUTH, ACTIONS, cohort=COHORT, subject=SUBJECT)


def run_of(tested, minority="patient"):
    times = {"stride": 0.05, "window": 0.2, "rest": "rest"}
    return score_run(np.eye(2, dtype=np.float32)[PREDICTED], tested, minority, **times)


def test_counted_by_hand(tested):
    run = run_of(tested)
    assert run["accuracy"] == pytest.approx(0.7)
    assert run["balanced_accuracy"] == pytest.approx((6 / 7 + 1 / 3) / 2)
    assert run["per_subject"] == {"p1": 1.0, "p2": 0.5}
    assert run["minority"] == pytest.approx(0.75)
    assert (run["worst"], run["worst_subject"]) == (0.5, "p2")


def test_the_steadiness_is_that_of_the_minority():
    # Four segments of ten windows; the patient's rest begins with three windows of flexion.
    who = {"cohort": ["patient"] * 2 + ["healthy"] * 2, "subject": ["p"] * 2 + ["h"] * 2}
    segments = from_windows(np.zeros((4, 4, 1)), [0, 1, 0, 0], ACTIONS, **who)
    windows = dataclasses.replace(
        segments, begin=np.tile(np.arange(10) * 10, 4), segment=np.repeat(np.arange(4), 10)
    )
    answers = np.eye(2, dtype=np.float32)[[1] * 3 + [0] * 7 + [1] * 10 + [1] * 20]
    run = score_run(answers, windows, "patient", stride=0.05, window=0.2, rest="rest")
    assert run["false_activations_per_minute"] == pytest.approx(1 / (10 * 0.05 / 60))
    assert run["wrong_movements_per_minute"] == 0
    assert run["decision_delay_ms"] == pytest.approx(200 + 2 * 50)  # three windows vote
    assert run["steadiness"]["decision_delay_ms"]["measured"] == 1


@pytest.mark.parametrize("minority", [None, "amputee"])
def test_without_a_minority_all_subjects_are_scored(tested, minority):
    run = run_of(tested, minority)
    assert run["per_subject"] == {"h1": 0.75, "p1": 1.0, "p2": 0.5}
    assert run["minority"] is None
    assert run["worst_subject"] == "p2"


def test_runs_are_averaged(tested):
    runs = [{**run_of(tested), "seconds": seconds} for seconds in (1.0, 2.0, 6.0)]
    runs[0]["accuracy"] = 0.4
    runs[2] |= {"minority": None, "per_subject": {"p1": 0.4}}
    row = average_runs(runs, method="lda", group="classical")
    assert (row["method"], row["group"]) == ("lda", "classical")
    assert row["mean"]["accuracy"] == pytest.approx(0.6)
    assert row["deviation"]["accuracy"] == pytest.approx(np.sqrt(0.06 / 2))
    assert row["mean"]["seconds"] == 3.0
    assert row["mean"]["minority"] == pytest.approx(0.75)
    assert row["deviation"]["minority"] == 0
    assert row["values"] == [0.4, 0.7, 0.7]
    assert row["minority"] == [0.75, 0.75]
    assert row["per_subject"] == pytest.approx({"p1": 0.8, "p2": 0.5})


def test_one_run_has_no_deviation(tested):
    row = average_runs([{**run_of(tested, None), "seconds": 1.0}])
    assert row["deviation"]["accuracy"] is None
    assert row["mean"]["minority"] is None
    assert row["minority"] == []
