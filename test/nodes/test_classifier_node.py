"""The classifier node against the same model offline, to the bit."""

import array
import itertools
import shutil
import signal
import subprocess
import sys

import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from emg_recognition.msg import ActionEstimate, BridgeState, EmgWindow, ModelInfo
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from rcl_interfaces.srv import SetParameters
from rclpy.parameter import Parameter
from std_srvs.srv import Trigger

from emg_recognition.models.runtime import ActionModel
from emg_recognition.ros import qos


def window_message(data, first_index, model, **changes):
    fields = {
        "first_index": first_index,
        "length": data.shape[0],
        "channels": data.shape[1],
        "rate": model.info.rate,
        "sequence": first_index // 25,
        "pipeline": model.info.fingerprint,
        "data": array.array("f", data.astype(np.float32).tobytes()),
    }
    message = EmgWindow(**{**fields, **changes})
    message.header.stamp.sec = 7
    message.header.frame_id = "left_arm"
    return message


@pytest.fixture
def model(tiny_bundle):
    return ActionModel.load(tiny_bundle)


def connect(witness):
    estimates = witness.collect(ActionEstimate, "emg/action", qos.WITNESS)
    publisher = witness.node.create_publisher(EmgWindow, "emg/window", qos.WINDOWS)
    witness.spin_until(
        lambda: publisher.get_subscription_count() and witness.node.count_publishers("emg/action"),
        "the classifier",
    )
    # A node that is seen here may not have seen this one yet, and would not send its first estimate.
    witness.settle()
    return estimates, publisher


def test_estimates_are_those_of_the_offline_model(start_node, witness, model, tiny_bundle, rng):
    node = start_node("classifier", model=str(tiny_bundle), confidence_threshold=0.4)
    infos = witness.collect(ModelInfo, "emg/model", qos.LATCHED)
    estimates, publisher = connect(witness)
    windows = [
        rng.normal(0, strength, (model.info.length, 4)).astype(np.float32)
        for strength in np.geomspace(1e-6, 1e-2, 20)
    ]
    for number, window in enumerate(windows):
        publisher.publish(window_message(window, 25 * number, model))
        witness.spin_until(lambda number=number: len(estimates) > number, f"estimate {number}")
    statuses = set()
    for number, (estimate, window) in enumerate(zip(estimates, windows, strict=True)):
        probabilities = model.predict(window)
        assert np.array_equal(np.frombuffer(estimate.probabilities, np.float32), probabilities)
        assert estimate.first_index == 25 * number
        assert estimate.last_index == 25 * number + model.info.length - 1
        assert estimate.activation == np.float32(model.activation(window))
        assert estimate.header.frame_id == "left_arm"
        assert estimate.header.stamp.sec == 7
        statuses.add(estimate.status)
        best = int(probabilities.argmax())
        if probabilities[best] >= 0.4:
            expected = (ActionEstimate.ACCEPTED, best, model.info.actions[best])
        else:
            expected = (ActionEstimate.REJECTED, -1, "")
        assert (estimate.status, estimate.action_id, estimate.action) == expected
    assert ActionEstimate.ACCEPTED in statuses
    assert infos[0].actions == list(model.info.actions)
    assert infos[0].sha256 == model.info.files["model.tflite"]
    assert node.interrupt() == 0


def test_a_window_of_nan_gives_no_estimate_and_one_error_line(start_node, witness, model, tiny_bundle, rng):
    node = start_node("classifier", model=str(tiny_bundle))
    estimates, publisher = connect(witness)
    good = rng.normal(0, 1e-4, (model.info.length, 4))
    bad = good.copy()
    bad[5, 1] = np.nan
    publisher.publish(window_message(bad, 0, model))
    publisher.publish(window_message(good, 25, model))
    witness.spin_until(lambda: estimates, "the estimate of the good window")
    assert [estimate.first_index for estimate in estimates] == [25]
    assert sum("[ERROR]" in line and "nan" in line for line in node.log.splitlines()) == 1


