"""Publish the state of the command bridge."""

from __future__ import annotations

from array import array
from collections.abc import Sequence

from rclpy.node import Node

from emg_recognition.control.bridge import COUNTERS, Bridge
from emg_recognition.control.inputs import Instant
from emg_recognition.control.trajectory import Command
from emg_recognition.msg import BridgeState
from emg_recognition.ros import qos


class BridgeStatePublisher:
    """Publishes the state of a bridge.

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
        # Built once: setting a field costs more than filling one.
        self._message = BridgeState(
            joint_names=list(names),
            positions=array("d"),
            velocities=array("d"),
            counter_names=list(COUNTERS),
            counter_values=array("Q", [0] * len(COUNTERS)),
        )
        self._publisher = node.create_publisher(BridgeState, "exo/bridge_state", qos.STATE)

    def publish(self, command: Command | None, now: Instant) -> None:
        """Publish the state, and the command of this tick if there is one."""
        bridge, message = self._bridge, self._message
        message.state = int(bridge.state)
        message.reason = bridge.reason
        message.action = bridge.action
        if command is not None:
            message.positions = array("d", command.positions)
            message.velocities = array("d", command.velocities)
        message.signal_age, message.feedback_age, message.stop_input_age = bridge.ages(now)
        index = bridge.last_index
        message.has_index = index is not None
        message.last_index = index or 0
        message.counter_values[:] = array("Q", bridge.counters.values())
        message.header.stamp = self._clock.now().to_msg()
        self._publisher.publish(message)
