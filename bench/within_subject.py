"""Window accuracy of one model a subject, trained and tested on different repetitions.

    python bench/within_subject.py ARCHIVE.npz --train-reps 1-3 --test-reps 4 [--json FILE]

The rule is the literature's: windows of 200 ms every 50 ms, every window of every test segment
counts, no vote across windows, one network a subject. So that the first 250 ms of a segment
count, too, the filters run in over the segment's own first samples repeated backwards, in
training and test alike. The test windows go one by one through the LiteRT model of a written
bundle, as they do live; they are looked at once, after training. Settings are those of
``config/compact.yaml``; nothing is chosen by the archive.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY))

import numpy as np  # noqa: E402

from emg_recognition.errors import EmgRecognitionError, SettingError  # noqa: E402
from emg_recognition.models.bundle_writer import write_bundle  # noqa: E402
from emg_recognition.models.export import to_keras_file, to_tflite  # noqa: E402
from emg_recognition.models.runtime import ActionModel  # noqa: E402
from emg_recognition.models.statistics import window_statistics  # noqa: E402
from emg_recognition.recordings.archive import load_archive  # noqa: E402
from emg_recognition.recordings.recordings import Recordings  # noqa: E402
from emg_recognition.recordings.repetitions import parse_repetitions  # noqa: E402
from emg_recognition.training.fit import fit_network  # noqa: E402
from emg_recognition.training.settings import ExperimentSettings, load_settings  # noqa: E402
from emg_recognition.training.windows import WindowSet, windows_from_recordings  # noqa: E402


def subject_windows(
    recordings: Recordings, subject: str, repetitions: tuple[int, ...], settings: ExperimentSettings
) -> WindowSet:
    """All windows of one subject's repetitions, the filters run in as the module says."""
    chosen = (recordings.subject == subject) & np.isin(recordings.repetition, repetitions)
    pipeline = settings.pipeline_for(rate=recordings.rate, channels=recordings.channels, unit=recordings.unit)
    return windows_from_recordings(
        recordings.select(chosen),
        pipeline,
        settings.step_samples(recordings.rate),
        actions=recordings.actions,
        bridge=True,
    )


def accuracy(
    recordings: Recordings, settings: ExperimentSettings, train: WindowSet, test: WindowSet
) -> float:
    """Train on one set, then the share of the other that its LiteRT model names rightly."""
    result = fit_network(settings.network, settings.training, train, None)
    pipeline = settings.pipeline_for(rate=recordings.rate, channels=recordings.channels, unit=recordings.unit)
    with tempfile.TemporaryDirectory() as folder:
        info = write_bundle(
            Path(folder) / "bundle",
            keras_model=to_keras_file(result.model),
            tflite=to_tflite(result.model),
            actions=train.actions,
            pipeline=pipeline.to_mapping(),
            fingerprint=pipeline.fingerprint(),
            statistics=window_statistics(train.windows),
            provenance={"source": recordings.source},
            metrics={},
        )
        model = ActionModel(info)
    answers = np.array([model.predict(window).argmax() for window in test.windows])
    return float(np.mean(answers == test.action))


def measure(arguments: argparse.Namespace) -> dict[str, object]:
    """Run the benchmark and print a line a subject."""
    settings = load_settings(arguments.config)
    if arguments.seed is not None:
        settings = dataclasses.replace(
            settings, training=dataclasses.replace(settings.training, seed=arguments.seed)
        )
    repetitions = {
        "train": parse_repetitions(arguments.train_reps),
        "test": parse_repetitions(arguments.test_reps),
    }
    both = set(repetitions["train"]) & set(repetitions["test"])
    if both:
        raise SettingError(
            "test-reps", arguments.test_reps, f"choose others than in training, not {sorted(both)}"
        )
    recordings = load_archive(arguments.archive)
    known = np.unique(recordings.subject).tolist()
    subjects = arguments.subjects or known
    if not set(subjects) <= set(known):
        raise SettingError("subjects", subjects, f"the archive knows {', '.join(known)}")
    print(
        f"{arguments.archive}: {len(recordings.actions)} actions, {recordings.channels} channels at"
        f" {recordings.rate:g} Hz; repetitions {arguments.train_reps} -> {arguments.test_reps}; windows"
        f" of {settings.window * 1e3:g} ms every {settings.step * 1e3:g} ms; settling bridged, all count",
        flush=True,
    )
    found, begin = {}, time.perf_counter()
    for subject in subjects:
        start = time.perf_counter()
        train, test = (
            subject_windows(recordings, subject, repetitions[part], settings) for part in repetitions
        )
        found[subject] = accuracy(recordings, settings, train, test)
        print(
            f"subject {subject:>8}: {found[subject]:7.2%}   {len(train)} -> {len(test)} windows,"
            f" {time.perf_counter() - start:.0f} s",
            flush=True,
        )
    values = list(found.values())
    seconds = time.perf_counter() - begin
    print(
        f"mean of {len(values):>2} subjects: {np.mean(values):7.2%} ± {np.std(values):.2%}, {seconds:.0f} s"
    )
    return {
        "mean_accuracy": float(np.mean(values)),
        "subjects": found,
        "archive": str(arguments.archive),
        "repetitions": repetitions,
        "settings": settings.to_mapping(),
        "seconds": seconds,
    }


def main(arguments: list[str] | None = None) -> int:
    """Parse the command line, measure, write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("archive", type=Path, help="labelled recordings (.npz)")
    parser.add_argument("--train-reps", required=True, help="for example 1-3")
    parser.add_argument("--test-reps", required=True, help="for example 4")
    parser.add_argument("--json", type=Path, help="write the result there")
    parser.add_argument("--config", type=Path, default=REPOSITORY / "config" / "compact.yaml")
    parser.add_argument("--subjects", nargs="+", help="these only")
    parser.add_argument("--seed", type=int, help="instead of the configuration's")
    chosen = parser.parse_args(arguments)
    try:
        result = measure(chosen)
    except EmgRecognitionError as error:
        print(f"within_subject: {error}", file=sys.stderr)
        return 1
    if chosen.json:
        chosen.json.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
