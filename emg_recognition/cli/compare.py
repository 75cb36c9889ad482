"""``emg-recognition compare``: the ensemble beside other methods, on the same split, with several seeds."""

from __future__ import annotations

import argparse
from typing import Any

from emg_recognition.cli.leave import leave_on_signals
from emg_recognition.cli.parser import examples
from emg_recognition.cli.training_options import (
    add_training_options,
    open_training_data,
    process_options,
    training_settings,
)
from emg_recognition.training.settings import METHODS

#: With more subjects than this, each one's accuracy is left to the report.
_FEW = 8


def add_parsers(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "compare",
        help="compare the ensemble with single networks and classical methods",
        description="Train and test each method on the same split with the same number of gradient steps, "
        "once for each seed, and print mean and deviation. Run again, it continues where it was interrupted.",
        epilog=examples(
            "emg-recognition compare --data recordings.npz --minority patient --output out/compare",
            "emg-recognition compare --data recordings.npz --methods lda --seeds 0 --output out/lda",
            "emg-recognition compare --data recordings.npz --learning-curve 1 2 4 --output out/curve",
        ),
    )
    add_training_options(
        parser,
        ensemble=("members", "minority"),
        training=("epochs", "steps_per_epoch", "learning_rate", "electrode_rotation"),
    )
    parser.add_argument(
        "--seeds", type=int, nargs="+", default=[0, 1, 2], metavar="N", help="one run for each"
    )
    parser.add_argument(
        "--methods",
        nargs="+",
        choices=METHODS,
        metavar="M",
        help=f"some of {', '.join(METHODS)} (default: all)",
    )
    parser.add_argument(
        "--learning-curve",
        type=int,
        nargs="+",
        default=[],
        metavar="N",
        help="again with only the first N repetitions of each person of the minority, same test windows",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Compare; return the exit code."""
    leave_on_signals("emg-recognition: interrupted; finished networks are kept, run again to continue")
    # Imported here: the other commands do without, and the signals have to be blocked before NumPy loads.
    from emg_recognition.cli.progress import shown
    from emg_recognition.training.api import compare

    settings = training_settings(args)
    processes = process_options(args)
    recordings = open_training_data(args)
    with shown(args.progress) as on_event:
        comparison = compare(
            recordings,
            args.output,
            settings=settings,
            seeds=args.seeds,
            methods=args.methods,
            learning_curve=args.learning_curve,
            on_event=on_event,
            **processes,
        )
    if args.progress == "auto":
        print(
            *table(comparison.result),
            f"report  {comparison.report}",
            f"result  {comparison.result_file}",
            sep="\n",
        )
    return 0


def table(result: dict[str, Any]) -> list[str]:
    """Write the result as lines of text.

    Parameters
    ----------
    result : dict
        The content of ``compare.json``.

    Returns
    -------
    list of str
        A table of all methods, one of the subjects where they are few, the learning curve, and what has to be
        known beside it.
    """
    from emg_recognition.cli.progress import aligned, duration

    methods, minority = result["methods"], result["minority"]
    whose = f"{minority}, " if minority is not None else ""
    head = ["method", "accuracy", "balanced", *([minority] if minority is not None else [])]
    rows = [[*head, f"{whose}worst", "wrong/min", "decided", "training"]]
    for row in methods:
        columns = ["accuracy", "balanced_accuracy", *(["minority"] if minority is not None else []), "worst"]
        found = [_spread(row["mean"][name], row["deviation"][name]) for name in columns]
        wrong, delay = (row["mean"][name] for name in ("wrong_movements_per_minute", "decision_delay_ms"))
        steady = ["–" if wrong is None else f"{wrong:.1f}", "–" if delay is None else f"{delay:.0f} ms"]
        rows.append([_name(row), *found, *steady, duration(row["mean"]["seconds"])])
    lines = aligned(rows)
    subjects = sorted({subject for row in methods for subject in row["per_subject"]})
    if len(subjects) <= _FEW:
        each = [
            [
                _name(row),
                *(_spread(row["per_subject"].get(subject)) for subject in subjects),
            ]
            for row in methods
        ]
        lines += ["", *aligned([[f"{whose}subjects", *subjects], *each])]
    curve = result["learning_curve"]
    if curve:
        of_minority = [
            {
                row["method"]: (row["mean"]["minority"], row["deviation"]["minority"])
                for row in point["methods"]
            }
            for point in curve
        ]
        counted = [f"{minority}, repetitions", *(str(point["repetitions"]) for point in curve)]
        points = [
            [row["title"], *(_spread(*point.get(row["method"], (None,))) for point in of_minority)]
            for row in curve[-1]["methods"]
        ]
        lines += ["", *aligned([counted, *points])]
    lines += [
        "",
        f"wrong/min: wrong movements a minute of action{f' ({minority})' if minority is not None else ''};"
        " decided: median time until the right decision.",
    ]
    runs = max(len(row["runs"]) for row in methods)
    number = f"{runs} run{'s' if runs > 1 else ''}"
    lines += [f"Mean ± deviation of {number}, split {result['split']['rule']}."]
    if result["split"]["leaking"]:
        lines.append("LEAKING: windows of one repetition are in training and test; no row holds for new data")
    elif any(row["leaking"] for row in methods):
        lines.append("*LEAKING: selected by the test data; it does not hold for new data")
    return lines


def _name(row: dict[str, Any]) -> str:
    return f"{row['title']} *LEAKING" if row["leaking"] else str(row["title"])


def _spread(mean: float | None, deviation: float | None = None) -> str:
    if mean is None:
        return "–"
    return f"{100 * mean:.1f}{'' if deviation is None else f' ± {100 * deviation:.1f}'} %"
