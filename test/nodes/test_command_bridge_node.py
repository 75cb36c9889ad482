"""The command bridge and the simulated exoskeleton in processes of their own; the test is the classifier."""

import math
import signal

import pytest
from emg_recognition.msg import ActionDecision, BridgeCounters, BridgeState
from rcl_interfaces.srv import GetParameters, SetParameters
from rclpy.parameter import Parameter

from emg_recognition.control.exoskeleton import load_exoskeleton
from emg_recognition.models.bundle import read_bundle
from emg_recognition.resources import config_path
from emg_recognition.ros import qos

JOINTS = load_exoskeleton(config_path("exoskeleton.yaml")).joints
NAMES = [joint.name for joint in JOINTS]


@pytest.fixture
def arm(shared_arm):
    return shared_arm.start_bridge()


@pytest.fixture
def counters(shared_arm):
    """Each message of the bridge's counters, those of an earlier test's bridge first."""
    return shared_arm.witness.collect(BridgeCounters, "exo/bridge_counters", qos.LATCHED)


def refused(arm, why):
    """Ask for arming until it is refused for this reason; it never succeeds."""

    def asked():
        answer = arm.call("arm")
        assert not answer.success
        return why in answer.message

    arm.witness.spin_until(asked, f"the refusal: {why}")


def test_from_disarmed_to_motion_within_every_limit(arm, counters):
    assert arm.states[-1].state == BridgeState.DISARMED
    assert "no model announced" in arm.call("arm").message
    arm.announce(["rest", "juggling"])
    refused(arm, "does not name: juggling")
    arm.announce(["rest", "fist"])
    refused(arm, "moves a joint: rest, fist")
    arm.announce()
    refused(arm, "no usable estimate on /emg/action yet")
    assert not arm.trajectories

    arm.armed()
    arm.wait_for_motion()
    moving = next(state for state in reversed(arm.states) if state.velocities[0] > 0)
    assert moving.state == BridgeState.ARMED
    assert moving.action == "elbow_flexion"
    assert moving.has_index
    assert moving.last_index >= 1000
    assert list(moving.joint_names) == NAMES
    answer = arm.call("disarm")
    assert answer.success
    # On a busy machine the switch may have been silent for too long: a fault stays.
    silent = answer.message.startswith("FAULT: the stop input has been silent")
    assert silent or answer.message == "DISARMED: disarmed by service"
    arm.wait_for_silence()
    assert arm.states[-1].state == (BridgeState.FAULT if silent else BridgeState.DISARMED)
    check_trajectories(arm.trajectories)
    # At the latest a second after the last command.
    arm.witness.spin_until(lambda: counted(counters)["commands"] == len(arm.trajectories), "the counters")
    assert counted(counters)["armings"] >= 1
    assert counted(counters)["refusals"] >= 4


def test_decisions_are_published_whether_it_is_armed_or_not(arm):
    decisions = arm.witness.collect(ActionDecision, "emg/decision", qos.DECISIONS)
    arm.announce()
    arm.action = "elbow_flexion"
    arm.send_estimates()

    def flexes():
        return decisions and decisions[-1].action == "elbow_flexion"

    arm.witness.spin_until(flexes, "a decision")
    assert decisions[-1].speed == 1.0
    assert decisions[-1].last_index >= 1000
    assert not arm.trajectories
    arm.armed()
    decisions.clear()
    arm.wait_for_motion()
    arm.call("stop")
    decisions.clear()
    arm.witness.spin_until(flexes, "a decision after the stop")


def test_the_bundle_that_may_be_armed_can_be_exchanged(shared_arm, tiny_bundle, change_bundle):
    arm = shared_arm.start_bridge(model=str(tiny_bundle), keep_votes=1, allow_long_delay=True)
    witness = arm.witness
    sha256 = read_bundle(tiny_bundle).model.sha256

    def set_model(path):
        request = SetParameters.Request(parameters=[Parameter("model", value=str(path)).to_parameter_msg()])
        (result,) = witness.call(SetParameters, "command_bridge/set_parameters", request).results
        return result

    arm.announce()  # a model with another SHA-256
    arm.send_estimates()
    witness.spin_until(
        lambda: f"given to this bridge has {sha256}" in arm.call("arm").message, "the refusal of the model"
    )
    assert "/no/such" in set_model("/no/such").reason
    assert set_model("").successful
    arm.armed()
    assert "disarm first" in set_model(tiny_bundle).reason
    assert arm.call("disarm").success
    assert set_model(change_bundle(live={"decision": {"votes": 5, "keep_votes": 2}})).successful
    assert f"given to this bridge has {sha256}" in arm.call("arm").message
    request = GetParameters.Request(names=["votes", "keep_votes"])
    votes, keep_votes = witness.call(GetParameters, "command_bridge/get_parameters", request).values
    assert votes.integer_value == 5
    assert keep_votes.integer_value == 1  # chosen by the user


