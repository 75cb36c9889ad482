"""The paper's Table II: time and accuracy of this network beside those of VGG16 and ResNet50.

    python bench/baselines.py                        time of a training step at 224 x 224 x 3
    python bench/baselines.py --train ARCHIVE.npz --subjects 1 --sessions 4     full training, small picture

The first trains each network for a few steps on random windows, with the batch size, number type (float32)
and optimiser of ``config/paper.yaml``. The networks alternate, so that other work on the machine affects all
of them equally. The first step, which builds the graph, does not count. ``--rounds 1 --picture 32
32 --baselines vgg16`` is a short run.

The second trains every network completely from fresh weights; ours is trained as configured, and also on the
picture of the baselines. For every network, a short training with each of a few learning rates chooses the
rate by validation accuracy. The test repetitions are used once, at the end. A baseline that does not reach
90 % on its own training windows only proves that the training was bad: the table is then void and the exit
code is 1. With a GPU, ``--picture 224 224 --config config/paper.yaml`` is the full run of the paper.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY))

import keras  # noqa: E402
import numpy as np  # noqa: E402

from emg_recognition.errors import EmgRecognitionError, SettingError  # noqa: E402
from emg_recognition.models.network import build_network  # noqa: E402
from emg_recognition.models.settings import PLANES, NetworkSettings  # noqa: E402
from emg_recognition.recordings.archive import load_archive  # noqa: E402
from emg_recognition.recordings.recordings import Recordings, parse_repetitions  # noqa: E402
from emg_recognition.training.configuration import experiment_settings  # noqa: E402
from emg_recognition.training.fit import FitResult, fit_network  # noqa: E402
from emg_recognition.training.jobs import predict_windows  # noqa: E402
from emg_recognition.training.settings import (  # noqa: E402
    SUBSETS,
    ExperimentSettings,
    FitSettings,
)
from emg_recognition.training.windows import WindowSet, windows_from_recordings  # noqa: E402

BASELINES = ("vgg16", "resnet50")
WANTED = {"vgg16": 20.0, "resnet50": 6.0}
LENGTH, CHANNELS, CLASSES = 40, 8, 6  # 200 ms of an armband of 8 electrodes at 200 Hz, five actions and rest
LEARNED = 0.9  # training accuracy below which a baseline says nothing


def compile_network(network: NetworkSettings, learning_rate: float) -> keras.Model:
    """Build a network with fresh weights, and its training step."""
    none = np.zeros(CHANNELS)
    model = build_network(network, length=LENGTH, channels=CHANNELS, classes=CLASSES, mean=none, std=none + 1)
    optimizer = keras.optimizers.Adam(learning_rate)
    model.compile(optimizer, loss="sparse_categorical_crossentropy", metrics=["accuracy"], jit_compile=False)
    return model


def measure_speed(arguments: argparse.Namespace) -> dict[str, Any]:
    """Measure the time of a training step per picture, alternating between the networks."""
    settings = experiment_settings(arguments.config or REPOSITORY / "config" / "paper.yaml")
    batch = settings.training.batch_size
    if arguments.picture:
        picture = (*arguments.picture, PLANES)
        network = dataclasses.replace(settings.network, picture=picture)
        settings = dataclasses.replace(settings, network=network)
    networks = {"ghostnet": settings.network}
    networks |= {
        name: dataclasses.replace(settings.network, architecture=name) for name in arguments.baselines
    }
    rng = np.random.default_rng(0)
    windows = rng.normal(size=(batch, LENGTH, CHANNELS)).astype(np.float32)
    action = np.arange(batch) % CLASSES
    models = {}
    for name, network in networks.items():
        models[name] = compile_network(network, settings.training.learning_rate)
        models[name].train_on_batch(windows, action)
        print(f"{name}: {models[name].count_params():,} parameters", flush=True)
    found: dict[str, list[float]] = {name: [] for name in models}
    for number in range(1, arguments.rounds + 1):
        for name, model in models.items():
            begin = time.perf_counter()
            for _ in range(arguments.steps):
                model.train_on_batch(windows, action)
            found[name].append((time.perf_counter() - begin) / (arguments.steps * batch))
        print(
            f"round {number}: " + ", ".join(f"{n} {1e3 * v[-1]:.1f} ms" for n, v in found.items()), flush=True
        )
    print(f"\npicture {settings.network.picture}, batch {batch}, float32, Adam; {arguments.rounds} rounds of")
    print(f"{arguments.steps} step(s); training time per picture\n")
    print("| network | parameters | median | least to most | ours is faster by | wanted |")
    print("|---|---:|---:|---:|---:|---:|")
    ratios = {}
    for name, values in found.items():
        # Per round, because a disturbance affects both networks of a round.
        ratios[name] = np.array(values) / np.array(found["ghostnet"])
        wanted = f"{WANTED[name]:g}" if name in WANTED else ""
        print(
            f"| {name} | {models[name].count_params():,} | {1e3 * np.median(values):.1f} ms"
            f" | {1e3 * min(values):.1f} to {1e3 * max(values):.1f} ms | {np.median(ratios[name]):.1f}"
            f" ({ratios[name].min():.1f} to {ratios[name].max():.1f}) | {wanted} |"
        )
    reached = all(np.median(ratios[name]) >= WANTED[name] for name in arguments.baselines)
    return {
        "seconds_per_picture": found,
        "ratio": {name: float(np.median(values)) for name, values in ratios.items()},
        "batch": batch,
        "void": not reached,
    }


def choose(recordings: Recordings, subjects: list[str] | None, sessions: int | None) -> Recordings:
    """Select some subjects and the first sessions of each."""
    known = np.unique(recordings.subject).tolist()
    if subjects and not set(subjects) <= set(known):
        raise SettingError("subjects", subjects, f"the archive has {', '.join(known)}")
    kept = np.isin(recordings.subject, subjects or known)
    for subject in known if sessions else ():
        own = recordings.subject == subject
        first = sorted(set(recordings.session[own].tolist()), key=lambda name: (len(name), name))[:sessions]
        kept &= ~own | np.isin(recordings.session, first)
    return recordings.select(kept)


def cut(settings: ExperimentSettings, arguments: argparse.Namespace) -> dict[str, WindowSet]:
    """Return the windows of the three subsets; with warm-up, so that every window counts."""
    recordings = choose(load_archive(arguments.train), arguments.subjects, arguments.sessions)
    pipeline = settings.pipeline_for(rate=recordings.rate, channels=recordings.channels, unit=recordings.unit)
    windows = windows_from_recordings(
        recordings, pipeline, settings.stride_samples(recordings.rate), warm_up=True
    )
    named = {subset: parse_repetitions(getattr(arguments, f"{subset}_reps")) for subset in SUBSETS}
    if len(set().union(*named.values())) < sum(map(len, named.values())):
        raise SettingError("repetitions", named, "name each only once")
    subsets = {name: windows.select(np.isin(windows.repetition, reps)) for name, reps in named.items()}
    for name, part in subsets.items():
        if not len(part):
            raise SettingError(f"{name}-reps", named[name], "they have no window; choose others")
    return subsets


def accuracy(result: FitResult, windows: WindowSet) -> float:
    """Return the share of windows that a network recognises."""
    return float(np.mean(predict_windows(result.model, windows).argmax(axis=1) == windows.action))


def train_one(
    name: str,
    network: NetworkSettings,
    training: FitSettings,
    subsets: dict[str, WindowSet],
    arguments: argparse.Namespace,
) -> dict[str, Any]:
    """Choose the learning rate on validation windows, train with it, and test once."""
    trials = {}
    for rate in arguments.rates:
        short = dataclasses.replace(training, epochs=arguments.trial_epochs, learning_rate=rate)
        trials[rate] = accuracy(fit_network(network, short, subsets["train"], None), subsets["validation"])
        print(f"  {name}, rate {rate:g}, {short.epochs} epochs: validation {trials[rate]:.2%}", flush=True)
    best = max(trials, key=lambda rate: trials[rate])
    # After the trials, so that no time includes the building of a graph.
    result = fit_network(network, dataclasses.replace(training, learning_rate=best), subsets["train"], None)
    row = {
        "name": name,
        "picture": network.picture,
        "parameters": result.model.count_params(),
        "rate": best,
        "trials": {f"{rate:g}": value for rate, value in trials.items()},
        **{subset: accuracy(result, windows) for subset, windows in subsets.items()},
        "seconds": result.seconds,
    }
    print(f"  {name}: training {row['train']:.2%}, {row['seconds']:.0f} s", flush=True)
    return row


def measure_training(arguments: argparse.Namespace) -> dict[str, Any]:
    """Train every network on the same windows and print the table."""
    settings = experiment_settings(arguments.config or REPOSITORY / "config" / "compact.yaml")
    training = dataclasses.replace(
        settings.training, epochs=arguments.epochs, batch_size=arguments.batch, seed=arguments.seed
    )
    picture = (*(arguments.picture or (40, 32)), PLANES)
    networks = {"ghostnet": settings.network}
    if settings.network.picture != picture:
        networks["ghostnet, same picture"] = dataclasses.replace(settings.network, picture=picture)
    for name in arguments.baselines:
        networks[name] = dataclasses.replace(settings.network, architecture=name, picture=picture)
    subsets = cut(settings, arguments)
    print(
        f"{arguments.train.name}: {len(subsets['train'].actions)} actions, windows"
        f" {', '.join(f'{name} {len(part)}' for name, part in subsets.items())}; {training.epochs} epochs of"
        f" batches of {training.batch_size}, seed {training.seed}",
        flush=True,
    )
    rows = [train_one(name, network, training, subsets, arguments) for name, network in networks.items()]
    print("\n| network | picture | parameters | rate | training | validation | test | training time |")
    print("|---|---|---:|---:|---:|---:|---:|---:|")
    for row in rows:
        size = " × ".join(map(str, row["picture"]))
        shares = " | ".join(f"{row[subset]:.2%}" for subset in subsets)
        ratio = row["seconds"] / rows[0]["seconds"]
        print(
            f"| {row['name']} | {size} | {row['parameters']:,} | {row['rate']:g} | {shares}"
            f" | {row['seconds']:.0f} s ({ratio:.1f}×) |"
        )
    lazy = [row["name"] for row in rows if row["train"] < LEARNED]
    if lazy:
        print(
            f"\nVOID: {', '.join(lazy)} below {LEARNED:.0%} on the training windows; use more epochs or rates"
        )
    return {"rows": rows, "training": dataclasses.asdict(training), "void": bool(lazy)}


def main(arguments: list[str] | None = None) -> int:
    """Parse the command line, measure and write; return 1 if the numbers are not reached."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--train", type=Path, metavar="ARCHIVE", help="full training on these recordings")
    parser.add_argument("--config", type=Path, help="paper.yaml for times, compact.yaml for training")
    parser.add_argument("--rounds", type=int, default=5, help="times: rounds of all networks")
    parser.add_argument("--steps", type=int, default=1, help="times: gradient steps per round")
    parser.add_argument(
        "--picture",
        type=int,
        nargs=2,
        metavar=("ROWS", "COLUMNS"),
        help="instead of the configured one; 40 32 for --train",
    )
    parser.add_argument("--baselines", nargs="+", choices=BASELINES, default=BASELINES)
    parser.add_argument("--subjects", nargs="+", help="only these")
    parser.add_argument("--sessions", type=int, metavar="N", help="the first N of each subject")
    parser.add_argument("--train-reps", default="1-2")
    parser.add_argument("--validation-reps", default="3")
    parser.add_argument("--test-reps", default="4")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--rates", type=float, nargs="+", default=(1e-4, 3e-4, 1e-3, 4e-3))
    parser.add_argument("--trial-epochs", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, help="write the result there")
    chosen = parser.parse_args(arguments)
    try:
        result = measure_training(chosen) if chosen.train else measure_speed(chosen)
    except EmgRecognitionError as error:
        print(f"baselines: {error}", file=sys.stderr)
        return 1
    if chosen.json:
        chosen.json.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    return int(result["void"])


if __name__ == "__main__":
    sys.exit(main())
