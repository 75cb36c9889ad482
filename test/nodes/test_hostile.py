"""Whatever is on the network: no node ends, nothing steers a terminal, and true messages still work."""

from __future__ import annotations

import math
from array import array

import numpy as np
import pytest
from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from emg_recognition.msg import (
    ActionEstimate,
    ActionLabel,
    BridgeState,
    EmgInfo,
    EmgSamples,
    EmgWindow,
    ModelInfo,
    SignalQuality,
)
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState, GetState
from rclpy.serialization import serialize_message
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import JointState
from std_msgs.msg import Header
from std_srvs.srv import Trigger

from emg_recognition.models.bundle import read_bundle
from emg_recognition.ros import qos

from .conftest import RunningNode, Witness, end

RATE, CHANNELS, STRIDE = 500.0, 4, 25
ESCAPE = "\x1b[2J\x1b]0;owned\x07"
LONG = "x" * 1_000_000
NAN, INF = math.nan, math.inf
LAST = 2**64 - 1
STRAY = Header(frame_id="stray")


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
    assert not change(witness, "classifier", 0, ESCAPE)
    # The bundle is not there yet.
    assert not change(witness, "classifier", Transition.TRANSITION_CONFIGURE)
    assert state(witness, "classifier") == "unconfigured"
    bundle.symlink_to(tiny_bundle)
    for right in (Transition.TRANSITION_CONFIGURE, Transition.TRANSITION_ACTIVATE):
        assert change(witness, "classifier", right)
    assert not change(witness, "classifier", Transition.TRANSITION_CONFIGURE)
    assert state(witness, "classifier") == "active"
    assert "Traceback" not in node.log
    assert "\x1b" not in node.log
    assert "transition 3 is not possible while unconfigured: refused" in node.log
    assert node.interrupt() == 0


def floats(values):
    return array("f", np.asarray(values, np.float32).tobytes())


