"""The bridge's outputs: real publishers and subscribers, and a simulated device on a pseudo-terminal."""

import time

import pytest
from sensor_msgs.msg import JointState
from std_msgs.msg import Float64MultiArray
from trajectory_msgs.msg import JointTrajectory

from emg_recognition.control.joints import JointLimits
from emg_recognition.control.motion import NEAR
from emg_recognition.control.trajectory import Command, standstill
from emg_recognition.devices.exoskeleton_emulator import ExoskeletonEmulator
from emg_recognition.errors import DeviceError
from emg_recognition.ros import qos
from emg_recognition.ros.outputs import SerialOutput, TrajectoryOutput, VelocityOutput
from emg_recognition.simulation.exoskeleton import SimulatedJoint
from emg_recognition.simulation.serial_exoskeleton import SerialSimulator

NAMES = ["a", "b"]
JOINTS = [
    JointLimits(name=name, lower=-1.0, upper=1.0, max_velocity=0.5, max_acceleration=8.0) for name in NAMES
]
HOLD = standstill((0.0, 0.0), 0.005, 0.005)


def moving(positions, velocities, until=0.1):
    """Return a command that ends half as far on as its speed would lead."""
    stops = tuple(p + v * until / 2 for p, v in zip(positions, velocities, strict=True))
    return Command(0.005, positions, velocities, until, stops)


def times(message):
    return [point.time_from_start.sec + point.time_from_start.nanosec * 1e-9 for point in message.points]


def test_trajectories_of_a_motion_and_a_standstill(witness):
    output = TrajectoryOutput(witness.node, JOINTS)
    heard = witness.collect(JointTrajectory, "exo/joint_trajectory", qos.COMMANDS)
    witness.spin_until(lambda: witness.node.count_subscribers("exo/joint_trajectory"), "the subscriber")
    commands = [
        moving((0.1, -0.2), (0.4, 0.0)),
        standstill((0.116, -0.2), 0.08, 0.005),
    ]
    for count, command in enumerate(commands, 1):
        output.send(command)
        witness.spin_until(lambda count=count: len(heard) == count, "a trajectory")
    motion, standing = heard
    assert all(list(message.joint_names) == ["a", "b"] for message in heard)
    assert all((message.header.stamp.sec, message.header.stamp.nanosec) == (0, 0) for message in heard)
    # A point on the way, then the standstill.
    assert times(motion) == pytest.approx([NEAR, 0.1])
    assert 0.1 < motion.points[0].positions[0] < 0.12
    assert 0.0 < motion.points[0].velocities[0] < 0.4
    assert list(motion.points[1].positions) == pytest.approx([0.12, -0.2])
    assert list(motion.points[1].velocities) == [0.0, 0.0]
    assert times(standing) == pytest.approx([0.08])
    assert list(standing.points[0].positions) == [0.116, -0.2]
    assert output.flush(5.0)
    assert output.problem is None
    stamped = TrajectoryOutput(witness.node, JOINTS, stamped=True)
    witness.spin_until(lambda: witness.node.count_publishers("exo/joint_trajectory") == 2, "the publisher")
    stamped.send(commands[0])
    witness.spin_until(lambda: len(heard) == 3, "a trajectory with a stamp")
    stamp = heard[-1].header.stamp
    assert abs(stamp.sec + stamp.nanosec * 1e-9 - time.time()) < 5.0
    output.close()


def test_velocities_are_labelled_with_the_joints(witness):
    output = VelocityOutput(witness.node, JOINTS)
    heard = witness.collect(Float64MultiArray, "exo/velocity_command", qos.COMMANDS)
    witness.spin_until(lambda: witness.node.count_subscribers("exo/velocity_command"), "the subscriber")
    wanted = [(0.4, -0.5), (0.0, 0.0), (0.0, 0.1)]
    for count, velocities in enumerate(wanted, 1):
        output.send(moving((0.1, 0.2), velocities))
        witness.spin_until(lambda count=count: len(heard) == count, "velocities")
    assert [tuple(message.data) for message in heard] == wanted
    for message in heard:
        (dimension,) = message.layout.dim
        assert (dimension.label, dimension.size, dimension.stride) == ("a,b", 2, 2)
    assert output.flush(5.0)
    assert output.problem is None
    output.close()


@pytest.mark.parametrize("output", [TrajectoryOutput, VelocityOutput])
def test_without_a_subscriber_there_is_no_wait(witness, output):
    sender = output(witness.node, JOINTS)
    sender.send(moving((0.1, 0.2), (0.4, 0.0)))
    assert sender.flush(5.0)


@pytest.fixture
def emulator():
    with ExoskeletonEmulator(SerialSimulator([SimulatedJoint(name, -1.0, 1.0) for name in NAMES])) as device:
        yield device


class Sender:
    """Sends commands every 5 ms from the witness's node, as the bridge does."""

    def __init__(self, witness, port, velocity=0.0):
        self.feedback = []
        self.output = SerialOutput(
            witness.node, JOINTS, port, 921_600, lambda names, values: self.feedback.append((names, values))
        )
        self.velocity = velocity
        self._position = 0.0
        self._timer = witness.node.create_timer(0.005, self._send)
        witness.node.create_timer(0.005, self.output.poll)

    def _send(self):
        self._position += 0.005 * self.velocity
        self.output.send(moving((self._position, 0.0), (self.velocity, 0.0)))

    def silence(self, on=True):
        (self._timer.cancel if on else self._timer.reset)()


