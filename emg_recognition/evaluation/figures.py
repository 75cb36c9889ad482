"""The paper's two figures: learning curves (figure 3) and confusion matrix (figure 4)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator, PercentFormatter
from numpy.typing import ArrayLike, NDArray

from emg_recognition.evaluation import style
from emg_recognition.evaluation.style import GRID, INK, PALE_INK

TRAINING_COLOUR, VALIDATION_COLOUR = style.SERIES[:2]
_SIDE_BY_SIDE = 10
"""Actions up to which both matrices stand side by side; more would make them too small to read on a page."""
_BLUES = LinearSegmentedColormap.from_list(
    "paper_to_ink", ["#ffffff", "#cfe2ef", "#8dbad8", "#4d8fbd", "#1f5f8b"]
)


def learning_curves(
    histories: Sequence[Sequence[Mapping[str, Any]]],
    selected: int | None,
    *,
    validation_name: str = "validation",
) -> Figure:
    """Loss and accuracy of every member over the epochs, the kept one drawn strong (figure 3).

    The paper draws training and test set; here the second curve is the validation set, as the test set is not
    looked at while a model is chosen.

    Parameters
    ----------
    histories : sequence of sequence of mapping
        Each member's epochs, with ``epoch``, ``loss``, ``accuracy``, ``val_loss`` and ``val_accuracy``
        (``None`` where it was not measured).
    selected : int or None
        Index of the kept member; ``None`` if all are kept, which are then drawn alike.
    validation_name : str
        What the validation curve is called in the legend.

    Returns
    -------
    matplotlib.figure.Figure
        Two panels, loss and accuracy.
    """
    figure = style.figure(9.6, 3.9)
    kept = selected is not None
    for axes, name, title in zip(
        figure.subplots(1, 2), ("loss", "accuracy"), ("Loss", "Accuracy"), strict=True
    ):
        style.plain(axes)
        for index in sorted(range(len(histories)), key=lambda i: i == selected):
            for key, colour in ((name, TRAINING_COLOUR), (f"val_{name}", VALIDATION_COLOUR)):
                points = [
                    (entry["epoch"], entry[key]) for entry in histories[index] if entry[key] is not None
                ]
                strong = index == selected
                line = {"linewidth": 2.2} if strong else {"linewidth": 0.9, "alpha": 0.3 if kept else 0.7}
                marker = "o" if strong and len(points) < 30 else None
                if points:
                    axes.plot(*zip(*points, strict=True), color=colour, marker=marker, markersize=3.2, **line)
        style.title(axes, title)
        axes.set_xlabel("Epoch", color=PALE_INK)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        if name == "accuracy":
            axes.yaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=0))
            axes.set_ylim(top=1.005)
        else:
            axes.set_ylim(bottom=0)
    texts = ["training", validation_name]
    if selected is None:
        texts = [f"{text}, each member" for text in texts]
    elif len(histories) > 1:
        texts = [f"{text}, member {selected + 1} (kept)" for text in texts]
    look = {"linewidth": 2.2, "marker": "o", "markersize": 3.2} if kept else {"linewidth": 0.9}
    handles = [
        Line2D([], [], color=colour, label=text, **look)
        for colour, text in zip((TRAINING_COLOUR, VALIDATION_COLOUR), texts, strict=True)
    ]
    if kept and len(histories) > 1:
        handles.append(Line2D([], [], color=PALE_INK, linewidth=0.9, alpha=0.6, label="the other members"))
    figure.legend(
        handles=handles, loc="outside lower center", ncols=3, frameon=False, fontsize=9.5, labelcolor=INK
    )
    return figure


def confusion_figure(confusion: ArrayLike, actions: Sequence[str]) -> Figure:
    """Confusion matrix, once as counts and once as the share of each row (figure 4).

    Parameters
    ----------
    confusion : array_like of int, shape (classes, classes)
        Rows: performed; columns: recognised.
    actions : sequence of str
        Names of the classes.

    Returns
    -------
    matplotlib.figure.Figure
        Two panels.
    """
    counts = np.asarray(confusion, dtype=np.int64)
    performed = counts.sum(axis=1, keepdims=True)
    shares = np.divide(counts, performed, out=np.zeros(counts.shape), where=performed > 0)
    names = [name.replace("_", " ") for name in actions]
    stacked = len(names) > _SIDE_BY_SIDE
    # Laid out by hand: cells of one size, however many actions there are and however long their names.
    panel = len(names) * max(0.48 if stacked else 0.58, 2.9 / len(names))
    longest = max(map(len, names))
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
    style.title(shared, "Share of what was performed, %")
    for axes in (counted, shared) if stacked else (counted,):
        axes.set_ylabel("Performed", color=PALE_INK)
    if not stacked:
        shared.set_yticklabels([])
    return figure


def _matrix(
    axes: Axes, shares: NDArray[np.float64], texts: Sequence[Sequence[str]], names: Sequence[str]
) -> None:
    """Draw one matrix: colours from the shares of the rows, so that rare and frequent actions look alike."""
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
    """Write a share as a whole percentage; what is there but below half a per cent stays visible."""
    if share == 0:
        return ""
    return "<1" if share < 0.005 else f"{100 * share:.0f}"


_COLUMNS = 4


def member_curves(histories: Sequence[Sequence[Mapping[str, Any]]], selected: int | None) -> Figure:
    """Loss and accuracy of each member over the epochs, two panels a member on common axes.

    Parameters
    ----------
    histories : sequence of sequence of mapping
        Each member's epochs, with ``epoch``, ``loss``, ``accuracy``, ``val_loss`` and ``val_accuracy``
        (``None`` where it was not measured).
    selected : int or None
        Index of the kept member; ``None`` if all are kept.

    Returns
    -------
    matplotlib.figure.Figure
        Panels of losses, the members' accuracies below them, four members a row.
    """
    columns = min(_COLUMNS, len(histories))
    rows = math.ceil(len(histories) / columns)
    figure = style.figure(10.2, 2.9 * rows + 0.3)
    # Losses share one axis and accuracies another, so that members can be compared by eye.
    panels = figure.subplots(2 * rows, columns, sharex=True, squeeze=False)
    for name, first in (("loss", 0), ("accuracy", 1)):
        for index in range(rows * columns):
            row, column = divmod(index, columns)
            axes = panels[2 * row + first, column]
            if index >= len(histories):
                axes.remove()
                continue
            style.plain(axes)
            axes.tick_params(labelsize=8, labelleft=column == 0, labelbottom=True)
            axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))
            for key, colour in ((name, TRAINING_COLOUR), (f"val_{name}", VALIDATION_COLOUR)):
                points = [
                    (entry["epoch"], entry[key]) for entry in histories[index] if entry[key] is not None
                ]
                if points:
                    axes.plot(*zip(*points, strict=True), color=colour, linewidth=1.5)
            if column == 0:
                axes.set_ylabel(name.capitalize(), color=PALE_INK, fontsize=9)
            if name == "loss":
                kept = " (kept)" if index == selected else ""
                axes.set_title(
                    f"Member {index + 1}{kept}", loc="left", fontsize=9.5, fontweight="bold", color=INK
                )
                axes.tick_params(labelbottom=False)
                axes.set_ylim(0, 1.04 * _highest(histories))
            else:
                axes.set_xlabel("Epoch", color=PALE_INK, fontsize=8.5)
                axes.yaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=0))
                axes.set_ylim(_lowest(histories) - 0.02, 1.005)
    handles = [
        Line2D([], [], color=TRAINING_COLOUR, linewidth=1.5, label="training"),
        Line2D([], [], color=VALIDATION_COLOUR, linewidth=1.5, label="validation"),
    ]
    figure.legend(
        handles=handles, loc="outside lower center", ncols=2, frameon=False, fontsize=9, labelcolor=INK
    )
    return figure


def _highest(histories: Sequence[Sequence[Mapping[str, Any]]]) -> float:
    return max(_measured(histories, "loss"), default=1.0)


def _lowest(histories: Sequence[Sequence[Mapping[str, Any]]]) -> float:
    return min(_measured(histories, "accuracy"), default=0.0)


def _measured(histories: Sequence[Sequence[Mapping[str, Any]]], name: str) -> list[float]:
    """Every value of training and validation, of all members."""
    return [
        entry[key]
        for history in histories
        for entry in history
        for key in (name, f"val_{name}")
        if entry[key] is not None
    ]
