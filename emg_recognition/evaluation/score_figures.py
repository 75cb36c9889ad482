"""Figures of scores: confusion matrix (the paper's figure 4), confidence, subjects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter
from numpy.typing import NDArray

from emg_recognition.evaluation import fonts, style
from emg_recognition.evaluation.confidence import Calibration, Rejection
from emg_recognition.evaluation.metrics import Scores
from emg_recognition.evaluation.style import GRID, INK, PALE_INK, SERIES

_SIDE_BY_SIDE = 10
"""Actions up to which both matrices are drawn side by side; more would be too small to read."""
_BLUES = LinearSegmentedColormap.from_list(
    "white_to_blue", ["#ffffff", "#cfe2ef", "#8dbad8", "#4d8fbd", "#1f5f8b"]
)


def confusion_figure(scores: Scores) -> Figure:
    """Draw the confusion matrix, once as counts and once as the share of each row (figure 4).

    Parameters
    ----------
    scores : Scores
        With the matrix and the actions' names.

    Returns
    -------
    matplotlib.figure.Figure
        Two panels.
    """
    counts, names = scores.confusion, [style.words(action) for action in scores.actions]
    performed = counts.sum(axis=1, keepdims=True)
    shares = np.divide(counts, performed, out=np.zeros(counts.shape), where=performed > 0)
    stacked = len(names) > _SIDE_BY_SIDE
    # Laid out by hand: all cells have the same size, whatever the number of actions and their names.
    panel = len(names) * max(0.48 if stacked else 0.58, 2.9 / len(names))
    longest = max(map(fonts.columns, names))
    left, below, above, between = 0.5 + 0.077 * longest, 0.52 + 0.044 * longest, 0.4, 0.35
    columns, rows = (1, 2) if stacked else (2, 1)
    width = left + columns * panel + (columns - 1) * between + 0.1
    height = rows * (below + panel + above)
    figure = style.figure(width, height, layout=None)
    corners = [(left, height - above - panel), (left + panel + between, below)]
    if stacked:
        corners[1] = (left, below)
    counted, shared = (
        figure.add_axes((x / width, y / height, panel / width, panel / height)) for x, y in corners
    )
    _matrix(counted, shares, [[f"{n:,}".replace(",", "\u202f") for n in row] for row in counts], names)
    _matrix(shared, shares, [[_percent(share) for share in row] for row in shares], names)
    style.title(counted, "Windows")
    style.title(shared, "Share of each row, %")
    for axes in (counted, shared) if stacked else (counted,):
        axes.set_ylabel("Performed", color=PALE_INK)
    if not stacked:
        shared.set_yticklabels([])
    return figure


def _matrix(
    axes: Axes, shares: NDArray[np.float64], texts: Sequence[Sequence[str]], names: Sequence[str]
) -> None:
    """Draw one matrix; its colours are shares of the rows, so that rare actions are as visible as others."""
    axes.imshow(shares, cmap=_BLUES, vmin=0, vmax=1, interpolation="nearest")
    size = 10.5 if max(len(text) for row in texts for text in row) <= 6 else 8
    for row, column in np.ndindex(shares.shape):
        if texts[row][column] not in ("0", ""):
            colour = "white" if shares[row, column] > 0.5 else INK
            axes.text(column, row, texts[row][column], ha="center", va="center", fontsize=size, color=colour)
    ticks = range(len(names))
    axes.set_xticks(ticks, names, rotation=40, ha="right", rotation_mode="anchor")
    axes.set_yticks(ticks, names)
    axes.set_xticks(np.arange(0.5, len(names) - 1), minor=True)
    axes.set_yticks(np.arange(0.5, len(names) - 1), minor=True)
    axes.grid(which="minor", color=GRID, linewidth=1)
    axes.tick_params(which="both", length=0, colors=INK, labelsize=9.5)
    for spine in axes.spines.values():
        spine.set_color(GRID)
    axes.set_xlabel("Recognised", color=PALE_INK)


def _percent(share: float) -> str:
    """Write a share as a whole percentage; a share below half a per cent stays visible."""
    if share == 0:
        return ""
    return "<1" if share < 0.005 else f"{100 * share:.0f}"


_SIZE = (4.8, 4.1)
_MARKED = (0.5, 0.9, 0.99)
"""Thresholds that are marked on the curve."""


def reliability_figure(calibration: Calibration) -> Figure:
    """Draw the accuracy of the windows over their confidence, and below it how many windows have it.

    Parameters
    ----------
    calibration : Calibration
        From :func:`~emg_recognition.evaluation.confidence.calibration`.

    Returns
    -------
    matplotlib.figure.Figure
        On the diagonal the confidence is right; below it the model is too confident.
    """
    bins = [entry for entry in calibration.bins if entry.windows]
    total = sum(entry.windows for entry in bins)
    left = [entry.low for entry in bins]
    width = [0.94 * (entry.high - entry.low) for entry in bins]
    figure = style.figure(*_SIZE)
    upper, lower = figure.subplots(2, 1, sharex=True, gridspec_kw={"height_ratios": (3.2, 1)})
    _shares(upper)
    accuracy = np.array([entry.accuracy for entry in bins], np.float64)
    confidence = np.array([entry.confidence for entry in bins], np.float64)
    upper.bar(left, accuracy, width, align="edge", color=style.PALE_BLUE)
    upper.plot((0, 1), (0, 1), color=PALE_INK, linewidth=1, linestyle=(0, (4, 3)))
    upper.plot(confidence, accuracy, "o", color=SERIES[0], markersize=5)
    upper.set_ylabel("Right", color=PALE_INK)
    upper.set_ylim(0, 1.02)
    style.title(upper, f"Reliability: ECE {100 * calibration.ece:.1f}\u202f%")
    _shares(lower)
    lower.bar(left, [entry.windows / total for entry in bins], width, align="edge", color=style.GREY)
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
        The higher the curve and the sooner it rises, the better the confidence separates right from wrong.
    """
    figure = style.figure(*_SIZE)
    axes = figure.subplots()
    _shares(axes)
    accuracies = np.array([point.accuracy for point in rejection.curve], np.float64)
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


