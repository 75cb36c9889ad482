"""Window accuracy of one model a subject, trained and tested on different recordings.

    python bench/within_subject.py ARCHIVE.npz --train-reps 1-3 --test-reps 4
    python bench/within_subject.py ARCHIVE.npz --train-sessions 1-20 --test-sessions 21-30
    python bench/within_subject.py ARCHIVE.npz --train-cohort N --test-cohort O

The rule is the literature's: windows of 200 ms every 50 ms, every window of every test segment
counts, no vote across windows, one network a subject. So that the first 250 ms of a segment
count, too, the filters run in over the segment's own first samples repeated backwards, in
training and test alike. The test windows go one by one through the LiteRT model, as they do
live; they are looked at once, after training. Settings are those of ``config/compact.yaml``;
nothing is chosen by the archive. LDA on Hudgins features stands beside it, on the same windows.
With ``--output`` an interrupted run goes on where it was.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY))

import keras  # noqa: E402
import numpy as np  # noqa: E402

from emg_recognition.errors import EmgRecognitionError, SettingError  # noqa: E402
from emg_recognition.models import layers  # noqa: E402, F401  (Keras finds the layers of a saved model by it)
from emg_recognition.models.bundle_writer import write_bundle  # noqa: E402
from emg_recognition.models.export import to_tflite  # noqa: E402
from emg_recognition.models.runtime import ActionModel  # noqa: E402
from emg_recognition.recordings.archive import load_archive  # noqa: E402
from emg_recognition.recordings.recordings import Recordings, parse_repetitions  # noqa: E402
from emg_recognition.training.comparators import fit_lda  # noqa: E402
from emg_recognition.training.ensemble import job_seed  # noqa: E402
from emg_recognition.training.jobs import KERAS, Job, train_jobs  # noqa: E402
from emg_recognition.training.settings import ExperimentSettings, load_settings  # noqa: E402
from emg_recognition.training.windows import WindowSet, windows_from_recordings  # noqa: E402

SIDES = ("train", "test")


def choose(recordings: Recordings, arguments: argparse.Namespace) -> tuple[str, dict[str, np.ndarray]]:
    """Masks of the segments to train and to test on, and what decides, in words."""
    texts = {}
    for column in ("reps", "sessions", "cohort"):
        asked = [getattr(arguments, f"{side}_{column}") for side in SIDES]
        if all(asked):
            texts[column] = asked
        elif any(asked):
            raise SettingError(f"{column}", asked, f"give --train-{column} and --test-{column}")
    if len(texts) != 1:
        raise SettingError("split", list(texts), "split by repetitions, by sessions or by cohort")
    ((column, asked),) = texts.items()
    values = {
        "reps": recordings.repetition.astype(str),
        "sessions": recordings.session,
        "cohort": recordings.cohort,
    }[column]
    wanted = [
        [text] if column == "cohort" else [str(number) for number in parse_repetitions(text)]
        for text in asked
    ]
    both = sorted(set(wanted[0]) & set(wanted[1]))
    if both:
        raise SettingError(column, both, "test on others than in training")
    masks = {side: np.isin(values, names) for side, names in zip(SIDES, wanted, strict=True)}
    for side, mask in masks.items():
        if not mask.any():
            raise SettingError(f"{side} {column}", asked, "the archive has none of them")
    return f"{column} {asked[0]} -> {asked[1]}", masks


def predict(job: Job, settings: ExperimentSettings, recordings: Recordings, test: WindowSet) -> np.ndarray:
    """Answers of a trained network, one window at a time through LiteRT, shape (windows,)."""
    model = keras.saving.load_model(job.place / KERAS, compile=False)
    pipeline = settings.pipeline_for(rate=recordings.rate, channels=recordings.channels, unit=recordings.unit)
    with tempfile.TemporaryDirectory() as folder:
        info = write_bundle(
            Path(folder) / "bundle",
            keras_model=job.place / KERAS,
            tflite=to_tflite(model),
            actions=test.actions,
            pipeline=pipeline.to_mapping(),
            fingerprint=pipeline.fingerprint(),
            statistics=job.record()["statistics"],
            provenance={"source": recordings.source},
            metrics={},
        )
        runtime = ActionModel(info)
    return np.array([runtime.predict(window).argmax() for batch in test.batches() for window in batch])


def lda(train: WindowSet, test: WindowSet) -> float:
    """Accuracy of LDA on Hudgins features."""
    return float(np.mean(fit_lda(train)(test).argmax(axis=1) == test.action))


def measure(arguments: argparse.Namespace, folder: Path) -> dict[str, object]:
    """Run the benchmark and print a line a subject."""
    settings = load_settings(arguments.config)
    if arguments.turn is not None:
        training = dataclasses.replace(settings.training, turn=arguments.turn)
        settings = dataclasses.replace(settings, training=training)
    recordings = load_archive(arguments.archive)
    words, masks = choose(recordings, arguments)
    known = np.unique(recordings.subject).tolist()
    subjects = arguments.subjects or known
    if not set(subjects) <= set(known):
        raise SettingError("subjects", subjects, f"the archive knows {', '.join(known)}")
    print(
        f"{arguments.archive}: {len(recordings.actions)} actions, {recordings.channels} channels at"
        f" {recordings.rate:g} Hz; {words}; windows of {settings.window * 1e3:g} ms every"
        f" {settings.step * 1e3:g} ms; settling bridged, all count; seeds {arguments.seeds}",
        flush=True,
    )
    pipeline = settings.pipeline_for(rate=recordings.rate, channels=recordings.channels, unit=recordings.unit)
    step = settings.stride_samples(recordings.rate)
    windows = windows_from_recordings(recordings, pipeline, step, warm_up=True, cache=folder)
    of = {
        subject: {
            side: windows.of_segments(np.flatnonzero(mask & (recordings.subject == subject)))
            for side, mask in masks.items()
        }
        for subject in subjects
    }
    jobs = {
        (subject, seed): Job(
            place=folder / f"subject_{subject}_seed_{seed}",
            label=f"subject {subject}, seed {seed}",
            network=settings.network,
            training=dataclasses.replace(settings.training, seed=job_seed(seed, number)),
            train=of[subject]["train"],
        )
        for seed in arguments.seeds
        for number, subject in enumerate(subjects)
    }
    begin = time.perf_counter()
    train_jobs(list(jobs.values()), workers=arguments.workers, on_event=tell)
    found: dict[str, list[float]] = {}
    classical: dict[str, float] = {}
    for subject, sides in of.items():
        test = sides["test"]
        answers = [predict(jobs[subject, seed], settings, recordings, test) for seed in arguments.seeds]
        found[subject] = [float(np.mean(answer == test.action)) for answer in answers]
        classical[subject] = lda(sides["train"], test)
        print(
            f"subject {subject:>8}: {np.mean(found[subject]):7.2%}   LDA {classical[subject]:7.2%}"
            f"   {len(sides['train'])} -> {len(test)} windows",
            flush=True,
        )
    seconds = time.perf_counter() - begin
    of_seeds = np.array(list(found.values())).mean(axis=0)
    over_subjects = np.array(list(found.values())).mean(axis=1)
    reference = float(np.mean(list(classical.values())))
    share = (1 - of_seeds.mean()) / (1 - reference)
    print(
        f"mean of {len(subjects)} subjects: {of_seeds.mean():.2%} (deviation over subjects"
        f" {over_subjects.std():.2%}, over {len(of_seeds)} seeds {of_seeds.std():.2%});"
        f" LDA {reference:.2%}; errors {share:.2f} of LDA's; {seconds:.0f} s"
    )
    return {
        "mean_accuracy": float(of_seeds.mean()),
        "seeds": of_seeds.tolist(),
        "subjects": found,
        "lda": classical,
        "split": words,
        "settings": settings.to_mapping(),
        "seconds": seconds,
    }


def tell(event: dict[str, object]) -> None:
    """Print a line for each network that is finished."""
    if event["event"] == "job":
        print(f"trained {event['label']} ({event['done']:.0%})", file=sys.stderr, flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the command line, measure, write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("archive", type=Path, help="labelled recordings (.npz)")
    for side in SIDES:
        parser.add_argument(f"--{side}-reps", metavar="REPS", help="for example 1-3")
        parser.add_argument(f"--{side}-sessions", metavar="SESSIONS", help="for example 1-20")
        parser.add_argument(f"--{side}-cohort", metavar="COHORT", help="for example N")
    parser.add_argument("--json", type=Path, help="write the result there")
    parser.add_argument("--output", type=Path, help="keep the networks there; run again to go on")
    parser.add_argument("--config", type=Path, default=REPOSITORY / "config" / "compact.yaml")
    parser.add_argument("--subjects", nargs="+", help="these only")
    parser.add_argument("--turn", type=float, help="random turn of the armband, electrodes")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--workers", type=int, default=len(os.sched_getaffinity(0)))
    chosen = parser.parse_args(arguments)
    try:
        with tempfile.TemporaryDirectory() as temporary:
            result = measure(chosen, chosen.output or Path(temporary))
    except EmgRecognitionError as error:
        print(f"within_subject: {error}", file=sys.stderr)
        return 1
    if chosen.json:
        chosen.json.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
