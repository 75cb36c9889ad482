"""Publish what is decided over the estimates of a classifier, whether anything is armed or not."""

from __future__ import annotations

from builtin_interfaces.msg import Time
from rclpy.node import Node

from emg_recognition.control.decision import Decider
from emg_recognition.control.settings import BridgeSettings
from emg_recognition.msg import ActionDecision, ActionEstimate
from emg_recognition.ros import qos
from emg_recognition.ros.stamps import to_nanoseconds

#: Longest pause between two estimates of one vote, ns.
_LONGEST_PAUSE = round(BridgeSettings.stale_after * 1e9)


class DecisionPublisher:
    """Decides after each usable estimate, and publishes the decision on ``emg/decision``.

    The stamps of the estimates are its clock, as in :func:`emg_recognition.replay.decisions.decide`, so a
    recording shows the same decisions however busy the machine was. The decider is its own: the bridge's
    starts again whenever it is armed or holds, this one does not.

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
        self._before: ActionEstimate | None = None
        self._begun = 0
        self._action = ""
        self._since: Time | None = None

    def add(self, message: ActionEstimate) -> None:
        """Take an estimate that may vote."""
        stamp = to_nanoseconds(message.header.stamp)
        if self._starts(message, stamp):
            self._decider.clear()
            self._begun, self._since = stamp, None
        self._before = message
        # A double cannot hold today's date to the microsecond.
        time = (stamp - self._begun) * 1e-9
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

    def _starts(self, message: ActionEstimate, stamp: int) -> bool:
        """Return whether the vote starts again: a new stream or model, or a pause between the stamps."""
        before = self._before
        if before is None or message.model != before.model or message.last_index <= before.last_index:
            return True
        return not 0 < stamp - to_nanoseconds(before.header.stamp) <= _LONGEST_PAUSE
