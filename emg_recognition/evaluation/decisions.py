"""What the command bridge would decide on a stream of estimates.

The decisions come from the bridge's own :class:`~emg_recognition.control.decision.Decider`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from emg_recognition.actions import REST
from emg_recognition.control.decision import NO_ACTION, Decider, DecisionSettings
from emg_recognition.types import LiveSettings

UNDECIDED = -1
"""Index of the decision where no action is decided."""

THRESHOLD = LiveSettings.confidence_threshold
"""Confidence below which an estimate is rejected: the classifier's default."""


class Decisions(NamedTuple):
    """What was decided after each of n estimates.

    Attributes
    ----------
    action : ndarray of int64, shape (n,)
        Index of the action that takes effect, or :data:`UNDECIDED`.
    full : ndarray of bool, shape (n,)
        Whether enough estimates had arrived for a vote; before, nothing is decided.
    """

    action: NDArray[np.int64]
    full: NDArray[np.bool_]


def decide(
    action: ArrayLike,
    confidence: ArrayLike,
    accepted: ArrayLike,
    time: ArrayLike,
    starts: ArrayLike,
    *,
    actions: Sequence[str],
    settings: DecisionSettings,
) -> Decisions:
    """Decide after each estimate as the command bridge does.

    Parameters
    ----------
    action : array_like of int, shape (n,)
        Most probable action of each window, an index into `actions`; in the order of time.
    confidence : array_like, shape (n,)
        Its probability.
    accepted : array_like of bool, shape (n,)
        Whether the confidence reached the classifier's threshold.
    time : array_like, shape (n,)
        Time of each estimate, s; grows between two starts.
    starts : array_like of bool, shape (n,)
        Whether the vote is cleared before the estimate.
    actions : sequence of str
        Names of the actions.
    settings : DecisionSettings
        The bridge's settings.

    Returns
    -------
    Decisions
        One for each estimate.
    """
    decider = Decider(settings)
    number = {name: place for place, name in enumerate(actions)} | {NO_ACTION: UNDECIDED}
    columns = [np.asarray(column).tolist() for column in (action, confidence, accepted, time, starts)]
    decided, full = np.full(len(columns[0]), UNDECIDED), np.zeros(len(columns[0]), np.bool_)
    for place, (index, certain, taken, now, start) in enumerate(zip(*columns, strict=True)):
        if start:
            decider.clear()
        # The activation sets only the speed, never the decision, and recordings need not hold it.
        decider.add(actions[index], certain, 0.0, taken, now)
        decided[place], full[place] = number[decider.decide(now).action], decider.full
    return Decisions(decided, full)


def moving(decided: NDArray[np.int64], actions: Sequence[str], rest: str = REST) -> NDArray[np.bool_]:
    """Return after which windows an action other than `rest` is decided, shape (n,)."""
    calm = actions.index(rest) if rest in actions else UNDECIDED
    return (decided != UNDECIDED) & (decided != calm)


def changes(decided: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return which decisions differ from the one before, shape (n,); the first one does."""
    return np.append(np.ones(min(len(decided), 1), np.bool_), decided[1:] != decided[:-1])


@dataclass(frozen=True)
class Delay:
    """Time from the start of labels, or segments, until their action is decided.

    Attributes
    ----------
    measured : int
        Those whose action was decided while they lasted.
    missed : int
        The others.
    median, p90 : float or None
        Median and 90th percentile in ms; ``None`` without a measured one.
    """

    measured: int
    missed: int
    median: float | None
    p90: float | None

    @classmethod
    def of(cls, measured: ArrayLike, missed: int) -> Delay:
        """Sum up the times that were measured, ms, shape (n,), beside as many as were missed."""
        times = np.asarray(measured, np.float64)
        return cls(
            measured=len(times),
            missed=missed,
            median=float(np.median(times)) if len(times) else None,
            p90=float(np.percentile(times, 90)) if len(times) else None,
        )


def stream_starts(segment: NDArray[np.int64], begin: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return whether a stream starts with a window: in a new segment, or after a missing window.

    Both have the shape (n,): the segment of each window and its first sample, in the order of time.
    """
    together = segment[1:] == segment[:-1]
    distance = np.diff(begin)
    # The stride in samples is the smallest distance; a random subset of windows has larger ones too.
    grid = distance[together].min() if together.any() else 0
    return np.append(True, ~together | (distance > grid))