def test_the_command_goes_when_the_estimate_arrives(shared_arm):
    # Estimates come every 10 ms, the timer alone would send a command every 20 ms.
    arm = shared_arm.start_bridge(stride=2)
    decisions = arm.witness.collect(ActionDecision, "emg/decision", qos.WITNESS)
    arm.armed()
    arm.wait_for_motion()

    def most_windows_have_a_command_of_their_own():
        decided, sent = len(decisions), len(arm.trajectories)
        arm.witness.spin_for(0.5)
        return len(arm.trajectories) - sent > 0.75 * (len(decisions) - decided) > 20

    arm.witness.spin_until(most_windows_have_a_command_of_their_own, "commands without the timer")
    arm.call("disarm")


def counted(counters):
    return dict(zip(counters[-1].names, counters[-1].values, strict=True))


def check_trajectories(trajectories):
    """Each trajectory starts now, stays within every limit and ends at rest at most 100 ms ahead."""
    assert trajectories
    for message in trajectories:
        assert (message.header.stamp.sec, message.header.stamp.nanosec) == (0, 0)
        assert list(message.joint_names) == NAMES
        end = message.points[-1].time_from_start
        assert end.sec == 0
        assert end.nanosec <= 100_000_000
        assert list(message.points[-1].velocities) == [0.0] * len(NAMES)
        for point in message.points:
            for joint, position, velocity in zip(JOINTS, point.positions, point.velocities, strict=True):
                assert joint.lower <= position <= joint.upper
                assert abs(velocity) <= joint.max_velocity


def test_silence_holds_and_fresh_signals_resume(arm):
    arm.armed()
    arm.wait_for_motion()
    arm.send_estimates(False)
    arm.wait_for_state(BridgeState.HOLDING, "HOLDING")
    assert "signal stale" in arm.states[-1].reason
    arm.wait_for_standstill()
    arm.send_estimates()
    arm.wait_for_state(BridgeState.ARMED, "ARMED again")
    arm.wait_for_motion()


def test_long_silence_is_a_fault_until_the_bridge_is_armed_again(shared_arm):
    arm = shared_arm.start_bridge(hold_timeout=1.0)
    arm.armed()
    arm.wait_for_motion()
    arm.send_estimates(False)
    arm.wait_for_state(BridgeState.FAULT, "FAULT")
    assert "held longer than 1 s" in arm.states[-1].reason
    arm.send_estimates()
    arm.wait_for_standstill()
    assert arm.states[-1].state == BridgeState.FAULT
    arm.armed()
    arm.wait_for_motion()
    arm.bridge.wait_for_log("HOLDING -> FAULT: held longer")


def test_an_impossible_estimate_is_a_fault(arm):
    arm.armed()
    arm.wait_for_motion()
    arm.changes = {"confidence": math.nan}
    arm.wait_for_state(BridgeState.FAULT, "FAULT")
    assert "confidence of nan" in arm.states[-1].reason
    arm.wait_for_standstill()


def test_the_stop_service_latches(arm):
    arm.armed()
    arm.wait_for_motion()
    answer = arm.call("stop")
    assert answer.success
    assert answer.message == "FAULT: stopped by service"
    arm.wait_for_standstill()
    assert arm.call("disarm").message == "FAULT: stopped by service"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGQUIT])
def test_the_last_command_is_a_stop_that_arrives(arm, number):
    arm.armed()
    arm.wait_for_motion()
    arm.bridge.process.send_signal(number)
    assert arm.bridge.wait() == 0
    arm.wait_for_standstill()
    last = arm.trajectories[-1]
    assert len(last.points) == 1
    assert list(last.points[0].velocities) == [0.0] * len(NAMES)
    assert last.points[0].positions[0] == pytest.approx(arm.elbow(), abs=1e-3)
    assert "-> DISARMED: shutting down" in arm.bridge.log


def test_the_joint_stops_when_the_bridge_is_killed(arm):
    arm.armed()
    arm.wait_for_motion()
    arm.bridge.kill()
    # Commands on their way arrive, and the last trajectory ends 100 ms later.
    arm.witness.spin_for(0.5)
    positions = [list(message.position) for message in arm.joints[-10:]]
    arm.witness.spin_for(0.3)
    assert list(arm.joints[-1].position) == pytest.approx(positions[0], abs=1e-3)


@pytest.mark.parametrize(
    ("parameters", "error"),
    [
        ({"command_rate": 20.0}, "command_rate"),
        ({"exoskeleton": "/no/where.yaml"}, "/no/where.yaml"),
        ({"votes": 15, "dwell": 0.1}, "'387 ms'"),
    ],
)
def test_a_setting_that_cannot_be_used_ends_the_node_with_one_line(start_node, parameters, error):
    node = start_node("command_bridge", **parameters)
    assert node.wait() == 1
    lines = node.log.strip().splitlines()
    assert len(lines) == 1, node.log
    assert error in lines[0]


def test_a_long_delay_that_is_allowed_causes_a_warning(start_node):
    node = start_node("command_bridge", votes=15, dwell=0.1, allow_long_delay=True)
    node.wait_for_log("[WARN]")
    node.wait_for_log("average controller delay 387 ms")
    assert node.interrupt() == 0
