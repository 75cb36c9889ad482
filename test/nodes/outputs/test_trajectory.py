"""Real publishers and subscribers, with the test's own node at both ends."""

import pytest
from trajectory_msgs.msg import JointTrajectory

from emg_recognition.control.joints import STOP_RAMP, JointLimits
from emg_recognition.control.trajectory import Command
from emg_recognition.ros import qos
from emg_recognition.ros.outputs import TrajectoryOutput

JOINTS = [
    JointLimits(name=name, lower=-1.0, upper=1.0, max_velocity=0.5, max_acceleration=8.0)
    for name in ("a", "b")
]


@pytest.fixture
def output(witness):
    return TrajectoryOutput(witness.node, JOINTS)


def times(message):
    return [point.time_from_start.sec + point.time_from_start.nanosec * 1e-9 for point in message.points]


def test_a_motion_and_its_stop_then_standing_then_a_motion_again(witness, output):
    heard = witness.collect(JointTrajectory, "exo/joint_trajectory", qos.COMMANDS)
    witness.spin_until(lambda: witness.node.count_subscribers("exo/joint_trajectory"), "the subscriber")
    commands = [
        Command(0.005, (0.1, -0.2), (0.4, 0.0)),
        Command(0.08, (0.116, -0.2), (0.0, 0.0)),
        Command(0.005, (0.3, 0.99), (0.0, 0.5)),
    ]
    for count, command in enumerate(commands, 1):
        output.send(command)
        witness.spin_until(lambda count=count: len(heard) == count, "a trajectory")
    moving, standing, again = heard
    assert all(list(message.joint_names) == ["a", "b"] for message in heard)
    assert all((message.header.stamp.sec, message.header.stamp.nanosec) == (0, 0) for message in heard)
    assert times(moving) == pytest.approx([0.005, 0.005 + STOP_RAMP])
    assert list(moving.points[0].positions) == [0.1, -0.2]
    assert list(moving.points[0].velocities) == [0.4, 0.0]
    assert list(moving.points[1].positions) == pytest.approx([0.116, -0.2])
    assert list(moving.points[1].velocities) == [0.0, 0.0]
    assert times(standing) == pytest.approx([0.08])
    assert list(standing.points[0].positions) == [0.116, -0.2]
    assert times(again) == pytest.approx([0.005, 0.005 + STOP_RAMP])
    assert list(again.points[1].positions) == pytest.approx([0.3, 1.0])
    assert output.flush(5.0)
    assert output.problem is None
    output.close()


def test_with_nobody_there_nothing_is_waited_for(output):
    output.send(Command(0.005, (0.1, 0.2), (0.4, 0.0)))
    assert output.flush(5.0)
