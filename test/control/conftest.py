"""A bridge in simulated time: an arm that follows, and an estimate every 25 ms."""

from __future__ import annotations

from typing import Any

import pytest

from emg_recognition.control.bridge import Bridge
from emg_recognition.control.decision import DecisionSettings
from emg_recognition.control.exoskeleton import ActionMotion, Exoskeleton
from emg_recognition.control.inputs import Instant
from emg_recognition.control.joints import JointLimits
from emg_recognition.control.settings import BridgeSettings
from emg_recognition.control.trajectory import Command
from emg_recognition.types import Estimate, Model

EPOCH = 1_700_000_000.0
ELBOW = JointLimits(
    name="elbow",
    lower=0.0,
    upper=2.0,
    max_velocity=0.5,
    max_acceleration=8.0,
    neutral=0.8,
    neutral_velocity=0.2,
)
WRIST = JointLimits(name="wrist", lower=-1.0, upper=1.0, max_velocity=0.4, max_acceleration=5.0, neutral=0.1)
EXOSKELETON = Exoskeleton(
    (ELBOW, WRIST),
    (
        ActionMotion(action="bend", velocities={"elbow": 0.4}, confidence=0.6),
        ActionMotion(action="drop", velocities={"wrist": -0.4}),
        ActionMotion(action="reach", velocities={"elbow": -0.2, "wrist": -0.1}),
    ),
    no_motion=("fist",),
)
MODEL = Model(
    model="m1", sha256="abc", actions=("rest", "bend", "drop", "reach", "fist"), rate=200.0, channels=8
)


class Arm:
    """Joints that obey commands to the letter: cubics from where they are to the next standstill."""

    def __init__(self, positions: list[float]) -> None:
        self._begun = self._until = 0.0
        self._ways = [(position, 0.0, position) for position in positions]

    def obey(self, command: Command, time: float) -> None:
        """Obey a command from this time (s) on."""
        places = [self._at(way, time) for way in self._ways]
        self._begun, self._until = time, command.until
        self._ways = [(*place, stop) for place, stop in zip(places, command.stops, strict=True)]

    def positions(self, time: float) -> list[float]:
        """Return where the joints are at a time (s), rad."""
        return [self._at(way, time)[0] for way in self._ways]

    def velocities(self, time: float) -> list[float]:
        """Return how fast the joints are at a time (s), rad/s."""
        return [self._at(way, time)[1] for way in self._ways]

    def _at(self, way: tuple[float, float, float], time: float) -> tuple[float, float]:
        begin, velocity, end = way
        if time >= self._begun + self._until:
            return end, 0.0
        passed = max(time - self._begun, 0.0)
        # p(t) = begin + v t + b t² + c t³ with p = end and p' = 0 after `until`.
        t, away = self._until, end - begin
        b, c = (3 * away - 2 * velocity * t) / t**2, (velocity * t - 2 * away) / t**3
        return (
            begin + (velocity + (b + c * passed) * passed) * passed,
            velocity + (2 * b + 3 * c * passed) * passed,
        )


class Rig:
    """Drives a bridge tick by tick; every time is a multiple of the tick."""

    def __init__(self, decisions: dict[str, Any] | None = None, **settings: Any) -> None:
        self.settings = BridgeSettings(decisions=DecisionSettings(**decisions or {}), **settings)
        self.bridge = Bridge(EXOSKELETON, self.settings)
        self.ticks = 0
        self.ros_offset = EPOCH
        self.index = 1000
        self.enabled: bool | None = True
        #: How far the stamps of the joint states are ahead of ROS time, s; None for joint states without.
        self.stamps_ahead: float | None = None
        self.measured = [1.0, 0.0]
        self.commands: list[tuple[float, Command | None]] = []

    @property
    def time(self) -> float:
        """Steady time, s."""
        return self.ticks * self.settings.period

    @property
    def measured(self) -> list[float]:
        """Where the joints are, rad; somebody may put them elsewhere."""
        return self._measured

    @measured.setter
    def measured(self, positions: list[float]) -> None:
        self._measured = list(positions)
        self.arm = Arm(self._measured)

    @property
    def now(self) -> Instant:
        """Steady time and ROS time."""
        return Instant(self.time, self.ros_offset + self.time)

    def estimate(self, action: str | None, /, **changes: Any) -> None:
        """Deliver an estimate of a window that ended 10 ms ago; None for a rejected one."""
        self.index += 5
        fields: dict[str, Any] = {
            "time": self.now.ros - 0.01,
            "last_index": self.index,
            "accepted": action is not None,
            "action_id": -1 if action is None else MODEL.actions.index(action),
            "action": action or "",
            "confidence": 0.9,
            "probabilities": (0.1, 0.9),
            "activation": 1.0,
            "model": "m1",
        }
        self.bridge.estimate(Estimate(**{**fields, **changes}), self.now)

    def run(
        self,
        seconds: float,
        action: str | None = "bend",
        *,
        mute: bool = False,
        loose: bool = False,
        blind: bool = False,
    ) -> None:
        """Let time pass with estimates of `action` unless `mute`, and joint states unless `blind`.

        The arm follows its commands unless it is `loose`. The stop input publishes `enabled` 20 times a
        second; None silences it.
        """
        self.bridge.stop_input_publishers(1)
        for _ in range(round(seconds / self.settings.period)):
            self.ticks += 1
            if not loose:
                self._measured = self.arm.positions(self.time)
            if self.ticks % 2 == 0 and not blind:
                stamp = None if self.stamps_ahead is None else self.now.ros + self.stamps_ahead
                self.bridge.feedback(["elbow", "wrist"], self.measured, self.now, stamp)
            if self.ticks % 10 == 0 and self.enabled is not None:
                self.bridge.stop_input(self.enabled, self.now)
            if self.ticks % 5 == 0 and not mute:
                self.estimate(action)
            command = self.bridge.tick(self.now)
            self.commands.append((self.time, command))
            if command is not None:
                self.arm.obey(command, self.time)

    def velocities(self, since: float = 0.0) -> list[tuple[float, ...]]:
        """Return the velocities commanded after the time `since`, s."""
        return [command.velocities for time, command in self.commands if command is not None and time > since]

    def armed(self) -> Rig:
        """Let signals flow and arm."""
        self.bridge.announce(MODEL)
        self.run(0.2, "rest")
        assert self.bridge.arm(self.now) is None
        return self


@pytest.fixture
def make_rig() -> type[Rig]:
    """Return the class of rigs."""
    return Rig


@pytest.fixture
def rig() -> Rig:
    """Return a rig with the default settings, not armed."""
    return Rig()
