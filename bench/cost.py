"""What ``train --dry-run`` says a training will cost, against what it then costs.

    python bench/cost.py [--sizes small paper folds] [--workers 1 2] [--config YAML]

Simulated studies of different sizes are trained by the command line, each into an empty folder and with an
empty cache: wall time from start to end, most memory of all its processes together (proportional set size,
sampled), and disk space. The exit code is 3 if a time is estimated wrong by more than a factor of 1.5, and 1
if a command fails. It needs Linux.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from measuring.memory import Peak, group_memory

from emg_recognition.errors import EmgRecognitionError
from emg_recognition.worker_processes import default_workers

MOST_WRONG = 1.5
WRONG_TIME = 3
#: What is simulated, and how it is trained.
SIZES = {
    "tiny": ("--healthy 2 --patients 1 --sessions 1", "--members 2"),
    "small": ("--healthy 4 --patients 1 --sessions 1", "--members 4"),
    "paper": ("--healthy 16 --patients 2", "--members 8"),
    "long": ("--healthy 8 --patients 1", "--members 2 --epochs 24"),
    "folds": ("--healthy 3 --patients 1 --sessions 1", "--split leave-one-subject-out --members 2"),
}


def command(*arguments: object, cwd: Path) -> tuple[str, float, int]:
    """Run ``emg-recognition``; return what it prints, its wall time in s and its most memory in bytes."""
    begin = time.perf_counter()
    environment = {
        **os.environ,
        "XDG_CACHE_HOME": str(cwd / "cache"),
        "PYTHONPATH": str(Path(__file__).resolve().parents[1]),
    }
    with subprocess.Popen(
        [sys.executable, "-m", "emg_recognition", *map(str, arguments)],
        cwd=cwd,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        memory = Peak(partial(group_memory, process.pid), 0.1)
        out, _ = process.communicate()
    if process.returncode:
        raise EmgRecognitionError(f"{' '.join(map(str, arguments))} ended with {process.returncode}")
    return out, time.perf_counter() - begin, memory.stop()


def folder_size(folder: Path) -> int:
    """Return the bytes of all files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def measure(
    size: str, workers: int, config: Path | None, folder: Path
) -> tuple[dict[str, Any], dict[str, float]]:
    """Estimate and train; return the estimate and what it took."""
    study, options = SIZES[size]
    command("simulate", "--output", "study.npz", *study.split(), cwd=folder)
    train = ["train", "--data", "study.npz", "--output", "out", "--progress", "json", *options.split()]
    train += ["--workers", workers]
    train += [] if config is None else ["--config", config.resolve()]
    begin = time.perf_counter()
    estimate = json.loads(command(*train, "--dry-run", cwd=folder)[0])
    dry = time.perf_counter() - begin
    _, seconds, memory = command(*train, cwd=folder)
    windows = folder / "cache" / "emg_recognition" / "windows"
    disk = folder_size(folder / "out") + folder_size(windows)
    return estimate, {"dry": dry, "seconds": seconds, "memory": memory, "disk": disk}


def main() -> int:
    """Measure and compare; return the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", nargs="+", choices=SIZES, default=list(SIZES))
    parser.add_argument("--workers", nargs="+", type=int, default=[default_workers()])
    parser.add_argument("--config", type=Path, metavar="YAML", help="a configuration (default: compact.yaml)")
    args = parser.parse_args()
    titles = (
        *("study", "processes", "networks", "windows", "dry run, s", "time: estimated, s", "was, s"),
        *("was / estimated", "memory, MB", "was", "disk, MB", "was"),
    )
    print(f"| {' | '.join(titles)} |\n{'|---' * len(titles)}|", flush=True)
    wrong = 0.0
    for size, workers in itertools.product(args.sizes, args.workers):
        with tempfile.TemporaryDirectory(prefix="bench_cost_") as name:
            cost, was = measure(size, workers, args.config, Path(name))
        ratio = was["seconds"] / cost["seconds"]
        wrong = max(wrong, ratio, 1 / ratio)
        plan = cost["plan"]
        print(
            f"| {size} | {workers} | {len(plan['jobs'])} | {sum(plan['windows'].values())} | {was['dry']:.0f}"
            f" | {cost['seconds']:.0f} | {was['seconds']:.0f} | {ratio:.2f}"
            f" | {cost['memory'] / 1e6:.0f} | {was['memory'] / 1e6:.0f}"
            f" | {(cost['results'] + cost['cache']) / 1e6:.1f} | {was['disk'] / 1e6:.1f} |",
            flush=True,
        )
    print(f"\ntimes are wrong by a factor of {wrong:.2f} at most (wanted: {MOST_WRONG:g})")
    return WRONG_TIME if wrong > MOST_WRONG else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except EmgRecognitionError as error:
        sys.exit(f"error: {error}")
