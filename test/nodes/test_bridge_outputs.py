"""The bridge's velocity and serial outputs, and that its last command arrives on each."""

import signal

import pytest
from emg_recognition.msg import BridgeState
from std_msgs.msg import Float64MultiArray

from .bridge_arm import Arm


def make_arm(witness, start_node, output, tmp_path):
    """Return an arm whose exoskeleton obeys velocities, behind a watchdog, or frames on a serial port."""
    if output == "velocity":
        exoskeleton = {"controller": "velocity", "watchdog": 0.1}
        return Arm(witness, start_node, exoskeleton).start_bridge(output="velocity", external_watchdog=True)
    port = tmp_path / "exoskeleton"
    exoskeleton = {"controller": "serial", "link": str(port)}
    return Arm(witness, start_node, exoskeleton).start_bridge(output="serial", serial_port=str(port))


@pytest.mark.parametrize("output", ["velocity", "serial"])
def test_it_moves_and_the_last_command_stops_it(witness, start_node, tmp_path, output):
    velocities = witness.collect(Float64MultiArray, "exo/velocity_command", 500)
    arm = make_arm(witness, start_node, output, tmp_path)
    arm.armed()
    arm.wait_for_motion()
    arm.bridge.process.send_signal(signal.SIGINT)
    assert arm.bridge.wait() == 0
    assert "-> DISARMED: shutting down" in arm.bridge.log
    assert "acknowledged" not in arm.bridge.log
    if output == "velocity":
        arm.wait_for_standstill()
        assert not arm.trajectories
        speeds = [message.data[0] for message in velocities]
        assert max(speeds) == pytest.approx(0.4)
        # It ramps down before it ends, as at any other stop.
        last = speeds[len(speeds) - speeds[::-1].index(max(speeds)) :]
        assert last == sorted(last, reverse=True)
        assert last[-1] == 0.0
        assert any(0.0 < speed < 0.4 for speed in last)


def test_a_velocity_controller_needs_a_watchdog(start_node):
    node = start_node("command_bridge", output="velocity")
    assert node.wait() == 1
    lines = node.log.strip().splitlines()
    assert len(lines) == 1, node.log
    assert "output of /command_bridge is 'velocity'" in lines[0]
    assert "external_watchdog" in lines[0]


def test_a_watchdog_stops_the_joint_when_the_bridge_is_killed(witness, start_node, tmp_path):
    arm = make_arm(witness, start_node, "velocity", tmp_path)
    arm.armed()
    arm.wait_for_motion()
    arm.bridge.kill()
    arm.wait_for_standstill()


@pytest.mark.parametrize(
    ("parameters", "error"),
    [
        ({"output": "serial"}, "serial_port of /command_bridge is ''"),
        ({"output": "serial", "serial_port": "/dev/nowhere"}, "/dev/nowhere: there is no such port"),
        ({"output": "telepathy"}, "trajectory, velocity, serial"),
    ],
)
def test_an_output_that_cannot_be_opened_ends_the_node_with_one_line(start_node, parameters, error):
    node = start_node("command_bridge", **parameters)
    assert node.wait() == 1
    lines = [line for line in node.log.strip().splitlines() if "[INFO]" not in line]
    assert len(lines) == 1, node.log
    assert error in lines[0]


def test_a_serial_exoskeleton_that_dies_is_a_fault(witness, start_node, tmp_path):
    arm = make_arm(witness, start_node, "serial", tmp_path)
    arm.armed()
    arm.wait_for_motion()
    arm.exoskeleton.kill()
    arm.wait_for_state(BridgeState.FAULT, "FAULT")
    arm.witness.spin_until(
        lambda: "the exoskeleton has gone" in arm.call("arm").message, "the reason at arming"
    )
