"""What the nodes that read a model share, when another one is given while they run."""

from __future__ import annotations

import time
from collections.abc import Callable

from rclpy.node import Node
from std_srvs.srv import Trigger

from emg_recognition.errors import EmgRecognitionError
from emg_recognition.msg import BridgeState
from emg_recognition.ros import qos
from emg_recognition.ros.polling import PolledTopic

NEWEST = 1.0
"""What was heard longer ago than this (s) says nothing about now."""

_ENGAGED = {BridgeState.ARMED: "ARMED", BridgeState.HOLDING: "HOLDING"}


class BridgeWatch:
    """Knows whether the bridge was armed when it spoke last.

    Parameters
    ----------
    node : rclpy.node.Node
        The node that may not change while it is.
    """

    def __init__(self, node: Node) -> None:
        self._states = PolledTopic(node, BridgeState, "exo/bridge_state", qos.GLANCE)
        self._heard: tuple[BridgeState, int] | None = None

    def check_disarmed(self, what: str) -> None:
        """Refuse a change while the bridge says that it is armed; one that is not there forbids nothing.

        Parameters
        ----------
        what : str
            The change, for the message.

        Raises
        ------
        EmgRecognitionError
            If it is ARMED or HOLDING.
        """
        for heard in self._states.take():
            self._heard = heard
        if self._heard is None:
            return
        message, received = self._heard
        if message.state in _ENGAGED and time.time_ns() - received < NEWEST * 1e9:
            raise EmgRecognitionError(
                f"{what} is refused while the bridge is {_ENGAGED[message.state]}: disarm it first"
            )


def offer_reload(node: Node, read: Callable[[], str]) -> None:
    """Offer the service ``~/reload_model``.

    Parameters
    ----------
    node : rclpy.node.Node
        The node.
    read : callable
        Reads the model and returns its name; raises an :class:`EmgRecognitionError`, with the old model still
        in use, if it cannot be used.
    """

    def answer(_request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        try:
            response.message = f"model {read()}"
            response.success = True
        except EmgRecognitionError as error:
            node.get_logger().error(f"the model stays as it is: {error}")
            response.message = str(error)
        return response

    node.create_service(Trigger, "~/reload_model", answer)
