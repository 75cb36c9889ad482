"""Ten and a hundred times the recordings: peak of a training's memory, and time for a window.

    python bench/scaling.py [--times 1 10 100] [--output out/scaling]

The recordings are simulated studies, each of other people; 100 of them hold 2.15 GB of samples. Each number
of studies is trained on in a process of its own, with one thread and an empty cache, as ``emg.train`` does:
the files are opened, checked, filtered and cut, a member is trained with a bounded number of gradient steps,
validated and tested, and the report is written.

Memory is what the process has of its own, sampled a hundred times a second; pages mapped from files, which
the system takes back when it needs them, are not in it. Times are processor time, which other programs on the
machine hardly change. The time for a window is that by which a part takes longer with the next larger
recordings, so that what every training needs once, such as loading libraries, is in none of them; a gradient
step is timed by itself. Figure and JSON file go to ``--output``. The exit code is 1 if the memory grows to
1.3 times or more, and 3 if only a window takes more than 15 % longer in the largest recordings than in the
smaller ones. It needs Linux.
"""

from __future__ import annotations

import argparse
import dataclasses
import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import numpy as np
from measuring.memory import Peak, anonymous_memory

from emg_recognition.errors import EmgRecognitionError
from emg_recognition.recordings.archive import from_arrays, save_archive
from emg_recognition.recordings.open import open_recordings
from emg_recognition.simulation.study import StudySettings, simulate_study

LARGEST_RATIO = 1.3
MOST_SLOWER = 1.15
LATE = 3
#: A bounded training has one member and one epoch of this many gradient steps.
STEPS = 100
RATE = 2000.0
PARTS = {
    "open": "open files",
    "prepare": "check, filter, cut",
    "step": "gradient step",
    "rest": "statistics, validation, test",
    "test": "LiteRT, LDA, report",
}
"""What is timed, and how the table calls it."""


def write_studies(folder: Path, number: int, healthy: int) -> list[Path]:
    """Write archives of simulated studies, each of other people."""
    paths = []
    for seed in range(1, number + 1):
        settings = StudySettings(seed=seed, healthy=healthy, patients=1, rate=RATE)
        study = from_arrays(simulate_study(settings), "simulated")
        named = np.char.add(f"{seed:03d}_", study.subject)
        paths.append(folder / f"study_{seed:03d}.npz")
        save_archive(paths[-1], dataclasses.replace(study, subject=named))
    return paths


def bounded_training(paths: Sequence[Path], config: Path | None, folder: Path) -> dict[str, float]:
    """Train as ``emg.train`` does; return windows, and the processor time of each part in s."""
    from emg_recognition.tasks import Executor
    from emg_recognition.training.configuration import experiment_settings
    from emg_recognition.training.fit import fit_network
    from emg_recognition.training.fold import finish_fold, make_fold
    from emg_recognition.training.jobs import train_jobs
    from emg_recognition.training.prepare import prepare

    settings = experiment_settings(config)
    settings = dataclasses.replace(
        settings,
        training=dataclasses.replace(settings.training, epochs=1, steps_per_epoch=STEPS),
        ensemble=dataclasses.replace(settings.ensemble, members=1),
    )
    found: dict[str, float] = {}

    def timed(name: str, function: Callable[[], Any]) -> Any:
        begin = time.process_time()
        result = function()
        found[name] = time.process_time() - begin
        return result

    cache = folder / "cache"
    recordings = timed("open", lambda: open_recordings(paths, cache=cache))
    identity = {"settings": settings.to_mapping()}

    def cut() -> Any:
        prepared = prepare(settings, recordings, folder / "out", identity=identity, cache=cache)
        fold = make_fold(settings, prepared.windows, prepared.splits[0], prepared.output)
        prepared.claim_output()
        return prepared, fold

    prepared, fold = timed("prepare", cut)
    timed("train", lambda: train_jobs(fold.jobs, executor=Executor(), on_event=lambda event: None))
    timed(
        "test",
        lambda: finish_fold(settings, fold, prepared.pipeline, prepared.facts, on_event=lambda event: None),
    )
    # The same steps alone: the second of two epochs, without validation.
    job, ends = fold.jobs[0], []
    twice = dataclasses.replace(job.training, epochs=2)
    fit_network(job.network, twice, job.train, None, on_epoch=lambda _: ends.append(time.process_time()))
    found["step"] = (ends[1] - ends[0]) / STEPS
    found["rest"] = found.pop("train") - STEPS * found["step"]
    return {
        **found,
        "samples": recordings.counts.nbytes,
        "people": len(recordings.subjects),
        "segments": len(recordings),
        "windows": len(prepared.windows),
        "batch": job.training.batch_size,
    }


def measure_one(paths: Sequence[Path], config: Path | None, folder: Path) -> dict[str, float]:
    """Train in this process, with one thread; return what it took."""
    from emg_recognition.quiet import without_information

    with without_information():
        import tensorflow as tf
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    return bounded_training(paths, config, folder)


def window_times(rows: Sequence[dict[str, float]]) -> list[dict[str, float]]:
    """Return what a further window costs from each row to the next, µs; a step costs it once drawn."""
    return [
        {
            name: 1e6 * more["step"] / more["batch"]
            if name == "step"
            else 1e6 * (more[name] - less[name]) / (more["windows"] - less["windows"])
            for name in PARTS
        }
        for less, more in itertools.pairwise(rows)
    ]


