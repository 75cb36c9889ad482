"""The preprocessing node against the same pipeline offline, to the bit."""

from __future__ import annotations

import array
import dataclasses
import itertools

import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from emg_recognition.msg import ActionEstimate, BridgeState, EmgSamples, EmgWindow
from rcl_interfaces.srv import GetParameters, SetParameters
from rclpy.parameter import Parameter
from std_srvs.srv import Trigger

from emg_recognition.models.bundle import read_bundle
from emg_recognition.nodes.preprocessing_node import rest
from emg_recognition.ros import qos
from emg_recognition.signal.filters import design
from emg_recognition.signal.pipeline import Pipeline
from emg_recognition.signal.settings import suited_settings

RATE, CHANNELS = 500.0, 4
SUITED = suited_settings(rate=RATE, channels=CHANNELS, unit="V")
#: What the bundle says; none of it is a default.
OF_MODEL = dataclasses.replace(SUITED, notch=60.0, settling=0.3)
STRIDE = 0.05


@pytest.fixture
def bundle(change_bundle):
    """A bundle whose signal path and stride are not the defaults."""
    return change_bundle(
        pipeline=OF_MODEL.to_mapping(),
        fingerprint=OF_MODEL.fingerprint(),
        sections=design(OF_MODEL).tolist(),
        live={"stride": STRIDE},
    )


