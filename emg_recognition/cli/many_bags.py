"""What ``evaluate`` prints about several bags, and its exit code."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from emg_recognition.cli.evaluate import WORSE, is_worse
from emg_recognition.cli.progress import aligned, duration, percent
from emg_recognition.errors import SettingError
from emg_recognition.text import printable

if TYPE_CHECKING:
    from emg_recognition.replay.many_bags import BagEvaluations, BagRow

_HEAD = (
    "bag",
    "person",
    "session",
    "model",
    "length",
    "accuracy",
    "balanced",
    "wrong/min",
    "false/min",
    "onset",
    "lost",
    "faults",
)
_LEFT = 4


def lines(found: BagEvaluations, seconds: float) -> list[str]:
    """Write the table, the means of each model, and what could not be evaluated."""
    evaluated = [row for row in found.rows if row.problem is None]
    text = aligned([_HEAD, *map(_cells, evaluated)], left=_LEFT) if evaluated else []
    text += [_mean(model) for model in found.models]
    text += [f"note: {printable(note)}" for note in found.notes]
    text += [
        f"not evaluated: {printable(row.bag)}, model {row.model}: {printable(row.problem)}"
        for row in found.rows
        if row.problem is not None
    ]
    earlier = len(evaluated) - found.new
    text.append(
        f"{found.new} evaluated now{f', {earlier} found finished' if earlier else ''}, in {duration(seconds)}"
    )
    return [*text, f"table   {found.table}", f"report  {found.report}"]


def _cells(row: BagRow) -> list[str]:
    of = row.columns()
    onset, faults = of["onset_median_ms"], of["faults"]
    return [
        *(printable(of[name]) or "-" for name in ("bag", "person", "session")),
        row.model,
        duration(of["seconds"]),
        _share(of["accuracy"]),
        _share(of["balanced_accuracy"]),
        _rate(of["wrong_movements_per_minute"]),
        _rate(of["false_activations_per_minute"]),
        "-" if onset is None else f"{onset:.0f} ms",
        _share(of["lost"]),
        "-" if faults is None else str(faults),
    ]


def _mean(model: dict[str, Any]) -> str:
    mean = model["mean"]
    worst, bag = model["worst"], model["worst_bag"]
    parts = [
        f"{title} {written(mean[name])} (worst {written(worst[name])}, {printable(bag[name])})"
        for name, title, written in (
            ("balanced_accuracy", "balanced accuracy", _share),
            ("wrong_movements_per_minute", "wrong movements a minute of action", _rate),
            ("false_activations_per_minute", "false activations a minute of rest", _rate),
        )
        if name in mean
    ]
    bags = f"{model['evaluated']} of {model['evaluated'] + model['failed']} bags"
    told = "; ".join(parts) or "none"
    return f"model {model['model']} ({printable(model['bundle'])}), {bags}, means: {told}"


def _share(value: float | None) -> str:
    return "-" if value is None else percent(value)


def _rate(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"


def judge(found: BagEvaluations, wanted: Sequence[tuple[str, float]]) -> int:
    """Compare each model's means with what was asked for; what cannot be evaluated does not pass.

    Raises
    ------
    SettingError
        If no bag tells a score that was asked for.
    """
    code = 0
    for metric, limit in wanted:
        for model in found.models:
            if metric not in model["mean"]:
                raise SettingError("--fail-under", metric, f"no bag tells it of the model {model['model']}")
            if is_worse(metric, model["mean"][metric], limit, f" of {model['model']}"):
                code = WORSE
    failed = sum(model["failed"] for model in found.models)
    if failed and (wanted or failed == len(found.rows)):
        print(f"emg-recognition: {failed} evaluations could not be made", file=sys.stderr)
        code = WORSE
    return code
