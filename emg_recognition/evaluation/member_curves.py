"""The paper's figure 3 for each member by itself: nothing hides behind the kept one."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator, PercentFormatter

from emg_recognition.evaluation import style
from emg_recognition.evaluation.figures import TRAINING_COLOUR, VALIDATION_COLOUR
from emg_recognition.evaluation.style import INK, PALE_INK

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
