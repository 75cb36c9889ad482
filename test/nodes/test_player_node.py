"""The player node: it publishes a recording with its timing, and nothing real moves."""

import re
import time

import numpy as np
import pytest
from emg_recognition.msg import ActionLabel, BridgeState, EmgInfo, EmgSamples
from rclpy.serialization import serialize_message
from rosbags.rosbag2 import StoragePlugin, Writer
from rosbags.typesys import Stores, get_types_from_msg, get_typestore
from rosgraph_msgs.msg import Clock
from std_srvs.srv import SetBool

from emg_recognition.bags.writer import BagWriter, TopicQos
from emg_recognition.ros import qos
from emg_recognition.ros.conversions import to_floats
from emg_recognition.ros.stamps import to_nanoseconds, to_time

START = 1_700_000_000_000_000_000
MS = 1_000_000
KINDS = {"emg/samples": EmgSamples, "emg/info": EmgInfo, "emg/label": ActionLabel}


def chunk(number):
    message = EmgSamples(
        first_index=5 * number,
        rate=500.0,
        channels=2,
        unit="V",
        restart=number == 0,
        data=to_floats(np.full((5, 2), number)),
    )
    message.header.stamp = to_time(START + 10 * MS * number)
    message.header.frame_id = "armband"
    return message


def recorded(chunks):
    """Return (topic, log time, message) for chunks 10 ms apart, with device and labels."""
    yield "emg/info", START, EmgInfo(device="armband", channels=2, rate=500.0, channel_names=["a", "b"])
    yield "emg/label", START + 1 * MS, ActionLabel(event=ActionLabel.START, action="rest", has_index=True)
    for number in range(chunks):
        yield "emg/samples", START + 10 * MS * (number + 1), chunk(number)


def write_bag(path, messages, arms=("",)):
    topics = {
        f"{arm}/{topic}": f"emg_recognition/msg/{k.__name__}" for arm in arms for topic, k in KINDS.items()
    }
    latched = {topic: TopicQos(50, latched=True) for topic in topics if not topic.endswith("samples")}
    with BagWriter(path, topics, latched) as writer:
        for topic, received, message in messages:
            for arm in arms:
                writer.write(f"{arm}/{topic}", received, serialize_message(message))
    return str(path)


@pytest.fixture
def collected(witness):
    """The messages on each topic."""
    profiles = {"emg/samples": qos.WITNESS, "emg/info": qos.LATCHED, "emg/label": qos.LABELS}
    return {topic: witness.collect(kind, topic, profiles[topic]) for topic, kind in KINDS.items()}


def play(start_node, witness, **parameters):
    """Play to the end; return the player."""
    node = start_node("player", **parameters)
    witness.spin_until(lambda: node.process.poll() is not None, "the end of the player")
    witness.settle(0.2)
    return node


def test_every_message_is_played_with_its_timing(start_node, witness, collected, tmp_path):
    messages = list(recorded(200))
    clock = witness.collect(Clock, "/clock", qos.WITNESS)
    arrivals = []
    witness.node.create_subscription(
        EmgSamples, "emg/samples", lambda _: arrivals.append(time.monotonic()), qos.WITNESS
    )
    bag = write_bag(tmp_path / "bag", messages, arms=("/left_arm", "/right_arm"))
    node = play(start_node, witness, bag=bag, bag_namespace="right_arm", rate=2.0)
    assert node.process.returncode == 0
    assert re.search(r"played 200 of emg/samples, 1 of emg/info, 1 of emg/label in 1\.\d s", node.log)
    for topic in KINDS:
        assert collected[topic] == [message for name, _, message in messages if name == topic]
    # Two seconds at double speed; a busy machine may take longer but never less.
    assert arrivals[-1] - arrivals[0] > 0.9
    times = [to_nanoseconds(message.clock) for message in clock]
    assert times == sorted(times)
    assert times[0] == START
    assert times[-1] == messages[-1][1]
    # The clock started before the first message, for nodes that need the time, and ran evenly.
    assert times.count(START) > 20
    assert len(set(times)) > 50


def test_missing_subscribers_are_counted_in_the_error(start_node, witness, collected, tmp_path):
    bag = write_bag(tmp_path / "bag", recorded(5))
    node = start_node("player", bag=bag, subscribers=2, wait_timeout=4.0)
    witness.spin_until(lambda: node.process.poll() is not None, "the end")
    assert node.process.returncode == 1
    (line,) = node.log.strip().splitlines()
    assert "only 1 nodes subscribe to /emg/samples" in line
    assert collected["emg/samples"] == []


