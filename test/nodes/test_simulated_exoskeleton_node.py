"""The simulated exoskeleton in a process of its own, driven over real topics and a pseudo-terminal."""

import math
import time
from itertools import pairwise

import pytest
from sensor_msgs.msg import JointState
from std_msgs.msg import Float64MultiArray
from std_srvs.srv import SetBool
from trajectory_msgs.msg import JointTrajectory, JointTrajectoryPoint

from emg_recognition.devices.exoskeleton_driver import SerialExoskeleton
from emg_recognition.ros import qos

NAMES = ["elbow_flexion", "forearm_rotation", "wrist_extension"]
MIDDLE = [1.15, 0.0, 0.0]


class Exoskeleton:
    """The node, and the joint states that it publishes."""

    def __init__(self, witness, start_node, **parameters):
        self._witness = witness
        self.node = start_node("simulated_exoskeleton", **parameters)
        self.states = witness.collect(JointState, "exo/joint_states", qos.WITNESS)
        witness.spin_until(lambda: self.states, "joint states")

    def publisher(self, kind, topic):
        publisher = self._witness.node.create_publisher(kind, topic, qos.COMMANDS)
        self._witness.spin_until(publisher.get_subscription_count, "the exoskeleton")
        return publisher

    def reaches(self, position, joint=0, patience=30.0):
        self._witness.spin_until(
            lambda: abs(self.states[-1].position[joint] - position) < 1e-4, f"{position} rad", patience
        )

    @property
    def speed(self):
        return max(map(abs, self.states[-1].velocity))


def trajectory(*points, names=NAMES):
    message = JointTrajectory(joint_names=list(names))
    for seconds, positions, velocities in points:
        point = JointTrajectoryPoint(positions=positions, velocities=velocities)
        point.time_from_start.nanosec = round(seconds * 1e9)
        message.points.append(point)
    return message


def test_it_starts_at_rest_in_the_middle_and_reports_with_stamps(witness, start_node, tmp_path):
    trace = tmp_path / "trace.csv"
    exoskeleton = Exoskeleton(witness, start_node, trace=str(trace))
    witness.spin_until(lambda: len(exoskeleton.states) > 50, "joint states")
    for state in exoskeleton.states:
        assert list(state.name) == NAMES
        assert list(state.position) == pytest.approx(MIDDLE)
        assert list(state.velocity) == [0.0] * 3
    stamps = [state.header.stamp.sec + state.header.stamp.nanosec * 1e-9 for state in exoskeleton.states]
    assert stamps == sorted(stamps)
    assert abs(time.time() - stamps[-1]) < 5.0
    assert exoskeleton.node.interrupt() == 0
    # Every update, whatever has arrived: steady time, positions, velocities.
    rows = [[float(value) for value in line.split(",")] for line in trace.read_text().splitlines()]
    assert len(rows) >= len(exoskeleton.states)
    assert [after[0] - before[0] for before, after in pairwise(rows)] == pytest.approx(
        [0.01] * (len(rows) - 1), abs=1e-6
    )
    assert rows[-1][1:] == pytest.approx(MIDDLE + [0.0] * 3)


def test_it_obeys_trajectories_and_refuses_wrong_ones(witness, start_node):
    exoskeleton = Exoskeleton(witness, start_node)
    publisher = exoskeleton.publisher(JointTrajectory, "exo/joint_trajectory")
    publisher.publish(trajectory((0.2, [1.3, 0.1, 0.0], [0.0] * 3)))
    exoskeleton.reaches(1.3)
    publisher.publish(trajectory((0.1, [0.5], [0.0]), names=["knee"]))
    exoskeleton.node.wait_for_log("for joints knee")
    publisher.publish(trajectory((0.1, [0.5, 0.0, 0.0], [0.1, 0.0, 0.0])))
    exoskeleton.node.wait_for_log("refused")
    witness.spin_for(0.3)
    assert exoskeleton.states[-1].position[0] == pytest.approx(1.3, abs=1e-4)


