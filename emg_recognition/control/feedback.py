"""Judge the reported joint positions: complete, fresh, finite, possible and within the limits."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

from emg_recognition.control.inputs import Instant
from emg_recognition.control.joints import JointLimits
from emg_recognition.control.receiver import FOLLOWING_TOLERANCE, LONGEST_LAG
from emg_recognition.control.states import Reason, Violation
from emg_recognition.control.trajectory import Command

JUMP_TOLERANCE = 0.1
"""Distance (rad) from the previous position that is accepted at any time: messages come in bursts."""


JUMP_MEMORY = 2.0
"""How long (s) a jump refuses arming: another source of positions may be about."""

RESTLESS = 0.03
"""Distance (rad) that a joint may move in :data:`REST` while nothing moves it."""

REST = 0.3
"""Time (s) over which a joint has to rest before arming."""

_FIRST_PAUSE = 0.04
"""Usual time (s) between two positions until it has been seen: 25 a second."""

_FORGETTING = 5.0
"""Time constant (s) with which the longest usual time is forgotten."""


class _Measured(NamedTuple):
    position: float
    received: float
    stamp: float | None
    usual: float


class JointFeedback:
    """The newest measured position of every joint.

    Parameters
    ----------
    joints : sequence of JointLimits
        The joints that matter; others are ignored.
    stale_after : float
        Age at which a position is stale, s.

    Attributes
    ----------
    publishers : int
        How many publish positions.
    """

    def __init__(self, joints: Sequence[JointLimits], stale_after: float) -> None:
        self._joints = {joint.name: joint for joint in joints}
        self._stale_after = stale_after
        self._newest: dict[str, _Measured] = {}
        self._jumped: float | None = None
        self._recent: deque[tuple[float, str, float]] = deque()
        self.publishers = 1

    def receive(
        self, names: Sequence[str], positions: Sequence[float], now: Instant, stamp: float | None = None
    ) -> Violation | None:
        """Take measured positions.

        Parameters
        ----------
        names : sequence of str
            Joint names, in the order of `positions`.
        positions : sequence of float
            Measured positions, rad.
        now : Instant
            The moment of receipt.
        stamp : float or None
            ROS time of the measurement, s; None if the driver does not give it.

        Returns
        -------
        Violation or None
            What is wrong with them; a position that is not finite is not kept.
        """
        if len(names) != len(positions):
            return Violation(
                Reason.FEEDBACK_BROKEN, f"joint state with {len(names)} names and {len(positions)} positions"
            )
        violation = None
        for name, position in zip(names, positions, strict=True):
            limits = self._joints.get(name)
            if limits is None:
                continue
            if not math.isfinite(position):
                violation = Violation(
                    Reason.FEEDBACK_BROKEN, f"joint {name} reports a position of {position}"
                )
                continue
            violation = self._jump(limits, position, now) or _outside(limits, position) or violation
            self._newest[name] = _Measured(position, now.steady, stamp, self._usual(name, now.steady))
            self._recent.append((now.steady, name, position))
        while self._recent and now.steady - self._recent[0][0] > REST:
            self._recent.popleft()
        return violation

    def _usual(self, name: str, steady: float) -> float:
        """Return the longest usual time between two positions of a joint, s."""
        last = self._newest.get(name)
        if last is None:
            return _FIRST_PAUSE
        passed = steady - last.received
        usual = last.usual * math.exp(-passed / _FORGETTING)
        # A pause that stops the joints is not usual.
        return max(usual, passed) if passed <= self._stale_after else usual

    def pause(self, steady: float, excused: float) -> Violation | None:
        """Return which joint has been silent for longer than it usually is, or None.

        Parameters
        ----------
        steady : float
            Now, on the steady clock, s.
        excused : float
            How long the bridge itself has just been held up, so that it cannot have received anything, s.
        """
        for name in self._joints:
            measured = self._newest.get(name)
            if measured is None:
                continue
            age = steady - measured.received - excused
            if age > 2 * measured.usual + 0.03:
                return Violation(
                    Reason.FEEDBACK_PAUSED,
                    f"no position of joint {name} for {age * 1000:.0f} ms; usually one comes within "
                    f"{measured.usual * 1000:.0f} ms",
                )
        return None

    def restless(self, steady: float) -> Violation | None:
        """Return why the positions do not look like those of joints at rest, or None."""
        if self._jumped is not None and steady - self._jumped < JUMP_MEMORY:
            return Violation(
                Reason.FEEDBACK_RESTLESS,
                f"the joint states jumped {steady - self._jumped:.1f} s ago: look for a second source",
            )
        for name in self._joints:
            positions = [
                place for when, joint, place in self._recent if joint == name and steady - when <= REST
            ]
            if positions and max(positions) - min(positions) > RESTLESS:
                return Violation(
                    Reason.FEEDBACK_RESTLESS,
                    f"joint {name} moves by {max(positions) - min(positions):.2f} rad although nothing "
                    "moves it: look for a second source of commands or joint states",
                )
        return None

    def violation(self, now: Instant) -> Violation | None:
        """Return why the feedback cannot be relied on now, or None."""
        if self.publishers > 1:
            return Violation(
                Reason.FEEDBACK_SEVERAL,
                f"the joint states have {self.publishers} publishers, one is allowed: they may contradict "
                "each other",
            )
        for name, limits in self._joints.items():
            measured = self._newest.get(name)
            if measured is None:
                return Violation(Reason.FEEDBACK_STALE, f"no position of joint {name} seen yet")
            age = now.steady - measured.received
            if age > self._stale_after:
                return Violation(
                    Reason.FEEDBACK_STALE,
                    f"feedback stale: no position of joint {name} for {age * 1000:.0f} ms",
                )
            age = 0.0 if measured.stamp is None else now.ros - measured.stamp
            # "not <=", so that a stamp that is not finite fails as well.
            if not age <= self._stale_after:
                return Violation(
                    Reason.FEEDBACK_STALE,
                    f"feedback stale: joint {name} was measured {age * 1000:.0f} ms ago in ROS time",
                )
            outside = _outside(limits, measured.position)
            if outside:
                return outside
        return None

    def positions(self) -> tuple[float, ...]:
        """Return the newest positions (rad) in the order of the joints; each must have been seen."""
        return tuple(self._newest[name].position for name in self._joints)

    def received(self) -> float:
        """Return when the oldest of the newest positions was received, on the steady clock, s."""
        return min(self._newest[name].received for name in self._joints)

    def far_from(self, command: Command, steady: float) -> str | None:
        """Return which joint a command would throw, judging by where it was measured last; None if none.

        Parameters
        ----------
        command : Command
            What is about to be sent.
        steady : float
            Now, on the steady clock, s.
        """
        for (name, limits), wanted in zip(self._joints.items(), command.stops, strict=True):
            position, received = self._newest[name][:2]
            room = (
                limits.max_velocity * (command.until + steady - received + LONGEST_LAG) + FOLLOWING_TOLERANCE
            )
            if not abs(wanted - position) <= room:
                return f"joint {name}: {wanted!r} rad, measured {position!r} rad"
        return None

    def age(self, steady: float) -> float:
        """Return the age of the oldest joint position, s; -1 before every joint has reported."""
        if len(self._newest) < len(self._joints):
            return -1.0
        return steady - min(measured.received for measured in self._newest.values())

    def _jump(self, limits: JointLimits, position: float, now: Instant) -> Violation | None:
        """Return a violation if the joint cannot have got here since its last position, else None."""
        last = self._newest.get(limits.name)
        # Someone may have moved the arm during a pause.
        if last is None or now.steady - last.received > self._stale_after:
            return None
        possible = JUMP_TOLERANCE + 2 * limits.max_velocity * (now.steady - last.received)
        if abs(position - last.position) <= possible:
            return None
        self._jumped = now.steady
        return Violation(
            Reason.FEEDBACK_JUMP,
            f"joint {limits.name} jumped from {last.position:.3f} to {position:.3f} rad",
        )


def _outside(limits: JointLimits, position: float) -> Violation | None:
    if limits.lower <= position <= limits.upper:
        return None
    return Violation(
        Reason.FEEDBACK_OUTSIDE,
        f"joint {limits.name} is at {position:.3f} rad, outside {limits.lower:g} to {limits.upper:g}",
    )
