"""What the test says, from probabilities made by hand."""

from __future__ import annotations

import json

import numpy as np
import pytest

from emg_recognition.training.fold import trial_metrics
from emg_recognition.training.windows import from_windows

WINDOWS = from_windows(
    np.zeros((4, 1, 1)),
    [0, 1, 0, 1],
    ("rest", "elbow_flexion"),
    cohort=["healthy", "healthy", "healthy", "patient"],
    subject=["h1", "h1", "h2", "p1"],
    session="1",
    repetition=4,
)


def test_each_cohort_and_subject_apart():
    probabilities = np.array([[0.9, 0.1], [0.2, 0.8], [0.5, 0.5], [1.0, 0.0]], np.float32)
    metrics = trial_metrics(probabilities, WINDOWS, step=0.05)
    assert metrics["test_accuracy"] == 0.75
    assert metrics["confusion"] == [[2, 0], [1, 1]]
    assert metrics["per_cohort"]["healthy"]["accuracy"] == 1.0
    assert metrics["per_cohort"]["patient"]["accuracy"] == 0.0
    assert metrics["over_subjects"]["mean"]["accuracy"] == pytest.approx(2 / 3)
    assert metrics["over_subjects"]["worst"]["subject"] == "p1"
    assert metrics["test_loss"] == pytest.approx(-np.log([0.9, 0.8, 0.5, 1e-7]).mean())
    json.dumps(metrics, allow_nan=False)
    assert metrics["per_subject"]["p1"]["cohort"] == "patient"
    assert metrics["per_class"]["rest"] == {"precision": 2 / 3, "recall": 1.0, "f1": 0.8, "windows": 2}
    assert metrics["rejection"]["curve"][0]["accuracy"] == 0.75
    assert sum(entry["windows"] for entry in metrics["calibration"]["bins"]) == 4


def test_motions_during_rest_are_counted_where_rest_is_named():
    probabilities = np.array([[0.9, 0.1], [0.2, 0.8], [0.1, 0.9], [1.0, 0.0]], np.float32)
    assert trial_metrics(probabilities, WINDOWS, step=0.05)["rest"] is None
    rest = trial_metrics(probabilities, WINDOWS, step=0.05, rest="rest")["rest"]
    assert rest["single"]["activations"] == 1
    assert rest["minutes"] == pytest.approx(2 * 0.05 / 60)


def test_a_subject_of_two_cohorts_names_both():
    windows = from_windows(np.zeros((2, 1, 1)), [0, 0], ("rest",), cohort=["left", "right"], subject="s")
    metrics = trial_metrics(np.ones((2, 1), np.float32), windows, step=0.05)
    assert metrics["per_subject"]["s"]["cohort"] == "left, right"
