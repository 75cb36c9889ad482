"""``emg-recognition train``: from labelled recordings to a model bundle and a report."""

from __future__ import annotations

import argparse
import dataclasses
import json
from collections.abc import Mapping
from typing import Any

from emg_recognition.cli.leave import leave_on_signals
from emg_recognition.cli.parser import examples
from emg_recognition.cli.training_options import (
    add_training_options,
    open_training_data,
    process_options,
    training_settings,
)
from emg_recognition.errors import SettingError


def add_parsers(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "train",
        help="train the ensemble on labelled recordings and write the model bundle",
        description="Train one member on each part of the majority cohort with the whole minority cohort, "
        "keep the best and test it once. Run again, it continues where it was interrupted.",
        epilog=examples(
            "emg-recognition train --data recordings.npz --output out/training",
            "emg-recognition train --data recordings.npz --output out/training --dry-run",
            "emg-recognition train --data monday tuesday study.yaml --minority patient \\",
            "    --train-reps 1-3 --test-reps 4 --output out/training",
            "emg-recognition train --data study.npz --split leave-one-subject-out --output out/folds",
        ),
    )
    add_training_options(
        parser,
        ensemble=("members", "minority", "selection"),
        training=("epochs", "steps_per_epoch", "learning_rate", "electrode_rotation", "seed"),
    )
    parser.add_argument(
        "--dry-run",
        action="store_true",
        help="train nothing; measure for some seconds, and say how much time, memory and disk it would take",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Train; return the exit code."""
    leave_on_signals("emg-recognition: interrupted; finished members are kept, run again to continue")
    # Imported here: the other commands do without, and the signals have to be blocked before NumPy loads.
    from emg_recognition.cli.progress import shown
    from emg_recognition.cli.training_options import training_cost
    from emg_recognition.training.api import train

    settings = training_settings(args)
    processes = process_options(args)
    recordings = open_training_data(args)
    if args.dry_run:
        if processes["address"] is not None:
            raise SettingError("--dry-run", "with --executor ray", "it measures this machine; leave out one")
        cost = training_cost(recordings, settings, processes["workers"])
        if args.progress == "json":
            print(json.dumps({"event": "cost", "seconds": cost.seconds, **dataclasses.asdict(cost)}))
        else:
            print(*cost.lines(), sep="\n")
        return 0
    with shown(args.progress) as on_event:
        result = train(recordings, args.output, settings=settings, on_event=on_event, **processes)
    if args.progress == "auto":
        print(*summary(result.metrics), f"report  {result.report}", sep="\n")
        if result.bundle is not None:
            print(f"bundle  {result.bundle}")
    return 0


def summary(metrics: Mapping[str, Any]) -> list[str]:
    """Return the result of a training as lines of text; `metrics` is the content of ``metrics.json``."""
    from emg_recognition.cli.progress import percent

    lines = [_kept(metrics)]
    lines += [
        f"test{f', {cohort}' if cohort else ''}: accuracy {percent(s['accuracy'])}, balanced accuracy"
        f" {percent(s['balanced_accuracy'])}, macro F1 {percent(s['macro_f1'])} ({s['windows']} windows)"
        for cohort, s in metrics["per_cohort"].items()
    ]
    lines.append(
        f"test, all: accuracy {percent(metrics['test_accuracy'])}{_interval(metrics)}, balanced accuracy"
        f" {percent(metrics['test_balanced_accuracy'])}, macro F1 {percent(metrics['test_macro_f1'])}"
    )
    lines += [f"warning: {warning}" for warning in metrics.get("warnings", ())]
    if metrics["split"]["leaking"] or metrics.get("selection", {}).get("leaking"):
        lines.append(
            "LEAKING: the test data helped to make the model; this result does not hold for new data"
        )
    return lines


def _interval(metrics: Mapping[str, Any]) -> str:
    interval = (metrics.get("intervals") or {}).get("accuracy")
    return "" if interval is None else f" (95 %: {100 * interval[0]:.1f} to {100 * interval[1]:.1f} %)"


def _kept(metrics: Mapping[str, Any]) -> str:
    from emg_recognition.cli.progress import duration

    time = f"{duration(metrics['seconds'])} of training"
    if "folds" in metrics:
        return f"{len(metrics['folds'])} folds, a bundle in each one's folder; {time}"
    members = len(metrics["members"])
    if metrics["selected"] is None:
        return f"all {members} members vote; {time}"
    return f"kept member {metrics['selected']} of {members}, {time}"
