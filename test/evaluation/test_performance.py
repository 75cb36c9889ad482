"""Results on test windows, from probabilities written by hand."""

from __future__ import annotations

import json

import numpy as np
import pytest

TRUTH = [0, 1, 0, 1]
GROUPS = {
    "cohort": np.array(["healthy", "healthy", "healthy", "patient"]),
    "subject": np.array(["h1", "h1", "h2", "p1"]),
}
PROBABILITIES = [[0.9, 0.1], [0.2, 0.8], [0.5, 0.5], [1.0, 0.0]]


def test_each_cohort_and_subject_is_scored_separately(performance):
    found = performance(PROBABILITIES, TRUTH, **GROUPS).to_json()
    assert found["test_accuracy"] == 0.75
    assert found["confusion"] == [[2, 0], [1, 1]]
    assert found["per_cohort"]["healthy"]["accuracy"] == 1.0
    assert found["per_cohort"]["patient"]["accuracy"] == 0.0
    assert found["over_subjects"]["mean"]["accuracy"] == pytest.approx(2 / 3)
    assert found["over_subjects"]["worst"]["subject"] == "p1"
    assert found["test_loss"] == pytest.approx(-np.log([0.9, 0.8, 0.5, 1e-7]).mean())
    assert found["per_subject"]["p1"]["cohort"] == "patient"
    assert found["per_class"]["rest"] == {"precision": 2 / 3, "recall": 1.0, "f1": 0.8, "windows": 2}
    assert found["rejection"]["curve"][0]["accuracy"] == 0.75
    assert sum(entry["windows"] for entry in found["calibration"]["bins"]) == 4
    json.dumps(found, allow_nan=False)


def test_the_layout_of_metrics_json_is_stable(performance):
    """Programs read these keys: removing or renaming one breaks them."""
    found = performance(PROBABILITIES, TRUTH, **GROUPS).to_json()
    assert found.keys() == {
        "test_accuracy",
        "test_balanced_accuracy",
        "test_macro_f1",
        "test_loss",
        "intervals",
        "baseline",
        "steadiness",
        "baseline_steadiness",
        "per_class_recall",
        "per_class",
        "confusion",
        "per_cohort",
        "per_subject",
        "over_subjects",
        "calibration",
        "rejection",
        "rest",
    }
    scores = {"windows", "accuracy", "balanced_accuracy", "macro_f1", "per_class_recall", "confusion"}
    assert found["per_cohort"]["healthy"].keys() == scores
    assert found["per_subject"]["h1"].keys() == {"cohort", *scores}
    assert found["over_subjects"].keys() == {"mean", "deviation", "worst"}
    assert found["calibration"].keys() == {"ece", "confidence", "bins"}
    assert found["calibration"]["bins"][0].keys() == {"low", "high", "windows", "confidence", "accuracy"}
    assert found["rejection"].keys() == {"area", "thresholds", "curve"}
    assert found["rejection"]["curve"][0].keys() == {"threshold", "coverage", "accuracy"}
    assert found["rest"].keys() == {"windows", "minutes", "single", "voted", "votes", "threshold"}
    assert found["steadiness"].keys() == {
        "wrong_movements_per_minute",
        "false_activations_per_minute",
        "decision_delay_ms",
        "intervals",
    }
    assert found["steadiness"]["decision_delay_ms"].keys() == {"measured", "missed", "median", "p90"}
    assert found["rest"]["single"].keys() == {"activations", "per_minute", "active"}
    assert found["intervals"].keys() == {
        "method",
        "segments",
        "level",
        "accuracy",
        "balanced_accuracy",
        "macro_f1",
    }


def test_false_activations_need_an_action_that_is_rest(performance):
    answers = [[0.9, 0.1], [0.2, 0.8], [0.1, 0.9], [1.0, 0.0]]
    assert performance(answers, TRUTH, rest=None).rest is None
    rest = performance(answers, TRUTH).rest
    assert rest.single.activations == 1
    assert rest.minutes == pytest.approx(2 * 0.05 / 60)


def test_a_subject_in_two_cohorts_names_both(performance):
    found = performance([[1, 0], [1, 0]], [0, 0], cohort=np.array(["left", "right"]))
    assert found.to_json()["per_subject"]["s"]["cohort"] == "left, right"


def test_a_baseline_is_scored_on_the_same_windows(performance):
    assert performance(PROBABILITIES, TRUTH).baseline is None
    found = performance(PROBABILITIES, TRUTH, baseline=np.eye(2)[[0, 0, 0, 1]])
    assert found.baseline.accuracy == 0.75
    assert found.to_json()["baseline"]["confusion"] == [[2, 0], [1, 1]]
    assert found.to_json()["baseline_steadiness"]["decision_delay_ms"]["measured"] == 0  # no vote is full
    with pytest.raises(ValueError, match="predicted"):
        performance(PROBABILITIES, TRUTH, baseline=np.eye(2))
