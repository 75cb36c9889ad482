"""Every process of the graph is killed and stopped, one after the other: the joint stands still.

How long it takes is the business of ``bench/safety.py``; here a busy machine is no failure.
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

from safety_graph import CASES, SIGNALS, SafetyGraph

# Seven processes start once, and in each test those that the test before has killed.
pytestmark = pytest.mark.timeout(180)

#: The issue's number for the suite, s.
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
    """Kill or stop a node at any moment of the nodes' own periods; wait until the joint stands."""
    graph.spin_for(random.uniform(0.0, 0.1))
    said = len(graph.log("command_bridge"))
    graph.standstill(graph.send(victim, SIGNALS[act]), WITHIN)
    if victim == "enabling_switch":
        assert "ARMED -> FAULT" in graph.log("command_bridge")[said:]
    elif victim != "command_bridge":
        # HOLDING, and on a busy machine at once FAULT for something else that fell silent.
        assert "ARMED -> " in graph.log("command_bridge")[said:]


def states_after(graph, action):
    """Return what the bridge says in the second after an action, in which the joint must not move."""
    states = []
    subscription = graph.node.create_subscription(BridgeState, "exo/bridge_state", states.append, 500)
    elbow = graph.elbow
    action()
    # A new process and a new subscription have to be found.
    graph.wait_for(lambda: states, "a bridge state")
    graph.spin_for(1.0)
    graph.node.destroy_subscription(subscription)
    # A command that was on its way when the bridge was stopped may still go out; it holds for one tick, 5 ms
    # at 0.4 rad/s.
    assert graph.elbow == pytest.approx(elbow, abs=0.003)
    return {state.state for state in states}


def test_a_bridge_that_was_stopped_obeys_nothing_that_waited(graph):
    strike(graph, "stop", "command_bridge")
    # It wakes up to a queue of estimates that mean motion, the newest of them too old to be used.
    graph.send("classifier", signal.SIGSTOP)
    graph.spin_for(0.3)
    states = states_after(graph, lambda: graph.send("command_bridge", signal.SIGCONT))
    assert BridgeState.ARMED not in states


def test_a_new_bridge_moves_nothing_before_it_is_armed(graph):
    strike(graph, "kill", "command_bridge")
    assert states_after(graph, lambda: graph.start("command_bridge")) == {BridgeState.DISARMED}


def test_a_stop_input_that_comes_back_moves_nothing(graph):
    strike(graph, "stop", "enabling_switch")
    states = states_after(graph, lambda: graph.send("enabling_switch", signal.SIGCONT))
    assert states == {BridgeState.FAULT}


def test_a_second_commander_is_noticed(graph):
    """The bridge cannot keep anybody from commanding the joints; it can stop and say so."""
    joints = load_exoskeleton(config_path("exoskeleton.yaml")).joint_names
    point = JointTrajectoryPoint(positions=[0.0] * len(joints), velocities=[0.0] * len(joints))
    point.positions[joints.index("elbow_flexion")] = graph.elbow - 0.5
    point.time_from_start.nanosec = 20_000_000
    message = JointTrajectory(joint_names=joints, points=[point])
    publisher = graph.node.create_publisher(JointTrajectory, "exo/joint_trajectory", qos.COMMANDS)
    timer = graph.node.create_timer(0.002, lambda: publisher.publish(message))
    said = len(graph.log("command_bridge"))

    def noticed():
        # On a busy machine another fault may come before.
        graph.arm()
        return "FAULT: joint elbow_flexion" in graph.log("command_bridge")[said:]

    graph.wait_for(noticed, "a fault")
    graph.node.destroy_timer(timer)
    graph.node.destroy_publisher(publisher)


@pytest.mark.parametrize(("act", "victim"), CASES)
def test_the_joint_stands(graph, act, victim):
    strike(graph, act, victim)
