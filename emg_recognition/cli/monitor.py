"""``emg-recognition monitor``: the running graph in the terminal, with the monitor node underneath."""

from __future__ import annotations

import argparse
import os

from emg_recognition.cli.ros import node_launcher
from emg_recognition.errors import SettingError


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb."""
    parser = subparsers.add_parser(
        "monitor",
        help="watch the running graph in the terminal (needs ROS 2)",
        description="Shows channels, recognised action, latency, losses, command bridge, joints and "
        "warnings of the running graph, and what to do next. It only looks. q or Ctrl-C quits. Where the "
        "output is no terminal it writes one line a second.",
    )
    parser.add_argument(
        "--namespace", metavar="NS", help="namespace of the arm, e.g. left_arm; by default the one without"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Become the monitor node: keys and Ctrl-C reach it, and its exit code is this command's."""
    command = [node_launcher("monitor_node")]
    if args.namespace is not None:
        command += ["--ros-args", "-r", f"__ns:={_absolute(args.namespace)}"]
    os.execv(command[0], command)


def _absolute(namespace: str) -> str:
    name = namespace.strip("/")
    if not all(part.isidentifier() and part.isascii() for part in name.split("/")):
        raise SettingError("--namespace", namespace, "write a ROS name such as left_arm")
    return f"/{name}"
