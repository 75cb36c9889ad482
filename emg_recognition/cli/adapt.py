"""``emg-recognition adapt``: fine-tune a model bundle on a few repetitions of a new wearer."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emg_recognition.cli.data import add_data_options, open_data, select
from emg_recognition.cli.executor import UNUSED, add_executor, executor_options
from emg_recognition.cli.leave import leave_on_signals
from emg_recognition.cli.options import add_options, add_progress, given_options
from emg_recognition.cli.parser import examples
from emg_recognition.errors import SettingError
from emg_recognition.training.settings import ADAPT_PASSES, ADAPT_SETTINGS, REHEARSAL_SETTINGS, FitSettings

if TYPE_CHECKING:
    from emg_recognition.recordings.recordings import Recordings
    from emg_recognition.training.adapt import Adaptation


#: Stands for every subject, as in ``--without``.
_ALL = "*"


def add_parsers(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "adapt",
        help="fine-tune a model bundle on one or two repetitions of a new wearer",
        description="Fine-tune a trained bundle on a few labelled repetitions of one wearer and write a new "
        "bundle that names its parent. The parent stays as it is. With several wearers, run again, it "
        "continues where it was interrupted.",
        epilog=examples(
            "emg-recognition adapt --model out/training/bundle --data new.npz --reps 1 --output out/p07",
            "emg-recognition adapt --model out/training/bundle --data out/anna_3 --reps 1 --test-reps 2-3 \\",
            "    --output out/anna",
            "emg-recognition adapt --model out/training/bundle --data out/anna_today --reps 1 \\",
            "    --history out/anna_1 out/anna_2 --others out/study.npz --output out/anna",
            "emg-recognition adapt --model out/training/bundle --data clinic --subject '*' --reps 1-2 \\",
            "    --test-reps 3 --output out/wearers",
        ),
    )
    parser.add_argument(
        "--model", type=Path, required=True, metavar="BUNDLE", help="the bundle to start from"
    )
    add_data_options(parser)
    parser.add_argument("--output", type=Path, required=True, metavar="DIR", help="folder of the new bundle")
    parser.add_argument(
        "--reps", metavar="REPS", help="repetitions to learn from, e.g. 1 (default: all but --test-reps)"
    )
    parser.add_argument("--test-reps", metavar="REPS", help="others, to compare parent and new bundle on")
    parser.add_argument(
        "--history", type=Path, nargs="+", metavar="PATH", help="recordings of the wearer's earlier sessions"
    )
    parser.add_argument(
        "--others",
        type=Path,
        nargs="+",
        metavar="PATH",
        help="recordings of other people, to rehearse a share",
    )
    parser.add_argument(
        "--subject",
        nargs="+",
        metavar="S",
        help="the wearer, if the recordings have several; for several wearers, or '*' for all, "
        "a bundle of each, in a folder of their name",
    )
    parser.add_argument("--actions", nargs="+", metavar="A", help="use only these labels of the recordings")
    add_options(
        parser,
        FitSettings,
        only=("steps_per_epoch", "batch_size", "learning_rate", "seed"),
        defaults={
            **dataclasses.asdict(ADAPT_SETTINGS),
            "steps_per_epoch": f"as many as show each window {ADAPT_PASSES} times;"
            f" {ADAPT_SETTINGS.least_steps_per_epoch} at least, {REHEARSAL_SETTINGS.least_steps_per_epoch}"
            " with --history or --others",
        },
    )
    add_executor(parser)
    add_progress(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Adapt; return the exit code."""
    several = args.subject is not None and (len(args.subject) > 1 or args.subject == [_ALL])
    kept = "finished bundles are kept, run again to continue" if several else "nothing was written"
    leave_on_signals(f"emg-recognition: interrupted; {kept}")
    # Imported here: the other commands do without, and the signals have to be blocked before NumPy loads.
    from emg_recognition.cli.progress import steps
    from emg_recognition.recordings.recordings import parse_repetitions
    from emg_recognition.training.api import adapt, adapt_each

    processes = executor_options(args)
    for name, unused in UNUSED.items() if not several else ():
        if getattr(args, name) != unused:
            raise SettingError(f"--{name}", getattr(args, name), "use it with several subjects only")
    subjects = None if args.subject == [_ALL] else args.subject
    wanted = {"--subject": ("subject", subjects), "--actions": ("label", args.actions)}
    recordings = select(open_data(args), wanted)
    history, others = (_more(args, name, recordings.subjects, several) for name in ("history", "others"))
    asked: dict[str, Any] = {
        "repetitions": parse_repetitions(args.reps) if args.reps else None,
        "test_repetitions": parse_repetitions(args.test_reps) if args.test_reps else (),
        "history": history,
        "others": others,
        "settings": given_options(args, FitSettings),
    }
    with steps("Adapting", args.progress) as show:
        if several:
            results = adapt_each(args.model, recordings, args.output, on_step=show, **asked, **processes)
        else:
            result = adapt(args.model, recordings, args.output, on_step=show, **asked)
    if args.progress == "auto":
        print(*(_table(results) if several else _summary(result)), sep="\n")
    return 0


