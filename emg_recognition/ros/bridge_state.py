"""Publish the state and the counters of the command bridge."""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence

from rclpy.node import Node

from emg_recognition.control.bridge import COUNTERS, Bridge
from emg_recognition.control.inputs import Instant
from emg_recognition.control.trajectory import Command
from emg_recognition.msg import BridgeCounters, BridgeState
from emg_recognition.ros import qos

#: Longest time between two states, s; a little less than 20 ms, so that a tick that comes early still counts.
_STATE_PERIOD = 0.018
#: Longest time between two messages of counters, s.
_COUNTERS_PERIOD = 1.0


class BridgeStatePublisher:
    """Publishes what a bridge does, less often than it commands.

    A state costs as much as a command and mostly repeats the one before. So it is sent at each change, with
    each new window behind the command, and otherwise 50 times a second.

    Parameters
    ----------
    node : rclpy.node.Node
        The node that publishes.
    bridge : Bridge
        The bridge.
    names : sequence of str
        The joints, in the order of the commands' values.
    """

    def __init__(self, node: Node, bridge: Bridge, names: Sequence[str]) -> None:
        self._clock = node.get_clock()
        self._bridge = bridge
        self._command: Command | None = None
        self._said: object = None
        self._window: int | None = None
        self._published = self._counted = -math.inf
        # Built once: setting a field costs more than filling one.
        self._message = BridgeState(joint_names=list(names), positions=array("d"), velocities=array("d"))
        self._counters = BridgeCounters(names=list(COUNTERS), values=array("Q", [0] * len(COUNTERS)))
        self._publisher = node.create_publisher(BridgeState, "exo/bridge_state", qos.STATE)
        self._counters_publisher = node.create_publisher(BridgeCounters, "exo/bridge_counters", qos.LATCHED)

    def publish(self, command: Command | None, now: Instant, *, last: bool = False) -> None:
        """Take the command of this tick, if there is one; publish what is due, or everything at last."""
        bridge = self._bridge
        if command is not None:
            self._command = command
        said = (bridge.state, bridge.reason, bridge.action)
        changed = last or said != self._said
        if changed or now.steady - self._counted >= _COUNTERS_PERIOD:
            self._counted = now.steady
            self._publish_counters()
        window = bridge.last_index
        if changed or window != self._window or now.steady - self._published >= _STATE_PERIOD:
            self._said, self._window, self._published = said, window, now.steady
            self._publish_state(now)

    def _publish_state(self, now: Instant) -> None:
        bridge, message = self._bridge, self._message
        message.state = int(bridge.state)
        message.reason = bridge.reason
        message.action = bridge.action
        if self._command is not None:
            message.positions = array("d", self._command.positions)
            message.velocities = array("d", self._command.velocities)
        message.signal_age, message.feedback_age, message.stop_input_age = bridge.ages(now)
        message.has_index = self._window is not None
        message.last_index = self._window or 0
        message.header.stamp = self._clock.now().to_msg()
        self._publisher.publish(message)

    def _publish_counters(self) -> None:
        self._counters.values[:] = array("Q", self._bridge.counters.values())
        self._counters.header.stamp = self._clock.now().to_msg()
        self._counters_publisher.publish(self._counters)
