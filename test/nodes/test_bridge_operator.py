"""What people do with the bridge: its switch, its services and its parameters."""

import math

import pytest
from diagnostic_msgs.msg import DiagnosticArray
from emg_recognition.msg import ActionEstimate, BridgeCounters, BridgeState, EmgInfo, ModelInfo
from rcl_interfaces.msg import Parameter, ParameterType, ParameterValue
from rcl_interfaces.srv import GetParameters, SetParameters

from emg_recognition.classification import decision_settings
from emg_recognition.models.bundle import read_bundle
from emg_recognition.ros import qos

from .conftest import Witness


@pytest.fixture
def arm(shared_arm):
    return shared_arm.start_bridge()


def set_parameter(arm, name, **value):
    request = SetParameters.Request(parameters=[Parameter(name=name, value=ParameterValue(**value))])
    (result,) = arm.witness.call(SetParameters, "command_bridge/set_parameters", request).results
    return result


def test_releasing_the_switch_stops_until_the_bridge_is_armed_again(arm):
    arm.armed()
    arm.wait_for_motion()
    arm.press(False)
    arm.wait_for_state(BridgeState.FAULT, "FAULT")
    assert arm.states[-1].reason == "the stop input says false"
    arm.wait_for_standstill()
    assert arm.call("arm").message == "the stop input says false"
    arm.press(True)
    arm.wait_for_standstill()
    assert arm.states[-1].state == BridgeState.FAULT
    arm.armed()
    arm.wait_for_motion()


def test_a_switch_that_ends_stops(arm):
    arm.armed()
    arm.wait_for_motion()
    assert arm.switch.interrupt() == 0
    arm.wait_for_state(BridgeState.FAULT, "FAULT")
    arm.wait_for_standstill()
    arm.witness.spin_until(lambda: "no publisher" in arm.call("arm").message, "the loss to be noticed")


def test_return_to_neutral(arm):
    assert "only while ARMED" in arm.call("return_to_neutral").message
    arm.armed()
    arm.wait_for_motion()
    arm.action = "rest"
    arm.wait_for_standstill()

    def back():
        # On a busy machine a node may have been silent for too long.
        if arm.states[-1].reason != "returning to neutral" and not arm.call("return_to_neutral").success:
            arm.call("arm")
        return arm.elbow() == pytest.approx(1.15, abs=0.005)

    arm.witness.spin_until(back, "the elbow to come back")


def test_only_decisions_may_change_and_only_while_disarmed(arm):
    integer = {"type": ParameterType.PARAMETER_INTEGER}
    assert set_parameter(arm, "votes", integer_value=5, **integer).successful
    refused = set_parameter(arm, "enter_votes", integer_value=2, **integer)
    assert not refused.successful
    assert "enter_votes is 2" in refused.reason
    double = {"type": ParameterType.PARAMETER_DOUBLE}
    refused = set_parameter(arm, "dwell", double_value=0.9, **double)
    assert "average controller delay" in refused.reason
    refused = set_parameter(arm, "stale_after", double_value=0.1, **double)
    assert not refused.successful
    arm.armed()
    refused = set_parameter(arm, "votes", integer_value=3, **integer)
    assert not refused.successful
    assert "disarm first" in refused.reason
    arm.wait_for_motion()


def test_an_armband_of_another_rate_refuses_arming(arm):
    publisher = arm.witness.node.create_publisher(EmgInfo, "emg/info", qos.LATCHED)
    publisher.publish(EmgInfo(rate=1000.0, channels=8))
    arm.announce()
    arm.send_estimates()
    arm.witness.spin_until(
        lambda: "made for rate 200, the armband has 1000" in arm.call("arm").message, "the refusal"
    )
    publisher.publish(EmgInfo(rate=200.0, channels=8))
    arm.armed()