def test_it_can_pause_and_move_a_simulated_exoskeleton(start_node, witness, collected, tmp_path):
    bag = write_bag(tmp_path / "bag", recorded(300))
    node = start_node("player", bag=bag, start_paused=True, exoskeleton="simulated")
    bridge = witness.node.create_publisher(BridgeState, "exo/bridge_state", qos.STATE)
    witness.spin_until(bridge.get_subscription_count, "the player")
    witness.spin_for(1.5)
    assert collected["emg/samples"] == []
    bridge.publish(BridgeState(state=BridgeState.ARMED))
    witness.call(SetBool, "player/pause", SetBool.Request(data=False))
    witness.spin_until(lambda: len(collected["emg/samples"]) > 50, "the first samples")
    witness.call(SetBool, "player/pause", SetBool.Request(data=True))
    witness.spin_for(0.2)
    before = len(collected["emg/samples"])
    assert before < 300
    witness.spin_for(0.5)
    assert len(collected["emg/samples"]) == before
    witness.call(SetBool, "player/pause", SetBool.Request(data=False))
    witness.spin_until(lambda: node.process.poll() is not None, "the end")
    assert node.process.returncode == 0
    assert [message.first_index for message in collected["emg/samples"]] == [5 * i for i in range(300)]


def test_a_bag_of_an_older_version_is_played_as_current_messages(
    start_node, witness, collected, repository, tmp_path
):
    text = (repository / "msg" / "EmgSamples.msg").read_text()
    older = re.sub(r"(?m)^(uint64 dropped_before|bool restart).*\n", "", text)
    assert older != text
    types = get_typestore(Stores.ROS2_JAZZY)
    types.register(get_types_from_msg(older, "emg_recognition/msg/EmgSamples"))
    kind = types.types["emg_recognition/msg/EmgSamples"]
    header = types.types["std_msgs/msg/Header"](
        types.types["builtin_interfaces/msg/Time"](sec=7, nanosec=8), "armband"
    )
    with Writer(tmp_path / "bag", version=8, storage_plugin=StoragePlugin.MCAP) as writer:
        connection = writer.add_connection("/emg/samples", kind.__msgtype__, typestore=types)
        for number in range(10):
            message = kind(header, 5 * number, 500.0, 2, "V", np.arange(10, dtype=np.float32))
            writer.write(connection, START + number, types.serialize_cdr(message, kind.__msgtype__))
    node = play(start_node, witness, bag=str(tmp_path / "bag"))
    assert node.process.returncode == 0
    assert len(collected["emg/samples"]) == 10
    for number, message in enumerate(collected["emg/samples"]):
        expected = EmgSamples(
            first_index=5 * number, rate=500.0, channels=2, unit="V", data=to_floats(np.arange(10))
        )
        expected.header.stamp.sec, expected.header.stamp.nanosec = 7, 8
        expected.header.frame_id = "armband"
        assert message == expected


def test_an_armed_bridge_ends_the_playback(start_node, witness, collected, tmp_path):
    bridge = witness.node.create_publisher(BridgeState, "exo/bridge_state", qos.STATE)
    node = start_node("player", bag=write_bag(tmp_path / "bag", recorded(500)))
    # A disarmed bridge is no obstacle.
    witness.spin_until(
        lambda: bridge.publish(BridgeState(state=BridgeState.DISARMED)) or collected["emg/samples"],
        "the first samples",
    )
    assert node.process.poll() is None
    witness.spin_until(
        lambda: bridge.publish(BridgeState(state=BridgeState.ARMED)) or node.process.poll() is not None,
        "the end",
    )
    assert node.process.returncode == 1
    assert "the command bridge is armed" in node.log
    assert len(collected["emg/samples"]) < 500


def test_a_live_armband_on_the_same_topic_ends_the_playback(start_node, witness, collected, tmp_path):
    live = witness.node.create_publisher(EmgSamples, "emg/samples", qos.SAMPLES)
    node = start_node("player", bag=write_bag(tmp_path / "bag", recorded(50)))
    witness.spin_until(lambda: node.process.poll() is not None, "the end")
    assert node.process.returncode == 1
    (line,) = node.log.strip().splitlines()
    assert "publishes /emg/samples too" in line
    assert collected["emg/samples"] == []
    witness.node.destroy_publisher(live)


@pytest.mark.parametrize(
    ("bag", "words"),
    [
        ("", "name a bag"),
        ("/nowhere", "/nowhere"),
        ("two arms", "/left_arm, /right_arm"),
        ("no message", "nothing to play"),
    ],
)
def test_a_bag_that_cannot_be_played_ends_the_node_with_one_line(start_node, tmp_path, bag, words):
    if bag == "two arms":
        bag = write_bag(tmp_path / "bag", recorded(5), arms=("/left_arm", "/right_arm"))
    elif bag == "no message":
        bag = write_bag(tmp_path / "bag", [])
    node = start_node("player", bag=bag)
    assert node.wait() == 1
    (line,) = node.log.strip().splitlines()
    assert words in line
