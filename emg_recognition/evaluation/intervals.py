"""Confidence intervals of scores.

Neighbouring windows resemble each other, so a window is not an independent observation; a segment (one
repetition of one action) nearly is. The interval is therefore the percentile bootstrap over segments, drawn
within each action so that every performed action stays in every sample (Davison and Hinkley, *Bootstrap
Methods and their Application*, 1997, sections 3.2 and 5.3). With too few segments the accuracy gets the
Wilson score interval over windows (Wilson, *Probable Inference*, 1927), which is too narrow for overlapping
windows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from emg_recognition.evaluation.metrics import mean_scores

LEVEL = 0.95
SAMPLES = 2000
"""Bootstrap samples."""
LEAST_SEGMENTS = 3
"""Segments that every performed action needs for the bootstrap."""
#: Segments that are drawn at once, in all samples: they would fill the memory where there are thousands.
_AT_ONCE = 1 << 20
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


@dataclass(frozen=True, eq=False)
class SegmentCounts:
    """What was recognised in each segment.

    Attributes
    ----------
    segment : ndarray of int64, shape (m,)
        Number of the segment.
    action : ndarray of int64, shape (m,)
        The action performed; a segment with several actions has several rows.
    counts : ndarray of int64, shape (m, classes)
        Windows of the row that were recognised as each action.
    """

    segment: NDArray[np.int64]
    action: NDArray[np.int64]
    counts: NDArray[np.int64]

    def __add__(self, other: SegmentCounts) -> SegmentCounts:
        """Put the segments of two sets of windows together; they have no segment in common."""
        shift = self.segment.max(initial=-1) + 1
        return SegmentCounts(
            np.concatenate([self.segment, other.segment + shift]),
            np.concatenate([self.action, other.action]),
            np.concatenate([self.counts, other.counts]),
        )


def count_segments(truth: ArrayLike, predicted: ArrayLike, classes: int, segment: ArrayLike) -> SegmentCounts:
    """Count what was recognised in each segment.

    Parameters
    ----------
    truth, predicted : array_like of int, shape (n,)
        Indices of the performed and of the recognised action, 0 to ``classes - 1``.
    classes : int
        Number of actions.
    segment : array_like, shape (n,)
        The segment of each window: a repetition of one action.

    Returns
    -------
    SegmentCounts
        In the order of the segments' names.
    """
    _, number = np.unique(np.asarray(segment), return_inverse=True)
    keys = number.ravel() * classes + np.asarray(truth, np.int64)
    rows, row = np.unique(keys, return_inverse=True)
    counts = np.bincount(
        row.ravel() * classes + np.asarray(predicted, np.int64), minlength=len(rows) * classes
    )
    return SegmentCounts(rows // classes, rows % classes, counts.reshape(-1, classes))


def score_intervals(segments: SegmentCounts) -> Intervals:
    """Compute confidence intervals of accuracy, balanced accuracy and macro F1.

    Parameters
    ----------
    segments : SegmentCounts
        From :func:`count_segments`; at least one window. The same counts give the same intervals.

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
    action, counts = segments.action, segments.counts
    if not len(action):
        raise ValueError("give at least one window: there is no interval without one")
    number = len(np.unique(segments.segment))
    if np.bincount(action)[np.unique(action)].min() < LEAST_SEGMENTS:
        hits = int(counts[np.arange(len(action)), action].sum())
        return Intervals("wilson", number, wilson(hits, int(counts.sum())))
    rng = np.random.default_rng(0)
    drawn = np.zeros((SAMPLES, counts.shape[1], counts.shape[1]))
    for performed in np.unique(action):
        rows = counts[action == performed]
        for some in pieces(SAMPLES, len(rows)):
            times = rng.multinomial(len(rows), np.full(len(rows), 1 / len(rows)), size=len(some))
            drawn[some, performed] = times @ rows
    scores = mean_scores(drawn)
    return Intervals(
        "bootstrap",
        number,
        percentiles(scores["accuracy"]),
        percentiles(scores["balanced_accuracy"]),
        percentiles(scores["macro_f1"]),
    )


def mean_interval(values: ArrayLike) -> Interval | None:
    """Return the percentile bootstrap interval of a mean; ``None`` for fewer than three values.

    Parameters
    ----------
    values : array_like, shape (n,)
        Independent observations, such as the accuracies of subjects.
    """
    found = np.asarray(values, np.float64)
    if len(found) < LEAST_SEGMENTS:
        return None
    places = np.random.default_rng(0).integers(0, len(found), (SAMPLES, len(found)))
    return percentiles(found[places].mean(axis=1))


def pieces(samples: int, segments: int) -> Iterator[NDArray[np.int64]]:
    """Yield the numbers of bootstrap samples, as many at a time as memory should hold at once."""
    yield from np.array_split(np.arange(samples), min(samples, 1 + samples * segments // _AT_ONCE))


def percentiles(values: NDArray[np.float64]) -> Interval:
    """Return the ends of the interval that holds the middle 95 % of bootstrap values, shape (samples,)."""
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(values, (tail, 1 - tail)).tolist()
    return low, high


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
