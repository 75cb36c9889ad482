"""What a Ray cluster costs on one machine: two nodes of one core against two processes, on the same jobs.

    python bench/executors.py [--jobs 16] [--seconds 30] [--rounds 3]

The jobs are networks of ``config/compact.yaml`` that learn from random windows, with as many gradient steps
as take the wanted time on one core beside another. Each round trains all of them in two local processes and
on two nodes on the loopback interface, in turn first, and compares the networks. The time is that of the
whole: start of the processes, TensorFlow, the way of signal, jobs and networks. The exit code is 1 if a
network differs in a bit.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY))

import keras  # noqa: E402
import numpy as np  # noqa: E402
import ray  # noqa: E402
from measuring.cluster import Cluster  # noqa: E402

from emg_recognition.errors import EmgRecognitionError  # noqa: E402
from emg_recognition.models import layers  # noqa: E402, F401  (Keras needs the layers to load a network)
from emg_recognition.tasks import Executor  # noqa: E402
from emg_recognition.training.configuration import experiment_settings  # noqa: E402
from emg_recognition.training.jobs import KERAS, Job, train_jobs  # noqa: E402
from emg_recognition.training.windows import WindowSet, from_windows  # noqa: E402

#: Steps of the jobs by which the wanted number is found.
_TRIED = 50


def make_jobs(config: Path, windows: WindowSet, folder: Path, count: int, steps: int) -> list[Job]:
    """Make `count` jobs of `steps` gradient steps each."""
    settings = experiment_settings(config)
    return [
        Job(
            place=folder / str(number),
            label=f"network {number}",
            network=settings.network,
            training=dataclasses.replace(
                settings.training, epochs=2, steps_per_epoch=steps // 2, seed=number
            ),
            train=windows,
        )
        for number in range(count)
    ]


def train(jobs: list[Job], executor: Executor) -> tuple[float, list[np.ndarray]]:
    """Train; return the seconds of the whole, and the weights of each network."""
    begin = time.perf_counter()
    train_jobs(jobs, executor=executor, on_event=lambda event: None)
    seconds = time.perf_counter() - begin
    ray.shutdown()  # or the next round would find its processes
    models = [keras.saving.load_model(job.place / KERAS, compile=False) for job in jobs]
    return seconds, [np.concatenate([value.ravel() for value in model.get_weights()]) for model in models]


def main() -> int:
    """Measure and print a table; return the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--jobs", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=30.0, help="of each job")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--config", type=Path, default=REPOSITORY / "config" / "compact.yaml")
    chosen = parser.parse_args()
    rng = np.random.default_rng(0)
    windows = from_windows(rng.normal(size=(4096, 40, 8)), rng.integers(0, 6, 4096), tuple("abcdef"))
    with tempfile.TemporaryDirectory(prefix="bench_executors_") as name, Cluster() as cluster:
        folder = Path(name)
        for _ in range(2):
            cluster.start_node(REPOSITORY)
        cluster.wait(2)
        tried = make_jobs(chosen.config, windows, folder / "tried", 2, _TRIED)
        train(tried, Executor(2))
        second = max(
            job.record()["epochs"][1]["seconds"] - job.record()["epochs"][0]["seconds"] for job in tried
        )
        steps = max(round(chosen.seconds * (_TRIED // 2) / second), 2)
        ways = {"two processes": Executor(2), "two nodes of Ray": Executor(address=cluster.address)}
        found: dict[str, list[float]] = {way: [] for way in ways}
        each: list[float] = []
        differing = 0
        for number in range(chosen.rounds):
            weights = {}
            for way in sorted(ways, reverse=bool(number % 2)):
                jobs = make_jobs(chosen.config, windows, folder / f"{number} {way}", chosen.jobs, steps)
                seconds, weights[way] = train(jobs, ways[way])
                found[way].append(seconds)
                each += [job.record()["seconds"] for job in jobs]
                print(f"round {number + 1}, {way}: {seconds:.1f} s", file=sys.stderr, flush=True)
            differing += sum(not np.array_equal(*pair) for pair in zip(*weights.values(), strict=True))
    print(f"{chosen.jobs} jobs of {statistics.median(each):.1f} s (median), {chosen.rounds} rounds\n")
    print("| | median | least to most |\n|---|---:|---:|")
    for way, values in found.items():
        print(f"| {way} | {statistics.median(values):.1f} s | {min(values):.1f} to {max(values):.1f} s |")
    pairs = [remote / local - 1 for local, remote in zip(*found.values(), strict=True)]
    print(f"\noverhead of Ray, median of the pairs: {100 * statistics.median(pairs):+.1f} %")
    print(f"networks that differ: {differing}")
    return int(bool(differing))


if __name__ == "__main__":
    try:
        sys.exit(main())
    except EmgRecognitionError as error:
        sys.exit(f"error: {error}")
