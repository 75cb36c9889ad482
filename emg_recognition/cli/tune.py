"""``emg-recognition tune``: the settings that suit a device, searched on validation only."""

from __future__ import annotations

import argparse
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
from emg_recognition.training.settings import TRIALS


def add_parsers(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "tune",
        help="search for the settings that suit a device, train with the best ones and test once",
        description="Try settings of the section `search` of the configuration (window, stride, picture, "
        "features, learning rate, epochs), judge them by the validation recordings, train with the best ones "
        "as `train` does, and test once. Run again, it continues where it was interrupted; finished trials "
        "are kept, also with more --trials.",
        epilog=examples(
            "emg-recognition tune --data recordings.npz --output out/tuned",
            "emg-recognition tune --data recordings.npz --config mine.yaml --trials 100 --output out/tuned",
            "emg-recognition tune --data study.npz --split k-fold --folds 5 --output out/tuned_folds",
        ),
    )
    add_training_options(
        parser,
        ensemble=("members", "minority", "selection"),
        training=("steps_per_epoch", "electrode_rotation", "seed"),
    )
    parser.add_argument(
        "--trials", type=int, default=TRIALS, metavar="N", help="combinations of settings to try in each fold"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Tune; return the exit code."""
    leave_on_signals("emg-recognition: interrupted; finished trials are kept, run again to continue")
    # Imported here: the other commands do without, and the signals have to be blocked before NumPy loads.
    from emg_recognition.cli.progress import shown
    from emg_recognition.cli.train import summary
    from emg_recognition.training.api import tune

    settings = training_settings(args)
    processes = process_options(args)
    recordings = open_training_data(args)
    with shown(args.progress) as on_event:
        tuning = tune(
            recordings, args.output, settings=settings, trials=args.trials, on_event=on_event, **processes
        )
    if args.progress == "auto":
        training = tuning.training
        print(
            *lines(tuning.result),
            *summary(training.metrics),
            f"search  {tuning.report}",
            f"report  {training.report}",
            sep="\n",
        )
        if training.bundle is not None:
            print(f"bundle  {training.bundle}")
    return 0


def lines(result: Mapping[str, Any]) -> list[str]:
    """Return the chosen settings as lines of text; `result` is the content of ``tuning.json``."""
    from emg_recognition.cli.progress import aligned, percent

    folds = result["folds"]
    rows = [["setting", "configured", "chosen"]]
    for name, found in result["chosen"].items():
        chosen = ", ".join(
            f"{one['value']:g}" + (f" ({one['folds']} of {len(folds)} folds)" if len(folds) > 1 else "")
            for one in found
        )
        rows.append([name, f"{result['configured'][name]:g}", chosen])
    before, after = (sum(fold[name] for fold in folds) / len(folds) for name in ("configured_score", "score"))
    mean = ", mean of the folds" if len(folds) > 1 else ""
    return [
        *result["left_out"],
        *(line.rstrip() for line in aligned(rows, left=3)),
        f"validation, balanced accuracy{mean}: {percent(after)}, {percent(before)} as configured",
    ]
