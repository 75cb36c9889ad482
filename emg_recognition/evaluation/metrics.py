"""Scores from true and predicted actions, in plain NumPy.

Every score follows from the confusion matrix. An action without a window in the truth has no recall; the
means leave it out instead of counting it as zero, so that a subject who never performed an action is not
penalised for it. A prediction of such an action still costs: it lowers the recall of the performed action.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

MEAN_METRICS = ("accuracy", "balanced_accuracy", "macro_f1")


def to_json(value: Any) -> Any:
    """Turn dataclasses, mappings and arrays into what JSON can hold; NaN and infinity become ``None``.

    A dataclass with a ``to_json`` method decides for itself.
    """
    if hasattr(value, "to_json"):
        return to_json(value.to_json())
    if dataclasses.is_dataclass(value):
        return {field.name: to_json(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): to_json(item) for key, item in value.items()}
    if isinstance(value, (np.ndarray, np.generic)):
        return to_json(value.tolist())
    if isinstance(value, (list, tuple)):
        return [to_json(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def confusion_matrix(truth: ArrayLike, predicted: ArrayLike, classes: int) -> NDArray[np.int64]:
    """Count how often each action was recognised as each action.

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


def mean_scores(confusion: NDArray[Any]) -> dict[str, NDArray[np.float64]]:
    """Accuracy, balanced accuracy and macro F1 of one or many confusion matrices.

    Parameters
    ----------
    confusion : ndarray, shape (..., classes, classes)
        Row: performed; column: recognised.

    Returns
    -------
    dict of str to ndarray, shape (...)
        Each of :data:`MEAN_METRICS`; NaN without a window.
    """
    right = np.diagonal(confusion, axis1=-2, axis2=-1)
    performed, recognised = confusion.sum(axis=-1), confusion.sum(axis=-2)
    there = performed > 0
    actions = there.sum(axis=-1)
    recall = divide(right, performed, otherwise=0.0)
    f1 = divide(2 * right * there, performed + recognised, otherwise=0.0)
    return {
        "accuracy": divide(right.sum(axis=-1), performed.sum(axis=-1)),
        "balanced_accuracy": divide(recall.sum(axis=-1), actions),
        "macro_f1": divide(f1.sum(axis=-1), actions),
    }


def divide(numerator: ArrayLike, denominator: ArrayLike, otherwise: float = math.nan) -> NDArray[np.float64]:
    """Divide element by element; `otherwise` where the denominator is zero."""
    below = np.asarray(denominator)
    found = np.full(np.broadcast_shapes(np.shape(numerator), below.shape), otherwise, dtype=np.float64)
    np.divide(numerator, below, out=found, where=below > 0)
    return found


@dataclass(frozen=True)
class ClassScores:
    """Scores of one action; ``None`` where there is nothing to divide by.

    Attributes
    ----------
    precision : float or None
        Share of the recognitions of the action that were right.
    recall : float or None
        Share of the action's windows that were recognised.
    f1 : float or None
        Harmonic mean of the two; ``None`` where the action was not performed.
    windows : int
        Windows in which the action was performed.
    """

    precision: float | None
    recall: float | None
    f1: float | None
    windows: int