def chunk(samples, first_index, restart=False, rate=RATE):
    message = EmgSamples(
        first_index=first_index,
        rate=rate,
        channels=CHANNELS,
        unit="V",
        restart=restart,
        data=array.array("f", samples.astype(np.float32).tobytes()),
    )
    message.header.stamp.sec = 100 + int(first_index // RATE)
    message.header.stamp.nanosec = round(first_index % RATE / RATE * 1e9)
    return message


@pytest.mark.parametrize(
    ("change", "seconds"),
    [
        ({}, 0.050 - 0.002 - 0.005),
        # Two chunks: the next ones are waited for.
        ({"missing": 20}, 0.0),
        ({"missing": 30}, 0.030 - 0.002 - 0.005),
        # A subscription that holds eight chunks.
        ({"depth": 8}, 0.0),
        # Stamps of another clock, and of a recording.
        ({"newest": 10_001_000_000}, 0.0),
        ({"newest": 1_000_000_000}, 0.050 - 9.0 - 0.005),
    ],
)
def test_chunks_wait_until_a_window_can_be_complete(change, seconds):
    usual = {"now": 10_000_000_000, "newest": 9_998_000_000, "missing": 50, "chunk": 10, "depth": 2000}
    assert rest(rate=1000.0, **{**usual, **change}) == pytest.approx(seconds)


def connect(witness):
    windows = witness.collect(EmgWindow, "emg/window", qos.WINDOWS)
    publisher = witness.node.create_publisher(EmgSamples, "emg/samples", qos.SAMPLES)
    witness.spin_until(
        lambda: publisher.get_subscription_count() and witness.node.count_publishers("emg/window"),
        "the preprocessing node",
    )
    # A node that is seen here may not have seen this one yet, and would not send its first window.
    witness.settle()
    return windows, publisher


def test_windows_are_those_of_the_offline_pipeline_with_the_settings_of_the_model(
    start_node, witness, bundle, rng
):
    node = start_node("preprocessing", model=str(bundle))
    windows, publisher = connect(witness)
    samples = rng.normal(0, 1e-4, (1000, CHANNELS)).astype(np.float32)
    pipeline = Pipeline(OF_MODEL, round(STRIDE * RATE))
    expected = []
    # A gap of 40 samples, and a restart that the device announces.
    for first, last, restart in ((0, 7, True), (7, 400, False), (440, 800, False), (800, 1000, True)):
        expected += pipeline.push(samples[first:last], first, restart=restart)
        publisher.publish(chunk(samples[first:last], first, restart))
    assert expected
    witness.spin_until(lambda: len(windows) >= len(expected), f"{len(expected)} windows")
    witness.settle(0.3)
    assert [window.first_index for window in windows] == [window.first_index for window in expected]
    assert [window.sequence for window in windows] == list(range(len(expected)))
    for live, offline in zip(windows, expected, strict=True):
        assert live.pipeline == OF_MODEL.fingerprint()
        assert np.array_equal(np.frombuffer(live.data, np.float32), offline.data.ravel())
        stamp = live.header.stamp.sec + live.header.stamp.nanosec * 1e-9
        assert abs(stamp - (100 + offline.last_index / RATE)) < 1e-6
    assert node.interrupt() == 0


def test_a_bad_chunk_is_named_and_the_stream_restarts(start_node, witness, rng):
    node = start_node("preprocessing", stride=0.05)
    windows, publisher = connect(witness)
    samples = rng.normal(0, 1e-4, (600, CHANNELS)).astype(np.float32)
    bad = samples[:100].copy()
    bad[3, 2] = np.nan
    publisher.publish(chunk(bad, 0))
    node.wait_for_log("nan")
    publisher.publish(chunk(samples, 100))
    expected = Pipeline(SUITED, 25).push(samples, 100)
    witness.spin_until(lambda: len(windows) >= len(expected), "windows after the bad chunk")
    assert [window.first_index for window in windows] == [window.first_index for window in expected]
    errors = [line for line in node.log.splitlines() if "[ERROR]" in line]
    assert len(errors) == 1
    assert "3" in errors[0]
    assert node.interrupt() == 0


def test_a_signal_that_the_model_is_not_made_for_is_an_error_until_the_right_one_comes(
    start_node, witness, bundle, rng
):
    # Another stride than the model's, and band edges left open, are allowed.
    node = start_node("preprocessing", model=str(bundle), stride=0.1, low=0.0, high=0.0)
    reports = witness.collect(DiagnosticArray, "/diagnostics", qos.DIAGNOSTICS)
    windows, publisher = connect(witness)
    assert "stride 0.1 s instead of the model's 0.05 s" in node.log
    problem = "its rate is 500.0 Hz, the signals' rate is 1000.0 Hz"
    indices = itertools.count(step=10)

    def refused():
        publisher.publish(chunk(rng.normal(0, 1e-4, (10, CHANNELS)), next(indices), rate=1000.0))
        return reports and problem in reports[-1].status[0].message

    witness.spin_until(refused, "the diagnostics")
    assert reports[-1].status[0].level == DiagnosticStatus.ERROR
    publisher.publish(chunk(rng.normal(0, 1e-4, (1000, CHANNELS)), next(indices)))
    witness.spin_until(lambda: windows, "windows of the right signal")
    # However many were refused, the log says it once in ten seconds.
    assert 1 <= sum("[ERROR]" in line and problem in line for line in node.log.splitlines()) < 10


def test_another_model_with_another_signal_path_is_read_while_it_runs(
    start_node, witness, bundle, flexing_bundle, rng
):
    preprocessing = start_node("preprocessing", model=str(flexing_bundle))
    start_node("classifier", model=str(flexing_bundle))
    state = BridgeState(state=BridgeState.ARMED)
    bridge = witness.node.create_publisher(BridgeState, "exo/bridge_state", qos.STATE)
    witness.node.create_timer(0.05, lambda: bridge.publish(state))
    estimates = witness.collect(ActionEstimate, "emg/action", qos.WITNESS)
    windows, publisher = connect(witness)
    first, second = (read_bundle(path).model for path in (flexing_bundle, bundle))
    sent = []

    def send():
        """Send the next tenth of a second."""
        sent.append(rng.normal(0, 1e-4, (50, CHANNELS)).astype(np.float32))
        publisher.publish(chunk(sent[-1], 50 * (len(sent) - 1)))

    witness.node.create_timer(0.1, send)

    def name_model(node, path):
        change = Parameter("model", value=str(path)).to_parameter_msg()
        request = SetParameters.Request(parameters=[change])
        assert witness.call(SetParameters, f"{node}/set_parameters", request).results[0].successful

    def reload(node):
        return witness.call(Trigger, f"{node}/reload_model", Trigger.Request())

    witness.spin_until(
        lambda: estimates and estimates[-1].model == first.model, "estimates of the first model"
    )
    for node in ("preprocessing", "classifier"):
        name_model(node, bundle)
        assert "while the bridge is ARMED" in reload(node).message
    state.state = BridgeState.DISARMED
    # The classifier cannot go first, and says what does.
    answers = []
    witness.spin_until(
        lambda: answers.append(reload("classifier").message) or "bridge is" not in answers[-1], "disarmed"
    )
    assert "let preprocessing read it first" in answers[-1]
    assert str(bundle) in answers[-1]
    # What cannot be used leaves everything as it was.
    name_model("preprocessing", "/no/such")
    assert "/no/such" in reload("preprocessing").message
    before = len(windows)
    witness.spin_until(lambda: len(windows) > before + 2, "more windows")
    assert {window.pipeline for window in windows} == {first.pipeline}

    name_model("preprocessing", bundle)
    assert reload("preprocessing").success
    witness.spin_until(lambda: windows[-1].pipeline == second.pipeline, "windows of the second signal path")
    answer = reload("classifier")
    assert answer.success, answer.message
    witness.spin_until(lambda: estimates[-1].model == second.model, "estimates of the second model")
    request = GetParameters.Request(names=["mains", "settling", "stride"])
    shown = witness.call(GetParameters, "preprocessing/get_parameters", request)
    assert [value.double_value for value in shown.values] == [60.0, 0.3, STRIDE]

    # From the exchange on they are those of a stream that starts there.
    new = [window for window in windows if window.pipeline == second.pipeline]
    samples = np.concatenate(sent)
    for begin in range(0, len(samples), 50):
        expected = Pipeline(OF_MODEL, round(STRIDE * RATE)).push(samples[begin:], begin)
        if expected[0].first_index == new[0].first_index:
            break
    for live, offline in zip(new, expected, strict=False):
        assert live.first_index == offline.first_index
        assert np.array_equal(np.frombuffer(live.data, np.float32), offline.data.ravel())
    assert preprocessing.interrupt() == 0


def test_what_comes_with_the_model_cannot_be_set_by_others(start_node, witness):
    start_node("preprocessing")
    change = Parameter("window", value=0.3).to_parameter_msg()
    (result,) = witness.call(
        SetParameters, "preprocessing/set_parameters", SetParameters.Request(parameters=[change])
    ).results
    assert not result.successful
    assert "comes with the model" in result.reason


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"window": 30.0}, ("30.0",)),
        ({"window": "long"}, ("long",)),
        ({"widow": 0.2}, ("widow",)),
        ({"model": "/nowhere"}, ("/nowhere",)),
        # The bundle has other values.
        ({"mains": 50.0}, ("parameter mains of /preprocessing is 50.0", "trained with 60")),
        ({"window": 0.25}, ("window", "0.25", "trained with 0.2")),
        ({"settling": 0.25}, ("settling", "0.25", "trained with 0.3")),
        ({"high": 150.0}, ("high", "150.0", "trained with 237.5")),
    ],
)
def test_parameters_that_cannot_be_used_end_the_node_with_one_line(start_node, bundle, parameters, words):
    node = start_node("preprocessing", **{"model": str(bundle), **parameters})
    assert node.wait() == 1
    assert len(node.log.strip().splitlines()) == 1
    for word in words:
        assert word in node.log


def test_a_band_that_the_rate_cannot_hold_is_an_error(start_node, witness, rng):
    node = start_node("preprocessing", high=400.0)
    _, publisher = connect(witness)
    publisher.publish(chunk(rng.normal(0, 1e-4, (10, CHANNELS)), 0))
    node.wait_for_log("[ERROR]")
    assert "400" in node.log
