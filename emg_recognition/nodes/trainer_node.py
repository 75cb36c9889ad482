"""Train a model bundle in a child process and publish the progress."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from typing import IO, Any

from rclpy.node import Node
from std_msgs.msg import Float32

from emg_recognition.errors import EmgRecognitionError
from emg_recognition.nodes.settings import TrainerSettings
from emg_recognition.ros import diagnostics, qos
from emg_recognition.ros.parameters import declare, parameter_error
from emg_recognition.ros.runner import run

#: Time from SIGTERM to SIGKILL of the child, s, so that the node ends within a second.
_GRACE = 0.5


class TrainerNode(Node):
    """Runs ``emg-recognition train`` as a child, so that rclpy never shares a process with TensorFlow."""

    def __init__(self) -> None:
        super().__init__("trainer")
        self.failure: EmgRecognitionError | None = None
        self.finished = False
        settings = declare(self, TrainerSettings)
        self._progress = self.create_publisher(Float32, "training/progress", qos.LATCHED)
        self._status: dict[str, Any] = {}
        self._message = "starting"
        self._diagnostics = diagnostics.Diagnostics(self, self._report)
        self._child = subprocess.Popen(
            self._command(settings),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self.get_logger().info(f"training process {self._child.pid} writes to {settings.output}")
        self._reader = threading.Thread(target=self._follow, name="training", daemon=True)
        self._reader.start()

    def _command(self, settings: TrainerSettings) -> list[str]:
        for name in ("data", "output"):
            if not getattr(settings, name):
                raise parameter_error(self, name, "", "name a path")
        command = [sys.executable, "-m", "emg_recognition.cli.main", "train", "--progress", "json"]
        command += ["--data", *settings.data.split(os.pathsep)]
        options = {
            "output": "--output",
            "config": "--config",
            "minority": "--minority",
            "train_repetitions": "--train-reps",
            "test_repetitions": "--test-reps",
            "split": "--split",
            "selection": "--selection",
            "seed": "--seed",
        }
        for name, option in options.items():
            value = getattr(settings, name)
            if value not in ("", -1):
                command += [option, str(value)]
        return command

    def close(self) -> None:
        """End the child; finished members remain on disk."""
        if self._child.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._child.pid, signal.SIGTERM)
            try:
                self._child.wait(timeout=_GRACE)
            except subprocess.TimeoutExpired:
                os.killpg(self._child.pid, signal.SIGKILL)
                self._child.wait()

    def _follow(self) -> None:
        assert self._child.stdout is not None
        assert self._child.stderr is not None
        errors: list[str] = []
        drain = threading.Thread(target=_keep_last, args=(self._child.stderr, errors), daemon=True)
        drain.start()
        for line in self._child.stdout:
            # Libraries may also write to stdout; only JSON objects are progress.
            with contextlib.suppress(ValueError):
                event = json.loads(line)
                if isinstance(event, dict):
                    self._on_event(event)
        code = self._child.wait()
        drain.join()
        if code == 0:
            self._message = "finished"
            self.get_logger().info(f"training finished: {self._status.get('path', '')}")
            self.finished = True
        elif code > 0:
            reason = errors[-1].strip() if errors else f"the training process exited with code {code}"
            self.failure = EmgRecognitionError(reason.removeprefix("emg-recognition: error: "))
        else:
            self.failure = EmgRecognitionError(f"the training process was ended by signal {-code}")

    def _on_event(self, event: dict[str, Any]) -> None:
        self._status = event
        if event.get("event") == "epoch":
            self._message = f"{event['label']}, epoch {event['epoch']}/{event['epochs']}"
            self._progress.publish(Float32(data=event["done"]))
        elif event.get("event") == "job":
            self.get_logger().info(f"{event['label']} has been trained and saved")

    def _report(self) -> diagnostics.Report:
        level = diagnostics.ERROR if self.failure is not None else diagnostics.OK
        return level, self._message, self._status


def _keep_last(stream: IO[str], lines: list[str]) -> None:
    for line in stream:
        if line.strip():
            lines[:] = [*lines[-20:], line]


def main() -> int:
    """Run the node."""
    return run("trainer", TrainerNode)


if __name__ == "__main__":
    sys.exit(main())
