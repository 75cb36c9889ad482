"""Fitts' law: how much information pointing movements carry a second.

Sources: ISO 9241-411:2012, annex B; Soukoreff and MacKenzie, *Towards a standard for pointing device
evaluation*, 2004, whose equations the standard follows. For control by muscle signals: Williams and Kirsch,
*Evaluation of head orientation and neck muscle EMG signals as command inputs*, 2008; Scheme and Englehart,
*Validation of a selective ensemble-based classification scheme for myoelectric control using a
three-dimensional Fitts' law test*, 2013.
"""

from __future__ import annotations

import itertools
import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

#: Width in standard deviations that holds 96 % of normally distributed end points: √(2πe), 4.133.
_NORMAL_WIDTH = math.sqrt(2 * math.pi * math.e)

Point = tuple[float, float]


def index_of_difficulty(distance: float, width: float) -> float:
    """Return the index of difficulty in Shannon's form, log₂(distance / width + 1), in bits.

    Parameters
    ----------
    distance : float
        From the start to the centre of the target.
    width : float
        Of the target along the way, in the same unit; above 0.
    """
    return math.log2(distance / width + 1)


def along_axis(start: Point, target: Point, end: Point) -> tuple[float, float]:
    """Project an end point onto the line from the start to the centre of the target.

    Parameters
    ----------
    start, target, end : tuple of float
        Where the movement started, what it aimed at (another point), and where it ended.

    Returns
    -------
    moved : float
        Distance from the start, along the line.
    deviation : float
        The same from the centre of the target; positive beyond it.
    """
    axis = (target[0] - start[0], target[1] - start[1])
    length = math.hypot(*axis)
    moved = ((end[0] - start[0]) * axis[0] + (end[1] - start[1]) * axis[1]) / length
    return moved, moved - length


@dataclass(frozen=True)
class Throughput:
    """The result of one sequence: movements of the same distance to targets of the same width.

    Attributes
    ----------
    movements : int
        How many.
    effective_distance : float
        Mean distance moved along the line to the target.
    effective_width : float
        4.133 standard deviations of the end points along that line: the width that was really used.
    effective_difficulty : float
        Index of difficulty of the two, bits.
    movement_time : float
        Mean, s.
    throughput : float
        `effective_difficulty` over `movement_time`, bits/s.
    """

    movements: int
    effective_distance: float
    effective_width: float
    effective_difficulty: float
    movement_time: float
    throughput: float


def throughput(
    moved: Sequence[float], deviation: Sequence[float], movement_time: Sequence[float]
) -> Throughput | None:
    """Compute the throughput of one sequence of movements.

    Parameters
    ----------
    moved, deviation : sequence of float
        From :func:`along_axis`, one for each movement.
    movement_time : sequence of float
        From the first motion to the selection, without the reaction before and the dwell after, s.

    Returns
    -------
    Throughput or None
        ``None`` if it is not defined: fewer than two movements, or all end at the same place, no movement
        takes any time, or they do not go towards the target.
    """
    if len(moved) < 2:
        return None
    width = _NORMAL_WIDTH * statistics.stdev(deviation)
    distance, seconds = statistics.fmean(moved), statistics.fmean(movement_time)
    # Less than that is rounding: every movement ended at the same place.
    if seconds <= 0 or distance <= 0 or width <= 1e-9 * distance:
        return None
    difficulty = index_of_difficulty(distance, width)
    return Throughput(len(moved), distance, width, difficulty, seconds, difficulty / seconds)


def path_efficiency(path: Sequence[Point]) -> float | None:
    """Return the length of the shortest possible path over that of the path taken, 0 to 1.

    Decisions move a cursor along one axis at a time, so that it cannot take the straight line: the shortest
    path from start to end is the sum of the distances along both axes.

    Parameters
    ----------
    path : sequence of tuple of float
        Places of the cursor in order, with every turn.

    Returns
    -------
    float or None
        ``None`` if the cursor did not move.
    """
    taken = sum(math.dist(one, other) for one, other in itertools.pairwise(path))
    if taken <= 0:
        return None
    (x0, y0), (x1, y1) = path[0], path[-1]
    return min(1.0, (abs(x1 - x0) + abs(y1 - y0)) / taken)
