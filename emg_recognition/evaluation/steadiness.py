"""How steady the decisions are: wrong movements a minute, and the time until the right decision.

An accuracy over windows says neither. Two models with the same share of wrong windows differ much to a wearer
if the errors of one come in one piece and those of the other are scattered over every second.

The decisions are those of the command bridge on each segment as a stream of its own. The confidence intervals
are percentile bootstraps over segments, drawn within each action
(:mod:`emg_recognition.evaluation.intervals`).
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import ArrayLike, NDArray

from emg_recognition.actions import REST
from emg_recognition.control.decision import DecisionSettings
from emg_recognition.evaluation.decisions import THRESHOLD, Delay, changes, decide, moving, stream_starts
from emg_recognition.evaluation.intervals import LEAST_SEGMENTS, SAMPLES, Interval, percentiles, pieces


@dataclass(frozen=True, eq=False)
class DecidedSegments:
    """What was decided in each segment.

    Attributes
    ----------
    resting : ndarray of bool, shape (m,)
        Whether the performed action is rest.
    action : ndarray of int64, shape (m,)
        Index of the performed action; a segment with several actions has several rows.
    minutes : ndarray of float64, shape (m,)
        Windows times stride.
    movements : ndarray of int64, shape (m,)
        How often an action other than rest and than the performed one began to be decided.
    delay : ndarray of float64, shape (m,)
        Time from the beginning of the first window to the end of the window that decides the performed
        action, ms; NaN where none does.
    """

    resting: NDArray[np.bool_]
    action: NDArray[np.int64]
    minutes: NDArray[np.float64]
    movements: NDArray[np.int64]
    delay: NDArray[np.float64]

    def __add__(self, other: DecidedSegments) -> DecidedSegments:
        """Put two sets of segments together."""
        columns = ((getattr(self, f.name), getattr(other, f.name)) for f in fields(self))
        return type(self)(*(np.concatenate(pair) for pair in columns))

    def select(self, chosen: NDArray[np.bool_]) -> DecidedSegments:
        """Return some of the segments; `chosen` is a mask, shape (m,)."""
        return type(self)(*(getattr(self, f.name)[chosen] for f in fields(self)))


@dataclass(frozen=True, eq=False)
class SegmentActivity(DecidedSegments):
    """What was decided in each segment, and after how many of its windows.

    Attributes
    ----------
    windows : ndarray of int64, shape (m,)
        How many there are.
    active : ndarray of int64, shape (m,)
        Those after which an action other than rest and than the performed one was decided.
    single_movements, single_active : ndarray of int64, shape (m,)
        As `movements` and `active`, with each window deciding alone, whatever its confidence.
    """

    windows: NDArray[np.int64]
    active: NDArray[np.int64]
    single_movements: NDArray[np.int64]
    single_active: NDArray[np.int64]


@dataclass(frozen=True)
class Activity:
    """Motions that start while the arm rests.

    Attributes
    ----------
    activations : int
        Runs of equal decisions for an action other than rest.
    per_minute : float
        Activations over the time of rest.
    active : float
        Share of the windows of rest after which such an action is decided.
    """

    activations: int
    per_minute: float
    active: float


@dataclass(frozen=True)
class RestActivity:
    """False activations at rest.

    Attributes
    ----------
    windows : int
        Windows of rest.
    minutes : float
        Windows times stride.
    single : Activity
        With each window deciding alone.
    voted : Activity
        With the decisions of the command bridge.
    votes : int
        Estimates that vote.
    threshold : float
        Confidence below which an estimate votes for nothing.
    """

    windows: int
    minutes: float
    single: Activity
    voted: Activity
    votes: int
    threshold: float


@dataclass(frozen=True)
class Steadiness:
    """How steady decisions are.

    Attributes
    ----------
    wrong_movements_per_minute : float or None
        How often an action other than rest and than the one performed begins to be decided, a minute of
        performed actions; ``None`` without any.
    false_activations_per_minute : float or None
        How often an action other than rest begins to be decided, a minute of rest; ``None`` without rest.
    decision_delay_ms : Delay
        Time from the beginning of a segment's first window to the end of the window that decides the
        performed action, over the segments of actions other than rest.
    intervals : dict of str to tuple of float, or None
        95 % confidence intervals of ``wrong_movements_per_minute``, ``false_activations_per_minute`` and
        ``decision_delay_ms`` (of the median); ``None`` where there is no number, or where an action has
        fewer than three segments.
    """

    wrong_movements_per_minute: float | None
    false_activations_per_minute: float | None
    decision_delay_ms: Delay
    intervals: dict[str, Interval | None]


def decide_segments(
    probabilities: ArrayLike,
    truth: ArrayLike,
    actions: Sequence[str],
    *,
    segment: ArrayLike,
    begin: ArrayLike,
    stride: float,
    window: float,
    rest: str | None = REST,
) -> SegmentActivity:
    """Decide on each segment as the command bridge does by default, and count.

    Parameters
    ----------
    probabilities : array_like, shape (n, classes)
        What the model answered.
    truth : array_like of int, shape (n,)
        The performed actions, as indices into `actions`.
    actions : sequence of str
        Names of the classes.
    segment : array_like of int, shape (n,)
        The segment each window comes from.
    begin : array_like of int, shape (n,)
        First sample of each window, in any count that grows within a segment.
    stride, window : float
        Time from one window to the next, and length of a window, s.
    rest : str or None
        The action that is rest; ``None`` if there is none.

    Returns
    -------
    SegmentActivity
        In the order of the segments.
    """
    performed, samples = np.asarray(truth, np.int64), np.asarray(begin)
    part = np.asarray(segment, np.int64) * len(actions) + performed
    order = np.lexsort((samples, part))
    answers, performed, part = np.asarray(probabilities)[order], performed[order], part[order]
    starts, confidence = stream_starts(part, samples[order]), answers.max(axis=1)
    single = answers.argmax(axis=1)
    decided = decide(
        single,
        confidence,
        confidence >= THRESHOLD,
        np.arange(len(answers)) * stride,
        starts,
        actions=actions,
        settings=DecisionSettings(),
    ).action
    _, first, number, windows = np.unique(part, return_index=True, return_inverse=True, return_counts=True)

    def count(which: NDArray[np.bool_]) -> NDArray[np.int64]:
        return np.bincount(number[which], minlength=len(first))

    # Without a rest that the model knows, every decision moves something.
    wrong, wrong_alone = (
        moving(of, actions, "" if rest is None else rest) & (of != performed) for of in (decided, single)
    )
    right = np.full(len(first), np.nan)
    hits = np.flatnonzero(decided == performed)[::-1]  # the earliest of a segment is written last
    right[number[hits]] = hits - first[number[hits]]
    action = performed[first]
    return SegmentActivity(
        resting=action == (actions.index(rest) if rest in actions else -1),
        action=action,
        windows=windows,
        minutes=windows * stride / 60,
        movements=count((starts | changes(decided)) & wrong),
        active=count(wrong),
        single_movements=count((starts | changes(single)) & wrong_alone),
        single_active=count(wrong_alone),
        delay=1000 * (window + right * stride),
    )


def score_steadiness(segments: DecidedSegments) -> Steadiness:
    """Compute rates, delay and their confidence intervals.

    Parameters
    ----------
    segments : DecidedSegments
        From :func:`decide_segments`; the same segments give the same intervals.

    Returns
    -------
    Steadiness
        The numbers.
    """
    performed, rested = segments.select(~segments.resting), segments.select(segments.resting)
    rng = np.random.default_rng(0)
    wrong, delay = _intervals(performed, rng, _rates, _medians)
    (false,) = _intervals(rested, rng, _rates)
    return Steadiness(
        wrong_movements_per_minute=_rate(performed),
        false_activations_per_minute=_rate(rested),
        decision_delay_ms=_delay(performed),
        intervals={
            "wrong_movements_per_minute": wrong,
            "false_activations_per_minute": false,
            "decision_delay_ms": delay,
        },
    )


def rest_activity(segments: SegmentActivity) -> RestActivity | None:
    """Count the motions that start during rest.

    Parameters
    ----------
    segments : SegmentActivity
        From :func:`decide_segments`.

    Returns
    -------
    RestActivity or None
        ``None`` without a window of rest.
    """
    rested = segments.resting
    windows, minutes = int(segments.windows[rested].sum()), float(segments.minutes[rested].sum())
    if not windows:
        return None

    def activity(movements: NDArray[np.int64], active: NDArray[np.int64]) -> Activity:
        activations = int(movements[rested].sum())
        return Activity(activations, activations / minutes, float(active[rested].sum() / windows))

    return RestActivity(
        windows=windows,
        minutes=minutes,
        single=activity(segments.single_movements, segments.single_active),
        voted=activity(segments.movements, segments.active),
        votes=DecisionSettings.votes,
        threshold=THRESHOLD,
    )


def _rate(found: DecidedSegments) -> float | None:
    return float(found.movements.sum() / found.minutes.sum()) if len(found.action) else None


def _delay(found: DecidedSegments) -> Delay:
    measured = found.delay[np.isfinite(found.delay)]
    return Delay.of(measured, len(found.delay) - len(measured))


def _intervals(
    found: DecidedSegments,
    rng: np.random.Generator,
    *statistics: Callable[[DecidedSegments, NDArray[np.int64]], NDArray[np.float64]],
) -> list[Interval | None]:
    """Return the interval of each statistic, which gets drawn segments of shape (samples, segments)."""
    actions, counts = np.unique(found.action, return_counts=True)
    if not len(actions) or counts.min() < LEAST_SEGMENTS:
        return [None] * len(statistics)
    values = np.full((len(statistics), SAMPLES), np.nan)
    for some, drawn in _drawn([np.flatnonzero(found.action == action) for action in actions], rng):
        for row, statistic in zip(values, statistics, strict=True):
            row[some] = statistic(found, drawn)
    known = [row[np.isfinite(row)] for row in values]
    return [percentiles(row) if len(row) else None for row in known]


def _drawn(
    groups: Sequence[NDArray[np.int64]], rng: np.random.Generator
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Draw within each group; yield some samples' numbers and their draws, shape (samples, all segments)."""
    parts = list(pieces(SAMPLES, sum(map(len, groups))))
    # One group after the other draws all its samples: however they are divided, the same come out.
    own = []
    for group in groups:
        own.append(copy.deepcopy(rng))
        for some in parts:
            rng.choice(group, (len(some), len(group)))
    for some in parts:
        drawn = [
            generator.choice(group, (len(some), len(group)))
            for generator, group in zip(own, groups, strict=True)
        ]
        yield some, np.concatenate(drawn, axis=1)


def _rates(found: DecidedSegments, drawn: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.asarray(found.movements[drawn].sum(axis=1) / found.minutes[drawn].sum(axis=1))


def _medians(found: DecidedSegments, drawn: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the median delay of each sample; NaN where none of its segments was decided."""
    delays = found.delay[drawn]
    measured = np.isfinite(delays).any(axis=1)
    medians = np.full(len(drawn), np.nan)
    medians[measured] = np.nanmedian(delays[measured], axis=1)
    return medians
