"""A bridge and a trajectory controller with any network between them: how the joint really moves.

Commands and joint states are lost, late, held up and bunched, each direction for itself. Whatever arrives,
the joint keeps its limits, stands soon after a fault, and works again when the network does.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from emg_recognition.control.bridge import Bridge
from emg_recognition.control.decision import DecisionSettings
from emg_recognition.control.exoskeleton import ActionMotion, Exoskeleton
from emg_recognition.control.inputs import Instant
from emg_recognition.control.joints import JointLimits
from emg_recognition.control.settings import BridgeSettings
from emg_recognition.control.states import State
from emg_recognition.control.trajectory import trajectory_points
from emg_recognition.simulation.exoskeleton import SimulatedJoint, TrajectoryPoint, TrajectorySimulator
from emg_recognition.types import Estimate, Model

EPOCH = 1_700_000_000.0
#: Speed of an action, rad/s.
SPEED = 0.4
ELBOW = JointLimits(name="elbow", lower=-100.0, upper=100.0, max_velocity=0.6, max_acceleration=8.0)
EXOSKELETON = Exoskeleton(
    (ELBOW,),
    (
        ActionMotion(action="bend", velocities={"elbow": SPEED}),
        ActionMotion(action="stretch", velocities={"elbow": -SPEED}),
    ),
)
ACTIONS = ("rest", "bend", "stretch")
MODEL = Model(model="m1", sha256="abc", actions=ACTIONS, rate=200.0, channels=8)
#: A joint must stand this long after the cause, s, and slower than this it stands, rad/s.
STANDSTILL, STILL = 0.25, 0.01
#: The acceleration is that over this time, s: commands reach the controller one update earlier or later.
WINDOW = 0.04


@dataclass(frozen=True)
class Link:
    """What a network does with messages: the share that it loses, and by how much it delays them (s)."""

    loss: float = 0.0
    delay: float = 0.0
    #: Longest additional delay (s), other for each message, so that they may overtake each other.
    jitter: float = 0.0


@dataclass(frozen=True)
class Phase:
    """What happens for a while (s)."""

    duration: float
    action: str
    commands: Link = Link()
    joint_states: Link = Link()


GOOD = Link()
LINKS = st.one_of(
    st.just(GOOD),
    st.builds(
        Link,
        loss=st.sampled_from([0.0, 0.3, 0.7, 0.95, 1.0]),
        delay=st.sampled_from([0.0, 0.004, 0.02, 0.06, 0.15, 0.4]),
        jitter=st.sampled_from([0.0, 0.0, 0.01, 0.1]),
    ),
)
PHASES = st.lists(
    st.builds(
        Phase,
        duration=st.sampled_from([0.03, 0.1, 0.2, 0.35, 0.6, 1.1]),
        action=st.sampled_from(["bend", "bend", "stretch", "rest"]),
        commands=LINKS,
        joint_states=LINKS,
    ),
    min_size=1,
    max_size=5,
)


class World:
    """Steps of 1 ms on one clock: a bridge of 200 Hz, a network, and a controller with one joint."""

    def __init__(self, rate: float, from_desired: bool, seed: int) -> None:
        self.bridge = Bridge(EXOSKELETON, BridgeSettings(decisions=DecisionSettings()))
        self.bridge.announce(MODEL)
        self.arm = TrajectorySimulator(
            [SimulatedJoint("elbow", -100.0, 100.0)], 1 / rate, interpolate_from_desired_state=from_desired
        )
        self.arm.observer = self._observe
        self.moved: list[tuple[float, float, float]] = []
        self._random = random.Random(seed)
        self._ms = 0
        self._sent: list[tuple[float, Sequence[TrajectoryPoint]]] = []
        self._measured: list[tuple[float, float, float]] = []
        self._states = GOOD

    @property
    def time(self) -> float:
        return self._ms * 1e-3

    @property
    def now(self) -> Instant:
        return Instant(self.time, EPOCH + self.time)

    def _observe(self, time: float, positions: list[float], velocities: list[float]) -> None:
        self.moved.append((time, positions[0], velocities[0]))
        arrival = self._arrival(self._states)
        if arrival is not None:
            self._measured.append((arrival, positions[0], time))

    def _arrival(self, link: Link) -> float | None:
        if self._random.random() < link.loss:
            return None
        return self.time + 0.001 + link.delay + self._random.random() * link.jitter

    def run(self, phase: Phase) -> None:
        """Let a phase pass."""
        self._states = phase.joint_states
        for _ in range(round(phase.duration * 1000)):
            self._ms += 1
            self._deliver()
            while self.arm.time <= self.time:
                self.arm.update()
            if self._ms % 50 == 0:
                self.bridge.stop_input_publishers(1)
                self.bridge.stop_input(True, self.now)
            if self._ms % 25 == 0:
                self._estimate(phase.action)
            if self._ms % 5 == 0:
                self._tick(phase.commands)

    def _deliver(self) -> None:
        # Both topics keep the newest message only.
        ripe = [points for arrival, points in self._sent if arrival <= self.time]
        self._sent = [sent for sent in self._sent if sent[0] > self.time]
        for points in ripe[-1:]:
            assert self.arm.follow(["elbow"], points) is None
        measured = [state for state in self._measured if state[0] <= self.time]
        self._measured = [state for state in self._measured if state[0] > self.time]
        for _, position, stamp in measured[-1:]:
            self.bridge.feedback(["elbow"], [position], self.now, EPOCH + stamp)

    def _estimate(self, action: str) -> None:
        estimate = Estimate(
            time=self.now.ros - 0.01,
            last_index=self._ms,
            accepted=True,
            action_id=ACTIONS.index(action),
            action=action,
            confidence=0.9,
            probabilities=(0.1, 0.9),
            activation=1.0,
            model="m1",
        )
        self.bridge.estimate(estimate, self.now)

    def _tick(self, link: Link) -> None:
        command = self.bridge.tick(self.now)
        arrival = self._arrival(link)
        if command is not None and arrival is not None:
            points = [TrajectoryPoint(*point) for point in trajectory_points(command, (ELBOW,))]
            self._sent.append((arrival, points))

    def armed(self) -> None:
        """Arm with a good network, in a few seconds at most, and move."""
        for _ in range(40):
            self.run(Phase(0.1, "rest"))
            if self.bridge.state is State.ARMED or self.bridge.arm(self.now) is None:
                break
        assert self.bridge.state is State.ARMED, self.bridge.reason
        self.run(Phase(0.4, "bend"))
        assert self.moved[-1][2] == pytest.approx(SPEED, abs=0.1)


def fastest(moved: Sequence[tuple[float, float, float]]) -> float:
    """Return the greatest speed, rad/s."""
    return max(abs(velocity) for _, _, velocity in moved)


def hardest(moved: Sequence[tuple[float, float, float]]) -> float:
    """Return the greatest acceleration over :data:`WINDOW`, rad/s²."""
    step = max(round(WINDOW / (moved[1][0] - moved[0][0])), 1)
    return max(
        abs(later[2] - earlier[2]) / (later[0] - earlier[0])
        for earlier, later in zip(moved, moved[step:], strict=False)
    )


@pytest.mark.parametrize("from_desired", [False, True], ids=["from measured", "from desired"])
@pytest.mark.parametrize("rate", [100.0, 250.0, 500.0])
@settings(deadline=None, max_examples=12)
@given(phases=PHASES, seed=st.integers(0, 1000))
@example(phases=[Phase(1.1, "bend", Link(loss=1.0), Link(loss=1.0))], seed=0)
@example(phases=[Phase(0.1, "bend", Link(delay=0.15), Link(delay=0.15)), Phase(0.6, "bend")], seed=0)
@example(phases=[Phase(0.35, "bend", joint_states=Link(loss=1.0)), Phase(0.6, "bend")], seed=0)
@example(phases=[Phase(1.1, "bend", commands=Link(loss=1.0)), Phase(0.6, "bend")], seed=0)
def test_the_joint_keeps_its_limits(rate: float, from_desired: bool, phases: list[Phase], seed: int) -> None:
    world = World(rate, from_desired, seed)
    world.armed()
    for phase in phases:
        begin = world.time
        world.run(phase)
        if phase.commands.loss == 1.0 or phase.joint_states.loss == 1.0:
            late = [abs(v) for time, _, v in world.moved if time > begin + STANDSTILL]
            assert not late or max(late) < STILL, f"still moves after a silence of {phase.duration} s"
    world.armed()
    assert fastest(world.moved) <= ELBOW.max_velocity
    assert hardest(world.moved) <= ELBOW.max_acceleration
