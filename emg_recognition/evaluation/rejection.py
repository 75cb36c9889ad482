"""What silence buys: how right a model is on the windows that it keeps if it rejects the least certain ones.

Source of the curve: Nadeem, Zucker, Hanczar, *Accuracy-rejection curves (ARCs) for comparing classification
methods with a reject option*, PMLR 8, 2009. One minus its area is the area under the risk–coverage curve of
Geifman and El-Yaniv, *Selective classification for deep neural networks*, NeurIPS 2017.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from emg_recognition.evaluation.calibration import confidence_and_hits

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
