"""A software enabling switch, for simulation and for an operator's own terminal → ``exo/enable``.

It is not a certified enabling device: it runs on an ordinary operating system and speaks over a network.
"""

from __future__ import annotations

import sys
from collections import deque

from rclpy.node import Node
from std_srvs.srv import SetBool

from emg_recognition.errors import EmgRecognitionError
from emg_recognition.nodes.settings import EnablingSwitchSettings
from emg_recognition.ros import diagnostics
from emg_recognition.ros.heartbeat import Heartbeat
from emg_recognition.ros.keyboard import Keyboard
from emg_recognition.ros.parameters import declare
from emg_recognition.ros.runner import run

_PRESS = b"e"


class EnablingSwitchNode(Node):
    """Publishes true while it is pressed and false otherwise; its last message is false.

    Parameters
    ----------
    keyboard : Keyboard
        The keyboard; it may be absent.
    """

    def __init__(self, keyboard: Keyboard) -> None:
        super().__init__("enabling_switch")
        self.failure: EmgRecognitionError | None = None
        self.finished = False
        settings = declare(self, EnablingSwitchSettings)
        self._rivals = 0
        self._heartbeat = Heartbeat(self, settings.pressed)
        self.create_service(SetBool, "~/press", self._on_press)
        self._diagnostics = diagnostics.Diagnostics(self, self._report)
        # Keys come from another thread; only the executor's thread, which this wakes up, uses the node.
        self._typed: deque[bytes] = deque()
        self._woken = self.create_guard_condition(self._on_keys)
        if keyboard.present:
            keyboard.listen(self._type)
            self.get_logger().info(
                f"{self._state}; e presses, ANY OTHER KEY RELEASES at once, Ctrl-C releases and ends"
            )

    def close(self) -> None:
        """Release the switch."""
        self._set(False, "the end of the switch")
        self._heartbeat.close()

    @property
    def _state(self) -> str:
        return "PRESSED" if self._heartbeat.enabled else "released"

    def _set(self, pressed: bool, by: str) -> None:
        changed = pressed != self._heartbeat.enabled
        self._heartbeat.say(pressed)
        if changed:
            self.get_logger().info(f"{self._state} by {by}")

    def _type(self, keys: bytes) -> None:
        """Take keys from the keyboard's thread."""
        self._typed.append(keys)
        self._woken.trigger()

    def _on_keys(self) -> None:
        while self._typed:
            keys = self._typed.popleft()
            # An e among other keys was typed or pasted for another purpose.
            self._set(bool(keys) and not keys.strip(_PRESS), "key" if keys else "the loss of its terminal")
            if not keys:
                self.failure = EmgRecognitionError("the terminal of the enabling switch is gone")

    def _on_press(self, request: SetBool.Request, response: SetBool.Response) -> SetBool.Response:
        self._set(request.data, "service")
        response.success, response.message = True, self._state
        return response

    def _report(self) -> diagnostics.Report:
        rivals = self._heartbeat.rivals
        if rivals != self._rivals:
            self._rivals = rivals
            if rivals:
                self.get_logger().warning(self._rivalry())
        values = {"pressed": self._heartbeat.enabled, "others": rivals}
        if rivals:
            return diagnostics.WARN, self._rivalry(), values
        return diagnostics.OK, self._state, values

    def _rivalry(self) -> str:
        topic = self._heartbeat.topic_name
        return f"{self._rivals} more publish {topic}: the bridge can be armed only while one speaks"


def main() -> int:
    """Run the node."""
    with Keyboard() as keyboard:
        return run("enabling_switch", lambda: EnablingSwitchNode(keyboard))


if __name__ == "__main__":
    sys.exit(main())
