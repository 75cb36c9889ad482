"""Options that say where the tasks of a command run, the same for all commands that have tasks."""

from __future__ import annotations

import argparse
from typing import Any

from emg_recognition.errors import SettingError

EXECUTORS = ("local", "ray")
#: The options as they are where they are not given.
UNUSED = {"workers": None, "executor": EXECUTORS[0], "address": None}


def add_executor(parser: argparse.ArgumentParser) -> None:
    """Add ``--workers``, ``--executor`` and ``--address``."""
    parser.add_argument(
        "--workers",
        type=int,
        metavar="N",
        help="processes at the same time (default: one for each core, of this machine or of the cluster)",
    )
    parser.add_argument(
        "--executor",
        choices=EXECUTORS,
        default=EXECUTORS[0],
        help="processes of this machine, or a Ray cluster",
    )
    parser.add_argument(
        "--address",
        metavar="HOST:PORT",
        help="head of the Ray cluster (default: RAY_ADDRESS, else the cluster that runs on this machine)",
    )


def executor_options(args: argparse.Namespace, *, least: int = 1) -> dict[str, Any]:
    """Return ``workers`` and ``address`` as the functions of the package take them.

    Parameters
    ----------
    args : argparse.Namespace
        With the options of :func:`add_executor`.
    least : int
        The fewest processes of this machine; 0 where none, the work in this process, is possible.

    Raises
    ------
    SettingError
        For fewer processes, or an address without a cluster.
    """
    from emg_recognition.worker_processes import default_workers

    ray = args.executor == "ray"
    if args.address is not None and not ray:
        raise SettingError("--address", args.address, "use it with --executor ray")
    if args.workers is not None and args.workers < (1 if ray else least):
        raise SettingError("--workers", args.workers, "use at least one process")
    all_cores = 0 if ray else default_workers()
    return {
        "workers": all_cores if args.workers is None else args.workers,
        "address": (args.address or "auto") if ray else None,
    }
