"""Window accuracy for people the model has never seen, before and after one of their own repetitions.

    python bench/new_subject.py myo_readings_active5.npz --cohort right \
        --actions fist pronation supination wrist_extension wrist_flexion

The subjects of a cohort are divided into folds. Each fold's network learns from all repetitions of the other
subjects and is tested on the test repetitions of the fold's subjects, which it has never seen. Then it is
fine-tuned, as ``adapt`` does, with the first repetition of each action, either of every session or only of
the first one, and tested again. Every window of the test segments counts (with ``warm_up``), 200 ms every
50 ms, without a vote across windows. LDA on Hudgins' features, trained on the same people, is tested on the
same windows. With ``--output``, an interrupted run can be continued. ``--folds 2 --steps-per-epoch 2`` with a
small archive and a ``--config`` with a tiny network is a short run.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import multiprocessing
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY))

import keras  # noqa: E402
import numpy as np  # noqa: E402

from emg_recognition.errors import EmgRecognitionError, SettingError  # noqa: E402
from emg_recognition.models import layers  # noqa: E402, F401  (Keras needs the layers to load a model)
from emg_recognition.recordings.archive import load_archive  # noqa: E402
from emg_recognition.recordings.recordings import parse_repetitions  # noqa: E402
from emg_recognition.training.adapt import fine_tune  # noqa: E402
from emg_recognition.training.comparators import fit_lda  # noqa: E402
from emg_recognition.training.configuration import experiment_settings  # noqa: E402
from emg_recognition.training.ensemble import job_seed  # noqa: E402
from emg_recognition.training.jobs import KERAS, Job, predict_windows, train_jobs  # noqa: E402
from emg_recognition.training.settings import ADAPT_SETTINGS, FitSettings  # noqa: E402
from emg_recognition.training.windows import WindowSet, windows_from_recordings  # noqa: E402
from emg_recognition.training.workers import default_workers  # noqa: E402

ROWS = ("nothing known", "first repetition of the first session", "first repetition of each session")


@dataclasses.dataclass(frozen=True, eq=False)
class Wearer:
    """A test subject of a fold, and the network that has not seen them."""

    name: str
    model: Path
    windows: WindowSet
    test_repetitions: tuple[int, ...]
    adaptation: FitSettings


def score(wearer: Wearer) -> list[float]:
    """Return the accuracies for a wearer, in the order of `ROWS`."""
    windows = wearer.windows
    test = windows.select(np.isin(windows.repetition, wearer.test_repetitions))
    first = windows.repetition == 1
    known = [
        None,
        windows.select(first & (windows.session == np.unique(windows.session)[0])),
        windows.select(first),
    ]
    found = []
    for learned in known:
        keras.backend.clear_session()  # otherwise the graph of every adaptation stays in memory
        model = keras.saving.load_model(wearer.model, compile=False)
        if learned is not None:
            fine_tune(model, learned, wearer.adaptation)
        found.append(float(np.mean(predict_windows(model, test).argmax(axis=1) == test.action)))
    return found


def one_thread() -> None:
    """Restrict a process of the pool to one core."""
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)


def measure(arguments: argparse.Namespace, folder: Path) -> dict[str, object]:
    """Run the benchmark and print its table."""
    settings = experiment_settings(arguments.config)
    training = dataclasses.replace(
        settings.training,
        steps_per_epoch=arguments.steps_per_epoch,
        electrode_rotation=arguments.electrode_rotation,
    )
    recordings = load_archive(arguments.archive)
    if arguments.cohort not in recordings.cohorts:
        raise SettingError("cohort", arguments.cohort, f"the archive has {', '.join(recordings.cohorts)}")
    recordings = recordings.select(
        (recordings.cohort == arguments.cohort)
        & np.isin(recordings.label, arguments.actions or recordings.actions)
    )
    pipeline = settings.pipeline_for(rate=recordings.rate, channels=recordings.channels, unit=recordings.unit)
    stride = settings.stride_samples(recordings.rate)
    windows = windows_from_recordings(recordings, pipeline, stride, warm_up=True, cache=folder)
    subjects = np.unique(recordings.subject)
    order = np.random.default_rng(arguments.seed).permutation(subjects)
    folds = np.array_split(order, arguments.folds)
    test_repetitions = parse_repetitions(arguments.test_reps)
    begin = time.perf_counter()
    jobs = [
        Job(
            place=folder / f"fold_{number}_seed_{arguments.seed}",
            label=f"fold {number}",
            network=settings.network,
            training=dataclasses.replace(training, seed=job_seed(arguments.seed, number)),
            train=windows.select(~np.isin(windows.subject, fold)),
        )
        for number, fold in enumerate(folds, start=1)
    ]
    print(
        f"{arguments.archive}: {len(subjects)} people, cohort {arguments.cohort}, {len(windows.actions)}"
        f" actions, {arguments.folds} folds, {training.epochs * arguments.steps_per_epoch} steps of"
        f" {training.batch_size}, rotation {training.electrode_rotation:g}; tested on repetitions"
        f" {arguments.test_reps}",
        flush=True,
    )
    train_jobs(jobs, workers=arguments.workers, on_event=report)
    adaptation = dataclasses.replace(ADAPT_SETTINGS, steps_per_epoch=arguments.adapt_steps)
    wearers = [
        Wearer(name, job.place / KERAS, windows.select(windows.subject == name), test_repetitions, adaptation)
        for job, fold in zip(jobs, folds, strict=True)
        for name in fold.tolist()
    ]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(arguments.workers, mp_context=context, initializer=one_thread) as pool:
        found = list(pool.map(score, wearers))
    classical = []
    for fold in folds:
        predictor = fit_lda(windows.select(~np.isin(windows.subject, fold)))
        for name in fold.tolist():
            tested = np.isin(windows.repetition, test_repetitions) & (windows.subject == name)
            test = windows.select(tested)
            classical.append(float(np.mean(predictor(test).argmax(axis=1) == test.action)))
    table = dict(zip(ROWS, np.array(found).T.tolist(), strict=True))
    table["LDA, nothing known"] = classical
    for row, values in table.items():
        print(
            f"{row:40} {np.mean(values):7.2%} ± {np.std(values):.2%}   worst {min(values):.2%},"
            f" median {np.median(values):.2%}",
            flush=True,
        )
    seconds = time.perf_counter() - begin
    print(f"{seconds:.0f} s, of these {sum(job.record()['seconds'] for job in jobs):.0f} s of training")
    names = [wearer.name for wearer in wearers]
    return {"subjects": names, "accuracy": table, "settings": settings.to_mapping(), "seconds": seconds}


def report(event: dict[str, object]) -> None:
    """Print a line for each finished network."""
    if event["event"] == "job":
        print(f"trained {event['label']} ({event['done']:.0%})", file=sys.stderr, flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the command line, measure and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("archive", type=Path, help="labelled recordings (.npz)")
    parser.add_argument("--cohort", required=True, help="its subjects are divided into folds")
    parser.add_argument("--actions", nargs="+", help="only these labels")
    parser.add_argument("--test-reps", default="5-6")
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--steps-per-epoch", type=int, default=200, help="gradient steps; 8 epochs")
    parser.add_argument(
        "--adapt-steps",
        type=int,
        default=ADAPT_SETTINGS.steps_per_epoch,
        help="gradient steps of an adaptation",
    )
    parser.add_argument("--electrode-rotation", type=float, default=0.5, help="random, of the armband")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, help="file for the result")
    parser.add_argument("--output", type=Path, help="folder for the networks; run again to continue")
    parser.add_argument("--config", type=Path, default=REPOSITORY / "config" / "compact.yaml")
    parser.add_argument("--workers", type=int, default=default_workers())
    chosen = parser.parse_args(arguments)
    try:
        with tempfile.TemporaryDirectory() as temporary:
            result = measure(chosen, chosen.output or Path(temporary))
    except EmgRecognitionError as error:
        print(f"new_subject: {error}", file=sys.stderr)
        return 1
    if chosen.json:
        chosen.json.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
