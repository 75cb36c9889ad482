"""What the bridge does after a fault of the graph in motion.

``bench/chaos.py`` kills and stops every process; a short form of it runs in the suite.
"""

import random
import signal
import sys
from pathlib import Path

import pytest
from emg_recognition.msg import BridgeState
from trajectory_msgs.msg import JointTrajectory, JointTrajectoryPoint

from emg_recognition.control.exoskeleton import load_exoskeleton
from emg_recognition.resources import config_path
from emg_recognition.ros import qos

sys.path.insert(0, str(Path(__file__).resolve().parent))

from safety_graph import SIGNALS, SafetyGraph

# Seven processes start once; each test restarts those that the previous one has killed.
pytestmark = pytest.mark.timeout(180)

#: The joint must have stopped after this time, s.
WITHIN = 2.0


@pytest.fixture(scope="module")
def running(ros_environment, flexing_bundle, tmp_path_factory):
    with SafetyGraph(tmp_path_factory.mktemp("safety"), flexing_bundle, seconds=600.0) as graph:
        yield graph


@pytest.fixture
def graph(running):
    """Return the graph with every node alive, the bridge armed and the elbow in motion."""
    running.move()
    return running


def strike(graph, act, victim):
    """Kill or stop a node at a random moment of the nodes' periods; wait until the joint has stopped."""
    graph.spin_for(random.uniform(0.0, 0.1))
    logged = len(graph.log("command_bridge"))
    graph.standstill(graph.send(victim, SIGNALS[act]), WITHIN)
    if victim == "enabling_switch":
        graph.wait_for(lambda: "ARMED -> FAULT" in graph.log("command_bridge")[logged:], "the fault")
    elif victim != "command_bridge":
        # HOLDING; on a busy machine FAULT, if something else has fallen silent as well.
        graph.wait_for(lambda: "ARMED -> " in graph.log("command_bridge")[logged:], "the end of motion")


def states_after(graph, action):
    """Return the bridge's states in the second after an action; the joint must not move in it."""
    states = []
    subscription = graph.node.create_subscription(BridgeState, "exo/bridge_state", states.append, 500)
    elbow = graph.elbow
    action()
    # A new process and a new subscription must be discovered.
    graph.wait_for(lambda: states, "a bridge state")
    graph.spin_for(1.0)
    graph.node.destroy_subscription(subscription)
    # A command that was being sent when the bridge was stopped may still go out; it lasts one tick, 5 ms at
    # 0.4 rad/s.
    assert graph.elbow == pytest.approx(elbow, abs=0.003)
    return [state.state for state in states]


def test_a_bridge_that_was_stopped_does_not_obey_waiting_estimates(graph):
    strike(graph, "stop", "command_bridge")
    # When it continues, its queue is full of estimates of a motion, the newest of them too old to be used.
    graph.send("classifier", signal.SIGSTOP)
    graph.spin_for(0.3)
    states = states_after(graph, lambda: graph.send("command_bridge", signal.SIGCONT))
    # The first may have been on its way when the bridge was stopped.
    assert BridgeState.ARMED not in states[1:]


def test_a_new_bridge_moves_nothing_before_it_is_armed(graph):
    strike(graph, "kill", "command_bridge")
    assert set(states_after(graph, lambda: graph.start("command_bridge"))) == {BridgeState.DISARMED}


def test_a_stop_input_that_comes_back_moves_nothing(graph):
    strike(graph, "stop", "enabling_switch")
    states = states_after(graph, lambda: graph.send("enabling_switch", signal.SIGCONT))
    assert set(states) == {BridgeState.FAULT}


def test_another_source_of_commands_is_noticed(graph):
    """The bridge cannot prevent other commands to the joints, but it stops and says so."""
    joints = load_exoskeleton(config_path("exoskeleton.yaml")).joint_names
    point = JointTrajectoryPoint(positions=[0.0] * len(joints), velocities=[0.0] * len(joints))
    point.positions[joints.index("elbow_flexion")] = graph.elbow - 0.5
    point.time_from_start.nanosec = 20_000_000
    message = JointTrajectory(joint_names=joints, points=[point])
    logged = len(graph.log("command_bridge"))
    publisher = graph.node.create_publisher(JointTrajectory, "exo/joint_trajectory", qos.COMMANDS)
    timer = graph.node.create_timer(0.002, lambda: publisher.publish(message))

    def noticed():
        # On a busy machine another fault may come first.
        graph.arm()
        return "FAULT: 2 publishers on" in graph.log("command_bridge")[logged:]

    graph.wait_for(noticed, "a fault")
    graph.node.destroy_timer(timer)
    graph.node.destroy_publisher(publisher)
