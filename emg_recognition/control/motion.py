"""How the joints move from one command to the next, within their limits and always able to stop.

A command is a cubic from where the joint is to standstill at most :data:`AHEAD` later, and the next one
replaces it after one period. If none comes, the joint stops by itself. Each command begins where the one
before has brought the joint, so a late or early one neither jumps nor exceeds a limit, and it is safe as well
for a receiver that missed those before it (:mod:`.receiver`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from emg_recognition.control.joints import SOFT_MARGIN, STOP_RAMP, JointLimits
from emg_recognition.control.receiver import (
    CATCH_UP,
    RETURN,
    Receiver,
    Step,
    reachable,
    standing,
    state_after,
)
from emg_recognition.control.trajectory import Command

_EASE = 1.25
"""A stop, and a change of the speed, take this many times the shortest time."""

AHEAD = _EASE * STOP_RAMP
"""Longest time (s) from a command to its standstill, 0.1; a stop from the largest speed takes as long. The
longer it is, the more gently a receiver returns that missed commands; the shorter, the sooner the joints stop
when the bridge dies."""

CREEP = 0.05
"""Share of the largest speed that is left at the very limit of a soft zone, so that a joint gets there."""

_DRIFT = 1.0
"""Time constant (s) with which the profile follows the measured positions of an exoskeleton that obeys
velocities alone: fast enough for its drift, slow enough for a blocked joint to be noticed."""

NEAR = 0.09
"""Time (s) at which a trajectory has a point on the way to its standstill. Without it the real controller,
which takes its newest command for the state at its last update, would swing around the course; the earlier it
is, the faster a receiver that missed commands is thrown there."""

_STOPS = (0.01, 0.02, 0.04, 0.06, 0.08, AHEAD)
"""Times (s) of a stop that are tried, until it is gentle enough for every receiver."""

_SAME_POSITION, _SAME_VELOCITY = 0.001, 0.05
"""Differences (rad, rad/s) between states that make no difference."""

_SETTLING = 0.03
"""Time constant (s) with which a joint comes to its target velocity."""


def next_velocity(
    limits: JointLimits, position: float, velocity: float, target: float, period: float
) -> float:
    """Return the velocity after the next period, rad/s, as close to the target as the limits allow.

    Parameters
    ----------
    limits : JointLimits
        Respected over that period, and by a command that stops the joint after it.
    position, velocity : float
        Where the joint is now, rad and rad/s.
    target : float
        Wanted velocity, rad/s; clipped to the limit.
    period : float
        Time to the next command, s.
    """
    change = limits.max_acceleration * period
    wanted = min(max(target, -limits.max_velocity), limits.max_velocity)
    # A controller that is ahead of its commands would overshoot a velocity that is reached at once.
    ease = min(change / _EASE, max(abs(wanted - velocity) * period / _SETTLING, change / 10))
    wanted = min(max(wanted, velocity - ease), velocity + ease)
    up = _highest_velocity(limits, limits.upper - SOFT_MARGIN - position, velocity, period)
    down = _highest_velocity(limits, position - limits.lower - SOFT_MARGIN, -velocity, period)
    wanted = max(min(wanted, up), -down)
    # Last, because braking harder than the limit is not allowed either. The margin in _highest_velocity
    # makes sure that this does not carry the joint beyond a limit.
    return min(max(wanted, velocity - change), velocity + change)


def _highest_velocity(limits: JointLimits, room: float, velocity: float, period: float) -> float:
    """Return the highest velocity towards a limit at the step's end that leaves enough room to stop.

    The room must be at least v·(period/2 + ⅔·ahead) + v²/(2·acceleration): then the command's end is inside
    the limit, and so it is after a period of full braking.
    """
    gentle = _approach_speed(limits, room)
    room -= velocity * period / 2
    if room <= 0:
        return 0.0
    linear = period / 2 + AHEAD * 2 / 3
    acceleration = limits.max_acceleration
    return min(gentle, acceleration * (math.sqrt(linear**2 + 2 * room / acceleration) - linear))


def _approach_speed(limits: JointLimits, room: float) -> float:
    """Return the speed that the soft zone allows towards the limit."""
    if limits.soft_zone <= max(room, 0.0):
        return limits.max_velocity
    return limits.max_velocity * max(room / limits.soft_zone, CREEP)


_State = tuple[float, float]
"""Position (rad) and velocity (rad/s) of a joint."""


class Point(NamedTuple):
    """A point of a trajectory.

    Attributes
    ----------
    time : float
        Time from its start, s.
    positions, velocities : tuple of float
        One for each joint, rad and rad/s.
    """

    time: float
    positions: tuple[float, ...]
    velocities: tuple[float, ...]


def trajectory_points(command: Command) -> tuple[Point, ...]:
    """Return the points of a trajectory that carries out a command.

    Parameters
    ----------
    command : Command
        What is wanted.

    Returns
    -------
    tuple of Point
        Standstill and, if it takes longer than :data:`NEAR`, before it a point on the cubic that leads there.
    """
    end = Point(command.until, command.stops, (0.0,) * len(command.stops))
    if not (command.moving and command.time < NEAR < command.until):
        return (end,)
    states = [
        state_after(Step(*joint), NEAR - command.time, command.until - command.time)
        for joint in zip(command.positions, command.velocities, command.stops, strict=True)
    ]
    near = Point(NEAR, tuple(p for p, _ in states), tuple(v for _, v in states))
    return near, end


class MotionProfile:
    """The motion of all joints: where the commands have brought them, and the next command.

    Parameters
    ----------
    joints : sequence of JointLimits
        The joints, in the order of all values here.
    period : float
        Time between two commands, s.
    follows_velocity : bool
        Whether the exoskeleton obeys velocities alone: it obeys the end of a command at once, so that a
        command lasts one period.
    """

    def __init__(
        self, joints: Sequence[JointLimits], period: float, *, follows_velocity: bool = False
    ) -> None:
        self._joints = tuple(joints)
        self._period = period
        self._follows_velocity = follows_velocity
        self._steps: list[Step] = []
        self._begun = 0.0
        self._duration = AHEAD
        self._stops_at: float | None = None
        self.receiver = Receiver(joints)

    @property
    def started(self) -> bool:
        """Whether it has begun anywhere."""
        return bool(self._steps)

    def begin(self, positions: Sequence[float], steady: float) -> None:
        """Begin at standstill at `positions` (rad), at a moment of the steady clock (s)."""
        self.receiver.forget()
        self._stops_at = None
        steps = [standing(position) for position in positions]
        self._steps, self._begun, self._duration = steps, steady, AHEAD
        # The receiver stands there until the first command arrives, whenever that is.
        self.receiver.add(-math.inf, AHEAD, steps)

    def end(self) -> None:
        """Forget where the joints are: nothing is sent until it begins again."""
        self.receiver.forget()
        self._steps = []

    def here(self, steady: float) -> list[tuple[float, float]]:
        """Return position (rad) and velocity (rad/s) of each joint now; empty before it has begun."""
        elapsed = steady - self._begun
        return [state_after(step, elapsed, self._duration) for step in self._steps]

    def follow(
        self, measured: Sequence[float], here: Sequence[tuple[float, float]], steady: float
    ) -> list[tuple[float, float]]:
        """Shift the profile towards measured positions: an exoskeleton that obeys velocities drifts.

        Parameters
        ----------
        measured : sequence of float
            Measured positions, rad.
        here : sequence of (float, float)
            What :meth:`here` returns for this moment.
        steady : float
            Now, on the steady clock, s.

        Returns
        -------
        list of (float, float)
            What :meth:`here` returns for this moment from now on.
        """
        share = 1 - math.exp(-max(steady - self._begun, 0.0) / _DRIFT)
        steps = []
        for joint, step, (position, _), seen in zip(self._joints, self._steps, here, measured, strict=True):
            target = position + (seen - position) * share
            shift = min(max(target, joint.lower), joint.upper) - position
            steps.append(step._replace(position=step.position + shift, end=step.end + shift))
        self._steps = steps
        return self.here(steady)

    def plan(
        self,
        targets: Sequence[float],
        here: Sequence[tuple[float, float]],
        steady: float,
        *,
        urgent: bool = False,
    ) -> Command | None:
        """Plan a command towards target velocities.

        Parameters
        ----------
        targets : sequence of float
            Wanted velocity of each joint, rad/s.
        here : sequence of (float, float)
            What :meth:`here` returns for this moment.
        steady : float
            Now, on the steady clock, s.
        urgent : bool
            Whether a stop must not take longer for the sake of a receiver that missed commands before: that
            one may then brake harder than a joint's largest acceleration.

        Returns
        -------
        Command or None
            Within every limit, also for a receiver that missed commands before; None if there is none: then
            the end of what was sent last stops the joints.
        """
        states = [[] for _ in here] if self._follows_velocity else self.receiver.possible(steady)
        if any(targets):
            steps = self._steps_to(AHEAD, here, states, urgent=False, targets=targets)
            if steps is not None:
                self._stops_at = None
                return self._command(steps, steady, AHEAD)
        return self._stop(here, states, steady, urgent=urgent)

    def _stop(
        self, here: Sequence[_State], states: Sequence[Sequence[_State]], steady: float, *, urgent: bool
    ) -> Command | None:
        """Plan a stop: every command of it has the same end, so that missed ones change little."""
        # What one period can stop four times is as good as at rest.
        slowness = [joint.max_acceleration * self._period / 4 for joint in self._joints]
        moving = any(abs(velocity) > slow for (_, velocity), slow in zip(here, slowness, strict=True))
        shortest = AHEAD
        if not moving:
            here = [(position, 0.0) for position, _ in here]
        elif self._stops_at is not None and self._stops_at > steady:
            shortest = self._stops_at - steady
        else:
            shortest = _EASE * max(
                abs(velocity) / joint.max_acceleration
                for joint, (_, velocity) in zip(self._joints, here, strict=True)
            )
        durations = [min(max(shortest, longer), AHEAD) for longer in _STOPS]
        # Rather longer than elsewhere.
        for elsewhere in (False, True):
            for duration in durations:
                steps = self._steps_to(duration, here, states, urgent=urgent, elsewhere=elsewhere)
                if steps is not None:
                    self._stops_at = steady + duration if moving else None
                    return self._command(steps, steady, duration)
        return None

    def _steps_to(
        self,
        duration: float,
        here: Sequence[_State],
        states: Sequence[Sequence[_State]],
        *,
        urgent: bool,
        elsewhere: bool = True,
        targets: Sequence[float] | None = None,
    ) -> list[Step] | None:
        """Return the steps to standstill in `duration` that are safe from every state; None if none are.

        They may end elsewhere than they would without the other states, if that is allowed.
        """
        steps = []
        s = self._period / duration
        times = RETURN
        if targets is None:
            times = math.inf if urgent else 2 * RETURN
        for i, joint in enumerate(self._joints):
            position, velocity = here[i]
            others = [other for other in states[i] if not _near(other, here[i])]
            if targets is None:
                # The velocity falls linearly.
                middle = velocity / 2
            else:
                wanted = next_velocity(joint, position, velocity, targets[i], self._period)
                # The velocity after one period is (1 - s)² · velocity + 2 s (1 - s) · middle.
                middle = (wanted - (1 - s) ** 2 * velocity) / (2 * s * (1 - s))
                if targets[i] == 0:
                    # It ends where the joint is at the least: who misses the next commands does not go back.
                    middle = max(middle, -velocity) if velocity >= 0 else min(middle, -velocity)
            end = position + (velocity + middle) * duration / 3
            # A late tick lets the cubic go on.
            low, high = reachable(joint, here[i], duration, math.inf)
            end = min(max(end, low, joint.lower), high, joint.upper)
            low, high = max(low, joint.lower), min(high, joint.upper)
            if others:
                # Three quarters, because a joint that is as good as at rest may still have a quarter to lose.
                limit = joint.max_acceleration * (1.0 if velocity else 0.75)
                if targets is None:
                    # A stop neither goes back nor speeds up.
                    last = position + velocity * duration * 2 / 3
                    low, high = max(low, min(position, last)), min(high, max(position, last))
                if s < 1:
                    # A receiver that obeys every command keeps the limit itself.
                    room = limit * self._period / (2 * s * (1 - s))
                    least = velocity * (s - s * s / 2) / (s * (1 - s)) - room
                    thirds = duration / 3
                    low = max(low, position + (velocity + least) * thirds)
                    high = min(high, position + (velocity + least + 2 * room) * thirds)
                else:
                    lowest, highest = reachable(joint, here[i], duration, limit)
                    low, high = max(low, lowest), min(high, highest)
                for other in others:
                    lowest, highest = reachable(joint, other, duration, times * limit, CATCH_UP)
                    low, high = max(low, lowest), min(high, highest)
                if low > high or not (elsewhere or low <= end <= high):
                    return None
            end = min(max(end, low), high)
            steps.append(Step(position, velocity, min(max(end, joint.lower), joint.upper)))
        return steps

    def _command(self, steps: list[Step], steady: float, duration: float) -> Command:
        self._keep(steps, steady, duration)
        after = [state_after(step, self._period, duration) for step in steps]
        return Command(
            self._period,
            # On the way the cubic may pass a limit by microradians, after a late tick.
            tuple(
                min(max(position, joint.lower), joint.upper)
                for joint, (position, _) in zip(self._joints, after, strict=True)
            ),
            # Without the noise of the arithmetic, and without -0.0.
            tuple(round(velocity, 9) + 0.0 for _, velocity in after),
            duration,
            tuple(step.end for step in steps),
        )

    def _keep(self, steps: list[Step], steady: float, duration: float) -> None:
        self._steps, self._begun, self._duration = steps, steady, duration
        self.receiver.add(steady, duration, steps)


def _near(state: _State, other: _State) -> bool:
    """Return whether two states are as good as the same."""
    return abs(state[0] - other[0]) <= _SAME_POSITION and abs(state[1] - other[1]) <= _SAME_VELOCITY


def is_moving(here: Sequence[tuple[float, float]]) -> bool:
    """Return whether any joint moves, from positions (rad) and velocities (rad/s)."""
    return any(velocity != 0.0 for _, velocity in here)
