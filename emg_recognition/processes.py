"""Nodes as child processes: where their launchers are, how they are started, watched and ended."""

from __future__ import annotations

import ctypes
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Any

import yaml

from emg_recognition.errors import EmgRecognitionError, SettingError

PACKAGE = "emg_recognition"
#: A node has this long to end after SIGINT; then it is killed, and that is reported, s.
_GRACE = 5.0
_PR_SET_PDEATHSIG = 1


def find_executable(name: str) -> Path:
    """Return the launcher of a node, as ``ros2 run`` would find it.

    Parameters
    ----------
    name : str
        Its executable, e.g. ``recorder_node``.

    Raises
    ------
    SettingError
        If no ROS 2 is sourced, or the package is not in it.
    """
    found = os.environ.get("AMENT_PREFIX_PATH", "")
    prefixes = [prefix for prefix in found.split(os.pathsep) if prefix]
    for prefix in prefixes:
        path = Path(prefix) / "lib" / PACKAGE / name
        if path.exists():
            return path
    remedy = (
        "this command needs the built ROS 2 package: put `tools/environment run` before it in the source "
        "tree, or source install/setup.bash of your workspace first"
    )
    raise SettingError(
        "AMENT_PREFIX_PATH", found or None, f"it has no {PACKAGE}/{name}; {remedy}" if prefixes else remedy
    )


def node_command(
    executable: str,
    parameters: Mapping[str, Any],
    *,
    namespace: str | None = None,
    files: Sequence[Path] = (),
) -> list[str]:
    """Return the command that runs a node.

    Parameters
    ----------
    executable : str
        The node's executable, e.g. ``recorder_node``.
    parameters : mapping
        Parameters by name; those that are None are left out.
    namespace : str, optional
        The arm's namespace, e.g. ``left_arm``.
    files : sequence of Path
        ROS parameter files, read before `parameters`.

    Raises
    ------
    SettingError
        If the executable is not found, or `namespace` is not a ROS name.
    """
    arguments: list[str] = []
    if namespace is not None:
        arguments += ["-r", f"__ns:={absolute_namespace(namespace)}"]
    for file in files:
        arguments += ["--params-file", str(file)]
    for name, value in parameters.items():
        if value is not None:
            # JSON is YAML: the session 3 and a folder called 2026 stay texts.
            arguments += ["-p", f"{name}:={json.dumps(value, ensure_ascii=False)}"]
    command = [str(find_executable(executable))]
    return [*command, "--ros-args", *arguments] if arguments else command


def absolute_namespace(namespace: str) -> str:
    """Return a namespace with its leading slash, e.g. ``/ward/left_arm``.

    Raises
    ------
    SettingError
        If it is not a ROS name.
    """
    name = namespace.strip("/")
    if not all(part.isidentifier() and part.isascii() for part in name.split("/")):
        raise SettingError("--namespace", namespace, "write a ROS name such as left_arm")
    return f"/{name}"