def test_a_serial_device_moves_and_its_joint_states_are_published(witness, emulator):
    states = witness.collect(JointState, "exo/joint_states", qos.WITNESS)
    sender = Sender(witness, emulator.port, velocity=0.3)
    witness.spin_until(lambda: states and states[-1].position[0] > 0.2, "motion")
    sender.velocity = 0.0
    witness.spin_until(lambda: abs(states[-1].velocity[0]) < 1e-3, "standstill")
    assert sender.output.problem is None
    assert sender.output.flush(5.0)
    assert emulator.obeyed > 50
    assert all(list(state.name) == NAMES for state in states)
    stamps = [state.header.stamp.sec + state.header.stamp.nanosec * 1e-9 for state in states]
    assert stamps == sorted(stamps)
    assert abs(time.time() - stamps[-1]) < 5.0
    names, values = sender.feedback[-1]
    assert list(names) == NAMES
    assert values[0] == pytest.approx(states[-1].position[0], abs=1e-2)
    sender.output.close()


def test_without_commands_the_device_reports_and_does_not_move(witness, emulator):
    sender = Sender(witness, emulator.port)
    sender.silence()
    witness.spin_until(lambda: len(sender.feedback) > 20, "reports")
    assert sender.output.problem is None
    assert sender.output.flush(0.0)


def test_an_unplugged_device_is_a_problem_and_not_an_exception(witness, emulator):
    sender = Sender(witness, emulator.port, velocity=0.1)
    witness.spin_until(lambda: emulator.obeyed, "the first command")
    emulator.close()
    witness.spin_until(lambda: sender.output.problem, "the problem", patience=5.0)
    assert "the exoskeleton has gone" in sender.output.problem
    sender.output.send(HOLD)
    assert not sender.output.flush(0.1)
    witness.spin_for(0.1)
    assert "the exoskeleton has gone" in sender.output.problem
    sender.output.close()


def test_sending_alone_detects_a_lost_port(witness, emulator):
    sender = Sender(witness, emulator.port)
    emulator.close()
    for _ in range(100):
        sender.output.send(HOLD)
    assert "the exoskeleton has gone" in sender.output.problem


def test_the_emergency_stop_is_a_problem_until_it_is_released_and_the_motion_ends(witness, emulator):
    sender = Sender(witness, emulator.port, velocity=0.1)
    witness.spin_until(lambda: emulator.obeyed > 10, "motion")
    emulator.emergency_stop = True
    witness.spin_until(lambda: sender.output.problem, "the problem")
    assert "emergency stop is pressed" in sender.output.problem
    assert not sender.output.flush(0.1)
    emulator.emergency_stop = False
    witness.spin_for(0.3)
    assert "emergency stop is pressed" in sender.output.problem
    sender.velocity = 0.0
    witness.spin_until(lambda: sender.output.problem is None, "the end of it")


def test_refused_commands_are_a_problem(witness, emulator):
    sender = Sender(witness, emulator.port)
    sender.output.send(moving((1.5, 0.0), (0.1, 0.0)))
    witness.spin_until(lambda: sender.output.problem, "the problem")
    assert "refuses the commands" in sender.output.problem
    witness.spin_until(lambda: sender.output.problem is None, "the end of it")


def test_the_watchdog_is_a_problem_only_during_motion(witness, emulator):
    sender = Sender(witness, emulator.port, velocity=0.1)
    witness.spin_until(lambda: emulator.obeyed > 30, "motion")
    sender.silence()
    witness.spin_until(lambda: sender.output.problem, "the problem")
    assert "watchdog has stopped it" in sender.output.problem
    sender.velocity = 0.0
    sender.silence(False)
    witness.spin_until(lambda: sender.output.problem is None, "the end of it")
    sender.silence()
    witness.spin_for(0.3)
    assert sender.output.problem is None


def test_nan_is_a_problem_and_is_not_sent(witness, emulator):
    sender = Sender(witness, emulator.port)
    sender.silence()
    sender.output.send(standstill((float("nan"), 0.0), 0.005, 0.005))
    assert "position is nan" in sender.output.problem
    assert emulator.obeyed == 0


def test_another_number_of_joints(witness, emulator):
    with pytest.raises(DeviceError, match="has 2 joints, configured are 1"):
        SerialOutput(witness.node, JOINTS[:1], emulator.port, 921_600, lambda names, values: None)


def test_a_device_in_another_process_that_is_killed(witness, start_node, tmp_path):
    link = tmp_path / "exo"
    device = start_node("simulated_exoskeleton", controller="serial", link=str(link))
    device.wait_for_log(f"a serial exoskeleton is at {link}")
    limits = [
        JointLimits(name=name, lower=-1.0, upper=2.3, max_velocity=0.5, max_acceleration=8.0)
        for name in "abc"
    ]
    feedback = []
    output = SerialOutput(
        witness.node, limits, str(link), 921_600, lambda names, values: feedback.append(values)
    )
    witness.node.create_timer(0.005, output.poll)
    witness.spin_until(lambda: feedback, "a report")
    output.send(standstill(feedback[-1], 0.005, 0.005))
    assert output.flush(10.0)
    assert output.problem is None
    device.kill()
    witness.spin_until(lambda: output.problem, "the problem", patience=5.0)
    assert "the exoskeleton has gone" in output.problem
