"""How often a motion would begin while the arm rests: what a wearer of an exoskeleton notices first."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

VOTES = 3
"""Estimates that vote for a decision: the bridge's default."""

THRESHOLD = 0.5
"""Confidence below which an estimate votes for nothing: the classifier's default."""

_NOTHING = -1


def rest_activity(
    probabilities: ArrayLike,
    truth: ArrayLike,
    rest: int,
    *,
    segment: ArrayLike,
    begin: ArrayLike,
    step: float,
) -> dict[str, Any] | None:
    """Count the motions that begin during rest, ready for JSON.

    A motion begins where another action than rest is decided and was not decided just before; so a run of
    equal decisions is one. It is counted twice: with each window deciding alone, and as the bridge decides,
    by more than half of the last :data:`VOTES` windows, of which those below :data:`THRESHOLD` vote for
    nothing. Every segment is a stream of its own, and so is what follows a missing window.

    Parameters
    ----------
    probabilities : array_like, shape (n, classes)
        What the model answered.
    truth : array_like of int, shape (n,)
        What was performed.
    rest : int
        Number of the action that is rest.
    segment : array_like of int, shape (n,)
        Which segment each window comes from.
    begin : array_like of int, shape (n,)
        First sample of each window, in any count that grows within a segment.
    step : float
        Time from one window to the next, s.

    Returns
    -------
    dict or None
        ``windows`` of rest, ``minutes`` (windows times step), ``single`` and ``voted``, each with
        ``activations``, ``per_minute`` and ``active`` (share of the windows of rest with another decision),
        and ``votes`` and ``threshold``. ``None`` if nobody rested.
    """
    answers, resting = np.asarray(probabilities), np.asarray(truth) == rest
    if not resting.any():
        return None
    place = np.lexsort((np.asarray(begin)[resting], np.asarray(segment)[resting]))
    answers = answers[resting][place]
    breaks = _breaks(np.asarray(segment)[resting][place], np.asarray(begin)[resting][place])
    guess = answers.argmax(axis=1)
    ballots = np.where(answers.max(axis=1) >= THRESHOLD, guess, _NOTHING)
    minutes = len(guess) * step / 60
    return {
        "windows": len(guess),
        "minutes": minutes,
        "single": _motions(guess, breaks, rest, minutes),
        "voted": _motions(_vote(ballots, breaks, answers.shape[1]), breaks, rest, minutes),
        "votes": VOTES,
        "threshold": THRESHOLD,
    }


def _breaks(segment: NDArray[np.int64], begin: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether a stream starts with a window: in a new segment, or after windows that are not there."""
    breaks = np.ones(len(segment), dtype=np.bool_)
    together = segment[1:] == segment[:-1]
    apart = np.diff(begin)
    # The step in samples is the smallest distance there is; a random subset of windows leaves larger ones.
    grid = apart[together].min() if together.any() else 0
    breaks[1:] = ~together | (apart > grid)
    return breaks


def _vote(ballots: NDArray[np.int64], breaks: NDArray[np.bool_], actions: int) -> NDArray[np.int64]:
    """Decide after each window by the majority of the last :data:`VOTES`, as the bridge does."""
    place = np.arange(len(ballots))
    full = place - np.maximum.accumulate(np.where(breaks, place, 0)) >= VOTES - 1
    oldest = np.maximum(place + 1 - VOTES, 0)
    decided = np.full(len(ballots), _NOTHING)
    for action in range(actions):
        total = np.concatenate(([0], np.cumsum(ballots == action)))
        decided[full & (2 * (total[1:] - total[oldest]) > VOTES)] = action
    return decided


def _motions(
    decided: NDArray[np.int64], breaks: NDArray[np.bool_], rest: int, minutes: float
) -> dict[str, Any]:
    active = (decided != _NOTHING) & (decided != rest)
    begins = breaks.copy()
    begins[1:] |= decided[1:] != decided[:-1]
    motions = int((begins & active).sum())
    return {"activations": motions, "per_minute": motions / minutes, "active": float(active.mean())}
