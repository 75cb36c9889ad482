"""Live, offline from the bag, and played into the nodes: the same estimates to the bit."""

import dataclasses
import json
import os
import signal
import time
from contextlib import ExitStack

import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticArray
from emg_recognition.msg import (
    ActionDecision,
    ActionEstimate,
    ActionLabel,
    EmgInfo,
    EmgSamples,
    EmgWindow,
    ModelInfo,
)
from rcl_interfaces.srv import SetParameters
from rclpy.parameter import Parameter
from rclpy.serialization import deserialize_message
from std_srvs.srv import Trigger

from emg_recognition.bags.reader import open_bag
from emg_recognition.bags.writer import BagWriter
from emg_recognition.control.decision import DecisionSettings
from emg_recognition.evaluation.decisions import UNDECIDED
from emg_recognition.models.bundle import read_bundle
from emg_recognition.models.runtime import ActionModel
from emg_recognition.processes import Graph
from emg_recognition.recordings.archive import from_arrays, save_archive
from emg_recognition.replay.decisions import decide
from emg_recognition.replay.estimates import Estimates, common_windows
from emg_recognition.replay.offline import replay_bag
from emg_recognition.replay.scoring import score
from emg_recognition.ros import qos

# Signals play in real time, and twenty processes start.
pytestmark = pytest.mark.timeout(300)

#: Time for processes to start and to find each other on a busy machine, s.
PATIENCE = 60.0
SEGMENTS = ("rest", "elbow_flexion", "rest", "elbow_extension")


@pytest.fixture(scope="module")
def bundle(tmp_path_factory, write_tiny_bundle):
    """A donned model that recognises each action in some windows and rejects some."""
    return write_tiny_bundle(tmp_path_factory.mktemp("swaying"), (-1.25, 0.0, 0.0), 1.5)


def write_archive(rng, path, length):
    """Write four segments of the same length (samples at 500 Hz) whose strength depends on the action."""
    strength = np.repeat([10, 30, 10, 80], length)[:, np.newaxis]
    recordings = from_arrays(
        {
            "x": (rng.normal(0, 1, (length * len(SEGMENTS), 4)) * strength).astype(np.int16),
            "start": np.arange(len(SEGMENTS)) * length,
            "length": np.full(len(SEGMENTS), length),
            "scale": 1e6,
            "fs": 500,
            "unit": "V",
            "subject": ["s"] * len(SEGMENTS),
            "cohort": ["c"] * len(SEGMENTS),
            "session": ["1"] * len(SEGMENTS),
            "label": list(SEGMENTS),
            "rep": [1, 1, 2, 1],
        },
        "test",
    )
    save_archive(path, recordings)
    return path


@pytest.fixture
def archive(rng, tmp_path):
    """Five seconds of signal."""
    return write_archive(rng, tmp_path / "live.npz", 600)


def start_live(graph, archive, bundle, folder, recording, *, composed=False, **classifier):
    """Start the robot's nodes and a recorder; return the processes.

    From the armband on, so that each finds nobody who subscribes yet; none of them misses a first message.
    """
    link = str(folder / "armband")
    nodes = {
        "simulated_armband": {"archive": str(archive), "link": link, "loop": False},
        "acquisition": {
            "port": link,
            "wait_for_port": 30.0,
            "wait_for": ["preprocessing", "recorder", "witness"],
        },
        "preprocessing": {"wait_for": ["classifier"]},
        "classifier": {"model": str(bundle), "wait_for": ["recorder"], **classifier},
        "recorder": {"output": str(recording)},
    }
    if composed:
        held = {name: nodes.pop(name) for name in ("acquisition", "preprocessing", "classifier")}
        started = {"chain": graph.start_several("chain", held)}
    else:
        started = {}
    return started | {name: graph.start(name, parameters) for name, parameters in nodes.items()}


def end(process):
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=PATIENCE) == 0


