"""A run is judged by all its windows and by the subjects of the minority; runs are averaged as they say."""

from __future__ import annotations

import numpy as np
import pytest

from emg_recognition.training.compare import judge, row_of
from emg_recognition.training.windows import from_windows

ACTIONS = ("rest", "flexion")
COHORT = ["healthy"] * 4 + ["patient"] * 6
SUBJECT = ["h1"] * 4 + ["p1"] * 2 + ["p2"] * 4
TRUTH = [0, 0, 0, 1, 0, 1, 0, 0, 0, 1]
ANSWER = [0, 0, 0, 0, 0, 1, 1, 0, 0, 0]


@pytest.fixture
def test_side():
    return from_windows(np.zeros((10, 4, 1)), TRUTH, ACTIONS, cohort=COHORT, subject=SUBJECT)


def run_of(test_side, minority="patient"):
    return judge(np.eye(2, dtype=np.float32)[ANSWER], test_side, minority)


def test_counted_by_hand(test_side):
    run = run_of(test_side)
    assert run["accuracy"] == pytest.approx(0.7)
    assert run["balanced_accuracy"] == pytest.approx((6 / 7 + 1 / 3) / 2)
    assert run["per_subject"] == {"p1": 1.0, "p2": 0.5}
    assert run["minority"] == pytest.approx(0.75)
    assert (run["worst"], run["worst_subject"]) == (0.5, "p2")


@pytest.mark.parametrize("minority", [None, "amputee"])
def test_without_a_minority_all_subjects_are_looked_at(test_side, minority):
    run = run_of(test_side, minority)
    assert run["per_subject"] == {"h1": 0.75, "p1": 1.0, "p2": 0.5}
    assert run["minority"] is None
    assert run["worst_subject"] == "p2"


def test_runs_are_averaged(test_side):
    runs = [{**run_of(test_side), "seconds": seconds} for seconds in (1.0, 2.0, 6.0)]
    runs[0]["accuracy"] = 0.4
    runs[2] |= {"minority": None, "per_subject": {"p1": 0.4}}
    row = row_of(runs, method="lda", group="classical")
    assert (row["method"], row["group"]) == ("lda", "classical")
    assert row["mean"]["accuracy"] == pytest.approx(0.6)
    assert row["deviation"]["accuracy"] == pytest.approx(np.sqrt(0.06 / 2))
    assert row["mean"]["seconds"] == 3.0
    assert row["mean"]["minority"] == pytest.approx(0.75)
    assert row["deviation"]["minority"] == 0
    assert row["values"] == [0.4, 0.7, 0.7]
    assert row["minority"] == [0.75, 0.75]
    assert row["per_subject"] == pytest.approx({"p1": 0.8, "p2": 0.5})


def test_one_run_has_no_deviation(test_side):
    row = row_of([{**run_of(test_side, None), "seconds": 1.0}])
    assert row["deviation"]["accuracy"] is None
    assert row["mean"]["minority"] is None
    assert row["minority"] == []
