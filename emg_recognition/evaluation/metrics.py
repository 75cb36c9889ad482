"""Figures of merit from true and predicted actions, in plain NumPy.

Everything follows from the confusion matrix. An action without a window in the truth has no recall; it is
left out of the means instead of counting as nought, so that a subject who never performed it is not blamed.
(A prediction of such an action still costs: it is missing from the recall of the action that was performed.)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

MEAN_METRICS = ("accuracy", "balanced_accuracy", "macro_f1")


def confusion_matrix(truth: ArrayLike, predicted: ArrayLike, classes: int) -> NDArray[np.int64]:
    """Count how often each action was taken for each.

    Parameters
    ----------
    truth, predicted : array_like of int, shape (n,)
        Indices of the performed and of the recognised action, 0 to ``classes - 1``.
    classes : int
        Number of actions.

    Returns
    -------
    ndarray of int64, shape (classes, classes)
        Row: performed; column: recognised.

    Raises
    ------
    ValueError
        If the two differ in length or hold an index outside the classes.
    """
    true, guess = np.asarray(truth, dtype=np.int64), np.asarray(predicted, dtype=np.int64)
    if true.shape != guess.shape or true.ndim != 1:
        raise ValueError(f"truth has shape {true.shape} and predicted {guess.shape}: both must be (n,)")
    for name, values in (("truth", true), ("predicted", guess)):
        if values.size and (values.min() < 0 or values.max() >= classes):
            raise ValueError(f"{name} holds {values.min()} to {values.max()}, outside 0 to {classes - 1}")
    counts = np.bincount(true * classes + guess, minlength=classes * classes)
    return counts.reshape(classes, classes).astype(np.int64)


def accuracy(confusion: NDArray[np.int64]) -> float:
    """Share of windows that were recognised; NaN without a window."""
    total = confusion.sum()
    return float(np.trace(confusion) / total) if total else float("nan")


def per_class_recall(confusion: NDArray[np.int64]) -> NDArray[np.float64]:
    """Share of each action's windows that were recognised, shape (classes,); NaN where there is no window."""
    performed = confusion.sum(axis=1)
    recall = np.full(len(confusion), np.nan)
    np.divide(np.diag(confusion), performed, out=recall, where=performed > 0)
    return recall


def per_class_precision(confusion: NDArray[np.int64]) -> NDArray[np.float64]:
    """Share of an action's recognitions that were right, shape (classes,); NaN if it was never recognised."""
    recognised = confusion.sum(axis=0)
    precision = np.full(len(confusion), np.nan)
    np.divide(np.diag(confusion), recognised, out=precision, where=recognised > 0)
    return precision


def per_class_f1(confusion: NDArray[np.int64]) -> NDArray[np.float64]:
    """Harmonic mean of each action's precision and recall, shape (classes,); NaN where there is no window."""
    performed, recognised = confusion.sum(axis=1), confusion.sum(axis=0)
    score = np.full(len(confusion), np.nan)
    np.divide(2 * np.diag(confusion), performed + recognised, out=score, where=performed > 0)
    return score


def balanced_accuracy(confusion: NDArray[np.int64]) -> float:
    """Mean recall of the performed actions: each action counts alike, however many windows it has."""
    return _mean_of_present(per_class_recall(confusion))


def macro_f1(confusion: NDArray[np.int64]) -> float:
    """Mean F1 score of the performed actions."""
    return _mean_of_present(per_class_f1(confusion))