def wait_for(condition, what, graph=None):
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"waited {PATIENCE:g} s for {what}"
        if graph is not None:
            graph.check()
        time.sleep(0.05)


class PlayedBag:
    """A bag played into separate nodes in a separate domain."""

    def __init__(self, graphs, folder, bag, bundle, rate, number, monkeypatch, exoskeleton="none"):
        self.output = folder / "results"
        self._folder = folder
        self.graph = graphs.enter_context(Graph(folder))
        self._player = {"bag": str(bag), "rate": rate, "exoskeleton": exoskeleton, "subscribers": 2}
        self._environment = (monkeypatch, str(1 + (os.getpid() + 25 * number) % 100))
        simulated = {"use_sim_time": True}
        nodes = {
            "evaluator": {
                "output": str(self.output),
                "source": str(bag),
                "exoskeleton": exoskeleton,
                **simulated,
            },
            "classifier": {"model": str(bundle), "queue": 2000, **simulated},
            "preprocessing": simulated,
            "command_bridge": simulated,
        }
        if exoskeleton == "simulated":
            nodes["simulated_exoskeleton"] = simulated
        for name, parameters in nodes.items():
            self._start(name, parameters)

    def _start(self, name, parameters):
        monkeypatch, domain = self._environment
        with monkeypatch.context() as changed:
            changed.setenv("ROS_DOMAIN_ID", domain)
            setattr(self, name, self.graph.start(name, parameters))

    def log(self, name):
        return (self._folder / f"{name}.log").read_text()

    def play(self):
        wait_for(lambda: "the graph is complete" in self.log("evaluator"), "the graph", self.graph)
        self._start("player", self._player)

    def finish(self):
        """Wait for the results; return estimates and metrics."""
        wait_for(lambda: self.evaluator.poll() is not None, "the evaluator", self.graph)
        assert self.evaluator.returncode == 0, self.log("evaluator")
        assert self.player.wait(timeout=PATIENCE) == 0
        metrics = json.loads((self.output / "metrics.json").read_text())
        return Estimates.load(self.output / "estimates.npz"), metrics


def assert_identical(one, other):
    assert one.actions == other.actions
    for column in ("run", "first_index", "accepted", "probabilities"):
        assert np.array_equal(getattr(one, column), getattr(other, column)), column


def assert_decided_as_offline(bag, recorded):
    """The decisions in the bag are those of `evaluate` over the estimates that were not too late to vote."""
    with open_bag(bag) as source:
        topics = [topic for topic in source.topics if topic.name == "/emg/decision"]
        messages = [deserialize_message(found, ActionDecision) for *_, found in source.messages(topics)]
    assert len(messages) > len(recorded) / 2
    voted = np.isin(recorded.first_index, [message.first_index for message in messages])
    columns = ("run", "first_index", "stamp", "accepted", "probabilities")
    offline = dataclasses.replace(recorded, **{name: getattr(recorded, name)[voted] for name in columns})
    decided = decide(offline, DecisionSettings()).action
    names = ["" if number == UNDECIDED else recorded.actions[number] for number in decided]
    assert [message.action for message in messages] == names
    assert len(set(names)) > 1


def without_beginning(bag, path, begin):
    """Copy a bag without the samples before an index, as if its recorder had started there."""
    with open_bag(bag) as source:
        types = {topic.name: topic.type for topic in source.topics}
        with BagWriter(path, types) as copy:
            for topic, received, message in source.messages(source.topics):
                is_samples = topic.name == "/emg/samples"
                if not is_samples or deserialize_message(message, EmgSamples).first_index >= begin:
                    copy.write(topic.name, received, message)
    return path


