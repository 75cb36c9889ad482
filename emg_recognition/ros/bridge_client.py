"""Call the services of the command bridge from another node."""

from __future__ import annotations

import time

from rclpy.node import Node
from rclpy.task import Future
from std_srvs.srv import Trigger

from emg_recognition.msg import BridgeState

#: Time between two attempts to arm, s.
_ARM_EVERY = 0.5


class BridgeClient:
    """Calls the bridge in a node's namespace, one call at a time.

    Parameters
    ----------
    node : rclpy.node.Node
        The node that calls.
    *commands : str
        What it may ask for: ``arm``, ``disarm``, ``stop``.
    """

    def __init__(self, node: Node, *commands: str) -> None:
        self._clients = {name: node.create_client(Trigger, f"command_bridge/{name}") for name in commands}
        self._future: Future | None = None
        self._called = 0.0

    @property
    def missing(self) -> list[str]:
        """The services that have not been found."""
        return [str(client.srv_name) for client in self._clients.values() if not client.service_is_ready()]

    @property
    def pending(self) -> bool:
        """Whether a call waits for its answer."""
        return self._future is not None and not self._future.done()

    @property
    def answer(self) -> Trigger.Response | None:
        """The answer to the last call; None before it arrives."""
        return self._future.result() if self._future is not None and self._future.done() else None

    def call(self, command: str) -> None:
        """Send a command; an answer to an earlier call is no longer waited for."""
        self._called = time.monotonic()
        self._future = self._clients[command].call_async(Trigger.Request())

    def keep_armed(self, state: int | None) -> None:
        """Arm a bridge whose state is DISARMED or FAULT, at most twice a second; call it often."""
        disengaged = state in (BridgeState.DISARMED, BridgeState.FAULT)
        if disengaged and not self.pending and time.monotonic() - self._called > _ARM_EVERY:
            self.call("arm")
