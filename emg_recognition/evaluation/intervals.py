"""Confidence intervals of scores.

Neighbouring windows resemble each other, so a window is not an independent observation; a segment (one
repetition of one action) nearly is. The interval is therefore the percentile bootstrap over segments, drawn
within each action so that every performed action stays in every sample (Davison and Hinkley, *Bootstrap
Methods and their Application*, 1997, sections 3.2 and 5.3). With too few segments the accuracy gets the
Wilson score interval over windows (Wilson, *Probable Inference*, 1927), which is too narrow for overlapping
windows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from emg_recognition.evaluation.metrics import mean_scores

LEVEL = 0.95
SAMPLES = 2000
"""Bootstrap samples."""
LEAST_SEGMENTS = 3
"""Segments that every performed action needs for the bootstrap."""
_Z = 1.959963984540054  # quantile of the normal distribution at (1 + LEVEL) / 2

Interval = tuple[float, float]


@dataclass(frozen=True)
class Intervals:
    """95 % confidence intervals of the mean scores.

    Attributes
    ----------
    method : str
        ``bootstrap`` over segments, or ``wilson`` over windows.
    segments : int
        Segments the windows come from.
    accuracy : tuple of float
        Lower and upper end.
    balanced_accuracy, macro_f1 : tuple of float or None
        The same; ``None`` for ``wilson``, which knows shares only.
    """

    method: str
    segments: int
    accuracy: Interval
    balanced_accuracy: Interval | None = None
    macro_f1: Interval | None = None
    level: float = LEVEL


def score_intervals(
    truth: ArrayLike, predicted: ArrayLike, classes: int, segment: ArrayLike, *, seed: int = 0
) -> Intervals:
    """Compute confidence intervals of accuracy, balanced accuracy and macro F1.

    Parameters
    ----------
    truth, predicted : array_like of int, shape (n,)
        Indices of the performed and of the recognised action, 0 to ``classes - 1``; at least one window.
    classes : int
        Number of actions.
    segment : array_like, shape (n,)
        The segment of each window: a repetition of one action.
    seed : int
        Of the bootstrap: the same input gives the same interval.

    Returns
    -------
    Intervals
        By bootstrap where every performed action has at least :data:`LEAST_SEGMENTS` segments, otherwise
        by Wilson's formula.

    Raises
    ------
    ValueError
        Without a window.
    """
    true, guess = np.asarray(truth, np.int64), np.asarray(predicted, np.int64)
    if not len(true):
        raise ValueError("there is no window to compute a confidence interval from")
    _, place = np.unique(np.asarray(segment), return_inverse=True)
    # One row for each segment and performed action; a segment with several actions becomes several rows.
    pairs, row = np.unique(np.stack([place.ravel(), true]), axis=1, return_inverse=True)
    action = pairs[1]
    segments = len(np.unique(pairs[0]))
    if np.bincount(action)[np.unique(action)].min() < LEAST_SEGMENTS:
        return Intervals("wilson", segments, wilson(int((true == guess).sum()), len(true)))
    counts = np.bincount(row.ravel() * classes + guess, minlength=len(action) * classes)
    drawn = _draw(counts.reshape(-1, classes), action, classes, np.random.default_rng(seed))
    tail = (1 - LEVEL) / 2
    ends: dict[str, Interval] = {}
    for name, values in mean_scores(drawn).items():
        low, high = np.quantile(values, (tail, 1 - tail)).tolist()
        ends[name] = low, high
    return Intervals("bootstrap", segments, ends["accuracy"], ends["balanced_accuracy"], ends["macro_f1"])


def wilson(hits: int, total: int) -> Interval:
    """Return the Wilson score interval of a share at the level of 95 %.

    Parameters
    ----------
    hits, total : int
        `hits` of `total` observations, which are taken as independent; at least one observation.
    """
    share, spread = hits / total, _Z**2 / total
    centre = (share + spread / 2) / (1 + spread)
    half = np.sqrt(share * (1 - share) * spread + spread**2 / 4) / (1 + spread)
    return float(max(centre - half, 0.0)), float(min(centre + half, 1.0))


def _draw(
    counts: NDArray[np.int64], action: NDArray[np.int64], classes: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Draw confusion matrices, shape (samples, classes, classes), from rows of counts of one action each."""
    drawn = np.zeros((SAMPLES, classes, classes))
    for performed in np.unique(action):
        rows = counts[action == performed]
        times = rng.multinomial(len(rows), np.full(len(rows), 1 / len(rows)), size=SAMPLES)
        drawn[:, performed] = times @ rows
    return drawn