def test_live_offline_and_played_at_every_rate_are_identical(
    ros_environment, witness, archive, bundle, tmp_path, monkeypatch
):
    bag = tmp_path / "bag"
    labels = witness.collect(ActionLabel, "emg/label", qos.LABELS)
    witness.collect(EmgSamples, "emg/samples", qos.SAMPLES)
    with Graph(tmp_path / "live") as graph:
        live = start_live(graph, archive, bundle, tmp_path, bag, queue=2000)
        witness.spin_until(
            lambda: graph.check() or (labels and labels[-1].event == ActionLabel.END), "the end", PATIENCE
        )
        witness.spin_for(1.0)
        end(live["recorder"])

    model = ActionModel.load(bundle)
    offline = replay_bag(bag, model)
    assert offline.problems == []
    assert offline.stream.samples == 2400
    assert offline.stream.starts == 1
    assert offline.stride == 12
    assert len(offline.estimates) == offline.stream.windows == (2400 - 100) // 12 - 125 // 12
    assert len(np.unique(offline.estimates.action)) == 3
    assert 0 < offline.estimates.accepted.mean() < 1

    # From the first window on; the queue is long enough for a busy machine.
    recorded = offline.recorded
    assert len(recorded) > len(offline.estimates) / 2
    for column in ("first_index", "accepted", "probabilities"):
        assert np.array_equal(getattr(offline.estimates, column)[: len(recorded)], getattr(recorded, column))

    # Play at three rates at once, each in a separate graph.
    expected = score(offline).to_json()
    with ExitStack() as graphs:
        played = [
            PlayedBag(graphs, tmp_path / "1", bag, bundle, 1.0, 1, monkeypatch, exoskeleton="simulated"),
            PlayedBag(graphs, tmp_path / "2", bag, bundle, 2.0, 2, monkeypatch),
            PlayedBag(graphs, tmp_path / "10", bag, bundle, 10.0, 3, monkeypatch),
        ]
        for one in played:
            one.play()
        for one in played:
            estimates, metrics = one.finish()
            assert_identical(estimates, offline.estimates)
            assert metrics["mode"] == "online"
            # The bag was recorded without a bridge, and is played to one.
            for key in expected.keys() - {"mode", "created", "model", "recorded", "faults"}:
                assert metrics[key] == expected[key], key
            assert metrics["model"]["sha256"] == expected["model"]["sha256"]
            assert (one.output / "report.html").exists()
            # Only a simulated exoskeleton is armed; a busy machine may prevent it.
            log = one.log("command_bridge")
            assert ("-> ARMED" in log or "arming refused" in log) is (one is played[0])

    # A bag that begins in the middle gives the same estimates from 2 s on.
    begin = 1000
    middle = replay_bag(without_beginning(bag, tmp_path / "late", begin), model)
    assert (middle.stretches[0].first, middle.stretches[-1].last) == (begin, 2399)
    ours, theirs = common_windows(offline.estimates, middle.estimates)
    assert len(theirs) == len(middle.estimates)
    settled = middle.estimates.first_index[theirs] >= begin + 1000
    assert settled.sum() > 20
    difference = np.abs(offline.estimates.probabilities[ours] - middle.estimates.probabilities[theirs])
    assert difference[~settled].max() > 0
    assert difference[settled].max() <= 1e-4
    same = offline.estimates.action[ours] == middle.estimates.action[theirs]
    assert same[settled].all()