def test_velocities_last_forever_as_with_the_real_controller(witness, start_node):
    exoskeleton = Exoskeleton(witness, start_node, controller="velocity")
    publisher = exoskeleton.publisher(Float64MultiArray, "exo/velocity_command")
    publisher.publish(Float64MultiArray(data=[0.1, 0.0, 0.0]))
    witness.spin_until(lambda: exoskeleton.states[-1].position[0] > 1.3, "motion that lasts")
    # A wrong command changes nothing: the joint goes on moving.
    publisher.publish(Float64MultiArray(data=[0.0]))
    exoskeleton.node.wait_for_log("1 velocities for 3 joints")
    publisher.publish(Float64MultiArray(data=[math.nan, 0.0, 0.0]))
    witness.spin_for(0.3)
    assert exoskeleton.states[-1].velocity[0] == pytest.approx(0.1, rel=0.05)
    publisher.publish(Float64MultiArray(data=[0.0] * 3))
    witness.spin_until(lambda: exoskeleton.speed < 1e-3, "standstill")


def test_its_watchdog_stops_velocities(witness, start_node):
    exoskeleton = Exoskeleton(witness, start_node, controller="velocity", watchdog=0.1)
    publisher = exoskeleton.publisher(Float64MultiArray, "exo/velocity_command")
    publisher.publish(Float64MultiArray(data=[0.5, 0.0, 0.0]))
    exoskeleton.reaches(1.15 + 0.5 * 0.1)
    witness.spin_until(lambda: exoskeleton.speed < 1e-3, "standstill")
    witness.spin_for(0.3)
    assert exoskeleton.states[-1].position[0] == pytest.approx(1.2, abs=1e-4)


def test_the_serial_one_moves_stops_by_itself_and_publishes_nothing(witness, start_node, tmp_path):
    link = tmp_path / "exo"
    node = start_node("simulated_exoskeleton", controller="serial", link=str(link))
    states = witness.collect(JointState, "exo/joint_states", qos.WITNESS)
    node.wait_for_log(f"a serial exoskeleton is at {link}")
    with SerialExoskeleton(str(link), 921_600, 3) as exoskeleton:
        newest = exoskeleton.open()
        assert newest.positions == pytest.approx(MIDDLE)
        for k in range(1, 41):
            exoskeleton.send((1.15 + 0.001 * k, 0.0, 0.0), (0.2, 0.0, 0.0), 0.005)
            time.sleep(0.005)
        begin = time.monotonic()
        while not newest.watchdog or max(map(abs, newest.velocities)) > 1e-3 or newest.counter < 40:
            assert time.monotonic() - begin < 10.0
            for newest in exoskeleton.read():  # noqa: B007
                pass
        assert newest.positions[0] == pytest.approx(1.15 + 0.04 + 0.2 * 0.04, abs=1e-3)
        answer = witness.call(SetBool, "simulated_exoskeleton/emergency_stop", SetBool.Request(data=True))
        assert answer.success
        begin = time.monotonic()
        while not newest.emergency_stop:
            assert time.monotonic() - begin < 10.0
            for newest in exoskeleton.read():  # noqa: B007
                pass
    assert states == []
    assert witness.node.count_publishers("exo/joint_states") == 0
    assert node.interrupt() == 0
    assert not link.is_symlink()


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"controller": "effort"}, ("effort", "trajectory, velocity, serial")),
        ({"watchdog": -1.0}, ("-1.0", "0 to 10 s")),
        ({"trace": "/no/such/folder/trace"}, ("/no/such/folder/trace", "cannot be written")),
        (
            {"controller": "serial", "link": "/no/such/folder/exo"},
            ("/no/such/folder/exo", "choose another link"),
        ),
    ],
)
def test_impossible_settings_end_the_node_with_one_line(start_node, parameters, words):
    node = start_node("simulated_exoskeleton", **parameters)
    assert node.wait() == 1
    assert len(node.log.strip().splitlines()) == 1
    for word in words:
        assert word in node.log
