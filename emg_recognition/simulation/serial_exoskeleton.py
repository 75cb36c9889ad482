"""Simulated joints that obey the commands of the serial exoskeleton.

``docs/reference/exoskeleton-frames.md`` describes these commands.

Each command says where the joints shall be, and how fast, after its duration. If no newer one has
come by then, they ramp to standstill by themselves: the device's own watchdog.
"""

from __future__ import annotations

from collections.abc import Sequence

from emg_recognition.simulation.exoskeleton import ExoskeletonSimulator, SimulatedJoint, TrajectoryPoint

STOP_RAMP = 0.08
"""Time (s) in which the device stops by itself."""

MAX_DURATION = 0.1
"""Longest time (s) that a command may hold: a bridge that dies must not leave the joints moving."""

BRAKE = 0.001
"""Time (s) in which the brakes of the emergency stop hold the joints where they are."""

TOLERANCE = 1e-6
"""A position on the wire is rounded to so many rad, and may be beyond an end by that."""


class SerialSimulator:
    """Joints with a watchdog and an emergency stop; they start at rest in the middle of their range.

    Parameters
    ----------
    joints : sequence of SimulatedJoint
        In the order of the commands' values.

    Attributes
    ----------
    watchdog : bool
        The joints stand by themselves: no command holds. So it is from the start.
    """

    def __init__(self, joints: Sequence[SimulatedJoint]) -> None:
        self._course = ExoskeletonSimulator(joints)
        self._left = 0.0
        self._emergency_stop = False
        self.watchdog = True

    @property
    def positions(self) -> list[float]:
        """Positions of the joints, rad."""
        return self._course.positions

    @property
    def velocities(self) -> list[float]:
        """Velocities of the joints over the last step, rad/s."""
        return self._course.velocities

    @property
    def emergency_stop(self) -> bool:
        """Whether the emergency stop is pressed; nothing is obeyed then."""
        return self._emergency_stop

    @emergency_stop.setter
    def emergency_stop(self, pressed: bool) -> None:
        if pressed and not self._emergency_stop:
            still = (0.0,) * len(self.positions)
            self._follow([TrajectoryPoint(BRAKE, tuple(self.positions), still)])
            self._left = 0.0
            self.watchdog = True
        self._emergency_stop = pressed

    def obey(self, positions: Sequence[float], velocities: Sequence[float], duration: float) -> str | None:
        """Obey a command from now on, in place of the one before.

        Parameters
        ----------
        positions, velocities : sequence of float
            Where the joints shall be after `duration`, and how fast, rad and rad/s.
        duration : float
            s, above 0 and at most :data:`MAX_DURATION`.

        Returns
        -------
        str or None
            Why it is refused; the command before then goes on to its end.
        """
        joints = self._course.joints
        if self._emergency_stop:
            return "the emergency stop is pressed"
        if len(positions) != len(joints):
            return f"a command for {len(positions)} joints; there are {len(joints)}"
        for joint, position in zip(joints, positions, strict=True):
            if not joint.lower - TOLERANCE <= position <= joint.upper + TOLERANCE:
                return f"joint {joint.name} shall go to {position:g} rad, beyond its end"
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
        """Let `duration` seconds pass, at least 0."""
        self._course.step(duration)
        self._left = max(self._left - max(duration, 0.0), 0.0)
        self.watchdog = self._left == 0.0

    def _follow(self, points: Sequence[TrajectoryPoint]) -> str | None:
        return self._course.follow(self._course.joint_names, points)
