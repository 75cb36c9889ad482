"""The recorder node: every message is in the bag, which is readable whatever ends the process."""

import re
import resource
import subprocess
import sys
import time
from array import array

import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticArray
from emg_recognition.msg import (
    ActionDecision,
    ActionEstimate,
    ActionLabel,
    BridgeCounters,
    BridgeState,
    EmgInfo,
    EmgSamples,
    ModelInfo,
    SignalQuality,
)
from rclpy.serialization import deserialize_message
from rosbags.interfaces import QosDurability
from rosbags.rosbag2 import Reader
from std_msgs.msg import Bool

from emg_recognition import msg as messages
from emg_recognition.bags.reader import open_bag
from emg_recognition.ros import qos
from emg_recognition.ros.conversions import to_floats


def chunk(number, frame_id="armband", value=0.0):
    message = EmgSamples(
        first_index=5 * number,
        rate=1000.0,
        channels=2,
        unit="V",
        dropped_before=number,
        restart=number == 0,
        data=to_floats(np.full((5, 2), value + number)),
    )
    message.header.stamp.sec = 1000 + number
    message.header.frame_id = frame_id
    return message


def one_of_each(witness, prefix=""):
    """A publisher for each recorded topic, and the message that it sends."""
    offered = {
        "emg/samples": (chunk(0), qos.SAMPLES),
        "emg/info": (EmgInfo(device="armband", channel_names=["a", "b"], rate=1000.0), qos.LATCHED),
        "emg/model": (ModelInfo(model="abc", actions=["rest", "fist"], length=200), qos.LATCHED),
        "emg/label": (ActionLabel(event=ActionLabel.START, action="rest", has_index=True), qos.LABELS),
        "emg/action": (ActionEstimate(first_index=7, probabilities=[0.25, 0.75]), qos.ESTIMATES),
        "emg/decision": (ActionDecision(action="rest", speed=1.0), qos.DECISIONS),
        "emg/quality": (SignalQuality(channel_names=["a", "b"], state=[0, 2], lost=3), qos.QUALITY),
        "exo/bridge_state": (BridgeState(state=BridgeState.HOLDING, joint_names=["elbow"]), qos.STATE),
        "exo/bridge_counters": (BridgeCounters(names=["faults"], values=array("Q", [3])), qos.LATCHED),
        "exo/enable": (Bool(data=True), qos.ENABLE),
    }
    return {
        topic: (witness.node.create_publisher(type(message), prefix + topic, profile), message)
        for topic, (message, profile) in offered.items()
    }


def is_matched(publishers):
    return all(publisher.get_subscription_count() for publisher, _ in publishers.values())


def recorded(path):
    """Return the messages of each topic of a bag, in the order of the file."""
    found = {}
    with open_bag(path) as bag:
        for topic, _, message in bag.messages(bag.topics):
            kind = Bool if topic.type == "std_msgs/msg/Bool" else getattr(messages, topic.type.split("/")[-1])
            found.setdefault(topic.name, []).append(deserialize_message(message, kind))
    return found


def test_every_topic_is_recorded_unchanged(start_node, witness, tmp_path):
    publishers = one_of_each(witness)
    # Latched messages are recorded although they were published before the recorder started.
    for topic in ("emg/info", "emg/model", "emg/label", "exo/bridge_counters"):
        publishers[topic][0].publish(publishers[topic][1])
    node = start_node("recorder", output=str(tmp_path / "bag"))
    witness.spin_until(lambda: is_matched(publishers), "the recorder")
    witness.settle()
    before = time.time_ns()
    for publisher, message in publishers.values():
        if publisher.qos_profile.durability.name == "VOLATILE":
            publisher.publish(message)
    witness.settle(0.3)
    assert node.interrupt() == 0
    after = time.time_ns()
    assert recorded(tmp_path / "bag") == {
        f"/{topic}": [message] for topic, (_, message) in publishers.items()
    }
    with Reader(tmp_path / "bag") as reader:
        for connection, received, _ in reader.messages():
            latched = publishers[connection.topic[1:]][0].qos_profile.durability.name == "TRANSIENT_LOCAL"
            (offered,) = connection.ext.offered_qos_profiles
            assert offered.durability is (
                QosDurability.TRANSIENT_LOCAL if latched else QosDurability.VOLATILE
            )
            if not latched:
                assert before <= received <= after
    assert re.search(r"bag: 10 messages \(1 of /emg/samples\) in \d+\.\d s", node.log)


