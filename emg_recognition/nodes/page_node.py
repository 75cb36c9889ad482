"""The page for the patient and the therapist, in the browser."""

from __future__ import annotations

import importlib.util
import math
import sys
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rclpy.clock import Clock, ClockType
from rclpy.node import Node

from emg_recognition.errors import EmgRecognitionError
from emg_recognition.messages import check_decision, check_session
from emg_recognition.msg import ActionDecision, SessionState
from emg_recognition.nodes.settings import PageSettings
from emg_recognition.page.controls import MISSING, Page
from emg_recognition.page.jobs import Jobs
from emg_recognition.page.state import Decision, PageState, SessionView
from emg_recognition.ros import diagnostics, qos
from emg_recognition.ros.monitor_graph import GraphReader
from emg_recognition.ros.monitor_signal import Feed, glance
from emg_recognition.ros.page_controls import GraphControls
from emg_recognition.ros.parameters import declare
from emg_recognition.ros.runner import run

#: How often topics are read, and every how many readings everything but the signals is looked at, s.
_LOOK = 0.05
_SNAPSHOT = 2
_FIELDS = [name for name in SessionView.__dataclass_fields__ if name not in ("received", "turn")]


class PageNode(Node):
    """Reads the graph for the browsers; sessions and trainings that they start go on without it."""

    def __init__(self) -> None:
        super().__init__("page")
        self.finished = False
        settings = declare(self, PageSettings)
        if importlib.util.find_spec("nicegui") is None:
            raise EmgRecognitionError(MISSING)
        # NiceGUI needs a second to load, and is not there on every machine.
        from emg_recognition.page.server import PageServer

        folder = Path(settings.folder or ".").absolute()
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise EmgRecognitionError(f"folder = {folder}: {error.strerror}; name another one") from error
        self._graph = GraphReader(self, self._on_samples)
        self._sessions = Feed(self, SessionState, "emg/session", qos.LATCHED, check_session)
        self._decisions = Feed(self, ActionDecision, "emg/decision", glance(20), check_decision)
        self._state = PageState(snapshot=self._graph.snapshot())
        self._looks = 0
        plan, config = (
            str(Path(path).absolute()) if path else "" for path in (settings.plan, settings.config)
        )
        controls = GraphControls(self, self._state, folder, plan)
        page = Page(
            state=self._state,
            controls=controls,
            jobs=Jobs(folder),
            language="en",
            folder=folder,
            config=config,
        )
        self._server = PageServer(page, settings.host, settings.port)
        self._diagnostics = diagnostics.Diagnostics(self, self._report)
        # Steady time, to show a paused simulation too.
        self.create_timer(_LOOK, self._look, clock=Clock(clock_type=ClockType.STEADY_TIME))
        # The access link is for whoever has started the node, not for /rosout.
        sys.stdout.write(f"open {self._server.link}\n")
        sys.stdout.flush()
        self.get_logger().info(
            f"the page is served at {self._server.link.partition('?')[0]}, files in {folder}"
        )

    @property
    def failure(self) -> EmgRecognitionError | None:
        """Why the page cannot go on."""
        died = self._server.failure
        return None if died is None else EmgRecognitionError(f"the web server has ended: {died}")

    def close(self) -> None:
        """End the server."""
        self._server.close()

    def _look(self) -> None:
        self._graph.look()
        now = time.monotonic()
        for message, _ in self._sessions.take():
            self._state.session = _session(message, now)
        for message, _ in self._decisions.take():
            self._state.decide(Decision(now, message.action, message.confidence, message.activation))
        self._looks += 1
        if self._looks % _SNAPSHOT == 0:
            self._state.actions = self._graph.action.actions
            self._state.snapshot = self._graph.snapshot()

    def _on_samples(self, samples: NDArray[np.float32], rate: float, restart: bool) -> None:
        self._state.trace.add(samples, rate, restart=restart)

    def _report(self) -> diagnostics.Report:
        return diagnostics.OK, "serving", {"browsers": self._server.browsers}


def _session(message: SessionState, now: float) -> SessionView:
    values = {name: getattr(message, name) for name in _FIELDS}
    turn = None if math.isnan(message.turn) else message.turn
    return SessionView(**values, turn=turn, received=now)


def main() -> int:
    """Run the node."""
    return run("page", PageNode)


if __name__ == "__main__":
    sys.exit(main())
