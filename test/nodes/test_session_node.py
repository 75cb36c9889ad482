"""The session node: its labels, its bag, and keys and screen in a real terminal."""

from __future__ import annotations

import signal
import time

import numpy as np
import pytest
import yaml
from diagnostic_msgs.msg import DiagnosticArray
from emg_recognition.msg import ActionLabel, EmgSamples, ModelInfo, SignalQuality
from std_srvs.srv import Trigger

from emg_recognition import don
from emg_recognition.bags.reader import open_bag
from emg_recognition.models.bundle import read_bundle
from emg_recognition.models.orientation import Orientation
from emg_recognition.models.reference import read_reference
from emg_recognition.recordings.open import open_recordings
from emg_recognition.ros import qos
from emg_recognition.ros.conversions import to_floats
from emg_recognition.ros.stamps import to_time

from ..ring_arm import ACTIONS, RING, apart, perform, write_bundle_to_don
from .terminal import Terminal

START, END, DISCARD = ActionLabel.START, ActionLabel.END, ActionLabel.DISCARD
RATE = 500.0
WHO = {"subject": "anna", "cohort": "patient", "session": "3"}


class Armband:
    """Publishes samples in real time while the witness spins."""

    rate, channels, unit = RATE, 2, "V"

    def __init__(self, witness):
        self._node = witness.node
        self._publisher = self._node.create_publisher(EmgSamples, "emg/samples", qos.SAMPLES)
        self._begin, self._stamp = time.monotonic(), time.time()
        self._index = 0
        self.silent = False
        self._node.create_timer(0.01, self._send)

    def _send(self):
        due = int((time.monotonic() - self._begin) * self.rate)
        while self._index + 5 <= due:
            if not self.silent:
                message = EmgSamples(
                    first_index=self._index, rate=self.rate, channels=self.channels, unit=self.unit
                )
                message.data = to_floats(self._samples(self._index))
                # As steady as a device's, even if this program is late.
                message.header.stamp = to_time(round((self._stamp + self._index / self.rate) * 1e9))
                self._publisher.publish(message)
            self._index += 5

    def _samples(self, _index):
        return np.full((5, 2), 1e-5)


class Wearer(Armband):
    """Performs what the labels say, with a turned armband."""

    rate, channels, unit = 200.0, RING, "count"

    def __init__(self, witness, labels, turn):
        self._labels = labels
        windows, action = perform(turn, gain=100.0, seed=50, windows=15)
        self._signals = {
            name: windows[action == number].reshape(-1, RING) for number, name in enumerate(ACTIONS)
        }
        super().__init__(witness)

    def _samples(self, index):
        label = self._labels[-1] if self._labels else None
        performed = label.action if label is not None and label.event == START else "rest"
        signal = self._signals[performed]
        return signal[np.arange(index, index + 5) % len(signal)]


@pytest.fixture
def armband(witness):
    return Armband(witness)


@pytest.fixture
def labels(witness):
    """The labels of the session."""
    return witness.collect(ActionLabel, "emg/label", qos.LABELS)


@pytest.fixture
def parameters(tmp_path):
    """Parameters of a session of two actions, one second each."""
    plan = {"actions": ["rest", {"name": "fist", "text": "make a fist"}], "repetitions": 2}
    (tmp_path / "plan.yaml").write_text(yaml.safe_dump({**plan, "hold": 1.0, "pause": 0.4, "reaction": 0.1}))
    return {**WHO, "plan": str(tmp_path / "plan.yaml"), "output": str(tmp_path / "bag")}


def script(parameters, *steps):
    path = parameters["plan"].replace("plan.yaml", "script.yaml")
    with open(path, "w") as file:
        yaml.safe_dump([{"at": "signal", "do": "skip"}, *steps], file)
    return {**parameters, "script": path}


def said(labels):
    return [(label.event, label.action, label.repetition) for label in labels]


def performed(parameters):
    """Action and repetition of each segment in the bag."""
    recordings = open_recordings([parameters["output"]])
    rows = zip(recordings.label.tolist(), recordings.repetition.tolist(), strict=True)
    assert set(recordings.subject.tolist()) == {"anna"}
    assert set(recordings.session.tolist()) == {"3"}
    return sorted(rows)


def ended(witness, node):
    witness.spin_until(lambda: node.process.poll() is not None, "the end of the session")
    assert node.process.returncode == 0, node.log


