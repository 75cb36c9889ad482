"""Record samples, labels, estimates and the bridge into a bag for ``ros2 bag`` and ``evaluate``."""

from __future__ import annotations

import sys
import time
from datetime import datetime
from pathlib import Path

from rclpy.node import Node

from emg_recognition.errors import EmgRecognitionError
from emg_recognition.nodes.settings import RecorderSettings
from emg_recognition.ros import diagnostics
from emg_recognition.ros.parameters import declare
from emg_recognition.ros.recording import Recording
from emg_recognition.ros.runner import run


class RecorderNode(Node):
    """Writes the topics of one or more arms into a bag."""

    def __init__(self) -> None:
        super().__init__("recorder")
        self.failure: EmgRecognitionError | None = None
        self.finished = False
        settings = declare(self, RecorderSettings)
        self._path = Path(settings.output or f"recording_{datetime.now():%Y%m%d_%H%M%S}").absolute()
        self._recording = Recording(self, self._path, settings.namespaces, self._fail)
        self._begin = time.monotonic()
        self._reported = dict(self._recording.counts)
        self._silent: list[str] | None = None
        self._diagnostics = diagnostics.Diagnostics(self, self._report)
        self.get_logger().info(
            f"recording {', '.join(self._recording.samples_topics)} and related topics into {self._path}"
        )

    def close(self) -> None:
        """Close the bag and log what is in it."""
        self._recording.close()
        counts = self._recording.counts
        samples = ", ".join(f"{counts[topic]} of {topic}" for topic in self._recording.samples_topics)
        seconds = time.monotonic() - self._begin
        self.get_logger().info(
            f"{self._path}: {sum(counts.values())} messages ({samples}) in {seconds:.1f} s"
        )

    def _fail(self, error: EmgRecognitionError) -> None:
        self.failure = error

    def _report(self) -> diagnostics.Report:
        counts = dict(self._recording.counts)
        silent = [topic for topic in self._recording.samples_topics if counts[topic] == self._reported[topic]]
        self._reported = counts
        if silent != self._silent:
            self._silent = silent
            if silent:
                self.get_logger().warning(f"no samples arrive on {', '.join(silent)}")
            else:
                self.get_logger().info("samples are coming")
        if silent:
            return diagnostics.WARN, f"no samples arrive on {', '.join(silent)}", counts
        return diagnostics.OK, f"recording into {self._path}", counts


def main() -> int:
    """Run the node."""
    return run("recorder", RecorderNode)


if __name__ == "__main__":
    sys.exit(main())
