"""``emg-recognition adapt``: fine-tune a model bundle on a few repetitions of a new wearer."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emg_recognition.cli.data import add_data_options, open_data, select
from emg_recognition.cli.leave import leave_on_signals
from emg_recognition.cli.options import add_options, add_progress, given_options
from emg_recognition.cli.parser import examples
from emg_recognition.errors import SettingError
from emg_recognition.training.settings import ADAPT_SETTINGS, REHEARSAL_SETTINGS, FitSettings

if TYPE_CHECKING:
    from emg_recognition.recordings.recordings import Recordings
    from emg_recognition.training.adapt import Adaptation


def add_parsers(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "adapt",
        help="fine-tune a model bundle on one or two repetitions of a new wearer",
        description="Fine-tune a trained bundle on a few labelled repetitions of one wearer and write a new "
        "bundle that names its parent. The parent stays as it is.",
        epilog=examples(
            "emg-recognition adapt --model out/training/bundle --data new.npz --reps 1 --output out/p07",
            "emg-recognition adapt --model out/training/bundle --data out/anna_3 --reps 1 --test-reps 2-3 \\",
            "    --output out/anna",
            "emg-recognition adapt --model out/training/bundle --data out/anna_today --reps 1 \\",
            "    --history out/anna_1 out/anna_2 --others out/study.npz --output out/anna",
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
    parser.add_argument("--subject", metavar="S", help="the wearer, if the recordings have several")
    parser.add_argument("--actions", nargs="+", metavar="A", help="use only these labels of the recordings")
    add_options(
        parser,
        FitSettings,
        only=("steps_per_epoch", "batch_size", "learning_rate", "seed"),
        defaults=dataclasses.asdict(ADAPT_SETTINGS),
    )
    add_progress(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Adapt; return the exit code."""
    leave_on_signals("emg-recognition: interrupted; nothing was written")
    # Imported here: the other commands do without, and the signals have to be blocked before NumPy loads.
    from emg_recognition.cli.progress import steps
    from emg_recognition.recordings.recordings import parse_repetitions
    from emg_recognition.training.api import adapt

    repetitions = parse_repetitions(args.reps) if args.reps else None
    test_repetitions = parse_repetitions(args.test_reps) if args.test_reps else ()
    subjects = None if args.subject is None else [args.subject]
    wanted = {"--subject": ("subject", subjects), "--actions": ("label", args.actions)}
    recordings = select(open_data(args), wanted)
    history, others = (_more(args, name, recordings.subjects) for name in ("history", "others"))
    usual = ADAPT_SETTINGS if history is None and others is None else REHEARSAL_SETTINGS
    with steps("Adapting", args.progress) as show:
        result = adapt(
            args.model,
            recordings,
            args.output,
            repetitions=repetitions,
            test_repetitions=test_repetitions,
            history=history,
            others=others,
            settings=dataclasses.replace(usual, **given_options(args, FitSettings)),
            on_step=show,
        )
    if args.progress == "auto":
        print(*_summary(result), sep="\n")
    return 0


def _more(args: argparse.Namespace, name: str, wearer: tuple[str, ...]) -> Recordings | None:
    """Open the recordings to rehearse: the wearer's own, or all but theirs."""
    paths = getattr(args, name)
    if paths is None:
        return None
    import numpy as np

    from emg_recognition.recordings.open import open_recordings

    found = open_recordings(paths, cache=args.cache, namespace=args.namespace)
    own = np.isin(found.subject, wearer)
    chosen = own if name == "history" else ~own
    if not chosen.any():
        whose = "the wearer" if name == "history" else "somebody else"
        raise SettingError(f"--{name}", ", ".join(map(str, paths)), f"no segment is of {whose}")
    return found.select(chosen)


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
