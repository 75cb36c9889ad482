"""Count who may command the joints besides the bridge; another bridge that was killed does not count."""

from __future__ import annotations

import time

from rclpy.node import Node

from emg_recognition.msg import BridgeState
from emg_recognition.ownership import GONE_AFTER, same_process
from emg_recognition.ros import qos
from emg_recognition.ros.publishers import IdentifiedSubscription, publisher_nodes

#: How long to listen before a bridge that says nothing is taken for dead, s; it has to be connected first.
_LISTEN = 2.0
#: How often the graph is asked for names, s; it takes 0.1 ms.
_LOOK_EVERY = 0.25


class Rivals:
    """Counts the publishers of a topic, without bridges that are dead.

    DDS lists a killed publisher for 20 s more, and other programs may command at any time, so each that is
    listed counts. Only another bridge, which has the name of this one, is known to be alive by its state:
    it publishes that 50 times a second, armed or not.

    Parameters
    ----------
    node : rclpy.node.Node
        The bridge; it publishes ``exo/bridge_state``.
    topic : str
        The topic of its commands, as resolved.
    """

    def __init__(self, node: Node, topic: str) -> None:
        self._node, self._topic = node, topic
        self._states: IdentifiedSubscription[BridgeState] | None = None
        self._opened = self._looked = 0.0
        self._heard: dict[bytes, float] = {}
        self._bridges: list[bytes] = []

    def count(self) -> int:
        """Return how many publishers there are, this bridge included."""
        listed = int(self._node.count_publishers(self._topic))
        now = time.monotonic()
        if listed <= 1:
            self._close()
            return listed
        if self._states is None:
            self._states = IdentifiedSubscription(self._node, BridgeState, "exo/bridge_state", qos.WITNESS)
            self._opened = now
        while (said := self._states.take()) is not None:
            self._heard[said[1]] = now
        if now - self._opened < _LISTEN:
            return listed
        if now - self._looked >= _LOOK_EVERY:
            self._looked = now
            self._heard = {who: when for who, when in self._heard.items() if now - when <= GONE_AFTER}
            own = self._node.get_fully_qualified_name()
            nodes = publisher_nodes(self._node, self._topic)
            self._bridges = [publisher for publisher, name in nodes.items() if name == own]
        living = sum(any(same_process(one, who) for who in self._heard) for one in self._bridges)
        # Without a word from this bridge itself the identities tell nothing.
        return listed if living == 0 else listed - len(self._bridges) + living

    def _close(self) -> None:
        if self._states is not None:
            self._states.destroy()
            self._states, self._bridges = None, []
            self._heard.clear()
