"""Simulated joints behind a trajectory controller or a velocity controller.

Both controllers work as those of ``ros2_controllers`` do: in updates of their own, each of which reads where
the joints are, takes the newest command that has come, and sets what the joints are to do until the next.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

LAG = 0.015
"""Time constant (s) with which the joints follow the desired positions."""

PERIOD = 0.01
"""Time (s) between two updates: ``controller_manager`` does 100 a second unless told otherwise."""

MAX_END_VELOCITY = 1.2e-7
"""Largest speed (rad/s) in a trajectory's last point, as in the real controller (FLT_EPSILON)."""

_ROUNDING = 1e-9
"""What floating-point arithmetic may add to a time, s."""


@dataclass(frozen=True)
class SimulatedJoint:
    """A joint and its mechanical stops.

    Attributes
    ----------
    name : str
        Its name in trajectories and joint states.
    lower, upper : float
        Mechanical stops, rad.
    """

    name: str
    lower: float
    upper: float


class SimulatedJoints:
    """Joints that start at rest in the middle of their range.

    They follow the desired positions with a first-order lag and stop at their mechanical stops.

    Parameters
    ----------
    joints : sequence of SimulatedJoint
        In the order of :attr:`positions`.
    period : float
        Time between two updates of their controller, s.

    Attributes
    ----------
    positions : list of float
        Positions of the joints, rad.
    velocities : list of float
        Their velocities at this moment, rad/s.
    observer : callable or None
        Called by each update with that time, the positions and the velocities that it finds.
    """

    def __init__(self, joints: Sequence[SimulatedJoint], period: float = PERIOD) -> None:
        self.joints = tuple(joints)
        self.period = period
        self.positions = [(joint.lower + joint.upper) / 2 for joint in joints]
        self.velocities = [0.0] * len(self.joints)
        self.observer: Callable[[float, list[float], list[float]], None] | None = None
        self._followed = list(self.positions)
        self._updates = 0

    @property
    def joint_names(self) -> tuple[str, ...]:
        """The joints' names, in order."""
        return tuple(joint.name for joint in self.joints)

    @property
    def time(self) -> float:
        """Time since the start at which the next update is due, s."""
        return self._updates * self.period

    def approach(self, desired: Sequence[float], duration: float) -> None:
        """Let time pass in which the desired positions change linearly.

        The response of the lag to a linear change is exact, so it does not matter how time is divided.

        Parameters
        ----------
        desired : sequence of float
            Desired positions at the end of that time, rad, one for each joint.
        duration : float
            The time, s, above 0.
        """
        left = math.exp(-duration / LAG)
        for i, joint in enumerate(self.joints):
            behind = (desired[i] - self._followed[i]) / duration * LAG
            reached = desired[i] - behind + (self.positions[i] - self._followed[i] + behind) * left
            self.positions[i] = min(max(reached, joint.lower), joint.upper)
            self.velocities[i] = (desired[i] - reached) / LAG if self.positions[i] == reached else 0.0
        self._followed = list(desired)

    def update(self) -> None:
        """Do the update that is due, and let its period pass."""
        if self.observer is not None:
            self.observer(self.time, self.positions, self.velocities)
        # The drives bring the desired positions evenly to where the controller wants them at the next update.
        self.approach(self._control(), self.period)
        self._updates += 1

    def _control(self) -> Sequence[float]:
        """Return the desired positions at the next update, rad."""
        raise NotImplementedError


@dataclass(frozen=True)
class TrajectoryPoint:
    """What is desired of each joint at a time (s) from the start of the trajectory.

    Attributes
    ----------
    time : float
        That time, s.
    positions : sequence of float
        One for each joint, rad.
    velocities : sequence of float
        One for each joint, rad/s; empty if the trajectory does not say.
    accelerations : sequence of float
        One for each joint, rad/s²; empty if the trajectory does not say.
    """

    time: float
    positions: Sequence[float]
    velocities: Sequence[float] = ()
    accelerations: Sequence[float] = ()


