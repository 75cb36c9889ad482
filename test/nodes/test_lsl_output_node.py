"""What runs in the graph as streams of LSL, against a real inlet."""

from __future__ import annotations

import time

import pytest
from emg_recognition.msg import ActionDecision, ActionEstimate, EmgInfo, EmgSamples

from emg_recognition.devices.lsl_source import import_pylsl
from emg_recognition.ros import qos
from emg_recognition.ros.stamps import to_time

from .conftest import PATIENCE

pytest.importorskip("pylsl", reason="pylsl is not installed: pip install pylsl")


@pytest.fixture
def inlets(start_node, witness):
    """Inlets of the node's three streams, and its topics' publishers."""
    pylsl = import_pylsl()
    name = f"test_{time.monotonic_ns()}"
    node = witness.node
    publishers = {
        "samples": node.create_publisher(EmgSamples, "emg/samples", qos.SAMPLES),
        "info": node.create_publisher(EmgInfo, "emg/info", qos.LATCHED),
        "estimates": node.create_publisher(ActionEstimate, "emg/action", qos.ESTIMATES),
        "decisions": node.create_publisher(ActionDecision, "emg/decision", qos.DECISIONS),
    }
    publishers["info"].publish(
        EmgInfo(device="band", channels=2, channel_names=["a", "b"], gain=1e6, rate=500.0, unit="V")
    )
    start_node("lsl_output", prefix=name, samples=True)
    witness.spin_until(
        lambda: all(one.get_subscription_count() for one in publishers.values()), "the subscriptions"
    )
    found = {}
    for kind in ("samples", "estimates", "decisions"):
        (stream, *_) = pylsl.resolve_bypred(f"name='{name}_{kind}'", 1, PATIENCE)
        found[kind] = pylsl.StreamInlet(stream, as_numpy=True)
        found[kind].open_stream(PATIENCE)
    return found, publishers


def test_samples_estimates_and_decisions_arrive_with_their_times(inlets, witness):
    inlets, publishers = inlets
    stamp = to_time(witness.node.get_clock().now().nanoseconds - 300_000_000)
    true = import_pylsl().local_clock() - 0.3
    samples = EmgSamples(rate=500.0, channels=2, unit="V", data=[float(k) for k in range(20)])
    estimate = ActionEstimate(action="rest", confidence=0.875, probabilities=[0.875, 0.125], model="m")
    decision = ActionDecision(action="rest", speed=1.0, model="m")
    for kind, message in (("samples", samples), ("estimates", estimate), ("decisions", decision)):
        message.header.stamp = stamp
        publishers[kind].publish(message)
    decision.action = "x" * 500  # not a name: refused
    publishers["decisions"].publish(decision)
    decision.action = ""
    publishers["decisions"].publish(decision)
    received = {kind: ([], []) for kind in inlets}

    def complete():
        for kind, inlet in inlets.items():
            values, stamps = inlet.pull_chunk()
            received[kind][0].extend(values.tolist())
            received[kind][1].extend(stamps.tolist())
        return [len(received[kind][1]) for kind in ("samples", "estimates", "decisions")] == [10, 1, 2]

    witness.spin_until(complete, "everything sent")
    assert received["samples"][0] == [[2.0 * k, 2.0 * k + 1] for k in range(10)]
    assert received["estimates"][0] == [[b"rest", b"accepted", b"0.8750"]]
    assert received["decisions"][0] == [[b"rest"], [b"nothing"]]
    # Delays of a busy machine between the two clocks' readings are far smaller than the 0.3 s.
    assert received["samples"][1] == pytest.approx([true + k / 500 for k in range(10)], abs=0.1)
    for kind in ("estimates", "decisions"):
        assert received[kind][1][0] == pytest.approx(true, abs=0.1)
