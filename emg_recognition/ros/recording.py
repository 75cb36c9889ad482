"""Write topics into a bag as they arrive, without decoding messages or running callbacks."""

from __future__ import annotations

import heapq
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, cast

from rclpy.clock import ROSClock
from rclpy.exceptions import InvalidTopicNameException
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile
from rclpy.validate_topic_name import validate_topic_name
from std_msgs.msg import Bool

from emg_recognition.bags.writer import BagWriter, TopicQos
from emg_recognition.errors import EmgRecognitionError, SettingError
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
from emg_recognition.ros import heartbeat, qos
from emg_recognition.ros.polling import PolledTopic

SAMPLES_TOPIC = "emg/samples"

#: Topics recorded for each arm: relative name, type, and the profile of the publisher.
TOPICS: dict[str, tuple[Any, QoSProfile]] = {
    SAMPLES_TOPIC: (EmgSamples, qos.SAMPLES),
    "emg/info": (EmgInfo, qos.LATCHED),
    "emg/model": (ModelInfo, qos.LATCHED),
    "emg/label": (ActionLabel, qos.LABELS),
    "emg/action": (ActionEstimate, qos.ESTIMATES),
    "emg/decision": (ActionDecision, qos.DECISIONS),
    "emg/quality": (SignalQuality, qos.QUALITY),
    "exo/bridge_state": (BridgeState, qos.STATE),
    "exo/bridge_counters": (BridgeCounters, qos.LATCHED),
    heartbeat.TOPIC: (Bool, qos.ENABLE),
}

#: How often messages are taken, s.
_POLL_PERIOD = 0.01
#: A chunk goes to the disk this often, s; a killed process loses no more than that.
_FLUSH_PERIOD = 0.5

ON_DISK = 2 * _FLUSH_PERIOD
"""What was published this long ago can be read from the bag, s."""


class Recording:
    """Subscribe to the topics of one or more arms and write the messages into a bag.

    A separate thread does all of it, so that a slow disk delays nothing else. In the bag the topics have the
    package's own names, by which its other programs find them, even where they are remapped here.

    Parameters
    ----------
    node : rclpy.node.Node
        The node that subscribes.
    path : Path
        The bag to create.
    namespaces : iterable of str
        Namespaces of the arms below the node's own; ``""`` for the node's own.
    fail : callable
        Called from the thread with the error when the bag cannot be written any more.

    Raises
    ------
    RecordingError
        If the path exists or cannot be written.
    SettingError
        For a namespace that is not a ROS name.
    """

    def __init__(
        self, node: Node, path: Path, namespaces: Iterable[str], fail: Callable[[EmgRecognitionError], None]
    ) -> None:
        self._clock = cast(ROSClock, node.get_clock())
        self._fail = fail
        offered = {
            _full_name(node, namespace, topic): (topic, kind, profile)
            for namespace in namespaces
            for topic, (kind, profile) in TOPICS.items()
        }
        #: Messages of each topic so far.
        self.counts = dict.fromkeys(offered, 0)
        #: The topics of samples, one for each arm.
        self.samples_topics = [name for name, (topic, _, _) in offered.items() if topic == SAMPLES_TOPIC]
        self._writer = BagWriter(
            path,
            {name: type_name(kind) for name, (_, kind, _) in offered.items()},
            {
                name: TopicQos(profile.depth, latched=is_latched(profile))
                for name, (_, _, profile) in offered.items()
            },
        )
        self._topics = {
            name: PolledTopic(node, kind, name, qos.LABELS if is_latched(profile) else qos.WITNESS, raw=True)
            for name, (_, kind, profile) in offered.items()
        }
        self._failed = False
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="bag", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Write the waiting messages and close the bag.

        Raises
        ------
        RecordingError
            If the disk is full or gone.
        """
        self._stop.set()
        self._thread.join()
        if not self._failed:
            self._take()
        self._writer.close()

    def _run(self) -> None:
        flushed = time.monotonic()
        try:
            while not self._stop.wait(_POLL_PERIOD):
                self._take()
                if time.monotonic() - flushed >= _FLUSH_PERIOD:
                    self._writer.flush()
                    flushed = time.monotonic()
        except EmgRecognitionError as error:
            self._failed = True
            self._fail(error)
        except Exception:
            self._failed = True
            self._fail(EmgRecognitionError("the recording thread has crashed; its traceback is above"))
            raise

    def _take(self) -> None:
        """Write the new messages in the order of their arrival."""
        simulated = self._clock.now().nanoseconds if self._clock.ros_time_is_active else None
        taken = [
            [(received, name, message) for message, received in topic.take()]
            for name, topic in self._topics.items()
        ]
        # Each topic keeps its order even if the clock steps back.
        for received, name, message in heapq.merge(*taken, key=lambda one: one[0]):
            self._writer.write(name, received if simulated is None else simulated, message)
            self.counts[name] += 1


def type_name(kind: type) -> str:
    """Return the full name of a message type, such as ``std_msgs/msg/Bool``."""
    package, _ = kind.__module__.split(".", 1)
    return f"{package}/msg/{kind.__name__}"


def is_latched(profile: QoSProfile) -> bool:
    """Return whether a late subscriber gets the newest message."""
    return bool(profile.durability == DurabilityPolicy.TRANSIENT_LOCAL)


def _full_name(node: Node, namespace: str, topic: str) -> str:
    name = f"{namespace}/{topic}" if namespace else topic
    try:
        validate_topic_name(name)
        return str(node.resolve_topic_name(name, only_expand=True))
    except InvalidTopicNameException as error:
        raise SettingError("namespace", namespace, "write a ROS name such as left_arm") from error
