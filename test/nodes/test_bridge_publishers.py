"""Who publishes what the bridge relies on, in a nested namespace and with every topic remapped."""

import time

import pytest
import rclpy
from emg_recognition.msg import BridgeState
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import JointState
from std_msgs.msg import Bool
from trajectory_msgs.msg import JointTrajectory

from emg_recognition.ros import qos

from .bridge_arm import Arm
from .conftest import RunningNode, Witness, end

SWITCH, JOINTS, COMMANDS = "/operator/deadman", "/robot/joint_states", "/robot/trajectory"
REMAPPED = {
    "exo/enable": SWITCH,
    "exo/joint_states": JOINTS,
    "exo/joint_trajectory": COMMANDS,
    "emg/action": "/other/estimates",
    "emg/model": "/other/model",
}
ARGUMENTS = [
    "-r",
    "__ns:=/lab/left",
    *(word for old, new in REMAPPED.items() for word in ("-r", f"{old}:={new}")),
]
BEST_EFFORT = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)


@pytest.fixture(scope="module")
def arm(ros_environment, tmp_path_factory):
    folder, started, witness = tmp_path_factory.mktemp("remapped"), [], Witness(ARGUMENTS)

    def start(name, **parameters):
        started.append(RunningNode(name, parameters, folder, ARGUMENTS))
        return started[-1]

    arm = Arm(witness, start)
    arm.start_bridge()
    yield arm
    end(started)
    witness.close()


class Stranger:
    """A node of another program: no namespace, nothing remapped."""

    def __init__(self, witness):
        self._witness = witness
        self.node = rclpy.create_node("stranger", context=witness.node.context)
        witness._executor.add_node(self.node)
        self._publishers, self._timers = [], []

    def publishes(self, kind, topic, profile, *messages):
        """Publish messages one after the other, a round every 20 ms."""
        publisher = self.node.create_publisher(kind, topic, profile)
        self._publishers.append(publisher)
        if messages:
            self._timers.append(
                self.node.create_timer(0.02, lambda: [publisher.publish(one) for one in messages])
            )
        return publisher

    def falls_silent(self):
        for timer in self._timers:
            self.node.destroy_timer(timer)
        for publisher in self._publishers:
            self.node.destroy_publisher(publisher)
        self._timers, self._publishers = [], []

    def close(self):
        self.falls_silent()
        self._witness._executor.remove_node(self.node)
        self.node.destroy_node()


@pytest.fixture
def stranger(arm):
    """Return another program, beside an armed bridge."""
    arm.armed()
    node = Stranger(arm.witness)
    yield node
    node.close()


def wait_for_fault(arm, text):
    """Wait until the bridge faults for this reason, or refuses, if another one came first."""
    arm.witness.spin_until(lambda: text in arm.call("arm").message, text)
    arm.wait_for_state(BridgeState.FAULT, "a fault")


def wait_for_both(arm, stranger, topic, killed):
    """Wait until the graph shows the dead and the living publisher, or DDS has forgotten the dead one (20 s).

    A new one may be discovered by this process later than by the bridge.
    """
    arm.witness.spin_until(
        lambda: stranger.node.count_publishers(topic) == 2 or time.monotonic() - killed > 20.0, "both"
    )


def test_unrelated_topics_of_the_usual_names_change_nothing(arm, stranger):
    for topic in ("/exo/enable", "/lab/left/exo/enable"):
        stranger.publishes(Bool, topic, qos.ENABLE, Bool(data=False))
    for topic in ("/exo/joint_states", "/lab/left/exo/joint_states"):
        stranger.publishes(JointState, topic, BEST_EFFORT, JointState(name=["elbow_flexion"], position=[0.1]))
    # Joints of another device on the same topic are nobody's business, with or without positions.
    stranger.publishes(
        JointState,
        JOINTS,
        BEST_EFFORT,
        JointState(name=["gripper"], position=[0.7]),
        JointState(name=["elbow_flexion", "gripper"], effort=[0.1, 0.2]),
    )
    arm.states.clear()
    arm.witness.spin_for(1.0)
    arm.armed()
    refused = arm.states[-1].reason
    assert "publishers" not in "".join(state.reason for state in arm.states), refused
    assert stranger.node.count_publishers("/exo/enable") == 1
    assert stranger.node.count_publishers(SWITCH) == 1


@pytest.mark.parametrize("says", [None, True, False])
def test_a_second_switch_is_noticed_whether_it_speaks_or_not(arm, stranger, says):
    stranger.publishes(Bool, SWITCH, qos.ENABLE, *([] if says is None else [Bool(data=says)]))
    wait_for_fault(arm, f"2 publishers on {SWITCH}" if says is None else f"2 publishers speak on {SWITCH}")
    stranger.falls_silent()
    arm.armed()


def test_a_second_source_of_a_joints_position_is_noticed_and_moves_nothing(arm, stranger):
    before = arm.elbow()
    del arm.joints[:]
    stranger.publishes(JointState, JOINTS, BEST_EFFORT, JointState(name=["elbow_flexion"], position=[0.3]))
    wait_for_fault(arm, f"2 publishers report joint elbow_flexion on {JOINTS}")
    arm.witness.spin_for(0.3)
    measured = [message.position[0] for message in arm.joints if len(message.name) > 1]
    assert measured == pytest.approx([before] * len(measured), abs=1e-3)
    stranger.falls_silent()
    arm.witness.spin_until(lambda: len(arm.joints[-1].name) > 1, "the true joint states")
    arm.armed()


def test_another_source_of_commands_is_noticed_before_it_says_anything(arm, stranger):
    stranger.publishes(JointTrajectory, COMMANDS, 1)
    wait_for_fault(arm, f"2 publishers on {COMMANDS}")
    stranger.falls_silent()
    arm.armed()


def test_a_second_bridge_is_noticed_until_it_is_killed(arm, stranger):
    second = arm._start_node("command_bridge", command_rate=50.0)
    wait_for_fault(arm, f"2 publishers on {COMMANDS}")
    second.wait_for_log("average controller delay")
    arm.witness.spin_for(3.0)
    assert "2 publishers" in arm.call("arm").message
    second.kill()
    killed = time.monotonic()
    arm.armed()
    wait_for_both(arm, stranger, COMMANDS, killed)


def test_a_new_switch_is_accepted_while_the_dead_one_is_still_in_the_graph(arm, stranger):
    arm.witness.spin_until(lambda: arm.states[-1].state == BridgeState.ARMED, "the arming to be seen")
    killed = time.monotonic()
    arm.switch.kill()
    arm.wait_for_state(BridgeState.FAULT, "the silence to be noticed")
    arm.switch = arm._start_node("enabling_switch", pressed=True)
    arm.armed()
    wait_for_both(arm, stranger, SWITCH, killed)


def test_a_driver_may_send_its_joints_one_by_one_and_best_effort(arm, stranger):
    names = list(arm.joints[-1].name)
    arm.exoskeleton.interrupt()
    driver = [JointState(name=[name], position=[0.0 if name != "elbow_flexion" else 1.15]) for name in names]
    stranger.publishes(JointState, JOINTS, BEST_EFFORT, *driver)
    arm.armed()
