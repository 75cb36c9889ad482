"""The one use of the test data: the finished bundle, asked window by window as it is live."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from emg_recognition.evaluation.metrics import over_subjects, scores, scores_by_group
from emg_recognition.models.runtime import ActionModel
from emg_recognition.training.windows import WindowSet


def predict(model: ActionModel, windows: WindowSet) -> NDArray[np.float32]:
    """Probabilities of the actions for each window, shape (windows, actions)."""
    return np.stack([model.predict(window) for window in windows.windows])


def trial_metrics(probabilities: NDArray[np.float32], windows: WindowSet) -> dict[str, Any]:
    """Judge a model by the test windows.

    Parameters
    ----------
    probabilities : ndarray, shape (windows, actions)
        What the model answered.
    windows : WindowSet
        The test windows, with what was really performed.

    Returns
    -------
    dict
        ``test_accuracy``, ``test_balanced_accuracy``, ``test_macro_f1``, ``test_loss`` (cross-entropy),
        ``per_class_recall``, ``confusion``, ``per_cohort``, ``per_subject`` and ``over_subjects``.
    """
    predicted = probabilities.argmax(axis=1)
    whole = scores(windows.action, predicted, windows.actions)
    groups = {
        name: scores_by_group(windows.action, predicted, windows.actions, labels)
        for name, labels in (("per_cohort", windows.cohort), ("per_subject", windows.subject))
    }
    of_truth = probabilities[np.arange(len(predicted)), windows.action].astype(np.float64)
    return {
        **{f"test_{name}": whole[name] for name in ("accuracy", "balanced_accuracy", "macro_f1")},
        # Keras's own bound: a softmax that rounds to 0 costs 16, not infinity.
        "test_loss": float(-np.log(np.maximum(of_truth, 1e-7)).mean()),
        "per_class_recall": whole["per_class_recall"],
        "confusion": whole["confusion"],
        **groups,
        "over_subjects": over_subjects(groups["per_subject"]),
    }
