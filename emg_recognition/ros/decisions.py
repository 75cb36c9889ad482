"""Publish what is decided over the estimates of a classifier, whether anything is armed or not."""

from __future__ import annotations

from builtin_interfaces.msg import Time
from rclpy.node import Node

from emg_recognition.control.decision import Decider
from emg_recognition.control.inputs import Receipt
from emg_recognition.msg import ActionDecision, ActionEstimate
from emg_recognition.ros import qos
from emg_recognition.ros.conversions import to_nanoseconds


class DecisionPublisher:
    """Decides after each usable estimate, and publishes the decision on ``emg/decision``.

    The stamps of the estimates are its clock, as in replay, so a recording shows the same decisions. The
    decider is its own: the bridge's starts again whenever it is armed or holds, this one does not.

    Parameters
    ----------
    node : rclpy.node.Node
        The node that publishes.
    decider : Decider
        One that has seen nothing yet.
    """

    def __init__(self, node: Node, decider: Decider) -> None:
        self._publisher = node.create_publisher(ActionDecision, "emg/decision", qos.DECISIONS)
        self.use(decider)

    def use(self, decider: Decider) -> None:
        """Start again with another decider."""
        self._decider = decider
        self._model = self._action = ""
        self._since: Time | None = None

    def add(self, message: ActionEstimate, receipt: Receipt) -> None:
        """Take an estimate that may vote, and how it was received."""
        if receipt is Receipt.FIRST or message.model != self._model:
            self._decider.clear()
            self._model, self._since = message.model, None
        time = to_nanoseconds(message.header.stamp) * 1e-9
        accepted = message.status == ActionEstimate.ACCEPTED
        self._decider.add(message.action, message.confidence, message.activation, accepted, time)
        decision = self._decider.decide(time)
        if self._since is None or decision.action != self._action:
            self._action, self._since = decision.action, message.header.stamp
        self._publisher.publish(
            ActionDecision(
                header=message.header,
                action=decision.action,
                since=self._since,
                speed=decision.speed,
                confidence=message.confidence,
                activation=message.activation,
                first_index=message.first_index,
                last_index=message.last_index,
                model=message.model,
            )
        )