def test_two_arms_have_separate_topics_in_one_bag(start_node, witness, tmp_path):
    arms = ["left_arm", "right_arm"]
    publishers = {arm: one_of_each(witness, f"{arm}/") for arm in arms}
    node = start_node("recorder", output=str(tmp_path / "bag"), namespaces=arms)
    witness.spin_until(lambda: all(map(is_matched, publishers.values())), "the recorder")
    witness.settle()
    for number in range(50):
        for value, arm in enumerate(arms):
            publishers[arm]["emg/samples"][0].publish(chunk(number, arm, 1000.0 * value))
        witness.spin_for(0.002)
    witness.settle(0.3)
    assert node.interrupt() == 0
    found = recorded(tmp_path / "bag")
    for value, arm in enumerate(arms):
        expected = [chunk(number, arm, 1000.0 * value) for number in range(50)]
        assert found[f"/{arm}/emg/samples"] == expected


def test_silence_is_reported(start_node, witness, tmp_path):
    reports = witness.collect(DiagnosticArray, "/diagnostics", qos.DIAGNOSTICS)
    node = start_node("recorder", output=str(tmp_path / "bag"))

    def level():
        return reports[-1].status[0].level if reports else None

    witness.spin_until(lambda: level() == b"\x01", "a warning")
    assert "no samples arrive on /emg/samples" in reports[-1].status[0].message
    node.wait_for_log("no samples arrive on /emg/samples")
    publisher = witness.node.create_publisher(EmgSamples, "emg/samples", qos.SAMPLES)
    witness.spin_until(lambda: publisher.publish(chunk(1)) or level() == b"\x00", "samples to be noticed")
    node.wait_for_log("samples are coming")
    assert node.interrupt() == 0


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"output": "{tmp_path}"}, ("{tmp_path}", "exists already")),
        ({"output": "{tmp_path}/bag", "namespaces": ["left arm"]}, ("left arm", "ROS name")),
    ],
)
def test_impossible_parameters_end_the_node_with_one_line(start_node, tmp_path, parameters, words):
    parameters["output"] = parameters["output"].format(tmp_path=tmp_path)
    node = start_node("recorder", **parameters)
    assert node.wait() == 1
    assert len(node.log.strip().splitlines()) == 1
    for word in words:
        assert word.format(tmp_path=tmp_path) in node.log


def test_a_full_disk_ends_the_node_with_one_line_and_a_readable_bag(start_node, witness, tmp_path):
    publisher = witness.node.create_publisher(EmgSamples, "emg/samples", qos.SAMPLES)
    node = start_node("recorder", output=str(tmp_path / "bag"))
    witness.spin_until(publisher.get_subscription_count, "the recorder")
    witness.settle()
    limit = 30_000
    resource.prlimit(node.process.pid, resource.RLIMIT_FSIZE, (limit, limit))
    number = 0
    deadline = time.monotonic() + 30
    while node.process.poll() is None and time.monotonic() < deadline:
        publisher.publish(chunk(number))
        number += 1
        time.sleep(0.001)
    assert node.wait() == 1
    fatal = [line for line in node.log.splitlines() if "FATAL" in line]
    assert len(fatal) == 1
    assert str(tmp_path / "bag") in fatal[0]
    assert "Traceback" not in node.log
    kept = recorded(tmp_path / "bag")["/emg/samples"]
    assert kept == [chunk(i) for i in range(len(kept))]
    assert len(kept) > 100


def test_sigkill_loses_only_the_last_moment(ros_environment, repository):
    command = [sys.executable, str(repository / "bench" / "recorder_kill.py")]
    done = subprocess.run(
        [*command, "--times", "3", "--at-once", "3"], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 of 3 bags are complete" in done.stdout
