"""Target acquisition: decisions move a cursor to targets; a model is tried before it moves a joint."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from emg_recognition.errors import SettingError
from emg_recognition.page.fitts import Point, path_efficiency

DIRECTIONS: dict[str, Point] = {"right": (1, 0), "left": (-1, 0), "up": (0, 1), "down": (0, -1)}

USUAL_DIRECTIONS = {
    "elbow_flexion": "up",
    "elbow_extension": "down",
    "wrist_internal_rotation": "left",
    "wrist_rotation": "right",
}
"""Direction of each of the paper's actions that has one."""

#: The cursor must not jump after the page was held up for longer than this, s.
_LONGEST_STEP = 0.1


@dataclass(frozen=True, kw_only=True)
class TargetSettings:
    """The plane is 2 wide and 2 high, with the start in its middle; lengths are in its unit.

    Attributes
    ----------
    distances, widths : tuple of float
        From the start to the centre of a target, and its diameter; each pair of them is one condition.
    each : int
        Targets of each condition; 8 are one in each direction and between two.
    speed : float
        Of the cursor at full speed, a second.
    dwell : float
        How long the cursor must stay in a target to select it, s.
    limit : float
        A target that is not selected by then is missed, s.
    pause : float
        How long nothing may be decided before the next target appears, s.
    """

    distances: tuple[float, ...] = (0.4, 0.8)
    widths: tuple[float, ...] = (0.15, 0.3)
    each: int = 8
    speed: float = 0.5
    dwell: float = 1.0
    limit: float = 15.0
    pause: float = 1.0


@dataclass(frozen=True)
class Target:
    """A circle; `distance` of its centre from the start, `width` (diameter), `centre`."""

    distance: float
    width: float
    centre: Point

    def holds(self, place: Point) -> bool:
        """Return whether a place is in the circle or on its edge."""
        return math.dist(place, self.centre) <= self.width / 2


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """What happened with one target; times in s.

    Attributes
    ----------
    target : Target
    selected : bool
        False if it was missed.
    end : tuple of float
        Where the cursor was at the end.
    reaction : float or None
        From the appearance to the first motion; None if the cursor moved at once or never.
    movement : float or None
        From the first motion to the last time that the cursor entered the target; None if missed.
    efficiency : float or None
        See :func:`~emg_recognition.page.fitts.path_efficiency`; None if missed.
    overshoots : int
        How often the cursor left the target before it was selected.
    """

    target: Target
    selected: bool
    end: Point
    reaction: float | None
    movement: float | None
    efficiency: float | None
    overshoots: int


class Stage(Enum):
    """What is going on."""

    RESTING = "resting"
    """The cursor stands in the middle until the wearer has relaxed."""
    MOVING = "moving"
    """A target is shown."""
    ENDED = "ended"


