"""Real publishers and subscribers, with the test's own node at both ends."""

import pytest
from std_msgs.msg import Float64MultiArray

from emg_recognition.control.joints import JointLimits
from emg_recognition.control.trajectory import Command
from emg_recognition.ros import qos
from emg_recognition.ros.outputs import VelocityOutput

JOINTS = [
    JointLimits(name=name, lower=-1.0, upper=1.0, max_velocity=0.5, max_acceleration=8.0)
    for name in ("a", "b")
]


@pytest.fixture
def output(witness):
    return VelocityOutput(witness.node, JOINTS)


def test_velocities_with_the_joints_names(witness, output):
    heard = witness.collect(Float64MultiArray, "exo/velocity_command", qos.COMMANDS)
    witness.spin_until(lambda: witness.node.count_subscribers("exo/velocity_command"), "the subscriber")
    wanted = [(0.4, -0.5), (0.0, 0.0), (0.0, 0.1)]
    for count, velocities in enumerate(wanted, 1):
        output.send(Command(0.005, (0.1, 0.2), velocities))
        witness.spin_until(lambda count=count: len(heard) == count, "velocities")
    assert [tuple(message.data) for message in heard] == wanted
    for message in heard:
        (dimension,) = message.layout.dim
        assert (dimension.label, dimension.size, dimension.stride) == ("a,b", 2, 2)
    assert output.flush(5.0)
    assert output.problem is None
    output.close()


def test_with_nobody_there_nothing_is_waited_for(output):
    output.send(Command(0.005, (0.1, 0.2), (0.4, 0.0)))
    assert output.flush(5.0)
