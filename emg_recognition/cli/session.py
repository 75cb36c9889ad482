"""``emg-recognition session``: a guided recording, with the session node underneath."""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from emg_recognition.cli.ros import node_launcher
from emg_recognition.errors import SettingError

#: The session node ends its bag within this after a signal, s.
_GRACE = 10.0


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb."""
    parser = subparsers.add_parser(
        "session",
        help="record a wearer who is told what to do, for `train` (needs ROS 2)",
        description="Shows how good the signal is, then which action to make, and records samples and labels "
        "into a bag that `train` reads. The operator can repeat or discard a repetition. With --port it "
        "starts acquisition and signal quality itself; without, they have to run already.",
    )
    parser.add_argument("--subject", required=True, help="who wears the electrodes")
    parser.add_argument("--cohort", required=True, help="to whom the subject belongs, e.g. patient")
    parser.add_argument("--session", help="number or name of the session; by default the bag's name")
    parser.add_argument(
        "--output", type=Path, metavar="DIR", help="folder to make; by default session_ and date and time"
    )
    parser.add_argument(
        "--plan", type=Path, metavar="YAML", help="actions, repetitions and times; the paper's by default"
    )
    parser.add_argument(
        "--script", type=Path, metavar="YAML", help="what the operator does, without a person"
    )
    parser.add_argument("--port", help="serial port of the armband, e.g. /dev/ttyACM0")
    parser.add_argument(
        "--params-file",
        type=Path,
        metavar="YAML",
        help="with --port: parameters of acquisition and signal_quality; recognition.yaml by default",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Record; the exit code is that of the session node."""
    if args.params_file is not None and args.port is None:
        raise SettingError("--params-file", str(args.params_file), "give --port, too: it is for acquisition")
    command = [node_launcher("session_node"), "--ros-args"]
    for name in ("subject", "cohort", "session", "output", "plan", "script"):
        value = getattr(args, name)
        if value is not None:
            # JSON is YAML: session 3 stays a text.
            command += ["-p", f"{name}:={json.dumps(str(value), ensure_ascii=False)}"]
    if args.port is None:
        os.execv(command[0], command)
    return _with_acquisition(command, args.port, args.params_file)


def _with_acquisition(command: list[str], port: str, file: Path | None) -> int:
    """Run the session node in the foreground, and what it needs behind it."""
    from emg_recognition.processes import Graph
    from emg_recognition.resources import config_path

    file = file or config_path("recognition.yaml")
    with tempfile.TemporaryDirectory(prefix="emg_session_") as folder, Graph(Path(folder)) as graph:
        session = subprocess.Popen(command)
        before = {
            number: signal.signal(number, lambda *_: _end(session))
            # Ctrl-C and a closed terminal reach the session node as well; twice is no harm.
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        }
        try:
            graph.start("signal_quality", {}, parameter_file=file)
            graph.start("acquisition", {"port": port}, parameter_file=file)
            while session.poll() is None:
                graph.check()
                time.sleep(0.1)
        finally:
            _end(session)
            try:
                session.wait(timeout=_GRACE)
            except subprocess.TimeoutExpired:
                session.kill()
            for number, handler in before.items():
                signal.signal(number, handler)
    return int(session.wait())


def _end(session: subprocess.Popen[bytes]) -> None:
    """Ask the session node to end its bag properly."""
    if session.poll() is None:
        session.send_signal(signal.SIGINT)