def per_class(confusion: NDArray[np.int64], actions: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Precision, recall and F1 of each action, ready for JSON.

    Parameters
    ----------
    confusion : ndarray of int64, shape (classes, classes)
        Row: performed; column: recognised.
    actions : sequence of str
        Names of the classes.

    Returns
    -------
    dict of str to dict
        Action to ``precision``, ``recall``, ``f1`` (``None`` where there is nothing to divide by) and
        ``windows`` (how many were performed).
    """
    table = {
        "precision": per_class_precision(confusion),
        "recall": per_class_recall(confusion),
        "f1": per_class_f1(confusion),
    }
    return {
        name: {
            **{key: float(values[i]) if np.isfinite(values[i]) else None for key, values in table.items()},
            "windows": int(confusion[i].sum()),
        }
        for i, name in enumerate(actions)
    }


def scores(truth: ArrayLike, predicted: ArrayLike, actions: Sequence[str]) -> dict[str, Any]:
    """All figures of merit of one set of windows, ready for JSON.

    Parameters
    ----------
    truth, predicted : array_like of int, shape (n,)
        Indices into `actions`.
    actions : sequence of str
        Names of the classes.

    Returns
    -------
    dict
        As of :func:`scores_of`.
    """
    return scores_of(confusion_matrix(truth, predicted, len(actions)), actions)


def scores_of(confusion: NDArray[np.int64], actions: Sequence[str]) -> dict[str, Any]:
    """All figures of merit that follow from a confusion matrix, ready for JSON.

    Parameters
    ----------
    confusion : ndarray of int64, shape (classes, classes)
        Row: performed; column: recognised.
    actions : sequence of str
        Names of the classes.

    Returns
    -------
    dict
        ``windows``, ``accuracy``, ``balanced_accuracy``, ``macro_f1``, ``per_class_recall`` (action to
        recall, only of actions that were performed) and ``confusion`` (rows: performed).
    """
    recall = per_class_recall(confusion)
    return {
        "windows": int(confusion.sum()),
        "accuracy": accuracy(confusion),
        "balanced_accuracy": balanced_accuracy(confusion),
        "macro_f1": macro_f1(confusion),
        "per_class_recall": {
            name: float(r) for name, r in zip(actions, recall, strict=True) if np.isfinite(r)
        },
        "confusion": confusion.tolist(),
    }


def scores_by_group(
    truth: ArrayLike, predicted: ArrayLike, actions: Sequence[str], groups: ArrayLike
) -> dict[str, dict[str, Any]]:
    """`scores` of each group of windows apart.

    Parameters
    ----------
    truth, predicted : array_like of int, shape (n,)
        Indices into `actions`.
    actions : sequence of str
        Names of the classes.
    groups : array_like of str, shape (n,)
        The cohort or subject of each window.

    Returns
    -------
    dict of str to dict
        Group to its scores, sorted by name.
    """
    true, guess, names = np.asarray(truth), np.asarray(predicted), np.asarray(groups)
    return {
        str(name): scores(true[names == name], guess[names == name], actions)
        for name in np.unique(names).tolist()
    }


def over_subjects(per_subject: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Mean over subjects, in which each subject counts alike, and the subject served worst.

    Parameters
    ----------
    per_subject : mapping of str to mapping
        Subject to its `scores`; at least one.

    Returns
    -------
    dict
        ``mean`` and ``deviation`` (population) of accuracy, balanced accuracy and macro F1 over the
        subjects, and ``worst``: the subject of the lowest balanced accuracy, with both its accuracies.

    Raises
    ------
    ValueError
        Without a subject.
    """
    if not per_subject:
        raise ValueError("there is no subject to take a mean over")
    table = {metric: np.array([s[metric] for s in per_subject.values()]) for metric in MEAN_METRICS}
    worst = min(per_subject, key=lambda name: per_subject[name]["balanced_accuracy"])
    return {
        "mean": {metric: float(values.mean()) for metric, values in table.items()},
        "deviation": {metric: float(values.std()) for metric, values in table.items()},
        "worst": {
            "subject": worst,
            "accuracy": per_subject[worst]["accuracy"],
            "balanced_accuracy": per_subject[worst]["balanced_accuracy"],
        },
    }


def _mean_of_present(values: NDArray[np.float64]) -> float:
    present = values[np.isfinite(values)]
    return float(present.mean()) if present.size else float("nan")
