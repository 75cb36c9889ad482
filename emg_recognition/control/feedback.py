"""Judge the reported joint positions: complete, fresh, finite, possible and within the limits."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

from emg_recognition.control.inputs import FUTURE_TOLERANCE, RELATIVE, Instant
from emg_recognition.control.joints import JointLimits
from emg_recognition.control.receiver import FOLLOWING_TOLERANCE, LONGEST_LAG
from emg_recognition.control.states import Reason, Violation
from emg_recognition.control.trajectory import Command
from emg_recognition.ownership import Owner

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
    ros: float
    stamp: float | None
    usual: float
    taken: float


class JointFeedback:
    """The newest measured position of every joint.

    Parameters
    ----------
    joints : sequence of JointLimits
        The joints that matter; others are ignored.
    stale_after : float
        Age at which a position is stale, s.
    source : str
        Where the positions come from, for people.
    """

    def __init__(
        self, joints: Sequence[JointLimits], stale_after: float, source: str = RELATIVE.joint_states
    ) -> None:
        self._joints = {joint.name: joint for joint in joints}
        self._stale_after = stale_after
        self._source = source
        # Several drivers may report a joint each, but a joint has one of them.
        self._owners = {joint.name: Owner() for joint in joints}
        self._newest: dict[str, _Measured] = {}
        self._jumped: float | None = None
        self._untimely: tuple[float, Violation] | None = None
        self._recent: deque[tuple[float, str, float]] = deque()

    def receive(
        self,
        names: Sequence[str],
        positions: Sequence[float],
        now: Instant,
        stamp: float | None = None,
        publisher: bytes = b"",
    ) -> Violation | None:
        """Take measured positions.

        Those of a second publisher of the same joint are not used.

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
        publisher : bytes
            Who reports them; always the same where the middleware does not tell.

        Returns
        -------
        Violation or None
            What is wrong with them; a position that is not finite is not kept. One with an impossible stamp
            is kept, and all are doubted until the stamps have been in order for `stale_after`.
        """
        if len(names) != len(positions):
            if not any(self._heeds(name, publisher) for name in names):
                return None
            return Violation(
                Reason.FEEDBACK_BROKEN, f"joint state with {len(names)} names and {len(positions)} positions"
            )
        # The network's jitter must not look like a joint's deviation from its course.
        age = 0.0 if stamp is None or not math.isfinite(stamp) else now.ros - stamp
        taken = now.steady - min(max(age, 0.0), self._stale_after)
        violation = None
        for name, position in zip(names, positions, strict=True):
            limits = self._joints.get(name)
            if limits is None:
                continue
            if not math.isfinite(position):
                if self._heeds(name, publisher):
                    violation = Violation(
                        Reason.FEEDBACK_BROKEN, f"joint {name} reports a position of {position}"
                    )
                continue
            if not self._owners[name].follows(publisher, now.steady):
                violation = self._several(name, now) or violation
                continue
            untimely = self._doubt(name, stamp, now)
            violation = (
                self._jump(limits, position, now) or _outside(limits, position) or violation or untimely
            )
            self._newest[name] = _Measured(
                position, now.steady, now.ros, stamp, self._usual(name, now.steady), taken
            )
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
        for name, limits in self._joints.items():
            several = self._several(name, now)
            if several:
                return several
            measured = self._newest.get(name)
            if measured is None:
                return Violation(Reason.FEEDBACK_STALE, f"no position of joint {name} on {self._source} yet")
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
        if self._untimely is not None and now.steady - self._untimely[0] <= self._stale_after:
            return self._untimely[1]
        return None

    def positions(self) -> tuple[float, ...]:
        """Return the newest positions (rad) in the order of the joints; each must have been seen."""
        return tuple(self._newest[name].position for name in self._joints)

    def measured(self) -> float:
        """Return when the oldest of the newest positions was measured, on the steady clock, s.

        A position without a stamp counts as measured when it was received.
        """
        return min(self._newest[name].taken for name in self._joints)

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

    def _heeds(self, name: str, publisher: bytes) -> bool:
        """Return whether what this publisher says of a joint matters."""
        return name in self._joints and self._owners[name].owner in (None, publisher)

    def _several(self, name: str, now: Instant) -> Violation | None:
        others = self._owners[name].others(now.steady)
        if not others:
            return None
        return Violation(
            Reason.FEEDBACK_SEVERAL,
            f"{len(others) + 1} publishers report joint {name} on {self._source}, one is allowed",
        )

    def _doubt(self, name: str, stamp: float | None, now: Instant) -> Violation | None:
        """Return a violation, and remember it, if the stamps of a position jump, else None.

        A clock that is always ahead of ROS time does not jump; one that is behind is noticed by the age.
        """
        last = self._newest.get(name)
        if stamp is None or last is None or last.stamp is None:
            return None
        change = stamp - last.stamp
        # A message may have been on its way for as long as it may be old.
        ahead = change - max(now.ros - last.ros, 0.0)
        if change >= -FUTURE_TOLERANCE and ahead <= self._stale_after:
            return None
        found = f"{-change * 1000:.0f} ms before" if change < 0.0 else f"{ahead * 1000:.0f} ms too long after"
        violation = Violation(
            Reason.FEEDBACK_UNTIMELY,
            f"joint {name} was measured {found} its previous position: look for a second source, or a clock "
            "that was set",
        )
        self._untimely = (now.steady, violation)
        return violation

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
