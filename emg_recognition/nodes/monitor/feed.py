"""A topic that is looked at ten times a second."""

from __future__ import annotations

import math
import time
from typing import Any

from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy

from emg_recognition.nodes.polling import PolledTopic


def glance(depth: int) -> QoSProfile:
    """Return a profile with which a publisher never notices that the reader is slow.

    Best effort goes together with what reliable publishers offer; what a slow terminal has no time for is
    lost here alone. What is said once and kept (device, model, label) has to be asked for as it is offered.
    """
    return QoSProfile(depth=depth, reliability=ReliabilityPolicy.BEST_EFFORT)


class Feed:
    """A topic, its newest message, and how old that is.

    Parameters
    ----------
    node : rclpy.node.Node
        The node that subscribes.
    kind : type
        The message type.
    topic : str
        Its name, relative or not.
    profile : rclpy.qos.QoSProfile
        With room for what comes between two looks.

    Attributes
    ----------
    newest : object or None
        The newest message; None before the first.
    """

    def __init__(self, node: Node, kind: type, topic: str, profile: QoSProfile) -> None:
        self._topic = PolledTopic(node, kind, topic, profile)
        self._seen = -math.inf
        self.newest: Any = None

    def take(self) -> list[tuple[Any, int]]:
        """Return what has come since the last call, and when it came (system time, ns)."""
        taken = list(self._topic.take())
        if taken:
            self.newest = taken[-1][0]
            self._seen = time.monotonic()
        return taken

    @property
    def age(self) -> float:
        """Time since the newest message was taken, s; infinite before the first."""
        return time.monotonic() - self._seen
