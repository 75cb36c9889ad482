"""The live view of one arm, in the terminal."""

from __future__ import annotations

import sys
import traceback

from rclpy.clock import Clock, ClockType
from rclpy.node import Node

from emg_recognition.errors import EmgRecognitionError
from emg_recognition.monitor.terminal import View, suited_view
from emg_recognition.ros.keyboard import Keyboard
from emg_recognition.ros.monitor_graph import GraphReader
from emg_recognition.ros.parameters import declare
from emg_recognition.ros.runner import run

#: How often topics are read, s.
_LOOK = 0.1
_QUIT = b"qQ"


class MonitorNode(Node):
    """Only reads: it publishes nothing and delays no other node.

    Parameters
    ----------
    keyboard : Keyboard
        Where keys come from, if there is one.
    view : View
        Where snapshots are shown.
    """

    def __init__(self, keyboard: Keyboard, view: View) -> None:
        super().__init__("monitor", enable_rosout=False, start_parameter_services=False)
        self.failure: EmgRecognitionError | None = None
        self.finished = False
        declare(self)
        self._view = view
        self._graph = GraphReader(self)
        # Steady time, to show a paused simulation too.
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self.create_timer(_LOOK, self._graph.look, clock=steady)
        self.create_timer(view.period, self._show, clock=steady)
        if keyboard.present:
            keyboard.listen(self._on_keys)

    def close(self) -> None:
        """Restore the terminal."""
        self._view.close()

    def _show(self) -> None:
        try:
            if not self._view.show(self._graph.snapshot()):
                self.finished = True
        except Exception:
            # Nobody could read the log of a view that goes on without a picture.
            self.failure = EmgRecognitionError(
                f"the view has failed, please report it:\n{traceback.format_exc().rstrip()}"
            )

    def _on_keys(self, keys: bytes) -> None:
        """Take keys from the keyboard's thread; no keys mean that the terminal is gone."""
        if not keys or any(key in _QUIT for key in keys):
            self.finished = True


def main() -> int:
    """Run the node."""
    view = suited_view()
    with Keyboard() as keyboard:
        return run("monitor", lambda: MonitorNode(keyboard, view))


if __name__ == "__main__":
    sys.exit(main())
