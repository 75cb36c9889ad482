"""Methods side by side: every run a dot, because a mean of three runs says little alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import PercentFormatter

from emg_recognition.evaluation import style
from emg_recognition.evaluation.style import INK, PALE_INK, SERIES

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