def in_own_process(paths: Sequence[Path], config: Path | None) -> dict[str, float]:
    """Run :func:`measure_one` in a new process with one thread."""
    with tempfile.TemporaryDirectory(prefix="bench_scaling_") as folder:
        command = [sys.executable, __file__, "--measure", folder, *map(str, paths)]
        command += [] if config is None else ["--config", str(config)]
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
            peak = Peak(partial(anonymous_memory, process.pid))
            out, _ = process.communicate()
            highest = peak.stop()
    if process.returncode:
        raise EmgRecognitionError(f"the training on {len(paths)} studies ended with {process.returncode}")
    return {**json.loads(out.splitlines()[-1]), "peak": highest}


def draw(rows: Sequence[dict[str, float]], path: Path) -> None:
    """Draw memory and processor time over the size of the recordings."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3.8), layout="constrained")
    memory, times = figure.subplots(1, 2)
    megabytes = [row["samples"] / 1e6 for row in rows]
    memory.plot(megabytes, [row["peak"] / 1e6 for row in rows], "o-", label="peak of the training")
    memory.plot(megabytes, megabytes, "--", color="grey", label="the samples themselves")
    memory.set_ylim(0, 2 * max(row["peak"] / 1e6 for row in rows))
    memory.set_ylabel("memory, MB")
    windows = [row["windows"] for row in rows]
    for name, title in PARTS.items():
        scale = np.array(windows) / rows[0]["batch"] if name == "step" else 1.0
        times.plot(windows, scale * np.array([row[name] for row in rows]), "o-", label=title)
    times.set_yscale("log")
    times.set_ylabel("processor time, s (steps: an epoch)")
    for axes, size in ((memory, "MB of samples"), (times, "windows")):
        axes.set_xscale("log")
        axes.set_xlabel(f"recordings, {size}")
        axes.legend(fontsize="small")
    figure.savefig(path, dpi=110)


def measure(sizes: Sequence[int], healthy: int, config: Path | None, output: Path) -> int:
    """Measure every size, print the tables, and return the exit code."""
    titles = " | ".join(PARTS.values())
    print("memory, and processor time in s (of a gradient step in ms)\n")
    print(f"| times | people | samples, MB | windows | peak, MB | {titles} |")
    print("|---|---|---|---|---|" + "---|" * len(PARTS), flush=True)
    rows: list[dict[str, float]] = []
    with tempfile.TemporaryDirectory(prefix="bench_scaling_") as folder:
        paths = write_studies(Path(folder), sizes[-1], healthy)
        for size in sizes:
            row = in_own_process(paths[:size], config)
            cells = " | ".join(f"{1000 * row[p] if p == 'step' else row[p]:.1f}" for p in PARTS)
            counts = (
                f"{row['people']} | {row['samples'] / 1e6:.0f} | {row['windows']} | {row['peak'] / 1e6:.0f}"
            )
            print(f"| {size} | {counts} | {cells} |", flush=True)
            rows.append({"times": size, **row})
    each = window_times(rows)
    print(f"\nprocessor time for a further window, µs\n\n| times | {titles} | all |")
    print("|---|" + "---|" * (len(PARTS) + 1))
    for (less, more), parts in zip(itertools.pairwise(sizes), each, strict=True):
        cells = " | ".join(f"{value:.0f}" for value in (*parts.values(), sum(parts.values())))
        print(f"| {less} to {more} | {cells} |")
    memory = rows[-1]["peak"] / rows[0]["peak"]
    slower = sum(each[-1].values()) / sum(each[0].values())
    print(f"\npeak of the memory: {memory:.2f} times as much (wanted: below {LARGEST_RATIO})")
    print(f"time for a window: {slower:.2f} times as long (wanted: at most {MOST_SLOWER})")
    output.mkdir(parents=True, exist_ok=True)
    draw(rows, output / "scaling.png")
    result = {"rows": rows, "window_times": each, "memory": memory, "slower": slower}
    (output / "scaling.json").write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    if memory >= LARGEST_RATIO:
        return 1
    return LATE if slower > MOST_SLOWER else 0


def main() -> int:
    """Measure and return the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--times", type=int, nargs="+", default=[1, 10, 100], help="numbers of studies, at least two"
    )
    parser.add_argument(
        "--healthy", type=int, default=6, help="healthy people of a study, beside one patient"
    )
    parser.add_argument("--config", type=Path, metavar="YAML", help="a configuration (default: compact.yaml)")
    parser.add_argument("--output", type=Path, default=Path("out/scaling"))
    parser.add_argument("--measure", nargs="+", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        folder, *paths = arguments.measure
        print(json.dumps(measure_one(paths, arguments.config, folder)))
        return 0
    sizes = sorted(set(arguments.times))
    if len(sizes) < 2 or sizes[0] < 1:
        parser.error("--times needs two or more different numbers of studies")
    return measure(sizes, arguments.healthy, arguments.config, arguments.output)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except EmgRecognitionError as error:
        sys.exit(f"error: {error}")
