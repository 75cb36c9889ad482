"""``emg-recognition demo``: from electrodes to exoskeleton with one command."""

from __future__ import annotations

import argparse
import signal
from pathlib import Path


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb."""
    parser = subparsers.add_parser(
        "demo",
        help="study, training and the live graph in one go (needs the built ROS 2 package)",
        description="Simulates a study (or takes an archive), trains the ensemble, runs the live graph, "
        "compares it with what was performed and with offline evaluation, and prints one table.",
    )
    parser.add_argument("--output", type=Path, default=Path("out/demo"), help="directory for all results")
    parser.add_argument("--data", type=Path, help="archive of recordings instead of the simulated study")
    parser.add_argument("--minority", help="cohort of the archive that is too small to train alone")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run the demo; return its exit code."""
    from rich.console import Console

    from emg_recognition.demo.run import run_demo

    # As Ctrl-C: the nodes are children in sessions of their own, somebody has to end them.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    run_demo(args.output, data=args.data, minority=args.minority, console=Console())
    return 0