class TrajectorySimulator(SimulatedJoints):
    """Joints that obey trajectories as ``joint_trajectory_controller`` does, from Jazzy on.

    A trajectory replaces the previous one at the update after its arrival; of several, only the newest
    counts. It begins at the moment of its stamp, or at that update without a stamp. Until its first point it
    leads there from where the joints are measured, with their measured velocities, or from what the
    controller commanded last. Between points the desired state is a polynomial: quintic with accelerations
    at both ends, cubic with velocities, linear with positions alone. After the last point the joints hold.
    Nothing watches for silence, as with the default settings of the real one. Unlike the real one, it
    refuses values that are not finite, and accelerations without velocities, instead of passing NaN or 0 to
    the hardware.

    Source: ``ros2_controllers``, branch jazzy, 2026: ``joint_trajectory_controller.cpp``, ``trajectory.cpp``.

    Parameters
    ----------
    joints : sequence of SimulatedJoint
        In the order of ``positions``.
    period : float
        Time between two updates, s.
    interpolate_from_desired_state : bool
        Whether a trajectory begins at what was commanded last; otherwise, as by default in the real one,
        where the joints are measured.
    """

    def __init__(
        self,
        joints: Sequence[SimulatedJoint],
        period: float = PERIOD,
        *,
        interpolate_from_desired_state: bool = False,
    ) -> None:
        super().__init__(joints, period)
        self._from_desired = interpolate_from_desired_state
        self._waiting: tuple[list[TrajectoryPoint], float | None] | None = None
        self._commanded = TrajectoryPoint(0.0, list(self.positions), list(self.velocities))
        # The first is where the joints were before; all times are those of the updates.
        self._points = [self._commanded]

    def follow(
        self, names: Sequence[str], points: Sequence[TrajectoryPoint], start: float | None = None
    ) -> str | None:
        """Obey a trajectory from the next update on, in place of the previous one.

        Parameters
        ----------
        names : sequence of str
            Each joint once, in any order; the points' values have the same order.
        points : sequence of TrajectoryPoint
            In order of time; the last one has zero velocity.
        start : float or None
            When it begins, s, on the same clock as :attr:`time`; None: at the update.

        Returns
        -------
        str or None
            Why the trajectory is refused; the previous one then goes on.
        """
        refusal = self._check(names, points, start)
        if refusal is None:
            order = [list(names).index(name) for name in self.joint_names]
            self._waiting = [_sorted(point, order) for point in points], start
        return refusal

    def _check(
        self, names: Sequence[str], points: Sequence[TrajectoryPoint], start: float | None
    ) -> str | None:
        if sorted(names) != sorted(self.joint_names):
            return f"trajectory for joints {', '.join(names)}; these are {', '.join(self.joint_names)}"
        if not points:
            return "trajectory without points"
        previous = -math.inf
        for point in points:
            if not point.time > previous or not math.isfinite(point.time):
                return f"trajectory point at {point.time} s after one at {previous} s"
            if len(point.positions) != len(names):
                return "trajectory point without a position for each joint"
            if {len(point.velocities), len(point.accelerations)} - {0, len(names)}:
                return "trajectory point with velocities or accelerations for some joints only"
            if point.accelerations and not point.velocities:
                return "trajectory point with accelerations and no velocities"
            if not all(map(math.isfinite, (*point.positions, *point.velocities, *point.accelerations))):
                return "trajectory point with a value that is not finite"
            previous = point.time
        if any(abs(velocity) > MAX_END_VELOCITY for velocity in points[-1].velocities):
            return "trajectory whose last point moves"
        # It has come since the last update.
        if start is not None and not start + points[-1].time >= self.time - self.period:
            return f"trajectory that ended {self.time - start - points[-1].time:.3f} s ago"
        return None

    def _control(self) -> Sequence[float]:
        if self._waiting is not None:
            points, start = self._waiting
            begin = self.time if start is None else start
            if self._from_desired:
                # The real one takes what it commanded for this moment as the state at its last update.
                before = _at(self._commanded, self.time - self.period if self._updates else 0.0)
            else:
                standing = [0.0] * len(self.joints)
                before = TrajectoryPoint(self.time, list(self.positions), list(self.velocities), standing)
            self._points = [before, *(_at(point, begin + point.time) for point in points)]
            self._waiting = None
        self._commanded = self._sample(self.time + self.period)
        return self._commanded.positions

    def _sample(self, time: float) -> TrajectoryPoint:
        """Return what the trajectory desires at a time, s."""
        for begin, end in zip(self._points, self._points[1:], strict=False):
            if time < end.time:
                return _between(begin, end, time)
        last = self._points[-1]
        return TrajectoryPoint(time, last.positions, last.velocities or [0.0] * len(self.joints))


