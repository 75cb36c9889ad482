"""Whether a confidence means what it says, and what is gained by rejecting the least certain windows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

BINS = 15
"""Bins of equal width, as in Guo et al."""

THRESHOLDS = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)
"""Thresholds that a report lists; the first is the classifier's default."""

_POINTS = 100


@dataclass(frozen=True)
class Bin:
    """Windows of similar confidence, in (low, high].

    Attributes
    ----------
    low, high : float
        Edges.
    windows : int
        How many windows lie between them.
    confidence, accuracy : float or None
        Means over these windows; ``None`` in an empty bin.
    """

    low: float
    high: float
    windows: int
    confidence: float | None
    accuracy: float | None


@dataclass(frozen=True)
class Calibration:
    """How well confidence and accuracy agree.

    Attributes
    ----------
    ece : float
        Expected calibration error: the difference of accuracy and confidence in a bin, averaged over the
        bins with their windows as weights.
    confidence : float
        Mean confidence of all windows.
    bins : tuple of Bin
        The bins of the reliability diagram.
    """

    ece: float
    confidence: float
    bins: tuple[Bin, ...]


def calibration(probabilities: ArrayLike, truth: ArrayLike) -> Calibration:
    """Compute the expected calibration error.

    Source: Guo, Pleiss, Sun, Weinberger, *On Calibration of Modern Neural Networks*, ICML 2017, equation 3.

    Parameters
    ----------
    probabilities : array_like, shape (n, classes)
        What the model answered; the largest value of a row is its confidence.
    truth : array_like of int, shape (n,)
        The performed actions.

    Returns
    -------
    Calibration
        The error and the bins.

    Raises
    ------
    ValueError
        Without a window.
    """
    confidence, right = confidence_and_hits(probabilities, truth)
    edges = np.arange(BINS + 1) / BINS
    # (low, high]: a confidence on an edge belongs to the bin below it, and 1 to the last bin.
    place = np.clip(np.searchsorted(edges, confidence, side="left") - 1, 0, BINS - 1)
    windows = np.bincount(place, minlength=BINS)
    confidences = np.bincount(place, confidence, BINS)
    hits = np.bincount(place, right, BINS)
    bins = [
        Bin(
            low=float(edges[i]),
            high=float(edges[i + 1]),
            windows=int(windows[i]),
            confidence=float(confidences[i] / windows[i]) if windows[i] else None,
            accuracy=float(hits[i] / windows[i]) if windows[i] else None,
        )
        for i in range(BINS)
    ]
    error = float(np.abs(hits - confidences).sum() / len(confidence))
    return Calibration(ece=error, confidence=float(confidence.mean()), bins=tuple(bins))


def confidence_and_hits(
    probabilities: ArrayLike, truth: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return the largest probability of each window, and whether it belongs to the performed action.

    Parameters
    ----------
    probabilities : array_like, shape (n, classes)
        What the model answered.
    truth : array_like of int, shape (n,)
        The performed actions.

    Returns
    -------
    confidence : ndarray of float64, shape (n,)
        At most 1.
    right : ndarray of bool, shape (n,)
        Whether the most probable action was performed.

    Raises
    ------
    ValueError
        Without a window.
    """
    answers, performed = np.asarray(probabilities), np.asarray(truth)
    if not len(answers):
        raise ValueError("give at least one window: there is no confidence without one")
    return answers.max(axis=1).astype(np.float64), answers.argmax(axis=1) == performed


@dataclass(frozen=True)
class RejectionPoint:
    """What a threshold of the confidence leaves.

    Attributes
    ----------
    threshold : float
        Windows with at least this confidence are accepted.
    coverage : float
        Share of the windows that are accepted.
    accuracy : float or None
        Of the accepted windows; ``None`` where none is.
    """

    threshold: float
    coverage: float
    accuracy: float | None


@dataclass(frozen=True)
class Rejection:
    """Coverage and accuracy over the thresholds of the confidence.

    Attributes
    ----------
    area : float
        Mean accuracy over all coverages; 1 is best.
    thresholds : tuple of RejectionPoint
        At each of :data:`THRESHOLDS`.
    curve : tuple of RejectionPoint
        At most 100 points, from all windows accepted to only the most certain ones.
    """

    area: float
    thresholds: tuple[RejectionPoint, ...]
    curve: tuple[RejectionPoint, ...]


def rejection(probabilities: ArrayLike, truth: ArrayLike) -> Rejection:
    """Compute the accuracy-rejection curve.

    A window is accepted if its confidence is at least the threshold, as in the classifier. Source: Nadeem,
    Zucker, Hanczar, *Accuracy-rejection curves (ARCs) for comparing classification methods with a reject
    option*, 2009.

    Parameters
    ----------
    probabilities : array_like, shape (n, classes)
        What the model answered.
    truth : array_like of int, shape (n,)
        The performed actions.

    Returns
    -------
    Rejection
        The curve, the listed thresholds and the area.

    Raises
    ------
    ValueError
        Without a window.
    """
    confidence, right = confidence_and_hits(probabilities, truth)
    order = np.argsort(-confidence, kind="stable")
    falling, hits = confidence[order], np.cumsum(right[order])
    # Windows of equal confidence are accepted together: the curve has a point only after the last of them.
    ends = np.flatnonzero(np.append(falling[1:] != falling[:-1], True))
    accepted, found = ends + 1, hits[ends]
    # Between two points the hits grow linearly: the mean over all orders of the tied windows.
    every = np.arange(1, len(falling) + 1)
    area = np.mean(np.interp(every, np.append(0, accepted), np.append(0, found)) / every)
    shown = np.unique(np.round(np.linspace(0, len(ends) - 1, _POINTS)).astype(np.int64))[::-1]
    curve = [
        RejectionPoint(
            threshold=float(falling[ends[i]]),
            coverage=float(accepted[i] / len(falling)),
            accuracy=float(found[i] / accepted[i]),
        )
        for i in shown
    ]
    thresholds = tuple(_at(threshold, confidence, right) for threshold in THRESHOLDS)
    return Rejection(area=float(area), thresholds=thresholds, curve=tuple(curve))


def _at(threshold: float, confidence: NDArray[np.float64], right: NDArray[np.bool_]) -> RejectionPoint:
    kept = confidence >= threshold
    accuracy = float(right[kept].mean()) if kept.any() else None
    return RejectionPoint(threshold=threshold, coverage=float(kept.mean()), accuracy=accuracy)