def test_a_script_prompts_labels_and_records(start_node, witness, armband, labels, parameters):
    steps = ({"at": "fist 1", "do": "repeat"}, {"at": "rest 2", "do": "discard", "when": "after"})
    node = start_node("session", **script(parameters, *steps))
    ended(witness, node)
    witness.spin_until(lambda: len(labels) >= 10, "the last label")
    assert said(labels) == [
        *((START, "rest", 1), (END, "rest", 1)),
        *((START, "fist", 1), (DISCARD, "fist", 1), (START, "fist", 1), (END, "fist", 1)),
        *((START, "rest", 2), (END, "rest", 2), (DISCARD, "rest", 2)),
        *((START, "fist", 2), (END, "fist", 2)),
    ]
    assert all(label.subject == "anna" and label.cohort == "patient" for label in labels)
    assert not any(label.has_index for label in labels)
    assert performed(parameters) == [("fist", 1), ("fist", 2), ("rest", 1)]
    assert "3 of 4 repetitions, 1 discarded" in node.log
    assert "NOW fist 1: make a fist" in node.log


def test_a_donning_gives_the_wearers_bundle_to_the_classifier(start_node, witness, labels, tmp_path):
    base, anna = write_bundle_to_don(tmp_path / "base"), tmp_path / "anna"
    models = witness.collect(ModelInfo, "emg/model", qos.LATCHED)
    start_node("classifier", model=str(base))
    witness.spin_until(lambda: models, "the model")
    wearer = Wearer(witness, labels, 2.5)
    given = {"model": str(base), "bundle": str(anna), "output": str(tmp_path / "bag")}
    node = start_node("session", **WHO, **given)
    for service in ("skip", "don"):
        answer = witness.call(Trigger, f"session/{service}", Trigger.Request())
    assert "a donning is in progress" in answer.message
    witness.spin_until(lambda: node.process.poll() is not None, "the end of the donning", 240.0)
    assert node.process.returncode == 0, node.log
    assert not wearer.silent
    info = read_bundle(base)
    asked = ["rest", *(info.actions[number] for number in read_reference(info).sync)]
    assert said(labels) == [(event, name, 1) for name in asked for event in (START, END)]
    assert {label.session for label in labels} == {"donning_1"}
    found = read_bundle(anna)
    assert apart(Orientation(found.orientation["turn"], found.orientation["mirrored"]), 2.5, False) <= 0.5
    assert "turned by" in node.log
    assert "the classifier has it" in node.log
    witness.spin_until(lambda: models[-1].sha256 == found.files["model.tflite"], "the wearer's model")
    # The bag gives the same bundle again.
    again = don(base, open_recordings([given["output"]]), tmp_path / "again")
    assert again.info.orientation == found.orientation


def test_ctrl_c_discards_the_incomplete_repetition(start_node, witness, armband, labels, parameters):
    node = start_node("session", **script(parameters))
    witness.spin_until(lambda: said(labels)[-1:] == [(START, "fist", 1)], "the second repetition")
    witness.spin_for(0.5)
    node.process.send_signal(signal.SIGINT)
    ended(witness, node)
    assert said(labels)[-1] == (DISCARD, "fist", 1)
    assert performed(parameters) == [("rest", 1)]
    with open_bag(parameters["output"]) as bag:
        assert bag.problems == []


def test_kill_leaves_a_readable_bag(start_node, witness, armband, labels, parameters):
    node = start_node("session", **script(parameters))
    witness.spin_until(lambda: said(labels)[-1:] == [(START, "rest", 2)], "the third repetition")
    node.kill()
    # Everything until then, except at most the last half second.
    assert [row for row in performed(parameters) if row != ("rest", 2)] == [("fist", 1), ("rest", 1)]


def test_without_samples_it_pauses_and_continues_at_a_key(start_node, witness, armband, labels, parameters):
    node = start_node("session", **parameters)
    witness.call(Trigger, "session/skip", Trigger.Request())
    witness.spin_until(lambda: said(labels) == [(START, "rest", 1)], "the first label")
    armband.silent = True
    witness.spin_until(lambda: len(labels) == 2, "a word on it")
    # On a busy machine the repetition may have ended before the silence was noticed.
    assert said(labels)[1] in ((DISCARD, "rest", 1), (END, "rest", 1))
    node.wait_for_log("paused: no samples arrive on /emg/samples")
    before = len(labels)
    witness.spin_for(1.0)
    assert len(labels) == before
    answer = witness.call(Trigger, "session/don", Trigger.Request())
    assert (answer.success, "parameter model of /session is ''" in answer.message) == (False, True)
    armband.silent = False
    witness.settle(0.5)
    answer = witness.call(Trigger, "session/pause", Trigger.Request())
    assert answer.success
    assert "relax" in answer.message
    witness.spin_until(lambda: len(labels) > before + 1, "more labels")
    answer = witness.call(Trigger, "session/quit", Trigger.Request())
    ended(witness, node)


