"""Simulated joints behind a trajectory controller or a velocity controller."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

LAG = 0.015
"""Time constant (s) with which the joints follow the desired positions."""

MAX_END_VELOCITY = 1.2e-7
"""Largest speed (rad/s) in a trajectory's last point, as in the real controller (FLT_EPSILON)."""


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

    Attributes
    ----------
    positions : list of float
        Positions of the joints, rad.
    velocities : list of float
        Their velocities over the last step, rad/s.
    """

    def __init__(self, joints: Sequence[SimulatedJoint]) -> None:
        self.joints = tuple(joints)
        self.positions = [(joint.lower + joint.upper) / 2 for joint in joints]
        self.velocities = [0.0] * len(self.joints)
        self._followed = list(self.positions)

    @property
    def joint_names(self) -> tuple[str, ...]:
        """The joints' names, in order."""
        return tuple(joint.name for joint in self.joints)

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
            reached = min(max(reached, joint.lower), joint.upper)
            self.velocities[i] = (reached - self.positions[i]) / duration
            self.positions[i] = reached
        self._followed = list(desired)


@dataclass(frozen=True)
class TrajectoryPoint:
    """Desired positions (rad) and velocities (rad/s), one for each joint, at a time (s) from the start."""

    time: float
    positions: Sequence[float]
    velocities: Sequence[float]


class TrajectorySimulator(SimulatedJoints):
    """Joints that obey trajectories as ``joint_trajectory_controller`` does.

    A new trajectory replaces the old one at once and starts at the present desired state (the controller's
    ``interpolate_from_desired_state``). Between points the desired state is a cubic polynomial of
    positions and velocities; at the end of the trajectory the joints hold. Nothing watches for silence, as
    in the real controller with its default settings. Unlike the real one, it refuses values that are not
    finite instead of passing them to the hardware.

    Parameters
    ----------
    joints : sequence of SimulatedJoint
        In the order of ``positions``.
    """

    def __init__(self, joints: Sequence[SimulatedJoint]) -> None:
        super().__init__(joints)
        self._points = [TrajectoryPoint(0.0, tuple(self.positions), tuple(self.velocities))]
        self._time = 0.0

    def follow(self, names: Sequence[str], points: Sequence[TrajectoryPoint]) -> str | None:
        """Obey a trajectory from now on, in place of the previous one.

        Parameters
        ----------
        names : sequence of str
            Each joint once, in any order; the points' values have the same order.
        points : sequence of TrajectoryPoint
            In order of time; the last one has zero velocity.

        Returns
        -------
        str or None
            Why the trajectory is refused; the previous one then goes on.
        """
        if sorted(names) != sorted(self.joint_names):
            return f"trajectory for joints {', '.join(names)}; these are {', '.join(self.joint_names)}"
        if not points:
            return "trajectory without points"
        previous = 0.0
        for point in points:
            if not point.time > previous or not math.isfinite(point.time):
                return f"trajectory point at {point.time} s after one at {previous} s"
            if len(point.positions) != len(names) or len(point.velocities) != len(names):
                return "trajectory point without a position and a velocity for each joint"
            if not all(map(math.isfinite, (*point.positions, *point.velocities))):
                return "trajectory point with a value that is not finite"
            previous = point.time
        if any(abs(velocity) > MAX_END_VELOCITY for velocity in points[-1].velocities):
            return "trajectory whose last point moves"
        order = [list(names).index(name) for name in self.joint_names]
        now = TrajectoryPoint(0.0, *self._desired(self._time))
        self._points = [now] + [
            TrajectoryPoint(
                point.time, [point.positions[i] for i in order], [point.velocities[i] for i in order]
            )
            for point in points
        ]
        self._time = 0.0
        return None

    def step(self, duration: float) -> None:
        """Let `duration` seconds pass, at least 0."""
        if duration <= 0:
            return
        self._time += duration
        self.approach(self._desired(self._time)[0], duration)

    def _desired(self, time: float) -> tuple[list[float], list[float]]:
        """Return desired positions and velocities at a time (s) since the start of the trajectory."""
        for begin, end in zip(self._points, self._points[1:], strict=False):
            if time < end.time:
                duration = end.time - begin.time
                joints = [
                    _cubic(*ends, (time - begin.time) / duration, duration)
                    for ends in zip(
                        begin.positions, begin.velocities, end.positions, end.velocities, strict=True
                    )
                ]
                return [position for position, _ in joints], [velocity for _, velocity in joints]
        last = self._points[-1]
        return list(last.positions), [0.0] * len(self.joints)


def _cubic(p0: float, v0: float, p1: float, v1: float, s: float, duration: float) -> tuple[float, float]:
    """Return position and velocity of the cubic between both ends at the fraction `s` of `duration`."""
    m0, m1 = v0 * duration, v1 * duration
    a = 2 * p0 - 2 * p1 + m0 + m1
    b = -3 * p0 + 3 * p1 - 2 * m0 - m1
    return ((a * s + b) * s + m0) * s + p0, ((3 * a * s + 2 * b) * s + m0) / duration


class VelocitySimulator(SimulatedJoints):
    """Joints that obey velocities as ``forward_command_controller`` does, with an optional watchdog.

    Parameters
    ----------
    joints : sequence of SimulatedJoint
        In the order of ``positions``.
    watchdog : float
        Time without a command after which the joints stop, s; 0 for never.

    Attributes
    ----------
    stopped_by_watchdog : int
        How often the watchdog has stopped a motion.
    """

    def __init__(self, joints: Sequence[SimulatedJoint], watchdog: float = 0.0) -> None:
        super().__init__(joints)
        self._watchdog = watchdog or math.inf
        self._silence = 0.0
        self._desired = list(self.positions)
        self._wanted = [0.0] * len(self.joints)
        self.stopped_by_watchdog = 0

    def obey(self, velocities: Sequence[float]) -> str | None:
        """Obey velocities from now on.

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
        self._wanted = list(velocities)
        self._silence = 0.0
        return None

    def step(self, duration: float) -> None:
        """Let `duration` seconds pass, at least 0."""
        # The watchdog may end the motion during the step.
        moving = min(max(duration, 0.0), max(self._watchdog - self._silence, 0.0))
        self._silence += max(duration, 0.0)
        self._move(moving)
        if self._silence >= self._watchdog and any(self._wanted):
            self._wanted = [0.0] * len(self.joints)
            self.stopped_by_watchdog += 1
        self._move(duration - moving)

    def _move(self, duration: float) -> None:
        if duration <= 0:
            return
        # A drive at its stop does not wind up.
        self._desired = [
            min(max(desired + wanted * duration, joint.lower), joint.upper)
            for joint, desired, wanted in zip(self.joints, self._desired, self._wanted, strict=True)
        ]
        self.approach(self._desired, duration)
