"""Score the live nodes, with the same results as ``emg-recognition evaluate`` offline."""

from __future__ import annotations

import math
import sys
import tempfile
import time
from pathlib import Path

from rclpy.clock import Clock, ClockType
from rclpy.node import Node

from emg_recognition.classification import live_values
from emg_recognition.errors import EmgRecognitionError
from emg_recognition.messages import check_bridge_state, check_window
from emg_recognition.msg import BridgeState, EmgWindow
from emg_recognition.nodes.settings import EvaluatorSettings
from emg_recognition.replay.online import replay_of_topics
from emg_recognition.replay.output import refuse_foreign, write_results
from emg_recognition.replay.scoring import score
from emg_recognition.ros import diagnostics, qos
from emg_recognition.ros.bridge_client import BridgeClient
from emg_recognition.ros.heartbeat import Heartbeat
from emg_recognition.ros.parameters import declare, given_bundle, parameter_error
from emg_recognition.ros.polling import PolledTopic
from emg_recognition.ros.publishers import count_publishers, count_subscribers
from emg_recognition.ros.recording import SAMPLES_TOPIC, Recording
from emg_recognition.ros.runner import run

#: Log lines that the launch file waits for, first to start a player, then to resume one that was started
#: paused; each with how long its condition must have held, s. Nodes that are seen here may not have seen
#: each other yet, and Fast DDS repeats a lost announcement only after 3 s.
READY = (("the graph is complete: play now", 1.0), ("a player is connected: go on", 4.0))
#: How long to wait for more messages once the publisher of the samples has gone, s. A busy machine may hold
#: up preprocessing for a second.
_QUIET = 3.0


class EvaluatorNode(Node):
    """Records the topics of one arm, and scores them when the signals end."""

    def __init__(self) -> None:
        super().__init__("evaluator")
        self.failure: EmgRecognitionError | None = None
        self.finished = False
        bundle = given_bundle(self)
        defaults = {} if bundle is None else live_values(bundle)
        self._settings = settings = declare(self, EvaluatorSettings, defaults=defaults)
        if not settings.output:
            raise parameter_error(self, "output", "", "name a folder to make")
        self._decisions = settings.decisions
        self._output = Path(settings.output).absolute()
        refuse_foreign(self._output)
        self._folder = _folder_beside(self, self._output)
        self._recording = Recording(self, Path(self._folder.name) / "bag", [""], self._fail)
        self._windows = PolledTopic(self, EmgWindow, "emg/window", qos.WITNESS, check=check_window)
        self._simulated = settings.exoskeleton == "simulated"
        # Where something real may move, a person has to hold the switch.
        self._heartbeat = Heartbeat(self, True) if self._simulated else None
        self._bridge = BridgeClient(self, "arm")
        self._states = (
            PolledTopic(self, BridgeState, "exo/bridge_state", qos.WITNESS, check=check_bridge_state)
            if self._simulated
            else None
        )
        self._state: int | None = None
        self._published = 0
        self._unseen = 0
        self._stride = 0
        self._window: EmgWindow | None = None
        self._heard = 0
        self._heard_at = time.monotonic()
        self._ready = 0  # how many lines of READY have been logged
        self._incomplete_at = time.monotonic()
        self._diagnostics = diagnostics.Diagnostics(self, self._report)
        self.create_timer(0.05, self._look, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def close(self) -> None:
        """Score what was recorded, whatever the reason for the end."""
        if self._heartbeat is not None:
            self._heartbeat.close()
        self._take_windows()
        with self._folder as folder:
            self._recording.close()
            if self.failure is None:
                self._write(Path(folder) / "bag")

    def _fail(self, error: EmgRecognitionError) -> None:
        self.failure = error

    def _look(self) -> None:
        now = time.monotonic()
        self._take_windows()
        if self._ready < len(READY):
            self._look_at_graph(now)
        if self._states is not None:
            self._keep_armed(self._states)
        counts = self._recording.counts
        # Bridge and signal quality publish all the time; only the signals and their estimates count.
        quality = self.resolve_topic_name("emg/quality", only_expand=True)
        heard = sum(number for topic, number in counts.items() if "/emg/" in topic and topic != quality)
        if heard != self._heard:
            self._heard, self._heard_at = heard, now
        if (
            self._has(SAMPLES_TOPIC)
            and now - self._heard_at > _QUIET
            and not count_publishers(self, SAMPLES_TOPIC)
        ):
            self.finished = True

    def _look_at_graph(self, now: float) -> None:
        complete = (
            count_subscribers(self, SAMPLES_TOPIC) > 1
            and count_publishers(self, "emg/window") > 0
            and count_subscribers(self, "emg/window") > 1
            and count_publishers(self, "emg/action") > 0
            and self._has("emg/model")
            and (not self._simulated or not self._bridge.missing)
            and (self._ready == 0 or count_publishers(self, SAMPLES_TOPIC) > 0)
        )
        if not complete:
            self._incomplete_at = now
        elif now - self._incomplete_at > READY[self._ready][1]:
            self.get_logger().info(READY[self._ready][0])
            self._ready, self._incomplete_at = self._ready + 1, now

    def _has(self, topic: str) -> bool:
        return self._recording.counts[self.resolve_topic_name(topic, only_expand=True)] > 0

    def _take_windows(self) -> None:
        for message, _ in self._windows.take():
            before, self._window = self._window, message
            if before is not None and message.sequence > before.sequence:
                self._unseen += message.sequence - before.sequence - 1
                self._published += message.sequence - before.sequence
                self._stride = math.gcd(self._stride, message.first_index - before.first_index)
            else:
                # The first window, or preprocessing was restarted.
                self._published += 1

    def _keep_armed(self, states: PolledTopic) -> None:
        for message, _ in states.take():
            self._state = message.state
        if self._has("emg/action"):
            self._bridge.keep_armed(self._state)

    def _write(self, bag: Path) -> None:
        problems = []
        if self._unseen:
            problems.append(f"The evaluator did not see {self._unseen} of the windows that were published.")
        replay = replay_of_topics(
            bag,
            source=self._settings.source or self._recording.samples_topics[0],
            published=self._published,
            stride=self._stride or (self._window.length if self._window is not None else 1),
            confidence_threshold=self._settings.confidence_threshold,
            problems=problems,
        )
        scores = score(replay, decisions=self._decisions, mode="online")
        report = write_results(self._output, replay, scores)
        windows, accuracy = scores.windows, scores.accuracy
        found = "no accuracy" if accuracy is None else f"accuracy {100 * accuracy:.1f} %"
        for problem in scores.problems:
            self.get_logger().warning(problem)
        self.get_logger().info(
            f"{windows.estimated} of {windows.expected} windows estimated, {found}; {report}"
        )

    def _report(self) -> diagnostics.Report:
        values: dict[str, object] = {**self._recording.counts, "windows": self._published}
        return diagnostics.OK, "the graph is complete" if self._ready else "waiting for the graph", values


def _folder_beside(node: Node, output: Path) -> tempfile.TemporaryDirectory[str]:
    """Make a folder for the bag until it is scored, beside the output because /tmp may be small."""
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        return tempfile.TemporaryDirectory(prefix=f".{output.name}-", dir=output.parent)
    except OSError as error:
        raise parameter_error(node, "output", str(output), f"{error.strerror}") from error


def main() -> int:
    """Run the node."""
    return run("evaluator", EvaluatorNode)


if __name__ == "__main__":
    sys.exit(main())