def _sorted(point: TrajectoryPoint, order: Sequence[int]) -> TrajectoryPoint:
    """Return a point with its joints in another order."""
    values = (point.positions, point.velocities, point.accelerations)
    return TrajectoryPoint(point.time, *([some[i] for i in order] if some else [] for some in values))


def _at(point: TrajectoryPoint, time: float) -> TrajectoryPoint:
    return TrajectoryPoint(time, point.positions, point.velocities, point.accelerations)


def _between(begin: TrajectoryPoint, end: TrajectoryPoint, time: float) -> TrajectoryPoint:
    """Return the point at a time (s) on the polynomial between two points."""
    span, passed = end.time - begin.time, time - begin.time
    joints = [_polynomial(begin, end, i, span, passed) for i in range(len(begin.positions))]
    positions, velocities, accelerations = (list(values) for values in zip(*joints, strict=True))
    return TrajectoryPoint(time, positions, velocities, accelerations)


def _polynomial(
    begin: TrajectoryPoint, end: TrajectoryPoint, joint: int, span: float, passed: float
) -> tuple[float, float, float]:
    """Return position, velocity and acceleration of a joint, `passed` of `span` seconds after `begin`."""
    s, away = passed / span, end.positions[joint] - begin.positions[joint]
    if not (begin.velocities and end.velocities):
        coefficients = [away]
    else:
        v0, v1 = begin.velocities[joint] * span, end.velocities[joint] * span
        if not (begin.accelerations and end.accelerations):
            coefficients = [v0, 3 * away - 2 * v0 - v1, -2 * away + v0 + v1]
        else:
            a0, a1 = begin.accelerations[joint] * span**2, end.accelerations[joint] * span**2
            coefficients = [
                v0,
                a0 / 2,
                10 * away - 6 * v0 - 4 * v1 - 1.5 * a0 + a1 / 2,
                -15 * away + 8 * v0 + 7 * v1 + 1.5 * a0 - a1,
                6 * away - 3 * v0 - 3 * v1 - a0 / 2 + a1 / 2,
            ]
    terms = list(enumerate(coefficients, 1))
    return (
        begin.positions[joint] + sum(c * s**k for k, c in terms),
        sum(k * c * s ** (k - 1) for k, c in terms) / span,
        sum(k * (k - 1) * c * s ** (k - 2) for k, c in terms[1:]) / span**2,
    )


class VelocitySimulator(SimulatedJoints):
    """Joints that obey velocities as ``forward_command_controller`` does, with an optional watchdog.

    The newest velocities hold from the update after their arrival.

    Parameters
    ----------
    joints : sequence of SimulatedJoint
        In the order of ``positions``.
    period : float
        Time between two updates, s.
    watchdog : float
        Time without a command after which the joints stop, s; 0 for never.

    Attributes
    ----------
    stopped_by_watchdog : int
        How often the watchdog has stopped a motion.
    """

    def __init__(
        self, joints: Sequence[SimulatedJoint], period: float = PERIOD, *, watchdog: float = 0.0
    ) -> None:
        super().__init__(joints, period)
        self._watchdog = watchdog or math.inf
        self._silence = 0.0
        self._desired = list(self.positions)
        self._waiting: list[float] | None = None
        self._wanted = [0.0] * len(self.joints)
        self.stopped_by_watchdog = 0

    def obey(self, velocities: Sequence[float]) -> str | None:
        """Obey velocities from the next update on.

        Parameters
        ----------
        velocities : sequence of float
            One for each joint, rad/s.

        Returns
        -------
        str or None
            Why they are refused; the previous ones then go on, and so does the watchdog.
        """
        if len(velocities) != len(self.joints):
            return f"{len(velocities)} velocities for {len(self.joints)} joints"
        if not all(map(math.isfinite, velocities)):
            return "a velocity that is not finite"
        self._waiting = list(velocities)
        return None

    def _control(self) -> Sequence[float]:
        if self._waiting is not None:
            self._wanted, self._waiting, self._silence = self._waiting, None, 0.0
        if self._silence > self._watchdog - _ROUNDING and any(self._wanted):
            self._wanted = [0.0] * len(self.joints)
            self.stopped_by_watchdog += 1
        self._silence += self.period
        # A drive at its stop does not wind up.
        self._desired = [
            min(max(desired + wanted * self.period, joint.lower), joint.upper)
            for joint, desired, wanted in zip(self.joints, self._desired, self._wanted, strict=True)
        ]
        return self._desired
