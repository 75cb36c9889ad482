"""A real pseudo-terminal with the simulated device behind it, in a thread or in a process of its own."""

import time

import pytest
from sensor_msgs.msg import JointState

from emg_recognition.control.joints import JointLimits
from emg_recognition.control.trajectory import Command
from emg_recognition.devices.exoskeleton_emulator import ExoskeletonEmulator
from emg_recognition.errors import DeviceError
from emg_recognition.ros import qos
from emg_recognition.ros.outputs import SerialOutput
from emg_recognition.simulation.exoskeleton import SimulatedJoint
from emg_recognition.simulation.serial_exoskeleton import SerialSimulator

NAMES = ["a", "b"]
JOINTS = [
    JointLimits(name=name, lower=-1.0, upper=1.0, max_velocity=0.5, max_acceleration=8.0) for name in NAMES
]
STILL = Command(0.005, (0.0, 0.0), (0.0, 0.0))


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

    def _send(self):
        self._position += 0.005 * self.velocity
        self.output.send(Command(0.005, (self._position, 0.0), (self.velocity, 0.0)))

    def silence(self, on=True):
        (self._timer.cancel if on else self._timer.reset)()


def test_it_moves_and_its_joint_states_are_published(witness, emulator):
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


def test_without_commands_it_reports_and_stands(witness, emulator):
    sender = Sender(witness, emulator.port)
    sender.silence()
    witness.spin_until(lambda: len(sender.feedback) > 20, "reports")
    assert sender.output.problem is None
    assert sender.output.flush(0.0)


def test_unplugged_is_a_problem_and_no_exception(witness, emulator):
    sender = Sender(witness, emulator.port, velocity=0.1)
    witness.spin_until(lambda: emulator.obeyed, "the first command")
    emulator.close()
    witness.spin_until(lambda: sender.output.problem, "the problem", patience=5.0)
    assert "the exoskeleton has gone" in sender.output.problem
    sender.output.send(STILL)
    assert not sender.output.flush(0.1)
    witness.spin_for(0.1)
    assert "the exoskeleton has gone" in sender.output.problem
    sender.output.close()


def test_sending_alone_finds_the_lost_port(witness, emulator):
    sender = Sender(witness, emulator.port)
    emulator.close()
    for _ in range(100):
        sender.output.send(STILL)
    assert "the exoskeleton has gone" in sender.output.problem


def test_the_emergency_stop_is_a_problem_until_it_is_released_and_nothing_shall_move(witness, emulator):
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
    sender.output.send(Command(0.005, (1.5, 0.0), (0.1, 0.0)))
    witness.spin_until(lambda: sender.output.problem, "the problem")
    assert "refuses the commands" in sender.output.problem
    witness.spin_until(lambda: sender.output.problem is None, "the end of it")


def test_the_watchdog_is_a_problem_only_where_something_shall_move(witness, emulator):
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


def test_nan_is_a_problem_and_never_sent(witness, emulator):
    sender = Sender(witness, emulator.port)
    sender.silence()
    sender.output.send(Command(0.005, (float("nan"), 0.0), (0.0, 0.0)))
    assert "position is nan" in sender.output.problem
    assert emulator.obeyed == 0


def test_another_number_of_joints_names_both(witness, emulator):
    with pytest.raises(DeviceError, match="has 2 joints, configured are 1"):
        SerialOutput(witness.node, JOINTS[:1], emulator.port, 921_600, lambda names, values: None)


def test_a_device_in_a_process_of_its_own_that_is_killed(witness, start_node, tmp_path):
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
    witness.spin_until(lambda: feedback, "a report")
    output.send(Command(0.005, feedback[-1], (0.0, 0.0, 0.0)))
    assert output.flush(10.0)
    assert output.problem is None
    device.kill()
    witness.spin_until(lambda: output.problem, "the problem", patience=5.0)
    assert "the exoskeleton has gone" in output.problem
