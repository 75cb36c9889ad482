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