@dataclass(frozen=True, eq=False)
class Scores:
    """All scores of one set of windows.

    Attributes
    ----------
    actions : tuple of str
        Names of the classes.
    confusion : ndarray of int64, shape (classes, classes)
        Row: performed; column: recognised.
    """

    actions: tuple[str, ...]
    confusion: NDArray[np.int64]

    @property
    def windows(self) -> int:
        """Number of windows."""
        return int(self.confusion.sum())

    @property
    def accuracy(self) -> float:
        """Share of windows that were recognised; NaN without a window."""
        return float(mean_scores(self.confusion)["accuracy"])

    @property
    def balanced_accuracy(self) -> float:
        """Mean recall of the performed actions: each counts equally, however many windows it has."""
        return float(mean_scores(self.confusion)["balanced_accuracy"])

    @property
    def macro_f1(self) -> float:
        """Mean F1 score of the performed actions."""
        return float(mean_scores(self.confusion)["macro_f1"])

    @property
    def per_class(self) -> dict[str, ClassScores]:
        """Scores of each action."""
        right = np.diag(self.confusion)
        performed, recognised = self.confusion.sum(axis=1), self.confusion.sum(axis=0)
        columns = (
            divide(right, recognised),
            divide(right, performed),
            np.where(performed > 0, divide(2 * right, performed + recognised), np.nan),
        )
        shares = [[None if math.isnan(value) else value for value in column.tolist()] for column in columns]
        rows = zip(*shares, performed.tolist(), strict=True)
        return {action: ClassScores(*row) for action, row in zip(self.actions, rows, strict=True)}

    @property
    def per_class_recall(self) -> dict[str, float]:
        """Recall of each action that was performed."""
        found = {action: scores.recall for action, scores in self.per_class.items()}
        return {action: recall for action, recall in found.items() if recall is not None}

    def __add__(self, other: Scores) -> Scores:
        """Count the windows of both together."""
        if other.actions != self.actions:
            raise ValueError(f"the scores have different actions: {self.actions} and {other.actions}")
        return Scores(self.actions, self.confusion + other.confusion)

    def to_json(self) -> dict[str, Any]:
        """Return the scores as ``metrics.json`` holds them."""
        return {
            "windows": self.windows,
            **{name: getattr(self, name) for name in MEAN_METRICS},
            "per_class_recall": self.per_class_recall,
            "confusion": self.confusion.tolist(),
        }


def score_windows(truth: ArrayLike, predicted: ArrayLike, actions: Sequence[str]) -> Scores:
    """Score one set of windows.

    Parameters
    ----------
    truth, predicted : array_like of int, shape (n,)
        Indices into `actions`.
    actions : sequence of str
        Names of the classes.

    Returns
    -------
    Scores
        The scores.

    Raises
    ------
    ValueError
        As for :func:`confusion_matrix`.
    """
    return Scores(tuple(actions), confusion_matrix(truth, predicted, len(actions)))


def scores_by_group(
    truth: ArrayLike, predicted: ArrayLike, actions: Sequence[str], groups: ArrayLike
) -> dict[str, Scores]:
    """Score each group of windows separately.

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
    dict of str to Scores
        Sorted by the name of the group.
    """
    # Sorted once: with a comparison for each group, the time would grow with groups times windows.
    names, group = np.unique(np.asarray(groups), return_inverse=True)
    order = np.argsort(group.ravel(), kind="stable")
    borders = np.searchsorted(group.ravel()[order], np.arange(1, len(names)))
    parts = [np.split(np.asarray(values)[order], borders) for values in (truth, predicted)]
    return {
        str(name): score_windows(true, guess, actions)
        for name, true, guess in zip(names.tolist(), *parts, strict=False)
    }


@dataclass(frozen=True)
class WorstSubject:
    """The subject with the lowest balanced accuracy."""

    subject: str
    accuracy: float
    balanced_accuracy: float


@dataclass(frozen=True)
class OverSubjects:
    """Scores over subjects, each of whom counts equally.

    Attributes
    ----------
    mean, deviation : dict of str to float
        Each of :data:`MEAN_METRICS`: mean and population standard deviation over the subjects.
    worst : WorstSubject
        The subject with the lowest balanced accuracy.
    """

    mean: dict[str, float]
    deviation: dict[str, float]
    worst: WorstSubject


def over_subjects(per_subject: Mapping[str, Scores]) -> OverSubjects:
    """Average over subjects, and find the worst one.

    Parameters
    ----------
    per_subject : mapping of str to Scores
        At least one subject.

    Returns
    -------
    OverSubjects
        Mean, deviation and worst subject.

    Raises
    ------
    ValueError
        Without a subject.
    """
    if not per_subject:
        raise ValueError("give at least one subject")
    table = {
        metric: np.array([getattr(scores, metric) for scores in per_subject.values()])
        for metric in MEAN_METRICS
    }
    worst = min(per_subject, key=lambda name: per_subject[name].balanced_accuracy)
    found = per_subject[worst]
    return OverSubjects(
        mean={metric: float(values.mean()) for metric, values in table.items()},
        deviation={metric: float(values.std()) for metric, values in table.items()},
        worst=WorstSubject(worst, found.accuracy, found.balanced_accuracy),
    )
