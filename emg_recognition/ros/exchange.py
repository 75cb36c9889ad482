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
from emg_recognition.ros.publishers import count_publishers

NEWEST = 1.0
"""What was heard longer ago than this (s) says nothing about now."""

_STATE = "exo/bridge_state"
_LOOK_EVERY = 0.005
_ENGAGED = {BridgeState.ARMED: "ARMED", BridgeState.HOLDING: "HOLDING"}


class BridgeWatch:
    """Asks the bridge whether it is armed.

    It listens only while it asks: a state 50 times a second would cost each listener and the bridge more than
    a per cent of a core.

    Parameters
    ----------
    node : rclpy.node.Node
        The node that may not change while it is.
    """

    def __init__(self, node: Node) -> None:
        self._node = node

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
        message = self._ask()
        if message is not None and message.state in _ENGAGED:
            raise EmgRecognitionError(
                f"{what} is refused while the bridge is {_ENGAGED[message.state]}: disarm it first"
            )

    def _ask(self) -> BridgeState | None:
        """Return what the bridge says; None if there is none, or if it is silent for a second."""
        if count_publishers(self._node, _STATE) == 0:
            return None
        states = PolledTopic(self._node, BridgeState, _STATE, qos.GLANCE)
        deadline = time.monotonic() + NEWEST
        try:
            while time.monotonic() < deadline:
                for message, _ in states.take():
                    return message
                time.sleep(_LOOK_EVERY)
        finally:
            states.close()
        return None


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
