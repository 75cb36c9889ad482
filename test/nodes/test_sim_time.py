"""A bridge that follows a ``/clock`` that never starts, is paused, falls silent or jumps: no motion.

This process is the clock, the classifier and the stop input.
"""

import itertools
import sys
import time
from pathlib import Path

import pytest
from emg_recognition.msg import ActionEstimate, BridgeState, ModelInfo
from rosgraph_msgs.msg import Clock
from std_msgs.msg import Bool

from emg_recognition.ros import qos

sys.path.insert(0, str(Path(__file__).resolve().parent))

from elbow_watch import STATE_RATE, ElbowWatch, write_endless_joints

# Two processes start once; each test waits for a standstill and what follows it.
pytestmark = pytest.mark.timeout(120)

WITHIN = 2.0
ACTIONS = ["rest", "elbow_flexion"]
#: Start of simulated time, s; not the time of this machine.
BEGIN = 1000.0
HOLD_TIMEOUT = 0.5


class World(ElbowWatch):
    """A simulation: its clock, and an arm whose wearer always bends the elbow."""

    def __init__(self, folder):
        joints = str(write_endless_joints(folder / "exoskeleton.yaml"))
        super().__init__(
            folder,
            {
                "simulated_exoskeleton": {"exoskeleton": joints, "rate": STATE_RATE},
                "command_bridge": {
                    "exoskeleton": joints,
                    "hold_timeout": HOLD_TIMEOUT,
                    "use_sim_time": True,
                },
            },
        )
        self.states = []
        self.node.create_subscription(BridgeState, "exo/bridge_state", self.states.append, 500)
        self._clock = self.node.create_publisher(Clock, "/clock", qos.STATE)
        self._models = self.node.create_publisher(ModelInfo, "emg/model", qos.LATCHED)
        self._estimates = self.node.create_publisher(ActionEstimate, "emg/action", qos.ESTIMATES)
        self._enable = self.node.create_publisher(Bool, "exo/enable", qos.ENABLE)
        self._models.publish(ModelInfo(model="m1", actions=ACTIONS, rate=500.0, channels=4))
        self._index = itertools.count(1000, 12)
        self._last = time.monotonic()
        self.time = BEGIN
        #: ROS time of the estimates, s; None for the time of the clock.
        self.stamp = None
        self.passes = True
        self.publishes = True
        self.node.create_timer(0.01, self._tick)
        self.node.create_timer(0.025, self._estimate)
        self.node.create_timer(0.05, lambda: self._enable.publish(Bool(data=True)))

    def _tick(self):
        now = time.monotonic()
        passed, self._last = now - self._last, now
        if self.passes:
            self.time += passed
        if self.stamp is not None:
            self.stamp += passed
        if self.publishes:
            message = Clock()
            message.clock.sec, message.clock.nanosec = split(self.time)
            self._clock.publish(message)

    def _estimate(self):
        message = ActionEstimate(
            last_index=next(self._index),
            action_id=1,
            action="elbow_flexion",
            confidence=0.9,
            probabilities=[0.1, 0.9],
            activation=1.0,
            model="m1",
        )
        stamp = self.time if self.stamp is None else self.stamp
        message.header.stamp.sec, message.header.stamp.nanosec = split(stamp)
        self._estimates.publish(message)

    def heal(self):
        """Let time run normally from where it is."""
        self.stamp, self.passes, self.publishes = None, True, True

    def refused(self, why):
        """Ask for arming for a second: it is always refused, for this reason."""
        answers = set()

        def asked():
            answers.update({self.arm()} - {None})
            self.spin_for(0.05)
            # On a busy machine another reason may sometimes come first.
            return time.monotonic() > deadline and any(why in answer for answer in answers)

        deadline = time.monotonic() + 1.0
        self.wait_for(asked, f"{why!r} among the refusals")
        assert "armed" not in answers

    def stands_for(self, seconds):
        """Whether the elbow does not move for some time, s."""
        elbow = self.elbow
        self.spin_for(seconds)
        return self.elbow == pytest.approx(elbow, abs=1e-4)


def split(seconds):
    return int(seconds), int(seconds % 1 * 1e9)


@pytest.fixture(scope="module")
def running(ros_environment, tmp_path_factory):
    with World(tmp_path_factory.mktemp("sim_time")) as world:
        yield world


@pytest.fixture
def world(running):
    """Return the simulation with the bridge armed, the elbow in motion and a correct clock."""
    running.heal()
    running.move()
    running.states.clear()
    return running


def silent(world):
    world.publishes = world.passes = False


def paused(world):
    world.passes = False


def back(world):
    world.time -= 5.0


def ahead(world):
    world.time += 5.0


@pytest.mark.parametrize("stamp", [None, time.time()], ids=["stamped 0", "stamped with the time of day"])
def test_without_a_clock_arming_is_refused(running, stamp):
    """Must be the first test: a bridge that has seen a clock keeps its time forever."""
    silent(running)
    running.time, running.stamp = 0.0, stamp
    for name in running.dead():
        running.start(name)
    running.wait_for(lambda: running.states, "the bridge")
    # The reasons that are checked before this one must go away: the model and the stop input.
    running.spin_for(1.0)
    running.refused("ROS time has not started")
    assert {state.state for state in running.states} == {BridgeState.DISARMED}
    running.time = BEGIN


@pytest.mark.parametrize("misbehave", [paused, silent])
def test_with_a_stopped_clock_arming_is_refused(world, misbehave):
    misbehave(world)
    world.standstill(time.monotonic(), WITHIN)
    world.spin_for(HOLD_TIMEOUT)
    world.refused("ROS time has not moved for")


@pytest.mark.parametrize("stamps", ["with the clock", "independent of it"])
@pytest.mark.parametrize("misbehave", [paused, silent, back, ahead])
def test_a_clock_that_misbehaves_in_motion(world, misbehave, stamps):
    if stamps == "independent of it":
        world.stamp = world.time
    misbehave(world)
    world.standstill(time.monotonic(), WITHIN)
    # Longer than HOLDING may last. Only arming ends the fault, even when everything is right again.
    assert world.stands_for(HOLD_TIMEOUT + 0.5)
    assert world.states[-1].state == BridgeState.FAULT
    world.heal()
    assert world.stands_for(0.5)
    assert world.states[-1].state == BridgeState.FAULT
