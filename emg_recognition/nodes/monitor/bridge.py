"""Bridge, stop input and joints, as the live view shows them."""

from __future__ import annotations

from rclpy.node import Node
from sensor_msgs.msg import JointState
from std_msgs.msg import Bool

from emg_recognition.control.reasons import Reason
from emg_recognition.control.states import State
from emg_recognition.monitor.snapshot import Bridge, Joint, StopInput
from emg_recognition.msg import BridgeState
from emg_recognition.nodes import heartbeat
from emg_recognition.nodes.monitor.feed import Feed, glance
from emg_recognition.nodes.monitor.joint_limits import AskedLimits

_REASONS = {reason.counter for reason in Reason}


class BridgeReader:
    """Reads ``exo/bridge_state``, ``exo/enable`` and ``exo/joint_states``.

    Parameters
    ----------
    node : rclpy.node.Node
        The node that subscribes.
    """

    def __init__(self, node: Node) -> None:
        self._node = node
        self._bridge = Feed(node, BridgeState, "exo/bridge_state", glance(1))
        self._switch = Feed(node, Bool, heartbeat.TOPIC, glance(1))
        self._joints = Feed(node, JointState, "exo/joint_states", glance(5))
        self._positions: dict[str, float] = {}
        self._limits = AskedLimits(node)

    def look(self) -> None:
        """Take in what has come."""
        self._bridge.take()
        self._switch.take()
        # A driver may send its joints one by one.
        for joints, _ in self._joints.take():
            self._positions.update(zip(joints.name, joints.position, strict=False))
        self._limits.look(self._bridge.age)

    def bridge(self) -> Bridge | None:
        """Return the newest word of the bridge; None before the first."""
        newest = self._bridge.newest
        if newest is None:
            return None
        counted = zip(newest.counter_names, newest.counter_values, strict=False)
        return Bridge(
            age=self._bridge.age,
            state=State(newest.state),
            reason=newest.reason,
            action=newest.action,
            signal_age=newest.signal_age,
            feedback_age=newest.feedback_age,
            stop_input_age=newest.stop_input_age,
            doubts=tuple((name, count) for name, count in counted if count and name in _REASONS),
        )

    def stop_input(self) -> StopInput | None:
        """Return the newest word of the stop input; None before the first."""
        newest = self._switch.newest
        if newest is None:
            return None
        publishers = self._node.count_publishers(heartbeat.TOPIC)
        return StopInput(age=self._switch.age, allowed=newest.data, publishers=publishers)

    def joints(self) -> tuple[tuple[Joint, ...], float]:
        """Return where the joints are, and how long ago one was heard of, s."""
        limits = self._limits.limits
        joints = tuple(
            Joint(name=name, position=position, lower=lower, upper=upper)
            for name, position in self._positions.items()
            for lower, upper in (limits.get(name, (None, None)),)
        )
        return joints, self._joints.age