def samples(first_index, values=None, **changes):
    values = np.zeros((50, CHANNELS)) if values is None else values
    fields = {"rate": RATE, "channels": CHANNELS, "unit": "V", "data": floats(values)}
    message = EmgSamples(first_index=first_index, **{**fields, **changes})
    message.header.stamp.sec = 1000 + int(first_index // RATE)
    return message


def hostile(bundle):
    """Return nonsense for every topic, by topic: type, profile and messages."""
    window = {
        "header": STRAY,
        "first_index": 1000,
        "length": bundle.length,
        "channels": CHANNELS,
        "rate": RATE,
        "pipeline": bundle.fingerprint,
        "data": floats(np.zeros(bundle.length * CHANNELS)),
    }
    model = {"model": "stray", "actions": ["rest"], "rate": RATE, "channels": CHANNELS, "length": 100}
    info = {"device": "stray", "channels": CHANNELS, "rate": RATE, "unit": "V"}
    estimate = {"last_index": 1, "action": "rest", "confidence": 0.9, "activation": 1.0, "model": "stray"}
    quality = {"channel_names": ["a"], "state": array("B", [2]), "advice": ["wet it"]}
    rates = [{"rate": value} for value in (NAN, INF, 0.0, -200.0, 5e-324)]
    texts = [ESCAPE, LONG]
    return {
        "emg/samples": (
            qos.SAMPLES,
            [samples(1000, **one) for one in rates]
            + [samples(1000, channels=number) for number in (0, 3, 65535)]
            + [samples(1000, unit=unit) for unit in ("mV", ESCAPE)]
            + [samples(1000, np.full((50, CHANNELS), value)) for value in (NAN, INF, 1e35)]
            + [samples(LAST), samples(1000, dropped_before=LAST)],
        ),
        "emg/window": (
            qos.WINDOWS,
            [
                EmgWindow(**{**window, **one})
                for one in (
                    *rates,
                    {"channels": 0},
                    {"length": 0},
                    {"length": 7},
                    {"data": array("f")},
                    {"data": floats(np.full(bundle.length * CHANNELS, NAN))},
                    {"first_index": LAST},
                    {"sequence": LAST},
                    *({"pipeline": text} for text in ("another", *texts)),
                )
            ],
        ),
        "emg/info": (
            qos.LATCHED,
            [
                EmgInfo(**{**info, **one})
                for one in (
                    *(one for one in rates if one["rate"]),
                    {"gain": NAN},
                    {"unit": "mV"},
                    {"channel_names": [ESCAPE]},
                    *({"device": text} for text in texts),
                )
            ],
        ),
        "emg/model": (
            qos.LATCHED,
            [
                ModelInfo(**{**model, **one})
                for one in (
                    *(one for one in rates if one["rate"]),
                    {"actions": []},
                    {"actions": ["rest", "rest"]},
                    {"actions": [str(number) for number in range(5000)]},
                    *({"model": text} for text in texts),
                    *({"actions": [text]} for text in texts),
                )
            ],
        ),
        "emg/action": (
            qos.ESTIMATES,
            [
                ActionEstimate(**{**estimate, **one})
                for one in (
                    *({field: NAN} for field in ("confidence", "activation", "inference_time")),
                    {"probabilities": floats([INF])},
                    {"last_index": LAST},
                    {"status": 7},
                    *({"action": text} for text in texts),
                    *({"model": text} for text in texts),
                )
            ],
        ),
        "emg/label": (qos.LABELS, [ActionLabel(event=9), *(ActionLabel(action=text) for text in texts)]),
        "emg/quality": (
            qos.QUALITY,
            [
                SignalQuality(**{**quality, **one})
                for one in ({"advice": []}, {"rate_measured": NAN}, *({"advice": [text]} for text in texts))
            ],
        ),
        "exo/bridge_state": (
            qos.STATE,
            [
                BridgeState(state=9),
                BridgeState(signal_age=NAN),
                *(BridgeState(action=text) for text in texts),
            ],
        ),
        "exo/joint_states": (
            qos.COMMANDS,
            [
                JointState(name=["elbow_flexion"]),
                JointState(name=["elbow_flexion"], position=[NAN]),
                *(JointState(name=[text], position=[0.0]) for text in texts),
            ],
        ),
        "/diagnostics": (
            qos.DIAGNOSTICS,
            [
                DiagnosticArray(status=[DiagnosticStatus(name=text, message=text, level=b"\xff")])
                for text in texts
            ],
        ),
    }


#: Those that a stranger's graph would send: nothing is wrong with them except who sends them.
def foreign(bundle):
    return {
        "emg/samples": samples(7, np.ones((50, CHANNELS))),
        "emg/window": EmgWindow(
            header=STRAY,
            first_index=3,
            length=bundle.length,
            channels=CHANNELS,
            rate=RATE,
            pipeline=bundle.fingerprint,
            data=floats(np.zeros(bundle.length * CHANNELS)),
        ),
        "emg/info": EmgInfo(device="stray", channels=CHANNELS, rate=1000.0, unit="V"),
        "emg/model": ModelInfo(model="stray", actions=["unheard_of"]),
        "emg/action": ActionEstimate(action="rest", confidence=0.9, activation=1.0, model="stray"),
    }


class World:
    """The nodes of a graph, the true armband (the witness), and a stranger in a process of its own."""

    def __init__(self, folder, bundle):
        self.bundle = read_bundle(bundle)
        self.true, self.stranger = Witness(), Witness(name="stranger")
        self.nodes = [
            RunningNode(name, parameters, folder)
            for name, parameters in (
                ("preprocessing", {"model": str(bundle), "stride": STRIDE / RATE}),
                ("classifier", {"model": str(bundle), "queue": 200}),
                ("signal_quality", {}),
                ("decision", {}),
                ("monitor", {}),
                ("command_bridge", {"command_rate": 50.0}),
                ("recorder", {"output": str(folder / "bag")}),
            )
        ]
        self._windows = self.true.collect(EmgWindow, "emg/window", qos.WINDOWS)
        self._estimates = self.true.collect(ActionEstimate, "emg/action", qos.ESTIMATES)
        self.reports = self.true.collect(DiagnosticArray, "/diagnostics", 200)
        self.samples = self.true.node.create_publisher(EmgSamples, "emg/samples", qos.SAMPLES)
        self.info = self.true.node.create_publisher(EmgInfo, "emg/info", qos.LATCHED)
        self._strange = {
            topic: self.stranger.node.create_publisher(type(messages[0]), topic, profile)
            for topic, (profile, messages) in hostile(self.bundle).items()
        }
        self._next = 0

    def send_nonsense(self):
        """Publish every strange message, and wait until the nodes have had them."""
        for topic, (_, messages) in hostile(self.bundle).items():
            publisher = self._strange[topic]
            for message in messages:
                publisher.publish(message)
                self.true.spin_for(0.002)
            # Too few bytes, and a text that is not UTF-8.
            raw = serialize_message(messages[-1])
            publisher.publish(raw[: len(raw) // 2])
            publisher.publish(raw.replace(b"xxxx", b"\xff\xfe\xff\xfe", 1))
        self.true.settle()

    def send_foreign(self):
        """Publish what a stranger's graph would."""
        for topic, message in foreign(self.bundle).items():
            self._strange[topic].publish(message)
        self.true.spin_for(0.05)

    def send_samples(self, chunks, between=lambda: None):
        """Publish the true signal, and wait for the estimate of its last window."""
        for _ in range(chunks):
            self.samples.publish(samples(self._next))
            self._next += 50
            between()
        last = (self._next - self.bundle.length) // STRIDE * STRIDE
        self.true.spin_until(lambda: last in self.estimates()[-1:], f"the estimate of window {last}")

    def windows(self):
        """Return the index of each window of preprocessing."""
        return [window.first_index for window in self._windows if window.header.frame_id != "stray"]

    def estimates(self):
        """Return the index of each estimate of the classifier."""
        return [one.first_index for one in self._estimates if one.model == self.bundle.model_id]

    def report(self, node):
        """Return the newest report of a node."""
        found = [one for array in self.reports for one in array.status if one.name == node]
        return found[-1] if found else None

    def close(self):
        end(self.nodes)
        self.true.close()
        self.stranger.close()


@pytest.fixture(scope="module")
def world(ros_environment, tmp_path_factory, tiny_bundle):
    world = World(tmp_path_factory.mktemp("hostile"), tiny_bundle)
    world.true.spin_until(
        lambda: (
            world.samples.get_subscription_count() >= 4
            and world.true.node.count_publishers("emg/window")
            and world.true.node.count_publishers("emg/action") > 1
            and all(publisher.get_subscription_count() for publisher in world._strange.values())
        ),
        "the graph",
    )
    world.true.settle()
    yield world
    world.close()


def test_nonsense_on_every_topic_ends_no_node_and_the_true_signal_passes(world):
    world.send_nonsense()
    world.info.publish(EmgInfo(device="true armband", channels=CHANNELS, rate=RATE, unit="V"))
    world.send_samples(20)
    world.send_nonsense()
    world.send_samples(20, world.send_foreign)
    world.true.spin_until(
        lambda: world.report("classifier") and "stranger ignored" in world.report("classifier").message,
        "the diagnostics",
    )
    # Not one window is missing, and none is a stranger's.
    indices = world.windows()
    assert indices == list(range(indices[0], world._next - world.bundle.length + 1, STRIDE))
    assert world.estimates() == indices
    for node in world.nodes:
        assert node.process.poll() is None, f"{node.name} has ended: {node.log}"
        assert "Traceback" not in node.log, node.log
        assert "\x1b" not in node.log.replace("\x1b[0m", "").replace("\x1b[33m", "").replace("\x1b[31m", "")
        assert max(map(len, node.log.splitlines()), default=0) < 3000
        assert "unexpected" not in node.log, node.log


def test_refusals_and_strangers_are_counted_and_named(world):
    for node, topics in {
        "preprocessing": ("samples",),
        "classifier": ("window",),
        "signal_quality": ("samples", "info"),
        "command_bridge": ("action", "model", "info"),
        "decision": ("action", "model"),
    }.items():
        values = {pair.key: pair.value for pair in world.report(node).values}
        for topic in topics:
            assert int(values[f"refused_{topic}"]) > 0, (node, topic)
            assert int(values[f"foreign_{topic}"]) > 0, (node, topic)
        assert values["unexpected_errors"] == "0"


def test_a_stray_model_does_not_keep_the_bridge_from_arming(world):
    # Everything else is missing here: what is left to refuse is the stop input.
    answer = world.true.call(Trigger, "command_bridge/arm", Trigger.Request())
    assert not answer.success
    assert "stop input" in answer.message, answer.message
    log = next(node for node in world.nodes if node.name == "command_bridge").log
    assert "arm requested; clients of the service: /witness" in log


def test_times_that_nobody_can_mean_are_refused(start_node, witness):
    node = start_node("signal_quality", use_sim_time=True)
    reports = witness.collect(DiagnosticArray, "/diagnostics", qos.DIAGNOSTICS)
    clock = witness.node.create_publisher(Clock, "/clock", qos.STATE)
    impossible = (Time(sec=-5), Time(sec=-(2**31)), Time(sec=2**31 - 1, nanosec=2**32 - 1))

    def refused():
        # Again and again: the first ones may be sent before the node's clock has found the publisher.
        for time in impossible:
            clock.publish(Clock(clock=time))
        return "/clock was refused" in node.log

    def at_the_true_time():
        clock.publish(Clock(clock=Time(sec=1000)))
        return reports and reports[-1].header.stamp.sec == 1000

    witness.spin_until(refused, "the refusal")
    witness.spin_until(at_the_true_time, "the true time")
    assert "Traceback" not in node.log
    assert node.interrupt() == 0