def _shares(axes: Axes) -> None:
    style.plain(axes)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(PercentFormatter(xmax=1, decimals=0))


_FEW, _MOST_NAMED = 20, 100
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
        One panel for each cohort; the vertical line is the mean over its subjects. More than 100 subjects are
        drawn without their names.
    """
    panels_of: dict[str, list[tuple[float, str]]] = {}
    for subject, value in per_subject.items():
        panels_of.setdefault(cohorts[subject], []).append((value, subject))
    ordered = sorted(panels_of)
    lengths = [len(panels_of[cohort]) for cohort in ordered]
    # Lines of the same height for as many subjects as can be named; the rest is for titles and the axis.
    line = _LINE if sum(lengths) <= _FEW else _LINE_OF_MANY
    named = sum(lengths) <= _MOST_NAMED
    heights = lengths if named else [max(_MOST_NAMED * n / sum(lengths), 5.0) for n in lengths]
    figure = style.figure(8.2, line * sum(heights) + 0.5 * len(lengths) + 0.6)
    panels = figure.subplots(
        len(ordered), 1, sharex=True, squeeze=False, gridspec_kw={"height_ratios": heights}
    )[:, 0]
    for index, (axes, cohort) in enumerate(zip(panels, ordered, strict=True)):
        # The worst at the bottom; equal values in alphabetical order.
        values, names = zip(*sorted(panels_of[cohort], key=lambda pair: (-pair[0], pair[1])), strict=True)
        colour, rows = SERIES[index % len(SERIES)], range(len(names))
        style.plain(axes)
        axes.grid(visible=False, axis="y")
        axes.axvline(float(np.mean(values)), color=colour, linewidth=1.2, linestyle=(0, (4, 3)))
        axes.hlines(rows, 0, values, color=colour, linewidth=1, alpha=0.25)
        axes.plot(values, rows, "o", color=colour, markersize=6 if line == _LINE else 5 if named else 2)
        axes.set_yticks(*((rows, [style.words(name) for name in names]) if named else ([],)))
        axes.tick_params(axis="y", colors=INK, labelsize=8.5 if line == _LINE else 7.5)
        axes.set_ylim(len(names) - 0.4, -0.6)
        title = cohort.replace("_", " ") or "Subjects"
        style.title(axes, f"{title}: mean {100 * np.mean(values):.1f}\u202f%")
    lowest = min(per_subject.values())
    panels[-1].set_xlim(max(0.0, np.floor(10 * lowest - 0.5) / 10), 1.01)
    panels[-1].xaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=0))
    panels[-1].set_xlabel("Balanced accuracy", color=PALE_INK)
    return figure
