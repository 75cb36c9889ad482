"""The nodes of the demo as child processes, connected by DDS alone."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Any

import yaml

from emg_recognition.errors import EmgRecognitionError, SettingError

PACKAGE = "emg_recognition"
#: A node that does not leave after SIGINT within this is killed, and the demo fails, s.
_GRACE = 5.0


def find_executable(name: str) -> Path:
    """Return the launcher of a node, as ``ros2 run`` would find it.

    Raises
    ------
    SettingError
        When no prefix of the environment has it.
    """
    prefixes = [prefix for prefix in os.environ.get("AMENT_PREFIX_PATH", "").split(os.pathsep) if prefix]
    for prefix in prefixes:
        path = Path(prefix) / "lib" / PACKAGE / name
        if path.exists():
            return path
    raise SettingError(
        "AMENT_PREFIX_PATH",
        os.environ.get("AMENT_PREFIX_PATH"),
        f"it has no {PACKAGE}/{name}: run `make demo`, or colcon build and source install/setup.bash",
    )


class Graph:
    """Starts nodes, watches them, and ends them in the reverse order.

    Parameters
    ----------
    directory : Path
        Folder for each node's parameters and log.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        directory.mkdir(parents=True, exist_ok=True)
        self._children: dict[str, subprocess.Popen[str]] = {}
        self._logs: list[IO[str]] = []

    def __enter__(self) -> Graph:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        problems = self._stop()
        if problems and error is None:
            raise EmgRecognitionError("; ".join(problems))

    def start(
        self,
        name: str,
        parameters: Mapping[str, Any],
        *,
        parameter_file: Path | None = None,
        capture: bool = False,
    ) -> subprocess.Popen[str]:
        """Start one node.

        Parameters
        ----------
        name : str
            Name of the node; its executable is ``<name>_node``.
        parameters : mapping
            Parameters that differ from the file's and the defaults.
        parameter_file : Path, optional
            A ROS parameter file to read first.
        capture : bool
            Leave standard output to the caller as a pipe of lines.
        """
        own = self._directory / f"{name}.yaml"
        own.write_text(yaml.safe_dump({f"/**/{name}": {"ros__parameters": dict(parameters)}}))
        command = [str(find_executable(f"{name}_node")), "--ros-args"]
        for file in (parameter_file, own):
            if file is not None:
                command += ["--params-file", str(file)]
        log = (self._directory / f"{name}.log").open("w")
        self._logs.append(log)
        child = subprocess.Popen(
            command, stdout=subprocess.PIPE if capture else log, stderr=log, text=True, start_new_session=True
        )
        self._children[name] = child
        return child

    def check(self) -> None:
        """Raise with the last line of its log if a node has left with an error."""
        for name, child in self._children.items():
            code = child.poll()
            if code is not None and code != 0:
                raise EmgRecognitionError(f"{name} left with code {code}: {self._last_line(name)}")

    def _last_line(self, name: str) -> str:
        lines = (self._directory / f"{name}.log").read_text().strip().splitlines()
        return lines[-1] if lines else "its log is empty"

    def _stop(self) -> list[str]:
        problems = []
        # The bridge first, so that its stop command finds the exoskeleton listening; then against the
        # order of the start, so that nobody's port disappears.
        order = list(self._children)[::-1]
        order.sort(key=lambda name: name != "command_bridge")
        for name in order:
            child = self._children[name]
            if child.poll() is None:
                child.send_signal(signal.SIGINT)
            try:
                code = child.wait(timeout=_GRACE)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
                problems.append(f"{name} did not leave within {_GRACE:g} s of SIGINT")
            else:
                if code != 0:
                    problems.append(f"{name} left with code {code}: {self._last_line(name)}")
        for child in self._children.values():
            if child.stdout is not None:
                child.stdout.close()
        for log in self._logs:
            log.close()
        return problems