def test_the_nodes_in_one_process_publish_the_same_and_are_identical_to_offline(
    ros_environment, witness, archive, bundle, flexing_bundle, tmp_path
):
    labels = witness.collect(ActionLabel, "emg/label", qos.LABELS)
    witness.collect(EmgSamples, "emg/samples", qos.SAMPLES)
    windows = witness.collect(EmgWindow, "emg/window", qos.WINDOWS)
    models = witness.collect(ModelInfo, "emg/model", qos.LATCHED)
    devices = witness.collect(EmgInfo, "emg/info", qos.LATCHED)
    reports = witness.collect(DiagnosticArray, "/diagnostics", qos.DIAGNOSTICS)
    with Graph(tmp_path / "live") as graph:
        live = start_live(graph, archive, bundle, tmp_path, tmp_path / "bag", composed=True)
        graph.start("decision", {})
        witness.spin_until(
            lambda: graph.check() or (labels and labels[-1].event == ActionLabel.END), "the end", PATIENCE
        )
        witness.spin_for(1.0)
        end(live["recorder"])
        # Both take another model in this process too.
        other = read_bundle(flexing_bundle).model.sha256
        change = Parameter("model", value=str(flexing_bundle)).to_parameter_msg()
        for node in ("preprocessing", "classifier"):
            request = SetParameters.Request(parameters=[change])
            assert witness.call(SetParameters, f"{node}/set_parameters", request).results[0].successful
            answer = witness.call(Trigger, f"{node}/reload_model", Trigger.Request())
            assert answer.success, answer.message
        witness.spin_until(lambda: models[-1].sha256 == other, "the other model")
        end(live["chain"])
    offline = replay_bag(tmp_path / "bag", ActionModel.load(bundle))
    assert offline.stream.samples == 2400
    assert offline.stream.starts == 1
    assert [window.sequence for window in windows] == list(range(offline.stream.windows))
    # On a busy machine windows may be dropped, but the estimates never differ.
    ours, theirs = common_windows(offline.estimates, offline.recorded)
    assert len(theirs) == len(offline.recorded) > len(offline.estimates) / 2
    assert np.array_equal(offline.estimates.probabilities[ours], offline.recorded.probabilities)
    assert len(models) == 2
    assert len(devices) == 1
    assert_decided_as_offline(tmp_path / "bag", offline.recorded)
    names = {status.name for report in reports for status in report.status}
    assert names >= {"acquisition", "preprocessing", "classifier"}


def test_a_stalled_classifier_leaves_out_whole_windows_and_counts_them(
    ros_environment, witness, rng, bundle, tmp_path
):
    # Long enough for a classifier that preprocessing finds only at the second announcement (3 s each).
    length = 1250
    archive = write_archive(rng, tmp_path / "live.npz", length)
    estimates = witness.collect(ActionEstimate, "emg/action", qos.ESTIMATES)
    labels = witness.collect(ActionLabel, "emg/label", qos.LABELS)
    witness.collect(EmgSamples, "emg/samples", qos.SAMPLES)
    reports = witness.collect(DiagnosticArray, "/diagnostics", qos.DIAGNOSTICS)

    def reported():
        found = [status for report in reports for status in report.status if status.name == "classifier"]
        return [{item.key: item.value for item in status.values} for status in found]

    with Graph(tmp_path / "live") as graph:
        live = start_live(graph, archive, bundle, tmp_path, tmp_path / "bag")
        witness.spin_until(lambda: graph.check() or len(estimates) > 0, "an estimate", PATIENCE)
        live["classifier"].send_signal(signal.SIGSTOP)
        witness.spin_for(1.0)
        live["classifier"].send_signal(signal.SIGCONT)
        # Labels are latched: all of them arrive, even if late.
        witness.spin_until(
            lambda: bool(labels) and labels[-1].event == ActionLabel.END, "the last label", PATIENCE
        )
        before = len(reported())
        witness.spin_until(lambda: len(reported()) > before + 1, "a report after the end", PATIENCE)
        counted = int(reported()[-1]["dropped_windows"])
        end(live["recorder"])
    offline = replay_bag(tmp_path / "bag", ActionModel.load(bundle))
    assert offline.stream.samples == length * len(SEGMENTS)
    ours, theirs = common_windows(offline.estimates, offline.recorded)
    assert len(theirs) == len(offline.recorded)
    # A second has 41 windows; the classifier's queue holds four.
    assert counted > 20
    # Windows before the first one that it received do not count as dropped.
    before = int(np.sum(offline.estimates.first_index < offline.recorded.first_index[0]))
    assert len(offline.estimates) - before - len(offline.recorded) == counted
    assert np.array_equal(offline.estimates.probabilities[ours], offline.recorded.probabilities)
    assert score(offline).recorded.missing == before + counted
