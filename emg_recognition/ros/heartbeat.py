"""The operator's word to the bridge, 20 times a second: may it move or not."""

from __future__ import annotations

from rclpy.clock import Clock, ClockType
from rclpy.duration import Duration
from rclpy.node import Node
from std_msgs.msg import Bool

from emg_recognition.ros import qos

TOPIC = "exo/enable"
#: The bridge calls 120 ms of silence a loss; two words in a row may be late or lost, s.
PERIOD = 0.05
#: How long the last word may take to arrive, s.
_LAST_WORD = 1.0


class Heartbeat:
    """Publishes the stop input of the bridge (``std_msgs/Bool`` on ``exo/enable``).

    The words come from the node's executor: they end when it hangs. They come by steady time: a paused
    simulation is no reason to stop them.

    Parameters
    ----------
    node : rclpy.node.Node
        The node that speaks for the operator.
    enabled : bool
        What it says at first.
    """

    def __init__(self, node: Node, enabled: bool) -> None:
        self._node = node
        self._enabled = enabled
        self._publisher = node.create_publisher(Bool, TOPIC, qos.ENABLE)
        self._timer = node.create_timer(PERIOD, self._beat, clock=Clock(clock_type=ClockType.STEADY_TIME))

    @property
    def enabled(self) -> bool:
        """What is being said."""
        return self._enabled

    @property
    def rivals(self) -> int:
        """How many others publish the same topic; the bridge takes the word of one alone."""
        return max(0, self._node.count_publishers(TOPIC) - 1)

    def say(self, enabled: bool) -> None:
        """Change the word, and say it at once."""
        self._enabled = enabled
        self._beat()

    def close(self) -> None:
        """Say false as the last word, and wait until it has arrived, a second at most."""
        self._timer.cancel()
        self.say(False)
        self._publisher.wait_for_all_acked(Duration(seconds=_LAST_WORD))

    def _beat(self) -> None:
        self._publisher.publish(Bool(data=self._enabled))
