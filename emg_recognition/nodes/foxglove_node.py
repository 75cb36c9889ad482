"""Serve what runs in the graph to Foxglove, in its own protocol and without rosbridge."""

from __future__ import annotations

import importlib.util
import sys
import threading
from typing import Any, cast

from diagnostic_msgs.msg import DiagnosticArray
from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from rclpy.qos import QoSProfile
from sensor_msgs.msg import JointState
from std_msgs.msg import Float32MultiArray, String

from emg_recognition.bags.definitions import full_definition
from emg_recognition.errors import EmgRecognitionError, SettingError
from emg_recognition.msg import SessionState
from emg_recognition.nodes.settings import FoxgloveSettings
from emg_recognition.ros import diagnostics, qos
from emg_recognition.ros.monitor_signal import glance
from emg_recognition.ros.parameters import declare
from emg_recognition.ros.polling import PolledTopic
from emg_recognition.ros.recording import TOPICS, is_latched, type_name
from emg_recognition.ros.runner import run

MISSING = "live data for Foxglove needs its library: pip install 'emg_recognition[foxglove]'"
"""What is said where nothing can be served."""

#: What a viewer can see beside what is recorded: relative name, type, profile of the publisher.
_VIEWED: dict[str, tuple[Any, QoSProfile]] = {
    **TOPICS,
    "emg/session": (SessionState, qos.LATCHED),
    "emg/preview": (Float32MultiArray, qos.QUALITY),
    "exo/joint_states": (JointState, qos.JOINT_STATES),
    "robot_description": (String, qos.LATCHED),
    "/diagnostics": (DiagnosticArray, qos.DIAGNOSTICS),
}
#: How often messages are passed on, s.
_PERIOD = 0.02
#: Messages that wait between two times; samples come up to a thousand times a second.
_WAITING = 200
#: Messages that wait for a slow viewer before the oldest are dropped.
_BACKLOG = 1024


class FoxgloveNode(Node):
    """Passes the messages on as they are; it publishes nothing and can be asked for nothing else.

    A topic is subscribed while somebody views it. The server listens on this machine only, because the
    protocol has no access check.
    """

    def __init__(self) -> None:
        super().__init__("foxglove")
        self.failure: EmgRecognitionError | None = None
        self.finished = False
        settings = declare(self, FoxgloveSettings)
        if importlib.util.find_spec("foxglove") is None:
            raise EmgRecognitionError(MISSING)
        import foxglove  # an optional part

        self._passed = 0
        self._served = foxglove.Context()  # its channels end with it
        self._kinds = {
            self.resolve_topic_name(name): (kind, profile) for name, (kind, profile) in _VIEWED.items()
        }
        self._channels = {
            topic: foxglove.Channel(
                topic, schema=_schema(foxglove, kind), message_encoding="cdr", context=self._served
            )
            for topic, (kind, _) in self._kinds.items()
        }
        self._viewers = _Viewers()
        self._topics: dict[str, PolledTopic] = {}
        #: Device, model, labels and the robot's description: a viewer who comes later needs the newest too.
        self._kept: dict[str, tuple[bytes, int]] = {}
        for topic, (_, profile) in self._kinds.items():
            if is_latched(profile):
                self._follow(topic)
        try:
            self._server = foxglove.start_server(
                name="emg_recognition",
                host="127.0.0.1",
                port=settings.port,
                server_listener=cast(Any, self._viewers),  # it needs only these two calls
                context=self._served,
                message_backlog_size=_BACKLOG,
            )
        except RuntimeError as error:
            raise SettingError("port", settings.port, f"{error}; use another one, or 0") from error
        self._diagnostics = diagnostics.Diagnostics(self, self._report)
        # Steady time, to show a paused simulation too.
        self.create_timer(_PERIOD, self._pass, clock=Clock(clock_type=ClockType.STEADY_TIME))
        self.get_logger().info(f"in Foxglove open the connection ws://127.0.0.1:{self._server.port}")

    def close(self) -> None:
        """End the server."""
        self._server.stop()

    def _follow(self, topic: str) -> None:
        kind, profile = self._kinds[topic]
        suited = profile if is_latched(profile) else glance(_WAITING)
        self._topics[topic] = PolledTopic(self, kind, topic, suited, raw=True)

    def _pass(self) -> None:
        viewed, came = self._viewers.look()
        for topic in viewed - self._topics.keys():
            self._follow(topic)
        for topic in came & self._kept.keys():
            self._channels[topic].log(self._kept[topic][0], log_time=self._kept[topic][1])
        for topic, waiting in list(self._topics.items()):
            kept = is_latched(self._kinds[topic][1])
            if not kept and topic not in viewed:
                waiting.close()
                del self._topics[topic]
                continue
            for message, received in waiting.take():
                self._channels[topic].log(message, log_time=received)
                self._passed += 1
                if kept:
                    self._kept[topic] = message, received

    def _report(self) -> diagnostics.Report:
        values = {"topics_viewed": len(self._viewers.look(newcomers=False)[0]), "messages": self._passed}
        return diagnostics.OK, "serving", values


class _Viewers:
    """Which topics are viewed, told by the threads of the server."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._viewed: set[tuple[int, str]] = set()
        self._came: set[str] = set()

    def on_subscribe(self, client: Any, channel: Any) -> None:
        """Take note of a viewer of a topic."""
        with self._lock:
            self._viewed.add((client.id, channel.topic))
            self._came.add(channel.topic)

    def on_unsubscribe(self, client: Any, channel: Any) -> None:
        """Take note that one has left it."""
        with self._lock:
            self._viewed.discard((client.id, channel.topic))

    def look(self, *, newcomers: bool = True) -> tuple[set[str], set[str]]:
        """Return the topics that are viewed, and those with a new viewer since the last time."""
        with self._lock:
            came = set(self._came)
            if newcomers:
                self._came.clear()
            return {topic for _, topic in self._viewed}, came


def _schema(foxglove: Any, kind: type) -> Any:
    name = type_name(kind)
    return foxglove.Schema(name=name, encoding="ros2msg", data=full_definition(name).encode())


def main() -> int:
    """Run the node."""
    return run("foxglove", FoxgloveNode)


if __name__ == "__main__":
    sys.exit(main())