def test_it_waits_for_a_good_signal(start_node, witness, armband, labels, parameters):
    publisher = witness.node.create_publisher(SignalQuality, "emg/quality", qos.QUALITY)
    message = SignalQuality(channel_names=["a", "b"], advice=["press it on", ""], samples=500)
    message.state = [SignalQuality.BAD, SignalQuality.GOOD]
    witness.node.create_timer(0.5, lambda: publisher.publish(message))
    reports = witness.collect(DiagnosticArray, "/diagnostics", qos.DIAGNOSTICS)
    node = start_node("session", **parameters)
    witness.spin_until(lambda: reports and reports[-1].status[0].level == b"\x00", "samples to be noticed")
    witness.spin_for(4.0)
    assert labels == []
    message.state = [SignalQuality.WARN, SignalQuality.GOOD]
    begin = time.monotonic()
    witness.spin_until(lambda: labels, "the first label")
    assert time.monotonic() - begin > 2.9
    assert node.interrupt() == 0


def test_another_publisher_of_labels_is_reported(start_node, witness, parameters):
    publisher = witness.node.create_publisher(ActionLabel, "emg/label", qos.LABELS)
    node = start_node("session", **parameters)
    node.wait_for_log("1 more publish /emg/label")
    assert publisher.topic_name == "/emg/label"
    assert node.interrupt() == 0


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"subject": " "}, "parameter subject of /session is ' ': name it"),
        ({"plan": "/nowhere.yaml"}, "plan is '/nowhere.yaml': it cannot be read"),
        ({"output": "/"}, "it exists already"),
    ],
)
def test_impossible_parameters_end_the_node_with_one_line(start_node, parameters, change, words):
    node = start_node("session", **{**parameters, **change})
    assert node.wait() == 1
    assert len(node.log.strip().splitlines()) == 1
    assert words in node.log


@pytest.fixture
def terminal(ros_environment, tmp_path, parameters):
    file = tmp_path / "session.yaml"
    file.write_text(yaml.safe_dump({"/**/session": {"ros__parameters": parameters}}))
    opened = Terminal(
        *("-m", "emg_recognition.nodes.session_node", "--ros-args", "--params-file", str(file)),
        columns=100,
        rows=30,
    )
    yield opened
    opened.close()


def test_keys_and_screen(terminal, witness, armband, labels, parameters):
    witness.spin_until(lambda: "s begin anyway" in terminal.shown, "the screen")
    assert "Session 3 of anna (patient)" in terminal.shown
    terminal.type(b"s")
    witness.spin_until(lambda: (START, "rest", 1) in said(labels), "the first prompt")
    terminal.type(b"\x1b[A")  # an arrow, which is ignored
    terminal.type(b"d")
    witness.spin_until(lambda: (DISCARD, "rest", 1) in said(labels), "the discard")
    witness.spin_until(lambda: (START, "fist", 1) in said(labels), "the second prompt")
    assert "make a fist" in terminal.shown
    terminal.type(b" ")
    witness.spin_until(lambda: (DISCARD, "fist", 1) in said(labels), "the pause")
    witness.spin_until(lambda: "PAUSED" in terminal.shown, "the pause on the screen")
    terminal.type(b"r")
    terminal.type(b" ")
    witness.spin_until(lambda: said(labels).count((START, "rest", 1)) == 2, "the repeated one")
    witness.spin_until(lambda: (END, "rest", 1) in said(labels), "its end")
    terminal.type(b"q")
    witness.spin_until(lambda: terminal.process.poll() is not None, "the end")
    assert terminal.process.returncode == 0
    assert terminal.attributes == terminal.before
    witness.spin_until(lambda: "1 of 4 repetitions" in terminal.shown, "the summary")
    assert performed(parameters) == [("rest", 1)]


def test_a_closed_terminal_discards_the_incomplete_repetition(terminal, witness, armband, labels, parameters):
    witness.spin_until(lambda: "s begin anyway" in terminal.shown, "the screen")
    terminal.type(b"s")
    witness.spin_until(lambda: said(labels)[-1:] == [(START, "fist", 1)], "the second repetition")
    terminal.hang_up()
    witness.spin_until(lambda: terminal.process.poll() is not None, "the end")
    witness.spin_until(lambda: said(labels)[-1] == (DISCARD, "fist", 1), "the last label")
    assert performed(parameters) == [("rest", 1)]
    with open_bag(parameters["output"]) as bag:
        assert bag.problems == []
