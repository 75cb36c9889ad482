"""What determinism costs: networks trained with one thread each, and with all threads of one process.

    python bench/threads.py

Two networks of ``config/compact.yaml`` learn from random windows: one after another in this process, where
TensorFlow uses every core, and each in its own process with one thread, as in ``emg-recognition train``. Only
the second way always gives the same weights. ``--steps-per-epoch 1 --rounds 1 --config`` with
a tiny network is a short run.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY))

import keras  # noqa: E402
import numpy as np  # noqa: E402

from emg_recognition.models import layers  # noqa: E402, F401  (Keras needs the layers to load a model)
from emg_recognition.tasks import Executor  # noqa: E402
from emg_recognition.training.configuration import experiment_settings  # noqa: E402
from emg_recognition.training.jobs import KERAS, Job, train_jobs  # noqa: E402
from emg_recognition.training.windows import from_windows  # noqa: E402
from emg_recognition.worker_processes import default_workers  # noqa: E402

WAYS = {
    "this process, all threads": 0,
    "one process, one thread": 1,
    "a process per core, one thread each": -1,
}


def train(config: Path, folder: Path, steps: int, workers: int) -> tuple[float, list[np.ndarray]]:
    """Train two networks; return the seconds of the training itself and the weights of both."""
    settings = experiment_settings(config)
    rng = np.random.default_rng(0)
    windows = from_windows(rng.normal(size=(4096, 40, 8)), rng.integers(0, 6, 4096), tuple("abcdef"))
    jobs = [
        Job(
            place=folder / str(number),
            label=f"network {number}",
            network=settings.network,
            training=dataclasses.replace(settings.training, epochs=2, steps_per_epoch=steps, seed=number),
            train=windows,
        )
        for number in (1, 2)
    ]
    train_jobs(jobs, executor=Executor(workers), on_event=lambda event: None)
    # The first epoch builds the graph, so the second one is counted.
    of_epoch = [job.record()["epochs"][1]["seconds"] - job.record()["epochs"][0]["seconds"] for job in jobs]
    models = [keras.saving.load_model(job.place / KERAS, compile=False) for job in jobs]
    weights = [np.concatenate([value.ravel() for value in model.get_weights()]) for model in models]
    together = max(of_epoch) if workers > 1 else sum(of_epoch)
    return together, weights


def main() -> int:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--steps-per-epoch", type=int, default=100, help="gradient steps of 128 windows")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--config", type=Path, default=REPOSITORY / "config" / "compact.yaml")
    chosen = parser.parse_args()
    cores = default_workers()
    found: dict[str, list[float]] = {way: [] for way in WAYS}
    weights: dict[str, list[list[np.ndarray]]] = {way: [] for way in WAYS}
    for _ in range(chosen.rounds):
        for way, workers in WAYS.items():
            with tempfile.TemporaryDirectory() as folder:
                used = cores if workers < 0 else workers
                seconds, trained = train(chosen.config, Path(folder), chosen.steps_per_epoch, used)
            found[way].append(1e3 * seconds / (2 * 128 * chosen.steps_per_epoch))
            weights[way].append(trained)
    reference = weights["one process, one thread"][0]
    print(f"two networks, {cores} cores: ms per window, {chosen.rounds} round(s)\n")
    print("| | median | least to most | weights as on one thread |\n|---|---:|---:|---|")
    for way, values in found.items():
        same = all(np.array_equal(a, b) for run in weights[way] for a, b in zip(run, reference, strict=True))
        spread = f"{min(values):.2f} to {max(values):.2f}"
        print(f"| {way} | {np.median(values):.2f} | {spread} | {'the same bits' if same else 'others'} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
