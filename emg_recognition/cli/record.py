"""``emg-recognition record``: the graph's messages into a bag, with the recorder node underneath."""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

from emg_recognition.cli.ros import node_launcher


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb."""
    parser = subparsers.add_parser(
        "record",
        help="record the running graph into a bag (needs ROS 2)",
        description="Records samples, device, model, labels, estimates and what the bridge does into an MCAP "
        "bag until Ctrl-C. `ros2 bag` reads it; `emg-recognition evaluate` says what a model makes of it.",
    )
    parser.add_argument(
        "--output", type=Path, metavar="DIR", help="folder to make; by default recording_ and date and time"
    )
    parser.add_argument(
        "--namespace",
        nargs="+",
        default=[],
        metavar="NS",
        help="namespaces of the arms, e.g. left_arm right_arm; by default the one without a namespace",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Become the recorder node: Ctrl-C reaches it, and its exit code is this command's."""
    # JSON is YAML: `left` stays a text, and so does a folder called 2026.
    parameters = []
    if args.output is not None:
        parameters.append(f"output:={json.dumps(str(args.output), ensure_ascii=False)}")
    if args.namespace:
        parameters.append(f"namespaces:={json.dumps(args.namespace, ensure_ascii=False)}")
    command = [node_launcher("recorder_node"), "--ros-args"]
    for parameter in parameters:
        command += ["-p", parameter]
    os.execv(command[0], command)