@pytest.mark.parametrize(("queue", "heard"), [(4, 4), (200, 60)])
def test_a_late_classifier_drops_the_oldest_windows(start_node, witness, model, tiny_bundle, queue, heard):
    node = start_node("classifier", model=str(tiny_bundle), queue=queue)
    reports = witness.collect(DiagnosticArray, "/diagnostics", qos.DIAGNOSTICS)
    estimates, publisher = connect(witness)
    window = np.zeros((model.info.length, 4), np.float32)
    publisher.publish(window_message(window, 0, model))
    witness.spin_until(lambda: estimates, "the first estimate")
    node.process.send_signal(signal.SIGSTOP)
    for number in range(1, 61):
        publisher.publish(window_message(window, 25 * number, model))
    node.process.send_signal(signal.SIGCONT)
    witness.spin_until(lambda: estimates[-1].first_index == 25 * 60, "the estimate of the last window")
    # It may wake before everything has arrived, and then receives a few more than its queue holds.
    assert heard <= len(estimates) - 1 <= max(heard, 20)
    assert [e.first_index for e in estimates] == sorted({e.first_index for e in estimates})
    reports.clear()
    witness.spin_until(lambda: reports, "the diagnostics")
    counted = {value.key: int(value.value) for value in reports[-1].status[0].values}
    assert counted["dropped_windows"] == 61 - len(estimates)


def test_windows_of_another_signal_are_refused_as_an_error(start_node, witness, model, tiny_bundle):
    node = start_node("classifier", model=str(tiny_bundle))
    reports = witness.collect(DiagnosticArray, "/diagnostics", qos.DIAGNOSTICS)
    estimates, publisher = connect(witness)
    window = np.zeros((model.info.length, 4), np.float32)
    for changes, words in (
        ({"rate": 250.0}, ("250", "500")),
        ({"channels": 2, "length": 200}, ("channels", "4", "2")),
        ({"pipeline": "another"}, ("another", "Butterworth")),
    ):
        reports.clear()
        publisher.publish(window_message(window, 0, model, **changes))
        witness.spin_until(
            lambda words=words: reports and all(word in reports[-1].status[0].message for word in words),
            "the diagnostics",
        )
        assert reports[-1].status[0].level == DiagnosticStatus.ERROR
    publisher.publish(window_message(window, 25, model))
    witness.spin_until(lambda: estimates, "the estimate of the right window")
    assert [estimate.first_index for estimate in estimates] == [25]
    assert sum("[ERROR]" in line for line in node.log.splitlines()) == 1


