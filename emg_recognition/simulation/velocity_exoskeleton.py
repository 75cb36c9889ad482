"""Simulated joints that obey velocities as ``forward_command_controller`` does: the newest one, for ever.

A message with a wrong number of values or with one that is not finite changes nothing: the joints
go on as before. A watchdog behind the controller, which that one lacks, can be switched on.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from emg_recognition.simulation.joints import SimulatedJoint, SimulatedJoints


class VelocitySimulator(SimulatedJoints):
    """Joints behind a controller of velocities; they start at rest in the middle of their range.

    Parameters
    ----------
    joints : sequence of SimulatedJoint
        In the order of ``positions``.
    watchdog : float
        After so many seconds without a command the joints stop; 0 for never.

    Attributes
    ----------
    stopped_by_watchdog : int
        How often the watchdog has stopped moving joints.
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
            One a joint, rad/s.

        Returns
        -------
        str or None
            Why they are refused; those before go on, and the watchdog counts on.
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
        # The watchdog may end the motion within the step.
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
        # A drive at its end does not wind up.
        self._desired = [
            min(max(desired + wanted * duration, joint.lower), joint.upper)
            for joint, desired, wanted in zip(self.joints, self._desired, self._wanted, strict=True)
        ]
        self.approach(self._desired, duration)