class TargetTask:
    """A state machine without a clock: every call gets the time, in s, which must not go back.

    Parameters
    ----------
    directions : mapping of str to str
        The direction (see :data:`DIRECTIONS`) of each action that has one.
    settings : TargetSettings
        Targets and times.
    seed : int
        Decides the order of the targets.

    Attributes
    ----------
    stage : Stage
    target : Target or None
        The target that is shown.
    place : tuple of float
        Of the cursor.
    inside : float or None
        Since when the cursor has been in the target.
    attempts : list of Attempt
        So far.
    total : int
        How many there will be.

    Raises
    ------
    SettingError
        If fewer than two actions have a direction, or one is unknown.
    """

    def __init__(
        self, directions: Mapping[str, str], settings: TargetSettings | None = None, *, seed: int = 0
    ) -> None:
        unknown = [name for name in directions.values() if name not in DIRECTIONS]
        if unknown or len(set(directions.values())) < 2:
            remedy = f"give at least two actions different directions of {', '.join(DIRECTIONS)}"
            raise SettingError("directions", dict(directions), remedy)
        self.directions = dict(directions)
        self.settings = settings or TargetSettings()
        self._todo = _targets(sorted(set(directions.values())), self.settings, seed)
        self.total = len(self._todo)
        self.attempts: list[Attempt] = []
        self.stage = Stage.RESTING
        self.target: Target | None = None
        self.place: Point = (0.0, 0.0)
        self.inside: float | None = None
        self._now: float | None = None
        self._since = 0.0  # of the rest, or of the target
        self._asked = 0.0  # when the rest was first asked for
        self._started: float | None = None
        self._reacted = False
        self._path: list[Point] = []
        self._overshoots = 0

    def advance(self, now: float, action: str, speed: float) -> None:
        """Move the cursor; call it at least every 50 ms.

        Parameters
        ----------
        now : float
            The time, s.
        action : str
            What has been decided since the last call; empty for nothing.
        speed : float
            Share of full speed, 0 to 1.
        """
        if self._now is None:
            self._now = self._since = self._asked = now
        step, self._now = min(now - self._now, _LONGEST_STEP), now
        way = DIRECTIONS.get(self.directions.get(action, ""))
        moving = way is not None and speed > 0
        if self.stage is Stage.RESTING:
            self._rest(now, moving)
        elif self.stage is Stage.MOVING:
            self._move(now, step * speed * self.settings.speed if moving else 0.0, way or (0, 0))

    def _rest(self, now: float, moving: bool) -> None:
        if moving:
            self._since = now
        # Someone whose model never rests gets the target in the end.
        if now - self._since >= self.settings.pause or now - self._asked >= self.settings.limit:
            self.stage, self.target, self._since = Stage.MOVING, self._todo.pop(0), now
            self.place, self.inside, self._started, self._reacted = (0.0, 0.0), None, None, not moving
            self._path, self._overshoots = [self.place], 0

    def _move(self, now: float, step: float, way: Point) -> None:
        assert self.target is not None
        if step:
            if self._started is None:
                self._started = now
            x, y = (min(max(at + step * go, -1.0), 1.0) for at, go in zip(self.place, way, strict=True))
            self.place = (x, y)
            self._path.append(self.place)
        if not self.target.holds(self.place):
            self._overshoots += self.inside is not None
            self.inside = None
        elif self.inside is None:
            self.inside = now
        selected = self.inside is not None and now - self.inside >= self.settings.dwell
        if selected or now - self._since >= self.settings.limit:
            self._end(now, self.target, selected)

    def _end(self, now: float, target: Target, selected: bool) -> None:
        started, entered = self._started, self.inside
        moved = selected and started is not None and entered is not None
        self.attempts.append(
            Attempt(
                target=target,
                selected=selected,
                end=self.place,
                reaction=started - self._since if started is not None and self._reacted else None,
                movement=entered - started if moved and started is not None and entered is not None else None,
                efficiency=path_efficiency(self._path) if selected else None,
                overshoots=self._overshoots,
            )
        )
        self.target, self.inside, self.place = None, None, (0.0, 0.0)
        self.stage = Stage.RESTING if self._todo else Stage.ENDED
        self._since = self._asked = now


def _targets(directions: Sequence[str], settings: TargetSettings, seed: int) -> list[Target]:
    """Return the targets in random order: along each direction, and between those of different axes."""
    ways = [DIRECTIONS[name] for name in directions]
    across = [(x, y) for x, _ in ways for _, y in ways if x and y]
    corners = sorted({(x / math.sqrt(2), y / math.sqrt(2)) for x, y in across})
    targets = [
        Target(distance, width, (distance * x, distance * y))
        for distance in settings.distances
        for width in settings.widths
        for x, y in itertools.islice(itertools.cycle([*ways, *corners]), settings.each)
    ]
    # Only random() is guaranteed to give the same numbers in every version of Python.
    generator = random.Random(seed)
    targets.sort(key=lambda _: generator.random())
    return targets
