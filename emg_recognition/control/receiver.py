"""What a receiver that missed commands may be doing, and which commands are safe for it all the same.

The receiver may have been held up, or the network may have lost what was sent. It is then on an older
command, or at the end of one. The cubic from where it is to where the next command ends depends linearly on
where it is, so a command that keeps the limits from the extreme states keeps them from every state between.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from emg_recognition.control.joints import JointLimits

RETURN = 3.0
"""A receiver that missed commands changes its speed with at most this many times a joint's largest
acceleration when it returns. One that obeys every command keeps the limit itself."""

CATCH_UP = 0.82
"""Share of a joint's free speed that a receiver may use to catch up. A real controller that starts again with
each update catches up faster than the cubic by up to a fifth (``bench/receiver.py``)."""

FOLLOWING_TOLERANCE = 0.05
"""Distance (rad) from its command, besides the lag, beyond which a joint does not follow."""

LONGEST_LAG = 0.15
"""Longest time (s) by which a measured position may be behind its command."""

_STATES = 3
"""How many of the commands that still move the receiver are looked at; those between differ less."""

_MEMORY = 0.3
"""Time (s) for which commands are remembered; before it has passed, feedback is stale."""

_ON_ITS_WAY = 0.05
"""Time (s) by which a command may come later than the others and still be obeyed."""

_LONGEST_LEAD = 0.03
"""Longest time (s) by which a joint is ahead of its command: a real controller commands one update ahead."""

_FIRST_LAG = 0.02
"""Lag (s) of a measured position behind its command, before it has been learned."""

_LEARNING = 0.5
"""Time constant (s) for learning the lag; a receiver that stops is noticed sooner."""

_LEAST_DEVIATION = 0.0015
"""Smallest deviation (rad) from the lagging course that can be told from noise."""

_MOST_DEVIATION = 0.02
"""Largest deviation (rad) that a joint which follows badly may be allowed."""

_SLOW = 0.02
"""Speed (rad/s) below which a joint is as good as at rest, and tells nothing about its lag."""

_RESTING = 0.05
"""A joint that has not moved for this time (s) stands."""

_ASTRAY = 0.003
"""Deviation (rad) at rest that missed commands explain, and noise does not."""


class Step(NamedTuple):
    """The motion of a joint in one command: a cubic to standstill.

    Attributes
    ----------
    position, velocity : float
        At the start, rad and rad/s.
    end : float
        Where it stands at the end, rad.
    """

    position: float
    velocity: float
    end: float


def standing(position: float) -> Step:
    """Return the step of a joint that does not move from `position` (rad)."""
    return Step(position, 0.0, position)


def state_after(step: Step, elapsed: float, duration: float) -> tuple[float, float]:
    """Return where a step has brought the joint.

    Parameters
    ----------
    step : Step
        The step commanded last.
    elapsed : float
        Time since its start, s.
    duration : float
        Length of the step, s.

    Returns
    -------
    position, velocity : float
        In rad and rad/s.
    """
    position, velocity, end = step
    if elapsed <= 0:
        return position, velocity
    if elapsed >= duration:
        return end, 0.0
    # The velocity is a quadratic with the Bézier points velocity, middle and 0.
    s = elapsed / duration
    rest = 1 - s
    middle = 3 * (end - position) / duration - velocity
    moved = velocity * (1 - rest * rest * rest) + middle * s * s * (3 - 2 * s)
    return position + moved * duration / 3, rest * (velocity * rest + 2 * middle * s)


def reachable(
    limits: JointLimits,
    state: tuple[float, float],
    duration: float,
    acceleration: float,
    share: float = 1.0,
) -> tuple[float, float]:
    """Return where a cubic to standstill may end that keeps the limits.

    Parameters
    ----------
    limits : JointLimits
        Its `max_velocity` is kept throughout.
    state : (float, float)
        Position (rad) and velocity (rad/s) at the start.
    duration : float
        How long it takes, s.
    acceleration : float
        Largest acceleration, rad/s².
    share : float
        Largest share of what is free between the velocity at the start and `max_velocity`.

    Returns
    -------
    lowest, highest : float
        Positions, rad; the lowest is above the highest if there are none.
    """
    position, velocity = state
    # The velocity is a quadratic with the Bézier points velocity, middle and 0, steepest at an end.
    change = acceleration * duration / 2
    low, high = max(velocity, 0.0) - change, min(velocity, 0.0) + change
    up = share * limits.max_velocity + (1 - share) * max(velocity, 0.0)
    down = share * limits.max_velocity + (1 - share) * max(-velocity, 0.0)
    peak = up + math.sqrt(max(up - velocity, 0.0) * up)
    dip = down + math.sqrt(max(down + velocity, 0.0) * down)
    third = duration / 3
    return position + (velocity + max(low, -dip)) * third, position + (velocity + min(high, peak)) * third


class _Sent(NamedTuple):
    """A command, and when it was sent (s); an infinitely old one is where the receiver was before."""

    begun: float
    duration: float
    steps: tuple[Step, ...]


def _stand(sent: _Sent) -> tuple[Step, ...]:
    """Return the steps of joints that stand where a command ends."""
    return tuple(standing(step.end) for step in sent.steps)


def _elsewhere(sent: _Sent, lagging: Sequence[tuple[float, float, float]]) -> bool:
    """Return whether the joints would be elsewhere if this command were the last that was received."""
    return any(
        then > sent.begun and abs(state_after(step, then - sent.begun, sent.duration)[0] - position) > least
        for step, (then, position, least) in zip(sent.steps, lagging, strict=True)
    )


class Receiver:
    """What was sent, and how much of it the measured positions confirm.

    Parameters
    ----------
    joints : sequence of JointLimits
        The joints, in the order of all values here.
    """

    def __init__(self, joints: Sequence[JointLimits]) -> None:
        self._joints = tuple(joints)
        self._sent: list[_Sent] = []
        self._possible: list[_Sent] = []
        self._looked = -math.inf
        self._seen: float | None = None
        self._beyond: list[float] = []
        self._lags = [_FIRST_LAG] * len(joints)
        self._deviations = [0.0] * len(joints)
        self._learned = [0.0] * len(joints)
        self._speeds = [0.0] * len(joints)
        self._sags = [0.0] * len(joints)
        self._rests = [(math.inf, math.inf)] * len(joints)
        self._astray = False
        self._anchored = False

    def forget(self) -> None:
        """Forget what was sent: the receiver starts again where the joints are measured."""
        self._sent.clear()
        self._possible.clear()
        self._anchored = True
        self._seen = None
        self._speeds = [0.0] * len(self._joints)
        self._lags = [_FIRST_LAG] * len(self._joints)
        self._deviations = [0.0] * len(self._joints)
        self._learned = [0.0] * len(self._joints)
        # Learned again at rest: one learned while the joint came to rest would slow it down for good.
        self._sags = [0.0] * len(self._joints)

    def add(self, begun: float, duration: float, steps: Sequence[Step]) -> None:
        """Take a command that was sent.

        Parameters
        ----------
        begun : float
            When, on the steady clock, s.
        duration : float
            Its time, s.
        steps : sequence of Step
            What each joint does that has obeyed every command.
        """
        sent = _Sent(begun, duration, tuple(steps))
        for kept in self._sent, self._possible:
            if kept and kept[-1].begun >= begun:
                kept.pop()
            kept.append(sent)
        possible = self._possible
        if len(possible) > 2 and possible[-3].steps == possible[-2].steps == sent.steps == _stand(sent):
            # All standstill in one place is one possibility.
            del possible[-2]
        self._anchored = self._anchored and all(abs(step.velocity) <= _SLOW for step in steps)
        self._drop(begun - _MEMORY)

    def _drop(self, before: float) -> None:
        """Drop old commands, but not those whose ends are the farthest at which the receiver may stand."""
        while len(self._sent) > 2 and self._sent[1].begun < before:
            del self._sent[0]
        old = [sent for sent in self._possible[:-2] if sent.begun < before]
        if len(old) > 2:
            ends = list(zip(*([step.end for step in sent.steps] for sent in old), strict=True))
            farthest = {joint.index(end) for joint in ends for end in (min(joint), max(joint))}
            self._possible[: len(old)] = [old[i] for i in sorted(farthest)]

    def at(self, steady: float) -> list[tuple[float, float]]:
        """Return position (rad) and velocity (rad/s) of each joint at a moment if it obeys every command."""
        for sent in reversed(self._sent):
            if sent.begun <= steady:
                break
        else:
            if not self._sent:
                return []
            sent = self._sent[0]
        return [state_after(step, steady - sent.begun, sent.duration) for step in sent.steps]

    def look(self, measured: Sequence[float], taken: float) -> list[float]:
        """Compare measured positions with what was sent.

        Parameters
        ----------
        measured : sequence of float
            Positions, rad.
        taken : float
            When the oldest of them was measured, on the steady clock, s.

        Returns
        -------
        list of float
            For each joint how far (rad) it is from its command beyond the largest lag; above
            :data:`FOLLOWING_TOLERANCE` it does not follow.
        """
        if taken == self._seen:
            return self._beyond
        self._seen = taken
        passed = min(max(taken - self._looked, 0.0), _MEMORY)
        self._looked = max(taken, self._looked)
        follows, beyond, lagging = True, [], []
        self._astray = False
        for i, ((position, velocity), seen) in enumerate(zip(self.at(taken), measured, strict=True)):
            if abs(seen - self._rests[i][0]) > _LEAST_DEVIATION:
                self._rests[i] = seen, taken
            behind = position - seen
            speed = abs(velocity)
            # After a stop the joint still catches up.
            self._speeds[i] = max(speed, self._speeds[i] * math.exp(-passed / LONGEST_LAG))
            beyond.append(abs(behind) - LONGEST_LAG * self._speeds[i])
            behind -= self._sags[i]
            if speed > _SLOW:
                # What is seen first counts more.
                self._learned[i] = min(self._learned[i] + passed, _LEARNING)
                share = passed / max(self._learned[i], passed, 1e-9)
                lag = min(max(behind / velocity, -_LONGEST_LEAD), LONGEST_LAG)
                self._lags[i] += (lag - self._lags[i]) * share
            then = taken - self._lags[i]
            before = self.at(then)[i][0]
            deviation = abs(before - self._sags[i] - seen)
            allowed = min(_LEAST_DEVIATION + 3 * self._deviations[i], _MOST_DEVIATION)
            if deviation > allowed:
                follows = False
            lagging.append((then, seen + self._sags[i], allowed))
            if speed > _SLOW:
                self._deviations[i] += (deviation - self._deviations[i]) * share
            elif deviation < self._deviations[i]:
                # A joint that followed badly is commanded slowly; it must be believed again at rest.
                self._deviations[i] += (deviation - self._deviations[i]) * passed / _LEARNING
            if self._speeds[i] <= _SLOW:
                if self._anchored or deviation <= _ASTRAY:
                    # A drive under load rests beside its command.
                    sag = min(max(behind + self._sags[i], -FOLLOWING_TOLERANCE), FOLLOWING_TOLERANCE)
                    self._sags[i] += (sag - self._sags[i]) * passed / _LEARNING
                else:
                    self._astray = True
        if follows:
            self._exclude(lagging)
        self._beyond = beyond
        return beyond

    def _exclude(self, lagging: Sequence[tuple[float, float, float]]) -> None:
        """Exclude commands as the last that was received if the joints would then be elsewhere."""
        possible = self._possible
        first = 0
        while first < len(possible) - 2 and _elsewhere(possible[first], lagging):
            first += 1
        # A later one may still be on its way.
        old = min(then for then, _, _ in lagging) - _ON_ITS_WAY
        possible[:-2] = [
            sent for sent in possible[first:-2] if sent.begun > old or not _elsewhere(sent, lagging)
        ]

    @property
    def resting(self) -> bool:
        """Whether the measured positions have not changed for a moment."""
        return all(self._looked - since >= _RESTING for _, since in self._rests)

    def stray(self, measured: Sequence[float]) -> list[float] | None:
        """Return where joints at rest are commanded to be, judging by where they are; None if as it was sent.

        Only once in a standstill: a drive under load would sink with each repetition.

        Parameters
        ----------
        measured : sequence of float
            Positions (rad) that :meth:`look` has just seen.
        """
        if not self._astray:
            return None
        return [seen + sag for seen, sag in zip(measured, self._sags, strict=True)]

    def possible(self, steady: float) -> list[list[tuple[float, float]]]:
        """Return where each joint may be (rad) and how fast (rad/s), besides :meth:`at`."""
        # The newest leads to where a receiver is that obeys; so does the one before what was sent just now.
        newest = len(self._possible) - (2 if self._possible[-1].begun >= steady else 1)
        old = self._possible[: max(newest, 0)]
        ended = [sent.steps for sent in old if steady - sent.begun >= sent.duration]
        states: list[list[tuple[float, float]]] = []
        for ends in zip(*([step.end for step in steps] for steps in ended), strict=True):
            states.append([(end, 0.0) for end in {min(ends), max(ends)}])
        states = states or [[] for _ in self._joints]
        moving = [sent for sent in old if steady - sent.begun < sent.duration]
        stride = max((len(moving) + _STATES - 1) // _STATES, 1)
        for found, (rest, since), sag in zip(states, self._rests, self._sags, strict=True):
            if self._looked - since >= _RESTING:
                found.append((rest + sag, 0.0))
        for sent in moving[::stride]:
            elapsed = steady - sent.begun
            for found, step in zip(states, sent.steps, strict=True):
                found.append(state_after(step, elapsed, sent.duration))
        return states
