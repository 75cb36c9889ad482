"""Loss and accuracy over the epochs: the paper's figure 3, and the same for each member."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator, PercentFormatter

from emg_recognition.evaluation import style
from emg_recognition.evaluation.style import INK, PALE_INK

TRAINING_COLOUR, VALIDATION_COLOUR = style.SERIES[:2]
Histories = Sequence[Sequence[Mapping[str, Any]]]
"""Each member's epochs: ``epoch``, ``loss``, ``accuracy``, ``val_loss`` and ``val_accuracy``, ``None`` where
they were not measured."""


def _curves(axes: Axes, history: Sequence[Mapping[str, Any]], name: str, **look: Any) -> None:
    """Draw one member's training and validation curve of ``loss`` or ``accuracy``."""
    for key, colour in ((name, TRAINING_COLOUR), (f"val_{name}", VALIDATION_COLOUR)):
        points = [(entry["epoch"], entry[key]) for entry in history if entry[key] is not None]
        if points:
            axes.plot(*zip(*points, strict=True), color=colour, **look)


def learning_curves(histories: Histories, selected: int | None) -> Figure:
    """Draw loss and accuracy of every member over the epochs, the kept member in bold (figure 3).

    The paper draws training and test set. Here the second curve is the validation set, because the test set
    is not used while a model is chosen.

    Parameters
    ----------
    histories : sequence of sequence of mapping
        The epochs of each member.
    selected : int or None
        Index of the kept member; ``None`` if all are kept, which are then drawn in the same way.

    Returns
    -------
    matplotlib.figure.Figure
        Two panels, loss and accuracy.
    """
    figure = style.figure(9.6, 3.9)
    kept = selected is not None
    for axes, name in zip(figure.subplots(1, 2), ("loss", "accuracy"), strict=True):
        style.plain(axes)
        for index in sorted(range(len(histories)), key=lambda i: i == selected):
            strong = index == selected
            look: dict[str, Any] = {"linewidth": 0.9, "alpha": 0.3 if kept else 0.7}
            if strong:
                marker = "o" if len(histories[index]) < 30 else None
                look = {"linewidth": 2.2, "marker": marker, "markersize": 3.2}
            _curves(axes, histories[index], name, **look)
        style.title(axes, name.capitalize())
        axes.set_xlabel("Epoch", color=PALE_INK)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        if name == "accuracy":
            axes.yaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=0))
            axes.set_ylim(top=1.005)
        else:
            axes.set_ylim(bottom=0)
    texts = ["training", "validation"]
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
    style.legend(figure, handles, ncol=3, fontsize=9.5)
    return figure


_COLUMNS = 4


def member_curves(histories: Histories, selected: int | None) -> Figure:
    """Draw loss and accuracy of each member over the epochs, two panels for each member on common axes.

    Parameters
    ----------
    histories : sequence of sequence of mapping
        The epochs of each member.
    selected : int or None
        Index of the kept member; ``None`` if all are kept.

    Returns
    -------
    matplotlib.figure.Figure
        Panels of the losses with the members' accuracies below them, four members in a row.
    """
    columns = min(_COLUMNS, len(histories))
    rows = math.ceil(len(histories) / columns)
    figure = style.figure(10.2, 2.9 * rows + 0.3)
    # All losses have one scale and all accuracies another, so that members can be compared by eye.
    highest = max(_measured(histories, "loss"), default=1.0)
    lowest = min(_measured(histories, "accuracy"), default=0.0)
    panels = figure.subplots(2 * rows, columns, sharex=True, squeeze=False)
    for place in range(len(histories), rows * columns):
        for half in (0, 1):
            panels[2 * (place // columns) + half, place % columns].remove()
    for index, history in enumerate(histories):
        row, column = divmod(index, columns)
        for name, axes in zip(("loss", "accuracy"), panels[2 * row : 2 * row + 2, column], strict=True):
            style.plain(axes)
            axes.tick_params(labelsize=8, labelleft=column == 0, labelbottom=name == "accuracy")
            axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))
            _curves(axes, history, name, linewidth=1.5)
            if column == 0:
                axes.set_ylabel(name.capitalize(), color=PALE_INK, fontsize=9)
            if name == "loss":
                title = f"Member {index + 1}{' (kept)' if index == selected else ''}"
                axes.set_title(title, loc="left", fontsize=9.5, fontweight="bold", color=INK)
                axes.set_ylim(0, 1.04 * highest)
            else:
                axes.set_xlabel("Epoch", color=PALE_INK, fontsize=8.5)
                axes.yaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=0))
                axes.set_ylim(lowest - 0.02, 1.005)
    colours = {"training": TRAINING_COLOUR, "validation": VALIDATION_COLOUR}
    handles = [Line2D([], [], color=colour, linewidth=1.5, label=text) for text, colour in colours.items()]
    style.legend(figure, handles, ncol=2)
    return figure


def _measured(histories: Histories, name: str) -> list[float]:
    """Return every training and validation value of all members."""
    keys = (name, f"val_{name}")
    entries = [entry[key] for history in histories for entry in history for key in keys]
    return [value for value in entries if value is not None]
