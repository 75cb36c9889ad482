"""One command to a real bridge from a process of its own, as `emg-recognition arm` sends it."""

from __future__ import annotations

from emg_recognition.msg import BridgeState

from .bridge_arm import Arm


def test_a_bridge_is_armed_disarmed_and_stopped(witness, start_node):
    arm = Arm(witness, start_node).start_bridge()

    def call(command):
        node = start_node("call_bridge", command=command, timeout=20.0)
        # The witness must go on sending estimates meanwhile.
        witness.spin_until(lambda: node.process.poll() is not None, f"the end of {command}")
        return node.process.returncode, node.log

    code, log = call("arm")
    assert (code, len(log.splitlines())) == (1, 1), log
    assert "model" in log
    arm.armed()
    assert call("disarm")[0] == 0
    arm.wait_for_state(BridgeState.DISARMED, "the bridge to disarm")
    # On a busy machine signals may be stale at the very moment of the call.
    assert 0 in (call("arm")[0] for _ in range(5))
    code, log = call("stop")
    assert code == 0
    assert log.startswith("FAULT: ")
    arm.wait_for_state(BridgeState.FAULT, "the bridge to stop")


def test_a_bridge_that_is_not_running_is_named(start_node):
    node = start_node("call_bridge", command="stop", timeout=0.5)
    assert node.wait() == 2
    assert "/command_bridge is not running within 0.5 s" in node.log
    assert len(node.log.strip().splitlines()) == 1
