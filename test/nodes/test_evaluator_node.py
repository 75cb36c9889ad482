"""The evaluator node scores live nodes as `evaluate` scores a bag."""

import json

import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticArray
from emg_recognition.msg import ActionEstimate, ActionLabel, BridgeState, EmgSamples, EmgWindow, ModelInfo
from std_msgs.msg import Bool
from std_srvs.srv import Trigger

from emg_recognition.replay.estimates import Estimates
from emg_recognition.ros import qos
from emg_recognition.ros.conversions import to_floats
from emg_recognition.ros.stamps import to_time

START = 1_700_000_000_000_000_000
RATE, LENGTH, STEP, SETTLING = 500, 100, 20, 125
ACTIONS = ("rest", "elbow_flexion")
PIPELINE = f"emg1: 2 ch at {RATE} Hz in V, window {LENGTH}, settling {SETTLING}"


class Robot:
    """Publishes in place of acquisition, preprocessing and classifier."""

    def __init__(self, witness):
        self.witness = witness
        profiles = {
            "emg/samples": (EmgSamples, qos.SAMPLES),
            "emg/label": (ActionLabel, qos.LABELS),
            "emg/model": (ModelInfo, qos.LATCHED),
            "emg/window": (EmgWindow, qos.WINDOWS),
            "emg/action": (ActionEstimate, qos.ESTIMATES),
        }
        self._publishers = {
            topic: witness.node.create_publisher(kind, topic, profile)
            for topic, (kind, profile) in profiles.items()
        }
        # The other nodes of a complete graph.
        witness.collect(EmgSamples, "emg/samples", qos.SAMPLES)
        witness.collect(EmgWindow, "emg/window", qos.WINDOWS)
        self.say(
            "emg/model",
            ModelInfo(
                model="abc",
                sha256="abcdef",
                actions=list(ACTIONS),
                rate=float(RATE),
                channels=2,
                length=LENGTH,
                unit="V",
                pipeline=PIPELINE,
            ),
        )

    def say(self, topic, message, index=0):
        message.header.stamp = to_time(START + index * 1_000_000_000 // RATE)
        message.header.frame_id = "armband"
        self._publishers[topic].publish(message)

    def samples(self, first, count):
        for index in range(first, first + count, 5):
            self.say(
                "emg/samples",
                EmgSamples(
                    first_index=index,
                    rate=float(RATE),
                    channels=2,
                    unit="V",
                    restart=index == 0,
                    data=to_floats(np.zeros((5, 2))),
                ),
                index,
            )

    def label(self, event, index, action):
        self.say(
            "emg/label",
            ActionLabel(event=event, action=action, index=index, has_index=True, repetition=1),
            index,
        )

    def window(self, number, sequence):
        window = EmgWindow(first_index=number * STEP, length=LENGTH, sequence=sequence)
        window.rate, window.channels, window.data = float(RATE), 1, [0.0] * LENGTH
        self.say("emg/window", window)

    def estimate(self, number, action):
        probabilities = [0.25, 0.75] if action else [0.75, 0.25]
        last = number * STEP + LENGTH - 1
        self.say(
            "emg/action",
            ActionEstimate(
                first_index=number * STEP,
                last_index=last,
                status=ActionEstimate.ACCEPTED,
                action_id=action,
                action=ACTIONS[action],
                confidence=0.75,
                probabilities=probabilities,
                model="abc",
            ),
            last,
        )

    def leave(self):
        for publisher in self._publishers.values():
            self.witness.node.destroy_publisher(publisher)


def test_missing_windows_and_right_ones_are_counted(start_node, witness, change_bundle, tmp_path):
    robot = Robot(witness)
    votes = {"votes": 5, "enter_votes": 4, "keep_votes": 2, "dwell": 0.05}
    # All but one come from the bundle.
    bundle = change_bundle(live={"decision": {**votes, "keep_votes": 1}})
    node = start_node(
        "evaluator", output=str(tmp_path / "out"), source="here", model=str(bundle), keep_votes=2
    )
    witness.spin_until(lambda: "the graph is complete" in node.log, "the evaluator")
    robot.label(ActionLabel.START, 0, "elbow_flexion")
    robot.samples(0, 1000)
    # Windows 7 to 45 are settled and complete; one is not published, one is lost, two are not estimated.
    sequence = 0
    for number in range(7, 46):
        if number == 40:
            continue
        if number != 30:
            robot.window(number, sequence)
        sequence += 1
        if number not in (10, 20):
            # The first ten are wrong.
            robot.estimate(number, int(number > 18))
        witness.spin_for(0.005)
    robot.label(ActionLabel.END, 1000, "elbow_flexion")
    # A pause does not end it while the publisher exists.
    witness.spin_for(2.0)
    assert node.process.poll() is None
    robot.leave()
    witness.spin_until(lambda: node.process.poll() is not None, "the end")
    assert node.process.returncode == 0, node.log
    assert "36 of 39 windows estimated" in node.log

    metrics = json.loads((tmp_path / "out" / "metrics.json").read_text())
    assert metrics["mode"] == "online"
    assert metrics["source"] == "here"
    assert metrics["stride"] == STEP
    assert metrics["decisions"] == votes
    assert metrics["signal"]["samples"] == 1000
    windows = metrics["windows"]
    assert (windows["expected"], windows["estimated"], windows["missing"]) == (39, 36, 3)
    assert windows["settling"] == 7
    # Windows that lie at least 50 samples inside the label are scored, up to number 42.
    assert windows["labelled"] == 33
    assert metrics["accuracy"] == pytest.approx(22 / 33)
    problems = "\n".join(metrics["problems"])
    assert "made only 38 of 39 windows" in problems
    assert "did not see 1 of the windows" in problems
    assert "3 of 39 windows have no estimate" in problems
    estimates = Estimates.load(tmp_path / "out" / "estimates.npz")
    expected = [number * STEP for number in range(7, 46) if number not in (10, 20, 40)]
    assert estimates.first_index.tolist() == expected
    assert estimates.stamp[0] == START + (7 * STEP + LENGTH - 1) * 1_000_000_000 // RATE
    assert sorted(path.name for path in tmp_path.glob(".out*")) == []


def test_a_signal_scores_what_was_recorded(start_node, witness, tmp_path):
    robot = Robot(witness)
    node = start_node("evaluator", output=str(tmp_path / "out"))
    witness.spin_until(lambda: "the graph is complete" in node.log, "the evaluator")
    robot.samples(0, 500)
    for number in range(7, 15):
        robot.window(number, number - 7)
        robot.estimate(number, 0)
    witness.settle(0.5)
    assert node.interrupt() == 0
    assert "8 of 14 windows estimated, no accuracy" in node.log
    assert "there are no labels" in node.log
    assert json.loads((tmp_path / "out" / "metrics.json").read_text())["accuracy"] is None
    assert (tmp_path / "out" / "report.html").exists()


def test_without_samples_there_is_one_line_and_no_report(start_node, witness, tmp_path):
    node = start_node("evaluator", output=str(tmp_path / "out"))
    reports = witness.collect(DiagnosticArray, "/diagnostics", qos.DIAGNOSTICS)
    witness.spin_until(lambda: reports, "the evaluator")
    assert node.interrupt() == 1
    (line,) = node.log.strip().splitlines()
    assert "no samples arrived on emg/samples" in line
    assert list(tmp_path.glob("*out*")) == []


def test_a_simulated_exoskeleton_is_armed_repeatedly_until_the_bridge_accepts(start_node, witness, tmp_path):
    robot = Robot(witness)
    asked = []

    def arm(_request, response):
        asked.append(len(asked))
        response.success = len(asked) > 1
        return response

    witness.node.create_service(Trigger, "command_bridge/arm", arm)
    bridge = witness.node.create_publisher(BridgeState, "exo/bridge_state", qos.STATE)
    said = witness.collect(Bool, "exo/enable", qos.ENABLE)
    node = start_node("evaluator", output=str(tmp_path / "out"), exoskeleton="simulated")
    witness.spin_until(lambda: "the graph is complete" in node.log, "the evaluator")
    state = BridgeState(state=BridgeState.DISARMED)
    for _ in range(20):
        bridge.publish(state)
        witness.spin_for(0.05)
    assert asked == []
    robot.samples(0, 300)
    robot.estimate(7, 1)
    witness.spin_until(lambda: bridge.publish(state) or len(asked) > 1, "the second attempt")
    state = BridgeState(state=BridgeState.ARMED)
    for _ in range(20):
        bridge.publish(state)
        witness.spin_for(0.05)
    assert len(asked) == 2
    # As the operator, it keeps the switch pressed and releases it at the end.
    assert witness.node.count_publishers("exo/enable") == 1
    witness.spin_until(lambda: len(said) > 20, "a second of the switch")
    assert all(message.data for message in said)
    node.interrupt()
    witness.spin_until(lambda: said[-1].data is False, "the release")


def test_a_real_exoskeleton_is_neither_enabled_nor_armed(start_node, witness, tmp_path):
    Robot(witness)
    node = start_node("evaluator", output=str(tmp_path / "out"))
    witness.spin_until(lambda: "the graph is complete" in node.log, "the evaluator")
    assert witness.node.count_publishers("exo/enable") == 0
    node.kill()


def test_votes_that_cannot_decide_are_refused(start_node, tmp_path):
    node = start_node("evaluator", output=str(tmp_path / "out"), votes=5, enter_votes=2)
    assert node.wait() == 1
    assert len(node.log.strip().splitlines()) == 1
    assert "enter_votes" in node.log


def test_a_folder_with_other_files_is_refused(start_node, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.tex").touch()
    node = start_node("evaluator", output=str(tmp_path / "out"))
    assert node.wait() == 1
    assert len(node.log.strip().splitlines()) == 1
    assert "choose another folder" in node.log
