"""``emg-recognition compare``: the ensemble beside other methods, on the same split, with several seeds."""

from __future__ import annotations

import argparse
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

_FEW = 8
"""So many subjects have a line of their own."""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb."""
    parser = subparsers.add_parser(
        "compare",
        help="compare the ensemble with one weighted network, the minority alone and classical methods",
        description="Trains and tests each method on the same split with the same number of gradient steps, "
        "once a seed, and prints mean and deviation. Run again, it continues where it was interrupted.",
    )
    add_options(parser)
    parser.add_argument(
        "--seeds", type=int, nargs="+", default=[0, 1, 2], metavar="N", help="one run each (0 1 2)"
    )
    parser.add_argument(
        "--methods",
        nargs="+",
        metavar="M",
        help="some of ensemble, weighted, minority, lda, balanced-bagging; all by default",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Compare; return the exit code."""
    leave_on_signals("emg-recognition: interrupted; finished networks are kept, run again to continue")
    from emg_recognition.cli.progress import shown

    workers = workers_of(args)
    recordings = open_data(args)
    from emg_recognition.training.api import compare

    settings = settings_of(args)
    with shown(args.progress) as on_event:
        comparison = compare(
            recordings,
            args.output,
            settings=settings,
            seeds=args.seeds,
            methods=args.methods,
            workers=workers,
            cache=signal_cache(args),
            on_event=on_event,
        )
    if args.progress == "auto":
        print("\n".join(table(comparison.result)), f"result  {comparison.result_file}", sep="\n")
    return 0


def table(result: dict[str, Any]) -> list[str]:
    """Lay out the result as lines of text.

    Parameters
    ----------
    result : dict
        As of :func:`~emg_recognition.training.api.compare`.

    Returns
    -------
    list of str
        A table of all methods, one of the subjects where they are few, and what has to be said beside it.
    """
    methods, minority = result["methods"], result["minority"]
    whose = f"{minority}, " if minority is not None else ""
    head = ["method", "accuracy", "balanced", *([minority] if minority is not None else [])]
    rows = [[*head, f"{whose}worst", "training"]]
    for row in methods:
        columns = ["accuracy", "balanced_accuracy", *(["minority"] if minority is not None else []), "worst"]
        found = [_spread(row["mean"][name], row["deviation"][name]) for name in columns]
        rows.append([_name(row), *found, duration(row["mean"]["seconds"])])
    lines = _aligned(rows)
    subjects = sorted({subject for row in methods for subject in row["per_subject"]})
    if len(subjects) <= _FEW:
        each = [
            [
                _name(row),
                *(percent(row["per_subject"][s]) if s in row["per_subject"] else "–" for s in subjects),
            ]
            for row in methods
        ]
        lines += ["", *_aligned([[f"{whose}subjects", *subjects], *each])]
    runs = max(len(row["runs"]) for row in methods)
    number = f"{runs} run{'s' if runs > 1 else ''}"
    lines += ["", f"Mean ± deviation of {number}, split {result['split']['rule']}."]
    if result["split"]["leaking"]:
        lines.append(
            "LEAKING: the split puts windows of one repetition on both sides; no row holds for new data"
        )
    elif any(row["leaking"] for row in methods):
        lines.append("*LEAKING: selected by the test data; it does not hold for new data")
    return lines


def _name(row: dict[str, Any]) -> str:
    return f"{row['title']} *LEAKING" if row["leaking"] else str(row["title"])


def _spread(mean: float | None, deviation: float | None) -> str:
    if mean is None:
        return "–"
    return percent(mean) if deviation is None else f"{100 * mean:.1f} ± {100 * deviation:.1f} %"


def _aligned(rows: list[list[str]]) -> list[str]:
    """Columns one under the other: the first to the left, the others to the right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "  ".join([row[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(row[1:], widths[1:], strict=True))])
        for row in rows
    ]
