"""Scores of a target acquisition."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from emg_recognition.evaluation.decisions import Delay
from emg_recognition.page.fitts import Throughput, along_axis, index_of_difficulty, throughput
from emg_recognition.page.targets import Attempt, TargetTask


@dataclass(frozen=True, kw_only=True)
class Condition:
    """Targets of one distance and one width: nominal `difficulty` (bits), and what was reached."""

    distance: float
    width: float
    difficulty: float
    attempts: int
    selected: int
    result: Throughput | None


@dataclass(frozen=True, kw_only=True)
class TargetScores:
    """What a target acquisition gave.

    Attributes
    ----------
    attempts, selected : int
        Targets shown, and selected in time.
    completion : float or None
        Share of the targets that were selected; None without one.
    throughput : float or None
        Mean over the conditions (ISO 9241-411), bits/s; None if none has two selections.
    reaction_ms, movement_ms : Delay
        Times of those selected; ``missed`` counts the others.
    path_efficiency : float or None
        Mean over the selected targets, 0 to 1.
    overshoots : float or None
        Mean over the targets shown.
    conditions : list of Condition
    """

    attempts: int
    selected: int
    completion: float | None
    throughput: float | None
    reaction_ms: Delay
    movement_ms: Delay
    path_efficiency: float | None
    overshoots: float | None
    conditions: list[Condition] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """Return the scores for a file."""
        return asdict(self)


def score_targets(attempts: Sequence[Attempt]) -> TargetScores:
    """Sum up the attempts of one task; of a task that was broken off, those that ended."""
    pairs = sorted({(one.target.distance, one.target.width) for one in attempts})
    conditions = [_condition(distance, width, attempts) for distance, width in pairs]
    reached = [one.result.throughput for one in conditions if one.result is not None]
    selected = sum(one.selected for one in attempts)
    return TargetScores(
        attempts=len(attempts),
        selected=selected,
        completion=selected / len(attempts) if attempts else None,
        throughput=statistics.fmean(reached) if reached else None,
        reaction_ms=_delay([one.reaction for one in attempts]),
        movement_ms=_delay([one.movement for one in attempts]),
        path_efficiency=_mean([one.efficiency for one in attempts]),
        overshoots=_mean([float(one.overshoots) for one in attempts]),
        conditions=conditions,
    )


def _condition(distance: float, width: float, attempts: Sequence[Attempt]) -> Condition:
    these = [one for one in attempts if (one.target.distance, one.target.width) == (distance, width)]
    moves = [
        (*along_axis((0.0, 0.0), one.target.centre, one.end), one.movement)
        for one in these
        if one.movement is not None
    ]
    moved, deviation, seconds = zip(*moves, strict=True) if moves else ((), (), ())
    return Condition(
        distance=distance,
        width=width,
        difficulty=index_of_difficulty(distance, width),
        attempts=len(these),
        selected=sum(one.selected for one in these),
        result=throughput(moved, deviation, seconds),
    )


def _delay(times: Sequence[float | None]) -> Delay:
    known = [1000 * one for one in times if one is not None]
    return Delay.of(known, len(times) - len(known))


def _mean(values: Sequence[float | None]) -> float | None:
    known = [one for one in values if one is not None]
    return statistics.fmean(known) if known else None


def targets_to_json(task: TargetTask) -> dict[str, Any]:
    """Return everything about a task for a file: its directions and settings, the scores, every attempt."""
    return {
        "directions": task.directions,
        "settings": asdict(task.settings),
        "planned": task.total,
        "scores": score_targets(task.attempts).to_json(),
        "attempts": [asdict(attempt) for attempt in task.attempts],
    }
