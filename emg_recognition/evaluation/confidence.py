"""Whether a confidence means what it says: of the windows answered with 90 %, nine in ten should be right.

Source: Guo, Pleiss, Sun, Weinberger, *On Calibration of Modern Neural Networks*, ICML 2017.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

BINS = 15
"""Equal-width bins of the confidence, as in the source."""


def calibration(probabilities: ArrayLike, truth: ArrayLike) -> dict[str, Any]:
    """Return the expected calibration error and the bins of the reliability diagram, ready for JSON.

    Parameters
    ----------
    probabilities : array_like, shape (n, classes)
        What the model answered; the largest of a row is its confidence.
    truth : array_like of int, shape (n,)
        What was performed.

    Returns
    -------
    dict
        ``ece``: how far accuracy and confidence of a bin lie apart, the mean over the bins weighted by their
        windows (equation 3 of the source); ``confidence``: mean confidence of all windows; ``bins``:
        for each of the 15 bins (low, high] its ``low``, ``high``, ``windows``, ``confidence`` and
        ``accuracy`` (means, ``None`` in an empty bin).

    Raises
    ------
    ValueError
        Without a window.
    """
    confidence, right = confidence_and_hits(probabilities, truth)
    edges = np.arange(BINS + 1) / BINS
    # (low, high]: a confidence on an edge belongs below it, and 1 to the last bin.
    place = np.clip(np.searchsorted(edges, confidence, side="left") - 1, 0, BINS - 1)
    windows = np.bincount(place, minlength=BINS)
    confidences = np.bincount(place, confidence, BINS)
    hits = np.bincount(place, right, BINS)
    bins = [
        {
            "low": float(edges[i]),
            "high": float(edges[i + 1]),
            "windows": int(windows[i]),
            "confidence": float(confidences[i] / windows[i]) if windows[i] else None,
            "accuracy": float(hits[i] / windows[i]) if windows[i] else None,
        }
        for i in range(BINS)
    ]
    return {
        "ece": float(np.abs(hits - confidences).sum() / len(confidence)),
        "confidence": float(confidence.mean()),
        "bins": bins,
    }


def confidence_and_hits(probabilities: ArrayLike, truth: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Largest probability of each window, and whether it stands at the performed action.

    Parameters
    ----------
    probabilities : array_like, shape (n, classes)
        What the model answered.
    truth : array_like of int, shape (n,)
        What was performed.

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
        raise ValueError("there is no window to take a confidence of")
    return answers.max(axis=1).astype(np.float64), answers.argmax(axis=1) == performed


THRESHOLDS = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)
"""Thresholds that a report lists; the first is the classifier's own default."""

_POINTS = 100


def rejection(probabilities: ArrayLike, truth: ArrayLike) -> dict[str, Any]:
    """Coverage and accuracy over the thresholds of the confidence, ready for JSON.

    A window is accepted if its confidence is at least the threshold, as in the classifier.

    Parameters
    ----------
    probabilities : array_like, shape (n, classes)
        What the model answered.
    truth : array_like of int, shape (n,)
        What was performed.

    Returns
    -------
    dict
        ``curve``: at most 100 points with ``threshold``, ``coverage`` (share of windows accepted) and
        ``accuracy`` (of those), from everything accepted to the most certain windows only; ``thresholds``:
        the same for :data:`THRESHOLDS` (``accuracy`` is ``None`` where nothing is accepted); ``area``: mean
        accuracy over all coverages, 1 at best.

    Raises
    ------
    ValueError
        Without a window.
    """
    confidence, right = confidence_and_hits(probabilities, truth)
    order = np.argsort(-confidence, kind="stable")
    falling, hits = confidence[order], np.cumsum(right[order])
    # Windows of one confidence are accepted together: the curve has points only where a run of them ends.
    ends = np.flatnonzero(np.append(falling[1:] != falling[:-1], True))
    accepted, found = ends + 1, hits[ends]
    # Between two points hits grow in a straight line, as they would in the mean over all orders of the tied.
    every = np.arange(1, len(falling) + 1)
    area = np.mean(np.interp(every, np.append(0, accepted), np.append(0, found)) / every)
    shown = np.unique(np.round(np.linspace(0, len(ends) - 1, _POINTS)).astype(np.int64))[::-1]
    curve = [
        {
            "threshold": float(falling[ends[i]]),
            "coverage": float(accepted[i] / len(falling)),
            "accuracy": float(found[i] / accepted[i]),
        }
        for i in shown
    ]
    return {
        "area": float(area),
        "thresholds": [_at(t, confidence, right) for t in THRESHOLDS],
        "curve": curve,
    }


def _at(threshold: float, confidence: np.ndarray, right: np.ndarray) -> dict[str, Any]:
    kept = confidence >= threshold
    return {
        "threshold": threshold,
        "coverage": float(kept.mean()),
        "accuracy": float(right[kept].mean()) if kept.any() else None,
    }
