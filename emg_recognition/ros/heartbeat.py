"""The stop input: an operator's permission to move, published 20 times a second."""

from __future__ import annotations

from rclpy.clock import Clock, ClockType
from rclpy.duration import Duration
from rclpy.node import Node
from std_msgs.msg import Bool

from emg_recognition.ros import qos

TOPIC = "exo/enable"
#: Time between two messages, s. The bridge stops after 120 ms of silence, so one of them may get lost.
PERIOD = 0.05
#: How long to wait until the last message has arrived, s.
_LAST_MESSAGE = 1.0


class Heartbeat:
    """Publishes the stop input of the bridge (``std_msgs/Bool`` on ``exo/enable``).

    The messages come from the node's executor, so they end if it hangs. They follow the steady clock, so
    they go on in a paused simulation.

    Parameters
    ----------
    node : rclpy.node.Node
        The node that publishes for the operator.
    enabled : bool
        The first value.

    Attributes
    ----------
    topic_name : str
        The resolved name of the topic.
    """

    def __init__(self, node: Node, enabled: bool) -> None:
        self._node = node
        self._enabled = enabled
        self._publisher = node.create_publisher(Bool, TOPIC, qos.ENABLE)
        self.topic_name = str(self._publisher.topic_name)
        self._timer = node.create_timer(PERIOD, self._beat, clock=Clock(clock_type=ClockType.STEADY_TIME))

    @property
    def enabled(self) -> bool:
        """The value that is published."""
        return self._enabled

    @property
    def rivals(self) -> int:
        """How many others publish the same topic; the bridge accepts only one publisher."""
        return max(0, self._node.count_publishers(self.topic_name) - 1)

    def say(self, enabled: bool) -> None:
        """Change the value and publish it at once."""
        self._enabled = enabled
        self._beat()

    def close(self) -> None:
        """Publish false as the last message, and wait until it has arrived, a second at most."""
        self._timer.cancel()
        self.say(False)
        self._publisher.wait_for_all_acked(Duration(seconds=_LAST_MESSAGE))

    def _beat(self) -> None:
        self._publisher.publish(Bool(data=self._enabled))
