"""What the test says, from probabilities made by hand."""

from __future__ import annotations

import json

import numpy as np
import pytest

from emg_recognition.training.trial import trial_metrics
from emg_recognition.training.windows import WindowSet

WINDOWS = WindowSet(
    windows=np.zeros((4, 1, 1), np.float32),
    action=np.array([0, 1, 0, 1]),
    cohort=np.array(["healthy", "healthy", "healthy", "patient"]),
    subject=np.array(["h1", "h1", "h2", "p1"]),
    session=np.array(["1"] * 4),
    repetition=np.array([4] * 4),
    segment=np.arange(4),
    actions=("rest", "elbow_flexion"),
)


def test_each_cohort_and_subject_apart():
    probabilities = np.array([[0.9, 0.1], [0.2, 0.8], [0.5, 0.5], [1.0, 0.0]], np.float32)
    metrics = trial_metrics(probabilities, WINDOWS)
    assert metrics["test_accuracy"] == 0.75
    assert metrics["confusion"] == [[2, 0], [1, 1]]
    assert metrics["per_cohort"]["healthy"]["accuracy"] == 1.0
    assert metrics["per_cohort"]["patient"]["accuracy"] == 0.0
    assert metrics["over_subjects"]["mean"]["accuracy"] == pytest.approx(2 / 3)
    assert metrics["over_subjects"]["worst"]["subject"] == "p1"
    assert metrics["test_loss"] == pytest.approx(-np.log([0.9, 0.8, 0.5, 1e-7]).mean())
    json.dumps(metrics, allow_nan=False)
