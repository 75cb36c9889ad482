"""Simulated joints that obey the commands of the serial exoskeleton.

``docs/reference/exoskeleton-frames.md`` describes the commands. Each gives the positions and velocities
that the joints are to have after its duration. If no newer one has come by then, they ramp to standstill
by themselves: this is the device's own watchdog.
"""

from __future__ import annotations

from collections.abc import Sequence

from emg_recognition.simulation.exoskeleton import (
    SimulatedJoint,
    SimulatedJoints,
    TrajectoryPoint,
    TrajectorySimulator,
)

STOP_RAMP = 0.08
"""Time (s) in which the device stops by itself."""

MAX_DURATION = 0.1
"""Longest duration (s) of a command: a bridge that dies must not leave the joints moving."""

PERIOD = 0.002
"""Time (s) between two updates of the device."""

BRAKE = 0.002
"""Time (s) in which the brakes of the emergency stop bring the joints to rest."""

TOLERANCE = 1e-6
"""Positions are rounded (rad) for transmission, and may be beyond a stop by this much."""


class SerialSimulator:
    """Joints with a watchdog and an emergency stop; they start at rest in the middle of their range.

    Parameters
    ----------
    joints : sequence of SimulatedJoint
        In the order of the commands' values.

    Attributes
    ----------
    watchdog : bool
        Whether the joints have stopped by themselves because no command is in effect; true at the start.
    """

    def __init__(self, joints: Sequence[SimulatedJoint]) -> None:
        self._joints = TrajectorySimulator(joints, PERIOD, interpolate_from_desired_state=True)
        self._passed = 0.0
        self._left = 0.0
        self._emergency_stop = False
        self.watchdog = True

    @property
    def joints(self) -> SimulatedJoints:
        """What moves."""
        return self._joints

    @property
    def positions(self) -> list[float]:
        """Positions of the joints, rad."""
        return self._joints.positions

    @property
    def velocities(self) -> list[float]:
        """Velocities of the joints over the last step, rad/s."""
        return self._joints.velocities

    @property
    def emergency_stop(self) -> bool:
        """Whether the emergency stop is pressed; then no command is obeyed."""
        return self._emergency_stop

    @emergency_stop.setter
    def emergency_stop(self, pressed: bool) -> None:
        if pressed and not self._emergency_stop:
            zero = (0.0,) * len(self.positions)
            self._follow([TrajectoryPoint(BRAKE, tuple(self.positions), zero)])
            self._left = 0.0
            self.watchdog = True
        self._emergency_stop = pressed

    def obey(self, positions: Sequence[float], velocities: Sequence[float], duration: float) -> str | None:
        """Obey a command from now on, in place of the previous one.

        Parameters
        ----------
        positions, velocities : sequence of float
            Positions and velocities to have after `duration`, rad and rad/s.
        duration : float
            Duration of the command, s, above 0 and at most :data:`MAX_DURATION`.

        Returns
        -------
        str or None
            Why it is refused; the previous command then goes on to its end.
        """
        joints = self._joints.joints
        if self._emergency_stop:
            return "the emergency stop is pressed"
        if len(positions) != len(joints):
            return f"a command for {len(positions)} joints; there are {len(joints)}"
        for joint, position in zip(joints, positions, strict=True):
            if not joint.lower - TOLERANCE <= position <= joint.upper + TOLERANCE:
                return f"joint {joint.name} is to go to {position:g} rad, beyond its stop"
        if not 0 < duration <= MAX_DURATION:
            return f"a command that lasts {duration:g} s"
        points = [TrajectoryPoint(duration, positions, velocities)]
        if any(velocities):
            stops = tuple(
                min(max(position + velocity * STOP_RAMP / 2, joint.lower), joint.upper)
                for joint, position, velocity in zip(joints, positions, velocities, strict=True)
            )
            points.append(TrajectoryPoint(duration + STOP_RAMP, stops, (0.0,) * len(joints)))
        refusal = self._follow(points)
        if refusal is None:
            self._left = duration + STOP_RAMP
            self.watchdog = False
        return refusal

    def step(self, duration: float) -> None:
        """Let `duration` seconds pass, at least 0: do the updates that are due by then."""
        # After 10 s without a command the joints have long stopped.
        self._passed += min(max(duration, 0.0), 10.0)
        while self._joints.time <= self._passed:
            self._joints.update()
            self._left = max(self._left - PERIOD, 0.0)
        self.watchdog = self._left == 0.0

    def _follow(self, points: Sequence[TrajectoryPoint]) -> str | None:
        return self._joints.follow(self._joints.joint_names, points)
