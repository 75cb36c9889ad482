"""How far a confidence can be trusted: reliability diagram and accuracy–rejection curve."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import PercentFormatter

from emg_recognition.evaluation import style
from emg_recognition.evaluation.confidence import Calibration, Rejection
from emg_recognition.evaluation.style import INK, PALE_INK, SERIES

_SIZE = (4.8, 4.1)
_MARKED = (0.5, 0.9, 0.99)
"""Thresholds that are written beside the curve."""


def reliability_figure(calibration: Calibration) -> Figure:
    """Draw the accuracy of the windows over their confidence, and below it how many windows have it.

    Parameters
    ----------
    calibration : Calibration
        From :func:`~emg_recognition.evaluation.confidence.calibration`.

    Returns
    -------
    matplotlib.figure.Figure
        On the diagonal the confidence is right; below it the model is surer than it should be.
    """
    bins = [entry for entry in calibration.bins if entry.windows]
    total = sum(entry.windows for entry in bins)
    left = [entry.low for entry in bins]
    width = [0.94 * (entry.high - entry.low) for entry in bins]
    figure = style.figure(*_SIZE)
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3.2, 1))
    _shares(upper)
    upper.bar(left, [_known(entry.accuracy) for entry in bins], width, align="edge", color="#a9cbe2")
    upper.plot((0, 1), (0, 1), color=PALE_INK, linewidth=1, linestyle=(0, (4, 3)))
    upper.plot(
        [_known(entry.confidence) for entry in bins],
        [_known(entry.accuracy) for entry in bins],
        color=SERIES[0],
        marker="o",
        markersize=5,
        linestyle="none",
    )
    upper.set_ylabel("Right", color=PALE_INK)
    upper.set_ylim(0, 1.02)
    style.title(upper, f"Reliability: ECE {100 * calibration.ece:.1f}\u202f%")
    _shares(lower)
    lower.bar(left, [entry.windows / total for entry in bins], width, align="edge", color="#8fa1af")
    lower.set_ylabel("Windows", color=PALE_INK)
    lower.set_xlabel("Confidence", color=PALE_INK)
    lower.set_xlim(0, 1)
    return figure


def rejection_figure(rejection: Rejection) -> Figure:
    """Draw the accuracy of the accepted windows over the share that is rejected.

    Parameters
    ----------
    rejection : Rejection
        From :func:`~emg_recognition.evaluation.confidence.rejection`.

    Returns
    -------
    matplotlib.figure.Figure
        The higher the curve and the sooner it rises, the better the confidence sorts right from wrong.
    """
    figure = style.figure(*_SIZE)
    axes = figure.subplots()
    _shares(axes)
    accuracies = [_known(point.accuracy) for point in rejection.curve]
    axes.plot([1 - point.coverage for point in rejection.curve], accuracies, color=SERIES[0], linewidth=2)
    marked = [
        (point.threshold, 1 - point.coverage, point.accuracy)
        for point in rejection.thresholds
        if point.threshold in _MARKED and point.accuracy is not None
    ]
    lowest = min([*accuracies, *(accuracy for _, _, accuracy in marked)])
    room = max(1 - lowest, 0.02)
    for threshold, rejected, accuracy in marked:
        axes.plot(rejected, accuracy, marker="o", markersize=5, color=SERIES[1])
        axes.annotate(
            f"≥ {threshold:g}",
            (rejected, accuracy),
            xytext=(6, -5),
            textcoords="offset points",
            va="top",
            color=INK,
            fontsize=9,
        )
    axes.set_xlim(0, 1)
    axes.set_ylim(lowest - 0.12 * room, 1 + 0.04 * room)
    axes.yaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=0 if room > 0.04 else 1))
    axes.set_xlabel("Rejected windows", color=PALE_INK)
    axes.set_ylabel("Right among the accepted", color=PALE_INK)
    style.title(axes, f"Accuracy and rejection: area {rejection.area:.4f}")
    return figure


def _known(value: float | None) -> float:
    """Return a mean over windows that are there."""
    assert value is not None
    return value


def _shares(axes: Axes) -> None:
    style.plain(axes)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(PercentFormatter(xmax=1, decimals=0))


_FEW = 20
_LINE, _LINE_OF_MANY = 0.21, 0.165  # inches a subject


def subject_figure(per_subject: Mapping[str, float], cohorts: Mapping[str, str]) -> Figure:
    """Draw the balanced accuracy of each subject, the best one first.

    Parameters
    ----------
    per_subject : mapping of str to float
        Balanced accuracy of each subject.
    cohorts : mapping of str to str
        The cohort of each subject.

    Returns
    -------
    matplotlib.figure.Figure
        One panel for each cohort; the vertical line is the mean over its subjects.
    """
    panels_of: dict[str, list[tuple[float, str]]] = {}
    for subject, value in per_subject.items():
        panels_of.setdefault(cohorts[subject], []).append((value, subject))
    ordered = sorted(panels_of)
    lengths = [len(panels_of[cohort]) for cohort in ordered]
    # Lines of one height however many subjects; the rest is titles and the axis.
    line = _LINE if sum(lengths) <= _FEW else _LINE_OF_MANY
    figure = style.figure(8.2, line * sum(lengths) + 0.5 * len(lengths) + 0.6)
    panels = figure.subplots(len(ordered), 1, sharex=True, squeeze=False, height_ratios=lengths)[:, 0]
    for index, (axes, cohort) in enumerate(zip(panels, ordered, strict=True)):
        # The worst at the bottom, the names as second key so that equals stand in alphabetical order.
        values, names = zip(*sorted(panels_of[cohort], key=lambda pair: (-pair[0], pair[1])), strict=True)
        colour, rows = SERIES[index % len(SERIES)], range(len(names))
        style.plain(axes)
        axes.grid(visible=False, axis="y")
        axes.axvline(float(np.mean(values)), color=colour, linewidth=1.2, linestyle=(0, (4, 3)))
        axes.hlines(rows, 0, values, color=colour, linewidth=1, alpha=0.25)
        axes.plot(values, rows, "o", color=colour, markersize=6 if line == _LINE else 5)
        axes.set_yticks(rows, [name.replace("_", " ") or "(unnamed)" for name in names])
        axes.tick_params(axis="y", colors=INK, labelsize=8.5 if line == _LINE else 7.5)
        axes.set_ylim(len(names) - 0.4, -0.6)
        title = cohort.replace("_", " ") or "Subjects"
        style.title(axes, f"{title}: mean {100 * np.mean(values):.1f}\u202f%")
    lowest = min(per_subject.values())
    panels[-1].set_xlim(max(0.0, np.floor(10 * lowest - 0.5) / 10), 1.01)
    panels[-1].xaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=0))
    panels[-1].set_xlabel("Balanced accuracy", color=PALE_INK)
    return figure


_GROUPS = {"ensemble": SERIES[0], "network": SERIES[2], "classical": "#7c8b97"}
_LEAKING = "#c2374f"


def comparison_figure(rows: Sequence[Mapping[str, Any]]) -> Figure:
    """Accuracy of each method in each run, over all subjects and over those of the minority.

    Parameters
    ----------
    rows : sequence of mapping
        From top to bottom: ``method`` (its name), ``group`` (``ensemble``, ``network`` or ``classical``),
        ``leaking`` (whether it has seen test data), ``values`` and ``minority`` (accuracies of the runs; the
        latter empty where there is no minority).

    Returns
    -------
    matplotlib.figure.Figure
        A panel for all and, where a row has it, one for the minority.
    """
    panels = [("values", "All")]
    if any(len(row["minority"]) for row in rows):
        panels.append(("minority", "Minority"))
    figure = style.figure(4.6 * len(panels) + 1.4, 0.42 * len(rows) + 1.3)
    shared = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
    for axes, (key, title) in zip(shared, panels, strict=True):
        _panel(axes, [row[key] for row in rows], [_colour(row) for row in rows])
        style.title(axes, title)
    names = [f"{row['method']} (leaking)" if row["leaking"] else row["method"] for row in rows]
    shared[0].set_yticks(range(len(rows)), names)
    shared[0].set_ylim(len(rows) - 0.5, -0.5)
    for label, row in zip(shared[0].get_yticklabels(), rows, strict=True):
        label.set_color(_LEAKING if row["leaking"] else INK)
    used = [group for group in _GROUPS if any(row["group"] == group and not row["leaking"] for row in rows)]
    handles = [_handle(_GROUPS[group], group) for group in used]
    if any(row["leaking"] for row in rows):
        handles.append(_handle(_LEAKING, "leaking: has seen test data"))
    handles.append(
        Line2D([], [], color=PALE_INK, marker="|", markersize=11, linestyle="none", label="mean of the runs")
    )
    figure.legend(
        handles=handles,
        loc="outside lower center",
        ncols=len(handles) if len(panels) > 1 else 3,
        frameon=False,
        fontsize=9,
        labelcolor=INK,
    )
    return figure


def _panel(axes: Axes, runs: Sequence[Sequence[float]], colours: Sequence[str]) -> None:
    """Draw one line a method: its runs as dots, their mean as an upright bar."""
    style.plain(axes)
    axes.tick_params(axis="y", colors=INK)
    axes.xaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=0))
    axes.set_xlabel("Accuracy", color=PALE_INK)
    for place, (values, colour) in enumerate(zip(runs, colours, strict=True)):
        if not len(values):
            continue
        # Spread by their order, so that equal runs do not hide each other.
        spread = np.linspace(-0.13, 0.13, len(values)) if len(values) > 1 else np.zeros(1)
        axes.plot(values, place + spread, "o", color=colour, markersize=5, alpha=0.65, markeredgewidth=0)
        mean = float(np.mean(values))
        axes.plot((mean, mean), (place - 0.32, place + 0.32), color=colour, linewidth=2.6)
        axes.annotate(
            f"{100 * mean:.1f}",
            (max(*values, mean), place),
            xytext=(8, 0),
            textcoords="offset points",
            va="center",
            color=INK,
            fontsize=9,
        )
    measured = [value for values in runs for value in values]
    low, high = min(measured, default=0.0), max(measured, default=1.0)
    room = max(high - low, 0.02)
    # Room on the right for the written means.
    axes.set_xlim(low - 0.08 * room, high + 0.2 * room)


def _colour(row: Mapping[str, Any]) -> str:
    return _LEAKING if row["leaking"] else _GROUPS[row["group"]]


def _handle(colour: str, text: str) -> Line2D:
    return Line2D([], [], color=colour, marker="o", markersize=6, linestyle="none", label=text)
