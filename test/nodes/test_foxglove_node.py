"""What a viewer receives, with a WebSocket client of the test's own that speaks Foxglove's protocol."""

from __future__ import annotations

import contextlib
import json
import re
import struct

import pytest
from emg_recognition.msg import ActionEstimate, EmgInfo, EmgSamples
from rclpy.serialization import deserialize_message
from sensor_msgs.msg import JointState

from emg_recognition.bags.definitions import parse_definition
from emg_recognition.bags.layout import field_names
from emg_recognition.ros import qos

from .conftest import PATIENCE

pytest.importorskip("foxglove", reason="foxglove-sdk is not installed: pip install foxglove-sdk")
websockets = pytest.importorskip("websockets.sync.client", reason="websockets is not installed")

MESSAGE = 1  # the operation of a binary message that carries data


class Viewer:
    """Knows the channels that the server offers, and what came on those that it views."""

    def __init__(self, connection):
        self._connection = connection
        self.server, self.channels, self._viewed = None, {}, {}
        while len(self.channels) < 10:
            self._receive(PATIENCE)

    def view(self, topic):
        number = len(self._viewed) + 1
        self._viewed[number] = topic
        self.say(op="subscribe", subscriptions=[{"id": number, "channelId": self.channels[topic]["id"]}])
        return number

    def say(self, **message):
        self._connection.send(json.dumps(message))

    def next(self, timeout=PATIENCE):
        while True:
            found = self._receive(timeout)
            if found is not None:
                return found

    def _receive(self, timeout):
        frame = self._connection.recv(timeout)
        if isinstance(frame, bytes):
            operation, number, _stamp = struct.unpack_from("<BIQ", frame)
            assert operation == MESSAGE
            return self._viewed[number], frame[13:]
        message = json.loads(frame)
        if message["op"] == "serverInfo":
            self.server = message
        elif message["op"] == "advertise":
            self.channels |= {channel["topic"]: channel for channel in message["channels"]}
        return None


@contextlib.contextmanager
def viewing(port):
    with websockets.connect(f"ws://127.0.0.1:{port}", subprotocols=["foxglove.sdk.v1"]) as connection:
        yield Viewer(connection)


@pytest.fixture
def port(start_node):
    node = start_node("foxglove", port=0)
    node.wait_for_log("ws://127.0.0.1:")
    return int(re.search(r"ws://127\.0\.0\.1:(\d+)", node.log)[1])


def test_viewers_get_what_runs_in_the_graph_and_can_change_nothing(port, witness, repository):
    node = witness.node
    samples = node.create_publisher(EmgSamples, "emg/samples", qos.SAMPLES)
    info = node.create_publisher(EmgInfo, "emg/info", qos.LATCHED)
    estimates = node.create_publisher(ActionEstimate, "emg/action", qos.ESTIMATES)
    joints = node.create_publisher(JointState, "exo/joint_states", qos.COMMANDS)
    info.publish(EmgInfo(device="band", channels=2, channel_names=["a", "b"], rate=500.0, unit="V"))
    with viewing(port) as viewer:
        # Everything that the layout shows, with the fields that it names.
        layout = json.loads((repository / "config/views/foxglove.json").read_text())
        paths = {one["value"] for panel in layout["configById"].values() for one in panel.get("paths", [])}
        assert {path.partition(".")[0] for path in paths} | {"/diagnostics", "/robot_description"} <= set(
            viewer.channels
        )
        for path in paths:
            topic, _, field = path.partition(".")
            channel = viewer.channels[topic]
            assert (channel["encoding"], channel["schemaEncoding"]) == ("cdr", "ros2msg")
            known = field_names(
                parse_definition(channel["schemaName"], "ros2msg", channel["schema"]), channel["schemaName"]
            )
            assert field.partition("[")[0] in known, path
        assert not {"clientPublish", "services", "parameters"} & set(viewer.server["capabilities"])
        foreign = {"id": 1, "topic": "/exo/enable", "encoding": "json", "schemaName": "std_msgs/msg/Bool"}
        viewer.say(op="advertise", channels=[foreign])

        # Whoever comes late learns the device, and nothing that they do not view.
        assert samples.get_subscription_count() == 0
        viewer.view("/emg/info")
        topic, data = viewer.next()
        assert (topic, deserialize_message(data, EmgInfo).device) == ("/emg/info", "band")
        for name in ("/emg/samples", "/emg/action", "/exo/joint_states"):
            viewer.view(name)
        witness.spin_until(
            lambda: all(one.get_subscription_count() for one in (samples, estimates, joints)), "subscriptions"
        )
        sent = {
            "/emg/samples": EmgSamples(first_index=7, rate=500.0, channels=2, unit="V", data=[0.5, -0.25]),
            "/emg/action": ActionEstimate(
                action="elbow_flexion", confidence=0.75, probabilities=[0.25, 0.75]
            ),
            "/exo/joint_states": JointState(name=["elbow_flexion"], position=[0.5]),
        }
        for publisher, message in zip((samples, estimates, joints), sent.values(), strict=True):
            publisher.publish(message)
        received = dict(viewer.next() for _ in sent)
        assert {
            topic: deserialize_message(data, type(sent[topic])) for topic, data in received.items()
        } == sent
        assert node.count_publishers("/exo/enable") == 0
        with viewing(port) as second:
            second.view("/emg/info")
            assert deserialize_message(second.next()[1], EmgInfo).device == "band"
    witness.spin_until(lambda: samples.get_subscription_count() == 0, "nobody views the samples any more")