def _more(args: argparse.Namespace, name: str, wearers: tuple[str, ...], several: bool) -> Recordings | None:
    """Open the recordings to rehearse: the wearer's own, or all but theirs; of several wearers, all."""
    paths = getattr(args, name)
    if paths is None:
        return None
    import numpy as np

    from emg_recognition.recordings.open import open_recordings

    found = open_recordings(paths, cache=args.cache, namespace=args.namespace)
    own = np.isin(found.subject, wearers)
    chosen = np.ones_like(own) if several else own if name == "history" else ~own
    if not chosen.any():
        whose = "the wearer" if name == "history" else "somebody else"
        raise SettingError(f"--{name}", ", ".join(map(str, paths)), f"no segment is of {whose}")
    return found.select(chosen)


def _table(results: dict[str, Adaptation]) -> list[str]:
    """Write a line for each wearer, and the means of those who were tested."""
    from emg_recognition.cli.progress import aligned, percent

    rows = [["subject", "windows", "parent", "adapted", "bundle"]]
    for name, one in results.items():
        scores = [_balanced(found, percent) for found in (one.before, one.after)]
        rows.append([name, str(sum(one.windows.values())), *scores, str(one.bundle)])
    tested = [(one.before, one.after) for one in results.values() if one.before and one.after]
    if not tested:
        return aligned(rows)
    before, after = (
        sum(one["test_balanced_accuracy"] for one in column) / len(tested)
        for column in zip(*tested, strict=True)
    )
    return [
        *aligned(rows),
        f"balanced accuracy on the test repetitions, mean of {len(tested)} subjects:"
        f" {percent(before)} before, {percent(after)} after",
    ]


def _balanced(found: dict[str, float] | None, percent: Callable[[float], str]) -> str:
    return "-" if found is None else percent(found["test_balanced_accuracy"])


def _summary(result: Adaptation) -> list[str]:
    from emg_recognition.cli.progress import percent

    counts = ", ".join(f"{name} {count}" for name, count in result.windows.items())
    lines = [f"learned from {counts} windows"]
    if sits := result.describe():
        lines.append(sits)
    if result.missing:
        lines.append(f"not performed, known from the parent alone: {', '.join(result.missing)}")
    if result.before is not None and result.after is not None:
        for name, found in (("parent", result.before), ("adapted", result.after)):
            lines.append(
                f"test, {name}: accuracy {percent(found['test_accuracy'])}, balanced accuracy"
                f" {percent(found['test_balanced_accuracy'])}, macro F1 {percent(found['test_macro_f1'])}"
            )
    return [*lines, f"bundle  {result.bundle}"]