def test_a_second_classifier_that_came_and_went_leaves_nothing_behind(shared_arm):
    other = Witness(name="other_classifier")
    try:
        arm = shared_arm.start_bridge()
        models = other.node.create_publisher(ModelInfo, "emg/model", qos.LATCHED)
        estimates = other.node.create_publisher(ActionEstimate, "emg/action", qos.ESTIMATES)
        stray = ModelInfo(model="stray", actions=["unheard_of"], rate=1000.0)
        other.spin_until(
            lambda: models.get_subscription_count() and estimates.get_subscription_count(), "the bridge"
        )
        # The bridge hears of the stray one first, and of the true one with its estimates.
        models.publish(stray)
        other.spin_for(0.5)
        arm.armed()
        for _ in range(20):
            models.publish(stray)
            estimates.publish(ActionEstimate(last_index=10**6, model="stray", confidence=math.nan))
            arm.witness.spin_for(0.02)
        # On a busy machine the switch may have been silent for too long.
        newest = arm.states[-1]
        assert newest.state == BridgeState.ARMED or "the stop input has been silent" in newest.reason
    finally:
        other.close()
    assert arm.call("disarm").success
    arm.armed()


def test_another_model_than_the_parameters_say_refuses_arming(shared_arm):
    arm = shared_arm.start_bridge(channels=4)
    arm.announce()
    arm.witness.spin_until(
        lambda: "made for channels 8, the parameters say 4" in arm.call("arm").message, "the refusal"
    )


def test_a_given_bundle_sets_the_votes_and_no_other_model_is_armed(shared_arm, flexing_bundle):
    bundle = read_bundle(flexing_bundle)
    arm = shared_arm.start_bridge(model=str(flexing_bundle), dwell=0.05)
    request = GetParameters.Request(names=["votes", "dwell"])
    votes, dwell = arm.witness.call(GetParameters, "command_bridge/get_parameters", request).values
    assert votes.integer_value == decision_settings(bundle).votes
    assert dwell.double_value == 0.05
    arm.announce(sha256="abc")
    arm.send_estimates()

    def refused():
        return (
            f"SHA-256 abc, the bundle given to this bridge has {bundle.model.sha256}"
            in arm.call("arm").message
        )

    arm.witness.spin_until(refused, "the refusal")
    arm.announce(sha256=bundle.model.sha256)
    arm.witness.spin_until(lambda: arm.call("arm").success, "the arming")
    arm.wait_for_motion()


def test_arming_twice_changes_nothing(arm):
    counters = arm.witness.collect(BridgeCounters, "exo/bridge_counters", qos.LATCHED)
    arm.armed()
    assert arm.call("arm").success
    arm.wait_for_motion()
    arm.witness.spin_until(lambda: counters, "the counters")

    def armings():
        newest = counters[-1]
        return dict(zip(newest.names, newest.values, strict=True))["armings"]

    # Only an arming logs the delay.
    arm.witness.spin_until(lambda: arm.bridge.log.count("as measured") <= armings(), "the counters")


def test_the_measured_delay_may_refuse_arming(shared_arm):
    """Nine votes are within the limit with estimates every 25 ms; every 50 ms they are not."""
    arm = shared_arm.start_bridge(stride=10, votes=9)
    arm.announce()
    arm.send_estimates()
    arm.witness.spin_until(lambda: "average controller delay is" in arm.call("arm").message, "the refusal")


def test_diagnostics_count_every_reason(arm):
    reports = arm.witness.collect(DiagnosticArray, "/diagnostics", 50)
    arm.armed()
    arm.call("stop")

    def counted():
        found = [status for report in reports for status in report.status if status.name == "command_bridge"]
        return found and {value.key: value.value for value in found[-1].values}.get("stop_service") == "1"

    arm.witness.spin_until(counted, "the stop to be counted")
    newest = [s for report in reports for s in report.status if s.name == "command_bridge"][-1]
    # On a busy machine another fault may come first, and keeps its reason.
    assert newest.message.startswith("FAULT: ")
    assert {"signal_stale", "stop_input_age_s", "controller_delay_s"} <= {v.key for v in newest.values}
