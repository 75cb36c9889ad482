"""``emg-recognition train``: from an archive of labelled recordings to a model bundle and a report."""

from __future__ import annotations

import argparse
import dataclasses
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emg_recognition.cli.leave import leave_on_signals
from emg_recognition.cli.wording import duration, percent
from emg_recognition.errors import SettingError
from emg_recognition.quiet import without_information
from emg_recognition.resources import config_path

if TYPE_CHECKING:
    from emg_recognition.recordings.recordings import Recordings
    from emg_recognition.training.settings import ExperimentSettings


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb."""
    parser = subparsers.add_parser(
        "train",
        help="train the ensemble on labelled recordings and write the model bundle",
        description="Trains one member on each part of the majority cohort with the whole minority cohort, "
        "keeps the best and tests it once. Run again, it continues where it was interrupted.",
    )
    parser.add_argument(
        "--data", type=Path, required=True, metavar="ARCHIVE", help="labelled recordings (.npz)"
    )
    parser.add_argument("--output", type=Path, required=True, metavar="DIR", help="folder for all results")
    parser.add_argument(
        "--config", type=Path, metavar="YAML", help="experiment; the packaged compact.yaml by default"
    )
    parser.add_argument("--train-reps", metavar="REPS", help="training repetitions, e.g. 1-3")
    parser.add_argument("--validation-reps", metavar="REPS", help="those of them to choose the member with")
    parser.add_argument("--test-reps", metavar="REPS", help="test repetitions, e.g. 4")
    parser.add_argument("--subject", nargs="+", metavar="S", help="only these subjects")
    parser.add_argument("--members", type=int, metavar="N", help="parts of the majority cohort")
    parser.add_argument("--minority", metavar="COHORT", help="cohort that every member sees whole")
    parser.add_argument("--seed", type=int, help="decides partition, first weights and order of the windows")
    parser.add_argument(
        "--workers", type=int, metavar="N", help="processes that train members; one a core by default"
    )
    parser.add_argument(
        "--progress", choices=("auto", "json", "off"), default="auto", help="how to show progress"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Train; return the exit code."""
    leave_on_signals("emg-recognition: interrupted; finished members are kept, run again to continue")
    # Imported here: the other verbs do without, and bad data is refused before TensorFlow is loaded.
    from emg_recognition.cli.progress import shown
    from emg_recognition.recordings.archive import load_archive
    from emg_recognition.recordings.repetitions import parse_repetitions

    repetitions = {
        side: None if text is None else parse_repetitions(text)
        for side, text in (
            ("train", args.train_reps),
            ("validation", args.validation_reps),
            ("test", args.test_reps),
        )
    }
    workers = len(os.sched_getaffinity(0)) if args.workers is None else args.workers
    if workers < 1:
        raise SettingError("--workers", workers, "use at least one process")
    recordings = load_archive(args.data)
    if args.subject:
        recordings = _select_subjects(recordings, args.subject)

    with without_information():
        from emg_recognition.training.experiment import run_experiment

    settings = _settings(args)
    with shown(args.progress) as on_event:
        result = run_experiment(
            settings, recordings, args.output, **repetitions, workers=workers, on_event=on_event
        )
    if args.progress == "auto":
        print(_summary(result.metrics), f"bundle  {result.bundle}", f"report  {result.report}", sep="\n")
    return 0


def _select_subjects(recordings: Recordings, names: list[str]) -> Recordings:
    import numpy as np

    for name in names:
        if name not in recordings.subject:
            known = ", ".join(np.unique(recordings.subject).tolist())
            raise SettingError("--subject", name, f"{recordings.source} has the subjects {known}")
    return recordings.select(np.isin(recordings.subject, names))


def _settings(args: argparse.Namespace) -> ExperimentSettings:
    """Read the configuration and put in what the command line says otherwise."""
    from emg_recognition.training.settings import load_settings

    settings = load_settings(args.config or config_path("compact.yaml"))
    asked = {"members": args.members, "minority": args.minority}
    ensemble = {name: value for name, value in asked.items() if value is not None}
    training = {} if args.seed is None else {"seed": args.seed}
    return dataclasses.replace(
        settings,
        ensemble=dataclasses.replace(settings.ensemble, **ensemble),
        training=dataclasses.replace(settings.training, **training),
    )


def _summary(metrics: dict[str, Any]) -> str:
    members = len(metrics["members"])
    lines = [f"kept member {metrics['selected']} of {members}, {duration(metrics['seconds'])} of training"]
    lines += [
        f"test{f', {cohort}' if cohort else ''}: accuracy {percent(s['accuracy'])}, balanced accuracy"
        f" {percent(s['balanced_accuracy'])}, macro F1 {percent(s['macro_f1'])} ({s['windows']} windows)"
        for cohort, s in metrics["per_cohort"].items()
    ]
    lines.append(
        f"test, all: accuracy {percent(metrics['test_accuracy'])}, balanced accuracy"
        f" {percent(metrics['test_balanced_accuracy'])}, macro F1 {percent(metrics['test_macro_f1'])}"
    )
    return "\n".join(lines)
