"""``emg-recognition adapt``: from a model bundle and a repetition of a new wearer to a bundle of his own."""

from __future__ import annotations

import argparse
import dataclasses
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from emg_recognition.cli.wording import percent
from emg_recognition.errors import SettingError

if TYPE_CHECKING:
    from emg_recognition.recordings.recordings import Recordings
    from emg_recognition.training.adapt import Adaptation


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb."""
    parser = subparsers.add_parser(
        "adapt",
        help="fine-tune a model bundle on one or two repetitions of a new wearer",
        description="Learns on from a trained bundle with a few labelled repetitions of a wearer and writes "
        "a new bundle that names its parent. The parent stays as it is.",
    )
    parser.add_argument(
        "--model", type=Path, required=True, metavar="BUNDLE", help="the bundle to begin with"
    )
    parser.add_argument(
        "--data",
        type=Path,
        required=True,
        nargs="+",
        metavar="PATH",
        help="labelled recordings of the wearer",
    )
    parser.add_argument("--output", type=Path, required=True, metavar="DIR", help="place of the new bundle")
    parser.add_argument("--reps", required=True, metavar="REPS", help="repetitions to learn from, e.g. 1")
    parser.add_argument("--test-reps", metavar="REPS", help="others, to compare parent and new bundle with")
    parser.add_argument("--subject", metavar="S", help="the wearer, where the recordings have several")
    parser.add_argument("--actions", nargs="+", metavar="A", help="only these labels of the recordings")
    parser.add_argument(
        "--cache", type=Path, metavar="DIR", help="where recordings are unpacked; ~/.cache by default"
    )
    parser.add_argument("--namespace", metavar="ARM", help="which armband of a bag, where it has several")
    parser.add_argument("--steps", type=int, metavar="N", help="gradient steps")
    parser.add_argument("--learning-rate", type=float, metavar="R", help="the highest of the schedule")
    parser.add_argument("--seed", type=int, help="decides the order of the windows and their gains")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Adapt; return the exit code."""
    # Imported here: the other verbs do without, and bad data is refused before TensorFlow is loaded.
    from rich.progress import Progress

    from emg_recognition.recordings.open import open_recordings
    from emg_recognition.recordings.recordings import parse_repetitions

    repetitions = parse_repetitions(args.reps)
    test_repetitions = parse_repetitions(args.test_reps) if args.test_reps else ()
    opened = open_recordings(args.data, cache=args.cache, namespace=args.namespace)
    recordings = _select(opened, args.subject, args.actions)

    from emg_recognition.training.api import adapt
    from emg_recognition.training.settings import ADAPT_SETTINGS

    asked = {"steps_per_epoch": args.steps, "learning_rate": args.learning_rate, "seed": args.seed}
    chosen = {name: value for name, value in asked.items() if value is not None}
    with Progress(transient=True, disable=not sys.stdout.isatty()) as progress:
        bar = progress.add_task("Adapting", total=None)
        result = adapt(
            args.model,
            recordings,
            args.output,
            repetitions=repetitions,
            test_repetitions=test_repetitions,
            settings=dataclasses.replace(ADAPT_SETTINGS, **chosen),
            on_step=lambda step, steps: progress.update(bar, completed=step, total=steps),
        )
    print(_summary(result))
    return 0


def _select(recordings: Recordings, subject: str | None, actions: list[str] | None) -> Recordings:
    import numpy as np

    for option, wanted, column in (
        ("--subject", None if subject is None else [subject], "subject"),
        ("--actions", actions, "label"),
    ):
        if wanted is None:
            continue
        known = np.unique(getattr(recordings, column)).tolist()
        for name in wanted:
            if name not in known:
                raise SettingError(option, name, f"{recordings.source} has {', '.join(known)}")
        recordings = recordings.select(np.isin(getattr(recordings, column), wanted))
    return recordings


def _summary(result: Adaptation) -> str:
    lines = [f"learnt from {', '.join(f'{name} {count}' for name, count in result.windows.items())} windows"]
    if result.missing:
        lines.append(f"not performed, known from the parent alone: {', '.join(result.missing)}")
    if result.before is not None and result.after is not None:
        for name, found in (("parent", result.before), ("adapted", result.after)):
            lines.append(
                f"test, {name}: accuracy {percent(found['test_accuracy'])}, balanced accuracy"
                f" {percent(found['test_balanced_accuracy'])}, macro F1 {percent(found['test_macro_f1'])}"
            )
    return "\n".join([*lines, f"bundle  {result.bundle}"])
