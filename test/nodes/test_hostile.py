"""Whatever is on the network: no node ends, nothing steers a terminal, and true messages still work."""

from __future__ import annotations

from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticArray
from emg_recognition.msg import EmgInfo
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState, GetState
from rclpy.serialization import serialize_message
from rosgraph_msgs.msg import Clock

from emg_recognition.ros import qos


def change(witness, node, number, label=""):
    request = ChangeState.Request()
    request.transition.id, request.transition.label = number, label
    return witness.call(ChangeState, f"{node}/change_state", request).success


def state(witness, node):
    return witness.call(GetState, f"{node}/get_state", GetState.Request()).current_state.label


def test_a_transition_out_of_turn_is_refused_and_a_refused_one_can_be_tried_again(
    start_node, witness, tiny_bundle, tmp_path
):
    bundle = tmp_path / "bundle"
    node = start_node("classifier", model=str(bundle), autostart=False)
    witness.find({"classifier/change_state": ChangeState, "classifier/get_state": GetState})
    for wrong in (Transition.TRANSITION_ACTIVATE, Transition.TRANSITION_CLEANUP, 99):
        assert not change(witness, "classifier", wrong)
    assert not change(witness, "classifier", 0, "\x1b[2Jactivate")
    # The bundle is not there yet.
    assert not change(witness, "classifier", Transition.TRANSITION_CONFIGURE)
    assert state(witness, "classifier") == "unconfigured"
    bundle.symlink_to(tiny_bundle)
    for right in (Transition.TRANSITION_CONFIGURE, Transition.TRANSITION_ACTIVATE):
        assert change(witness, "classifier", right)
    assert not change(witness, "classifier", Transition.TRANSITION_CONFIGURE)
    assert state(witness, "classifier") == "active"
    assert "Traceback" not in node.log
    assert "\x1b[2J" not in node.log
    assert "transition 3 is not possible while unconfigured: refused" in node.log
    assert node.interrupt() == 0


def test_times_and_texts_that_cannot_be_decoded_are_refused_and_counted(start_node, witness):
    node = start_node("signal_quality", use_sim_time=True)
    reports = witness.collect(DiagnosticArray, "/diagnostics", qos.DIAGNOSTICS)
    clock = witness.node.create_publisher(Clock, "/clock", qos.STATE)
    info = witness.node.create_publisher(EmgInfo, "emg/info", qos.LATCHED)
    witness.spin_until(
        lambda: clock.get_subscription_count() and info.get_subscription_count() and reports, "the node"
    )
    for time in (Time(sec=-5), Time(sec=-(2**31)), Time(sec=2**31 - 1, nanosec=2**32 - 1)):
        clock.publish(Clock(clock=time))
        witness.spin_for(0.1)
    good = serialize_message(EmgInfo(device="armband"))
    info.publish(good.replace(b"armband", b"arm\xff\xfend"))
    info.publish(good[:20])
    clock.publish(Clock(clock=Time(sec=1000)))
    info.publish(EmgInfo(device="true one"))
    witness.spin_until(
        lambda: reports[-1].status[0].hardware_id == "true one" and reports[-1].header.stamp.sec == 1000,
        "the true device at the true time",
    )
    counted = {value.key: value.value for value in reports[-1].status[0].values}
    assert int(counted["undecodable_messages"]) >= 1
    assert counted["unexpected_errors"] == "0"
    assert "Traceback" not in node.log
    assert "/clock was refused" in node.log
    assert node.interrupt() == 0
