"""Messages of programs that do not belong to the robot: impossible, wrong, outdated, or copied."""

from __future__ import annotations

import array
import copy
import importlib
import math
import random
import re
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray
from emg_recognition.msg import (
    ActionDecision,
    ActionEstimate,
    ActionLabel,
    BridgeCounters,
    BridgeState,
    EmgInfo,
    EmgSamples,
    EmgWindow,
    ModelInfo,
    SignalQuality,
)
from rclpy.node import Node
from sensor_msgs.msg import JointState
from std_msgs.msg import Bool, Float64MultiArray
from trajectory_msgs.msg import JointTrajectory

from emg_recognition.ros import qos

#: Every topic of the graph, with its type and quality of service.
TOPICS: dict[str, tuple[Any, Any]] = {
    "emg/samples": (EmgSamples, qos.SAMPLES),
    "emg/info": (EmgInfo, qos.LATCHED),
    "emg/window": (EmgWindow, qos.WINDOWS),
    "emg/action": (ActionEstimate, qos.ESTIMATES),
    "emg/decision": (ActionDecision, qos.ESTIMATES),
    "emg/model": (ModelInfo, qos.LATCHED),
    "emg/label": (ActionLabel, qos.LABELS),
    "emg/quality": (SignalQuality, qos.QUALITY),
    "exo/enable": (Bool, qos.ENABLE),
    "exo/joint_states": (JointState, qos.COMMANDS),
    "exo/joint_trajectory": (JointTrajectory, qos.COMMANDS),
    "exo/velocity_command": (Float64MultiArray, qos.COMMANDS),
    "exo/bridge_state": (BridgeState, qos.STATE),
    "exo/bridge_counters": (BridgeCounters, qos.LATCHED),
    "/diagnostics": (DiagnosticArray, qos.DIAGNOSTICS),
}
#: What obeys these obeys everybody, and nothing in the robot can prevent it.
OBEYED = ("exo/joint_trajectory", "exo/velocity_command")

FLOATS = (math.nan, math.inf, -math.inf, 0.0, -1.0, 1.0, 5e-324, 1e300, -1e300, 1e9)
FLOATS32 = (math.nan, math.inf, -math.inf, 0.0, -1.0, 1.0, 1e-45, 3e38, -3e38)
WORDS = ("", "elbow_flexion", "rest", "\x1b[2J\x1b[31mred", "a\nb\r\0c", "\u202eabc", "x" * 100_000, "V")
INTEGER = re.compile(r"(u?)int(\d+)")
SEQUENCE = re.compile(r"(?:sequence<(.+?)(?:, \d+)?>|(.+)\[(\d+)\])")
CODES = {"float": "f", "double": "d", "int8": "b", "uint8": "B", "int16": "h", "uint16": "H", "int32": "i"}
CODES |= {"uint32": "I", "int64": "q", "uint64": "Q"}


def hostile(kind: str, choice: random.Random) -> Any:
    """Return a value of a ROS type that a careless reader does not expect.

    Parameters
    ----------
    kind : str
        The type as ``get_fields_and_field_types`` writes it.
    choice : random.Random
        What chooses.
    """
    if kind == "boolean":
        return choice.random() < 0.5
    if kind == "double":
        return choice.choice(FLOATS)
    if kind == "float":
        return choice.choice(FLOATS32)
    if kind.startswith("string"):
        return choice.choice(WORDS)
    integer = INTEGER.fullmatch(kind)
    if integer:
        bits = int(integer[2])
        low, high = (0, 2**bits - 1) if integer[1] else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
        return choice.choice((low, high, high // 2, 1, min(7, high)))
    sequence = SEQUENCE.fullmatch(kind)
    if sequence:
        element = sequence[1] or sequence[2]
        count = int(sequence[3]) if sequence[3] else choice.choice((0, 1, 3, 7, 1000))
        if element in CODES:
            return array.array(CODES[element], [hostile(element, choice) for _ in range(count)])
        return [hostile(element, choice) for _ in range(min(count, 7))]
    package, _, name = kind.partition("/")
    return filled(getattr(importlib.import_module(f"{package}.msg"), name)(), choice)


def filled(message: Any, choice: random.Random, share: float = 1.0) -> Any:
    """Return a message with a share of its fields made hostile."""
    for field, kind in message.get_fields_and_field_types().items():
        if kind == "octet":
            continue
        if choice.random() < share:
            setattr(message, field, hostile(kind, choice))
    return message


class Stranger:
    """Publishes on any topic for a while; it has seen the true messages.

    Parameters
    ----------
    node : rclpy.node.Node
        What publishes.

    Attributes
    ----------
    listening : bool
        Whether the messages that come are true ones.
    """

    def __init__(self, node: Node) -> None:
        self._node = node
        self._true: dict[str, Any] = {}
        self.listening = True
        for topic, (kind, profile) in TOPICS.items():
            node.create_subscription(
                kind, topic, lambda message, topic=topic: self._listen(topic, message), profile
            )

    def _listen(self, topic: str, message: Any) -> None:
        if self.listening:
            self._true[topic] = message

    def message(self, topic: str, manner: str, choice: random.Random) -> Any:
        """Return the next message.

        Parameters
        ----------
        topic : str
            One of :data:`TOPICS`.
        manner : str
            "wild": everything hostile; "nearly": a true one with one hostile field in four; "old", "ahead": a
            true one with another stamp; "copy": a true one of now.
        choice : random.Random
            What chooses.
        """
        kind, _ = TOPICS[topic]
        true = self._true.get(topic)
        if true is None or manner == "wild":
            return filled(kind(), choice)
        message = copy.deepcopy(true)
        if manner == "nearly":
            return filled(message, choice, 0.25)
        header = getattr(message, "header", None)
        if header is not None:
            now = self._node.get_clock().now().nanoseconds * 1e-9
            shift = {"old": -10.0, "ahead": 10.0}.get(manner, 0.0)
            header.stamp.sec, header.stamp.nanosec = int(now + shift), int((now + shift) % 1 * 1e9)
        return message
