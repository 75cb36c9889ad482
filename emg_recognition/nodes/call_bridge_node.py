"""Arm, disarm or stop the command bridge, and print its answer.

The exit code is 0 if the bridge did it, 1 if it refused, and 2 if it did not answer.
"""

from __future__ import annotations

import sys
import time

from rclpy.clock import Clock, ClockType
from rclpy.node import Node

from emg_recognition.errors import EmgRecognitionError
from emg_recognition.nodes.settings import CallBridgeSettings
from emg_recognition.ros.bridge_client import BridgeClient
from emg_recognition.ros.parameters import declare
from emg_recognition.ros.runner import run
from emg_recognition.text import printable

#: How often to look for the service and the answer, s.
_PERIOD = 0.02
#: A server that has not found its client yet loses the answer. Repeating `arm` could undo what an
#: operator did meanwhile, so it is sent once and this much later, s; stopping is sent at once and repeated.
_SETTLE = 0.5
#: Longest answer that is printed, characters.
_LONGEST = 500


class CallBridgeNode(Node):
    """Sends one command to the bridge in its namespace."""

    def __init__(self) -> None:
        super().__init__("call_bridge")
        self.failure: EmgRecognitionError | None = None
        self.finished = False
        self._settings = declare(self, CallBridgeSettings)
        self._client = BridgeClient(self, self._settings.command)
        self._begin = time.monotonic()
        self._found: float | None = None
        self._sent: float | None = None
        self.create_timer(_PERIOD, self._look, clock=Clock(clock_type=ClockType.STEADY_TIME))

    @property
    def success(self) -> bool | None:
        """Whether the bridge did it; None without an answer."""
        answer = self._client.answer
        return None if answer is None else bool(answer.success)

    def close(self) -> None:
        """Print the answer."""
        if self._client.answer is not None:
            sys.stdout.write(f"{printable(self._client.answer.message, _LONGEST)}\n")
            sys.stdout.flush()

    def _look(self) -> None:
        now = time.monotonic()
        command = self._settings.command
        if self._client.answer is not None:
            self.finished = True
        elif now - self._begin > self._settings.timeout:
            what = "did not answer" if self._sent else "is not running"
            where = f"{self.get_namespace().rstrip('/')}/command_bridge"
            self.failure = EmgRecognitionError(f"{where} {what} within {self._settings.timeout:g} s")
        elif not self._client.missing:
            self._found = self._found or now
            if command == "arm":
                due = self._sent is None and now - self._found >= _SETTLE
            else:
                due = self._sent is None or now - self._sent >= _SETTLE
            if due:
                self._sent = now
                self._client.call(command)


def main() -> int:
    """Run the node; return the exit code."""
    nodes: list[CallBridgeNode] = []

    def create() -> CallBridgeNode:
        nodes.append(CallBridgeNode())
        return nodes[0]

    code = run("call_bridge", create)
    if code or not nodes or nodes[0].success is None:
        return 2
    return 0 if nodes[0].success else 1


if __name__ == "__main__":
    sys.exit(main())
