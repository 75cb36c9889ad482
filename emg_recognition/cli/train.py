"""``emg-recognition train``: from an archive of labelled recordings to a model bundle and a report."""

from __future__ import annotations

import argparse
import dataclasses
from typing import Any

from emg_recognition.cli.experiment_options import (
    add_options,
    open_data,
    settings_of,
    signal_cache,
    workers_of,
)
from emg_recognition.cli.leave import leave_on_signals
from emg_recognition.cli.wording import duration, percent


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb."""
    parser = subparsers.add_parser(
        "train",
        help="train the ensemble on labelled recordings and write the model bundle",
        description="Trains one member on each part of the majority cohort with the whole minority cohort, "
        "keeps the best and tests it once. Run again, it continues where it was interrupted.",
    )
    add_options(parser)
    parser.add_argument("--selection", metavar="NAME", help="what is kept, e.g. minority or soft-vote")
    parser.add_argument("--seed", type=int, help="decides partition, first weights and order of the windows")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Train; return the exit code."""
    leave_on_signals("emg-recognition: interrupted; finished members are kept, run again to continue")
    # Imported here: the other verbs do without, and bad data is refused before TensorFlow is loaded.
    from emg_recognition.cli.progress import shown

    workers = workers_of(args)
    recordings = open_data(args)
    from emg_recognition.training.api import train

    settings = settings_of(args, seed=args.seed)
    if args.selection is not None:
        ensemble = dataclasses.replace(settings.ensemble, selection=args.selection)
        settings = dataclasses.replace(settings, ensemble=ensemble)
    with shown(args.progress) as on_event:
        result = train(
            recordings,
            args.output,
            settings=settings,
            workers=workers,
            cache=signal_cache(args),
            on_event=on_event,
        )
    if args.progress == "auto":
        print(_summary(result.metrics), f"report  {result.report}", sep="\n")
        if result.bundle is not None:
            print(f"bundle  {result.bundle}")
    return 0


def _summary(metrics: dict[str, Any]) -> str:
    lines = [_kept(metrics)]
    lines += [
        f"test{f', {cohort}' if cohort else ''}: accuracy {percent(s['accuracy'])}, balanced accuracy"
        f" {percent(s['balanced_accuracy'])}, macro F1 {percent(s['macro_f1'])} ({s['windows']} windows)"
        for cohort, s in metrics["per_cohort"].items()
    ]
    lines.append(
        f"test, all: accuracy {percent(metrics['test_accuracy'])}, balanced accuracy"
        f" {percent(metrics['test_balanced_accuracy'])}, macro F1 {percent(metrics['test_macro_f1'])}"
    )
    if metrics["split"]["leaking"] or metrics.get("selection", {}).get("leaking"):
        lines.append(
            "LEAKING: the test data helped to make the model; this result does not hold for new data"
        )
    return "\n".join(lines)


def _kept(metrics: dict[str, Any]) -> str:
    time = f"{duration(metrics['seconds'])} of training"
    if "folds" in metrics:
        return f"{len(metrics['folds'])} folds, a bundle in each one's folder; {time}"
    members = len(metrics["members"])
    if metrics["selected"] is None:
        return f"all {members} members vote; {time}"
    return f"kept member {metrics['selected']} of {members}, {time}"