def test_a_damaged_or_missing_bundle_ends_the_node_with_one_line(start_node, tiny_bundle, tmp_path):
    damaged = tmp_path / "damaged"
    shutil.copytree(tiny_bundle, damaged)
    content = bytearray((damaged / "model.tflite").read_bytes())
    content[len(content) // 2] ^= 1
    (damaged / "model.tflite").write_bytes(content)
    for path, word in ((damaged, "model.tflite"), (tmp_path / "nowhere", "nowhere"), ("", "model")):
        node = start_node("classifier", model=str(path))
        assert node.wait() == 1
        assert len(node.log.strip().splitlines()) == 1
        assert "[FATAL]" in node.log
        assert word in node.log


def test_a_manager_configures_and_activates_it(start_node, witness, model, tiny_bundle):
    start_node("classifier", model=str(tiny_bundle), autostart=False)
    estimates, publisher = connect(witness)
    window = np.zeros((model.info.length, 4), np.float32)
    publisher.publish(window_message(window, 0, model))
    witness.spin_for(0.5)
    assert estimates == []
    for transition in (Transition.TRANSITION_CONFIGURE, Transition.TRANSITION_ACTIVATE):
        request = ChangeState.Request()
        request.transition.id = transition
        assert witness.call(ChangeState, "classifier/change_state", request).success
    publisher.publish(window_message(window, 25, model))
    witness.spin_until(lambda: estimates, "an estimate")
    assert estimates[0].first_index == 25


def set_parameter(witness, node, name, value):
    request = SetParameters.Request(parameters=[Parameter(name, value=value).to_parameter_msg()])
    (result,) = witness.call(SetParameters, f"{node}/set_parameters", request).results
    return result


def reload(witness):
    return witness.call(Trigger, "classifier/reload_model", Trigger.Request())


def test_another_model_is_read_while_it_runs(
    start_node, witness, model, tiny_bundle, flexing_bundle, change_bundle
):
    node = start_node("classifier", model=str(tiny_bundle))
    infos = witness.collect(ModelInfo, "emg/model", qos.LATCHED)
    estimates, publisher = connect(witness)
    bridge = witness.node.create_publisher(BridgeState, "exo/bridge_state", qos.STATE)
    state = BridgeState(state=BridgeState.ARMED)
    witness.node.create_timer(0.05, lambda: bridge.publish(state))
    window = np.zeros((model.info.length, 4), np.float32)
    sent = itertools.count()

    def judged_by():
        """Return the model of the next estimate."""
        publisher.publish(window_message(window, 25 * next(sent), model))
        before = len(estimates)
        witness.spin_until(lambda: len(estimates) > before, "an estimate")
        return estimates[-1].model

    first, second = model.info.model_id, ActionModel.load(flexing_bundle).info.model_id
    assert judged_by() == first
    assert set_parameter(witness, "classifier", "model", str(flexing_bundle)).successful
    witness.settle(0.3)
    assert "while the bridge is ARMED" in reload(witness).message
    assert "ARMED" in set_parameter(witness, "classifier", "confidence_threshold", 0.1).reason
    assert judged_by() == first
    state.state = BridgeState.DISARMED
    witness.spin_until(lambda: reload(witness).success, "the second model")
    assert judged_by() == second
    witness.spin_until(lambda: infos[-1].model == second, "the announcement")

    # What cannot be used leaves the model as it is.
    other = change_bundle(fingerprint="another signal path")
    for path, words in ((other, ("another signal path", "Butterworth")), ("/no/such", ("/no/such",))):
        assert set_parameter(witness, "classifier", "model", str(path)).successful
        assert judged_by() == second
        answer = reload(witness)
        assert not answer.success
        for word in words:
            assert word in answer.message
        assert judged_by() == second

    # A refused transition can be tried again.
    def change(transition):
        request = ChangeState.Request()
        request.transition.id = transition
        return witness.call(ChangeState, "classifier/change_state", request).success

    assert change(Transition.TRANSITION_DEACTIVATE)
    assert change(Transition.TRANSITION_CLEANUP)
    assert "configure" in reload(witness).message
    assert not change(Transition.TRANSITION_CONFIGURE)
    assert set_parameter(witness, "classifier", "model", str(tiny_bundle)).successful
    state.state = BridgeState.HOLDING
    witness.settle(0.3)
    assert not change(Transition.TRANSITION_CONFIGURE)
    state.state = BridgeState.FAULT
    witness.spin_until(lambda: change(Transition.TRANSITION_CONFIGURE), "the transition")
    assert change(Transition.TRANSITION_ACTIVATE)
    assert judged_by() == first
    assert node.interrupt() == 0


def test_the_threshold_is_that_of_the_bundle_unless_it_is_given(start_node, change_bundle):
    bundle = change_bundle(live={"confidence_threshold": 0.9})
    for given, used in (({}, "0.9"), ({"confidence_threshold": 0.2}, "0.2")):
        node = start_node("classifier", model=str(bundle), **given)
        node.wait_for_log(f"confidence threshold {used};")
        assert node.interrupt() == 0


def test_the_module_needs_neither_tensorflow_nor_scipy():
    code = (
        "import sys, emg_recognition.nodes.classifier_node\n"
        "print([m for m in ('tensorflow', 'keras', 'scipy', 'matplotlib') if m in sys.modules])"
    )
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert output.stdout.strip() == "[]"