class Graph:
    """Start nodes, watch them, and end them in reverse order.

    Every node runs in a session of its own: Ctrl-C reaches this process only, which then ends the nodes
    one after the other. If this process is killed, the nodes are asked to end by the kernel (Linux).

    Parameters
    ----------
    directory : Path
        Folder for the parameters and the log of each node.
    namespace : str, optional
        Namespace of all nodes.

    Raises
    ------
    SettingError
        If `namespace` is not a ROS name.
    """

    def __init__(self, directory: Path, *, namespace: str | None = None) -> None:
        self._directory = directory
        self._namespace = None if namespace is None else absolute_namespace(namespace)
        directory.mkdir(parents=True, exist_ok=True)
        self._children: dict[str, subprocess.Popen[str]] = {}
        self._logs: list[IO[str]] = []
        self._optional: set[str] = set()

    def __enter__(self) -> Graph:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        problems = self._end()
        if problems and (error is None or kind is KeyboardInterrupt):
            raise EmgRecognitionError("; ".join(problems))

    def start(
        self,
        name: str,
        parameters: Mapping[str, Any],
        *,
        parameter_file: Path | None = None,
        capture: bool = False,
        optional: bool = False,
    ) -> subprocess.Popen[str]:
        """Start one node.

        Parameters
        ----------
        name : str
            Name of the node; its executable is ``<name>_node``.
        parameters : mapping
            Parameters that differ from the file's and the defaults; those that are None are left out.
        parameter_file : Path, optional
            A ROS parameter file to read first.
        capture : bool
            Leave standard output to the caller as a pipe of lines.
        optional : bool
            The others go on without it; a failure is reported at the end only.
        """
        return self.start_several(
            name, {name: parameters}, parameter_file=parameter_file, capture=capture, optional=optional
        )

    def start_several(
        self,
        name: str,
        parameters: Mapping[str, Mapping[str, Any]],
        *,
        parameter_file: Path | None = None,
        capture: bool = False,
        optional: bool = False,
    ) -> subprocess.Popen[str]:
        """Start a program that holds several nodes.

        Parameters
        ----------
        name : str
            Its executable is ``<name>_node``.
        parameters : mapping
            For each node what :meth:`start` takes.
        parameter_file, capture, optional
            As for :meth:`start`.
        """
        if optional:
            self._optional.add(name)
        own = self._directory / f"{name}.yaml"
        given = {
            f"/**/{node}": {
                "ros__parameters": {key: value for key, value in values.items() if value is not None}
            }
            for node, values in parameters.items()
        }
        own.write_text(yaml.safe_dump(given), encoding="utf-8")
        files = [own] if parameter_file is None else [parameter_file, own]
        command = node_command(f"{name}_node", {}, namespace=self._namespace, files=files)
        log = (self._directory / f"{name}.log").open("w", encoding="utf-8")
        self._logs.append(log)
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if capture else log,
            stderr=log,
            text=True,
            start_new_session=True,
            preexec_fn=_end_with_the_parent(),  # noqa: PLW1509 - there are no other threads yet
        )
        self._children[name] = child
        return child

    def check(self, *, complete: bool = False) -> None:
        """Raise if a node has failed.

        Parameters
        ----------
        complete : bool
            Raise as well if a node has ended without an error.

        Raises
        ------
        EmgRecognitionError
            With the node's exit code and the last line of its log.
        """
        for name, child in self._children.items():
            code = child.poll()
            if code is not None and (code != 0 or complete) and name not in self._optional:
                raise EmgRecognitionError(self._failure(name, code))

    def _failure(self, name: str, code: int) -> str:
        log = self._directory / f"{name}.log"
        lines = log.read_text(encoding="utf-8").strip().splitlines() if log.exists() else []
        return f"{name} ended with code {code}: {lines[-1] if lines else 'it wrote nothing'}"

    def _end(self) -> list[str]:
        problems = []
        # The bridge first, so that its stop command still finds the exoskeleton listening; then in reverse
        # order of the start, so that nothing loses its port before it has ended.
        order = list(self._children)[::-1]
        order.sort(key=lambda name: name != "command_bridge")
        for name in order:
            child = self._children[name]
            code = child.poll()
            if code is None:
                code = end_process(child, _GRACE)
                if code is None:
                    problems.append(f"{name} did not end within {_GRACE:g} s after SIGINT and was killed")
                    continue
            if code != 0:
                problems.append(self._failure(name, code))
        for child in self._children.values():
            if child.stdout is not None:
                child.stdout.close()
        for log in self._logs:
            log.close()
        return problems


def end_process(child: subprocess.Popen[Any], grace: float) -> int | None:
    """Ask a process to end with SIGINT, and kill it if it does not.

    Parameters
    ----------
    child : subprocess.Popen
        The process.
    grace : float
        How long it has, s.

    Returns
    -------
    int or None
        Its exit code; None if it had to be killed.
    """
    if child.poll() is None:
        child.send_signal(signal.SIGINT)
    try:
        return child.wait(timeout=grace)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
        return None


def _end_with_the_parent() -> Callable[[], None] | None:
    """Return what a child has to do so that it gets SIGINT when this process dies; None where it cannot.

    The kernel sends the signal at the end of the thread that started the child, so only the main thread's
    children ask for it.
    """
    if not sys.platform.startswith("linux") or threading.current_thread() is not threading.main_thread():
        return None
    prctl = ctypes.CDLL(None).prctl  # loaded here: a forked child must not load anything
    return lambda: prctl(_PR_SET_PDEATHSIG, signal.SIGINT)
