"""The paper's Table II: this network beside VGG16 and ResNet50, time and accuracy side by side in one run.

    python bench/baselines.py                        time of a training step at 224 x 224 x 3
    python bench/baselines.py --train ARCHIVE.npz --subjects 1 --sessions 4     full training, small picture

The first trains each network for a few steps on random windows, with the batch, number type (float32) and
optimiser of ``config/paper.yaml``; the networks take turns, so that other work on the machine falls on all
alike. The first step, which builds the graph, does not count.

The second trains from fresh weights until the end, our network as configured and on the baselines' picture,
too. The learning rate of every network, ours included, is the one of a short list with the best validation
accuracy after a short training; the test repetitions are looked at once, in the end. A baseline that does not
learn its own training windows to 90 % proves nothing but a bad training: the table is then void and the exit
code 1. Where a GPU is at hand, ``--picture 224 224 --config config/paper.yaml`` is the paper's full run.
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
from emg_recognition.training.fit import FitResult, FitSettings, fit_network  # noqa: E402
from emg_recognition.training.jobs import predict_windows  # noqa: E402
from emg_recognition.training.settings import ExperimentSettings, load_settings  # noqa: E402
from emg_recognition.training.windows import WindowSet, windows_from_recordings  # noqa: E402

BASELINES = ("vgg16", "resnet50")
ASKED = {"vgg16": 20.0, "resnet50": 6.0}
LENGTH, CHANNELS, CLASSES = 40, 8, 6  # 200 ms of an armband of 8 electrodes at 200 Hz, five actions and rest
LEARNT = 0.9  # training accuracy below which a baseline says nothing


def compile_network(network: NetworkSettings, learning_rate: float) -> keras.Model:
    """Build a network with fresh weights and its training step."""
    none = np.zeros(CHANNELS)
    model = build_network(network, length=LENGTH, channels=CHANNELS, classes=CLASSES, mean=none, std=none + 1)
    optimizer = keras.optimizers.Adam(learning_rate)
    model.compile(optimizer, loss="sparse_categorical_crossentropy", metrics=["accuracy"], jit_compile=False)
    return model


def measure_speed(arguments: argparse.Namespace) -> dict[str, Any]:
    """Time of a training step a picture, the networks in turn."""
    settings = load_settings(arguments.config or REPOSITORY / "config" / "paper.yaml")
    batch = settings.training.batch_size
    networks = {"ghostnet": settings.network}
    networks |= {name: dataclasses.replace(settings.network, architecture=name) for name in BASELINES}
    rng = np.random.default_rng(0)
    windows = rng.normal(size=(batch, LENGTH, CHANNELS)).astype(np.float32)
    action = np.arange(batch) % CLASSES
    models = {}
    for name, network in networks.items():
        models[name] = compile_network(network, settings.training.learning_rate)
        models[name].train_on_batch(windows, action)
        print(f"{name}: {models[name].count_params():,} parameters", flush=True)
    found: dict[str, list[float]] = {name: [] for name in models}
    for turn in range(1, arguments.rounds + 1):
        for name, model in models.items():
            begin = time.perf_counter()
            for _ in range(arguments.steps):
                model.train_on_batch(windows, action)
            found[name].append((time.perf_counter() - begin) / (arguments.steps * batch))
        print(
            f"round {turn}: " + ", ".join(f"{n} {1e3 * v[-1]:.1f} ms" for n, v in found.items()), flush=True
        )
    print(f"\npicture {settings.network.picture}, batch {batch}, float32, Adam; {arguments.rounds} rounds of")
    print(f"{arguments.steps} step(s); time a picture in training\n")
    print("| network | parameters | median | least to most | ours is faster by | asked |")
    print("|---|---:|---:|---:|---:|---:|")
    ratios = {}
    for name, values in found.items():
        # Of each round's own pair: what disturbs a round disturbs both.
        ratios[name] = np.array(values) / np.array(found["ghostnet"])
        asked = f"{ASKED[name]:g}" if name in ASKED else ""
        print(
            f"| {name} | {models[name].count_params():,} | {1e3 * np.median(values):.1f} ms"
            f" | {1e3 * min(values):.1f} to {1e3 * max(values):.1f} ms | {np.median(ratios[name]):.1f}"
            f" ({ratios[name].min():.1f} to {ratios[name].max():.1f}) | {asked} |"
        )
    reached = all(np.median(ratios[name]) >= least for name, least in ASKED.items())
    return {
        "seconds_a_picture": found,
        "ratio": {name: float(np.median(values)) for name, values in ratios.items()},
        "batch": batch,
        "void": not reached,
    }


def choose(recordings: Recordings, subjects: list[str] | None, sessions: int | None) -> Recordings:
    """Take some subjects and the first sessions of each."""
    known = np.unique(recordings.subject).tolist()
    if subjects and not set(subjects) <= set(known):
        raise SettingError("subjects", subjects, f"the archive knows {', '.join(known)}")
    kept = np.isin(recordings.subject, subjects or known)
    for subject in known if sessions else ():
        own = recordings.subject == subject
        first = sorted(set(recordings.session[own].tolist()), key=lambda name: (len(name), name))[:sessions]
        kept &= ~own | np.isin(recordings.session, first)
    return recordings.select(kept)


def cut(settings: ExperimentSettings, arguments: argparse.Namespace) -> dict[str, WindowSet]:
    """Windows of the three sides; the settling is bridged, so that every window counts."""
    recordings = choose(load_archive(arguments.train), arguments.subjects, arguments.sessions)
    pipeline = settings.pipeline_for(rate=recordings.rate, channels=recordings.channels, unit=recordings.unit)
    windows = windows_from_recordings(
        recordings, pipeline, settings.stride_samples(recordings.rate), bridge=True
    )
    named = {
        side: parse_repetitions(getattr(arguments, f"{side}_reps"))
        for side in ("train", "validation", "test")
    }
    if len(set().union(*named.values())) < sum(map(len, named.values())):
        raise SettingError("repetitions", named, "put each on one side")
    sides = {side: windows.select(np.isin(windows.repetition, reps)) for side, reps in named.items()}
    for side, part in sides.items():
        if not len(part):
            raise SettingError(f"{side}-reps", named[side], "there is no window of them; choose others")
    return sides


def accuracy(result: FitResult, windows: WindowSet) -> float:
    """Share of windows that a network names rightly."""
    return float(np.mean(predict_windows(result.model, windows).argmax(axis=1) == windows.action))


def train_one(
    name: str,
    network: NetworkSettings,
    training: FitSettings,
    sides: dict[str, WindowSet],
    arguments: argparse.Namespace,
) -> dict[str, Any]:
    """Choose the learning rate on validation windows, train with it, and test once."""
    trials = {}
    for rate in arguments.rates:
        short = dataclasses.replace(training, epochs=arguments.trial_epochs, learning_rate=rate)
        trials[rate] = accuracy(fit_network(network, short, sides["train"], None), sides["validation"])
        print(f"  {name}, rate {rate:g}, {short.epochs} epochs: validation {trials[rate]:.2%}", flush=True)
    best = max(trials, key=lambda rate: trials[rate])
    # After the trials, so that no network's time has the building of its graph in it.
    result = fit_network(network, dataclasses.replace(training, learning_rate=best), sides["train"], None)
    row = {
        "name": name,
        "picture": network.picture,
        "parameters": result.model.count_params(),
        "rate": best,
        "trials": {f"{rate:g}": value for rate, value in trials.items()},
        **{side: accuracy(result, windows) for side, windows in sides.items()},
        "seconds": result.seconds,
    }
    print(f"  {name}: training {row['train']:.2%}, {row['seconds']:.0f} s", flush=True)
    return row


def measure_training(arguments: argparse.Namespace) -> dict[str, Any]:
    """Train every network on the same windows and print the table."""
    settings = load_settings(arguments.config or REPOSITORY / "config" / "compact.yaml")
    training = dataclasses.replace(
        settings.training, epochs=arguments.epochs, batch_size=arguments.batch, seed=arguments.seed
    )
    picture = (*arguments.picture, PLANES)
    networks = {"ghostnet": settings.network}
    if settings.network.picture != picture:
        networks["ghostnet, same picture"] = dataclasses.replace(settings.network, picture=picture)
    for name in BASELINES:
        networks[name] = dataclasses.replace(settings.network, architecture=name, picture=picture)
    sides = cut(settings, arguments)
    print(
        f"{arguments.train.name}: {len(sides['train'].actions)} actions, windows"
        f" {', '.join(f'{side} {len(part)}' for side, part in sides.items())}; {training.epochs} epochs of"
        f" batches of {training.batch_size}, seed {training.seed}",
        flush=True,
    )
    rows = [train_one(name, network, training, sides, arguments) for name, network in networks.items()]
    print("\n| network | picture | parameters | rate | training | validation | test | training time |")
    print("|---|---|---:|---:|---:|---:|---:|---:|")
    for row in rows:
        size = " × ".join(map(str, row["picture"]))
        shares = " | ".join(f"{row[side]:.2%}" for side in sides)
        ratio = row["seconds"] / rows[0]["seconds"]
        print(
            f"| {row['name']} | {size} | {row['parameters']:,} | {row['rate']:g} | {shares}"
            f" | {row['seconds']:.0f} s ({ratio:.1f}×) |"
        )
    lazy = [row["name"] for row in rows if row["train"] < LEARNT]
    if lazy:
        print(
            f"\nVOID: {', '.join(lazy)} below {LEARNT:.0%} on the training windows; give more epochs or rates"
        )
    return {"rows": rows, "training": dataclasses.asdict(training), "void": bool(lazy)}


def main(arguments: list[str] | None = None) -> int:
    """Parse the command line, measure, write; 1 where the numbers do not hold."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--train", type=Path, metavar="ARCHIVE", help="full training on these recordings")
    parser.add_argument("--config", type=Path, help="paper.yaml for times, compact.yaml for training")
    parser.add_argument("--rounds", type=int, default=5, help="times: turns of each network")
    parser.add_argument("--steps", type=int, default=1, help="times: gradient steps a turn")
    parser.add_argument("--picture", type=int, nargs=2, default=(40, 32), metavar=("ROWS", "COLUMNS"))
    parser.add_argument("--subjects", nargs="+", help="these only")
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
