"""Evaluate many bags side by side: throughput against one after another, and what killed processes cost.

    python bench/many_bags.py [BUNDLE] [--bags 200] [--seconds 300] [--kills 10] [--executor ray]

The bags are those of ``bench/replay.py``: 8 channels at 1 kHz with estimates and bridge states. They are
evaluated one after another in this process, then by ``evaluate_bags`` with a process on each core. Then once
more into a new folder, while a process chosen at random is killed now and then, and again into the same
folder, as after an interruption. On a cluster nothing is killed. The exit code is 1 if a result is missing or
differs from the first one in a bit.
"""

from __future__ import annotations

import argparse
import itertools
import multiprocessing
import os
import random
import shutil
import signal
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import numpy as np
from replay import fresh, write_bag

from emg_recognition.cli.executor import add_executor, executor_options
from emg_recognition.errors import EmgRecognitionError
from emg_recognition.models.runtime import ActionModel
from emg_recognition.replay.evaluate import evaluate
from emg_recognition.replay.many_bags import BagEvaluations, evaluate_bags
from emg_recognition.worker_processes import default_workers


def write_bags(folder: Path, model: ActionModel, count: int, seconds: int) -> float:
    """Write the bags, a few of them new and the others copies of these; return the size of all in MB."""
    different = min(count, 4)
    for number in range(count):
        path = folder / f"session_{number:03d}"
        if number < different:
            write_bag(path, model.info, seconds, np.random.default_rng(number))
        else:
            shutil.copytree(folder / f"session_{number % different:03d}", path)
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 1e6


def without_time(metrics: dict[str, Any]) -> dict[str, Any]:
    """Return metrics without the moment at which they were made, and the machine."""
    return {name: value for name, value in metrics.items() if name not in ("created", "machine", "processor")}


class Killer:
    """Kill a process of the pool now and then, chosen at random, until as many are dead as wanted."""

    def __init__(self, kills: int, seconds: float) -> None:
        self.killed = 0
        self._wanted, self._mean = kills, seconds / (kills + 2)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        chance = random.Random(1)
        while self.killed < self._wanted and not self._over.wait(chance.uniform(0.5, 1.5) * self._mean):
            alive = [child.pid for child in multiprocessing.active_children() if child.pid is not None]
            if alive:
                os.kill(chance.choice(alive), signal.SIGKILL)
                self.killed += 1

    def stop(self) -> int:
        """Return how many it killed."""
        self._over.set()
        self._thread.join()
        return self.killed


def differing(found: BagEvaluations, expected: dict[str, dict[str, Any]]) -> set[str]:
    """Return the bags whose results are missing or not those expected."""
    right = {
        row.bag
        for row in found.rows
        if row.metrics is not None and without_time(dict(row.metrics)) == expected[row.bag]
    }
    return expected.keys() - right


def main() -> int:
    """Measure and print; return the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "bundle", nargs="?", type=Path, help="by default untrained weights for 8 channels at 1 kHz"
    )
    parser.add_argument("--bags", type=int, default=200)
    parser.add_argument("--seconds", type=int, default=300, help="length of a bag")
    parser.add_argument("--kills", type=int, default=10)
    add_executor(parser)
    args = parser.parse_args()
    where = executor_options(args)
    workers = where["workers"] or default_workers()
    many = "a cluster" if where["address"] else f"{workers} processes"
    kills = {"calm": 0} if where["address"] else {"calm": 0, "killed": args.kills}
    with tempfile.TemporaryDirectory(prefix="bench_many_bags_") as name:
        folder = Path(name)
        model = ActionModel.load(args.bundle or fresh(folder))
        megabytes = write_bags(folder / "bags", model, args.bags, args.seconds)
        hours = args.bags * args.seconds / 3600
        print(f"{args.bags} bags of {args.seconds} s, {megabytes:.0f} MB, {workers} cores\n")
        bags = sorted((folder / "bags").iterdir())
        begin = time.perf_counter()
        expected = {bag.name: without_time(evaluate(model, bag).metrics.to_json()) for bag in bags}
        alone = time.perf_counter() - begin
        print("| | seconds | hours of signal a minute | times as fast |\n|---|---|---|---|")
        print(f"| one after another | {alone:.1f} | {60 * hours / alone:.1f} | 1 |", flush=True)
        failures: list[str] = []
        listed: list[str] = []
        for output, again in itertools.product(kills, (False, True)):
            wanted = 0 if again else kills[output]
            begin, killer = time.perf_counter(), Killer(wanted, alone / workers)
            found = evaluate_bags(model.info.path, folder / "bags", folder / output, **where)
            seconds, killed = time.perf_counter() - begin, killer.stop()
            rates = f"{seconds:.1f} | {60 * hours / seconds:.1f} | {alone / seconds:.2f}"
            title = "the same folder again" if again else f"{many}, {killed} killed" if wanted else many
            print(f"| {title} | {rates} |", flush=True)
            # A bag whose process was killed again and again is listed; the next run evaluates it.
            given_up = {row.bag for row in found.rows if wanted and row.problem is not None}
            listed += sorted(given_up)
            failures += [f"{title}: {bag}" for bag in sorted(differing(found, expected) - given_up)]
        print(f"\nlisted with a reason after the kills: {', '.join(listed) or 'none'}")
        for failure in failures:
            print(f"missing or different: {failure}")
    return int(bool(failures))


if __name__ == "__main__":
    try:
        sys.exit(main())
    except EmgRecognitionError as error:
        sys.exit(f"error: {error}")
