"""The one use of the test data: the finished bundle, asked window by window as it is live."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from emg_recognition.evaluation.calibration import calibration
from emg_recognition.evaluation.metrics import (
    MEAN_METRICS,
    confusion_matrix,
    over_subjects,
    per_class,
    scores_by_group,
    scores_of,
)
from emg_recognition.evaluation.rejection import rejection
from emg_recognition.evaluation.rest import rest_activity
from emg_recognition.models.runtime import ActionModel
from emg_recognition.training.windows import WindowSet


def predict(model: ActionModel, windows: WindowSet) -> NDArray[np.float32]:
    """Probabilities of the actions for each window, shape (windows, actions)."""
    return np.stack([model.predict(window) for batch in windows.batches() for window in batch])


def cross_entropy(probabilities: NDArray[np.float32], action: NDArray[np.int64]) -> float:
    """Mean cross-entropy of probabilities, shape (windows, actions), and of what was performed."""
    of_truth = probabilities[np.arange(len(action)), action].astype(np.float64)
    # Keras's own bound: a softmax that rounds to 0 costs 16, not infinity.
    return float(-np.log(np.maximum(of_truth, 1e-7)).mean())


def trial_metrics(
    probabilities: NDArray[np.float32], windows: WindowSet, *, step: float, rest: str | None = None
) -> dict[str, Any]:
    """Judge a model by the test windows.

    Parameters
    ----------
    probabilities : ndarray, shape (windows, actions)
        What the model answered.
    windows : WindowSet
        The test windows, with what was really performed.
    step : float
        Time from one window of a segment to the next, s.
    rest : str or None
        The action during which nothing must move; ``None`` if there is none.

    Returns
    -------
    dict
        ``test_accuracy``, ``test_balanced_accuracy``, ``test_macro_f1``, ``test_loss`` (cross-entropy),
        ``per_class_recall``, ``per_class``, ``confusion``, ``per_cohort``, ``per_subject`` (with the
        ``cohort`` of each), ``over_subjects``, ``calibration``, ``rejection`` and ``rest`` (``None`` without
        windows of rest). ``docs/report.md`` tells what they mean.
    """
    truth, predicted = windows.action, probabilities.argmax(axis=1)
    confusion = confusion_matrix(truth, predicted, len(windows.actions))
    whole = scores_of(confusion, windows.actions)
    per_subject = scores_by_group(truth, predicted, windows.actions, windows.subject)
    cohorts: dict[str, list[str]] = {}
    for subject, cohort in windows.count_by("subject", "cohort"):
        cohorts.setdefault(subject, []).append(cohort)
    return {
        **{f"test_{name}": whole[name] for name in MEAN_METRICS},
        "test_loss": cross_entropy(probabilities, truth),
        "per_class_recall": whole["per_class_recall"],
        "per_class": per_class(confusion, windows.actions),
        "confusion": whole["confusion"],
        "per_cohort": scores_by_group(truth, predicted, windows.actions, windows.cohort),
        "per_subject": {
            subject: {"cohort": ", ".join(cohorts[subject]), **found}
            for subject, found in per_subject.items()
        },
        "over_subjects": over_subjects(per_subject),
        "calibration": calibration(probabilities, truth),
        "rejection": rejection(probabilities, truth),
        "rest": None
        if rest is None
        else rest_activity(
            probabilities,
            truth,
            windows.actions.index(rest),
            segment=windows.segment,
            begin=windows.begin,
            step=step,
        ),
    }
