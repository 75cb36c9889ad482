"""Figures of a comparison: the methods beside each other, and their learning curves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import PercentFormatter

from emg_recognition.evaluation import style
from emg_recognition.evaluation.style import INK, PALE_INK, SERIES

_GROUPS = {"ensemble": SERIES[0], "network": SERIES[2], "classical": style.GREY}


@dataclass(frozen=True, kw_only=True)
class MethodRuns:
    """A method of a comparison.

    Attributes
    ----------
    name : str
        Its name.
    group : str
        ``ensemble``, ``network`` or ``classical``.
    leaking : bool
        Whether it has seen test data.
    values : sequence of float
        Accuracy of each run.
    minority : sequence of float
        Accuracy of each run over the subjects of the minority; empty without a minority.
    """

    name: str
    group: str
    leaking: bool
    values: Sequence[float]
    minority: Sequence[float] = ()

    @property
    def colour(self) -> str:
        """Colour of its dots."""
        return style.WARNING if self.leaking else _GROUPS[self.group]


def comparison_figure(methods: Sequence[MethodRuns]) -> Figure:
    """Draw the accuracy of each method in each run, over all subjects and over those of the minority.

    Parameters
    ----------
    methods : sequence of MethodRuns
        From top to bottom.

    Returns
    -------
    matplotlib.figure.Figure
        One panel for all subjects and, where there is a minority, one for it.
    """
    panels = [("All", [method.values for method in methods])]
    if any(method.minority for method in methods):
        panels.append(("Minority", [method.minority for method in methods]))
    figure = style.figure(4.6 * len(panels) + 1.4, 0.42 * len(methods) + 1.3)
    shared = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
    for axes, (title, runs) in zip(shared, panels, strict=True):
        _panel(axes, runs, [method.colour for method in methods])
        style.title(axes, title)
    names = [f"{method.name} (leaking)" if method.leaking else method.name for method in methods]
    shared[0].set_yticks(range(len(methods)), names)
    shared[0].set_ylim(len(methods) - 0.5, -0.5)
    for label, method in zip(shared[0].get_yticklabels(), methods, strict=True):
        label.set_color(style.WARNING if method.leaking else INK)
    used = {method.group for method in methods if not method.leaking}
    handles = [_handle(colour, group) for group, colour in _GROUPS.items() if group in used]
    if any(method.leaking for method in methods):
        handles.append(_handle(style.WARNING, "leaking: has seen test data"))
    handles.append(
        Line2D([], [], color=PALE_INK, marker="|", markersize=11, linestyle="none", label="mean of the runs")
    )
    style.legend(figure, handles, ncol=len(handles) if len(panels) > 1 else 3)
    return figure


def _panel(axes: Axes, runs: Sequence[Sequence[float]], colours: Sequence[str]) -> None:
    """Draw one line for each method: its runs as dots, their mean as a vertical bar."""
    style.plain(axes)
    axes.tick_params(axis="y", colors=INK)
    axes.xaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=0))
    axes.set_xlabel("Accuracy", color=PALE_INK)
    for place, (values, colour) in enumerate(zip(runs, colours, strict=True)):
        if not len(values):
            continue
        # Spread in their order, so that equal runs do not hide each other.
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


def _handle(colour: str, text: str) -> Line2D:
    return Line2D([], [], color=colour, marker="o", markersize=6, linestyle="none", label=text)


_ALONE = "minority"
# What the others are compared with, in ink; the networks get the colours.
_INKS = {_ALONE: INK, "lda": PALE_INK}
# In the panel of differences, runs stand side by side within this part of the way to the next point.
_SPREAD = 0.5


def curve_figure(points: Sequence[Mapping[str, Any]], minority: str) -> Figure:
    """Draw the accuracy over the repetitions that a person gave, and what other people's recordings add.

    Parameters
    ----------
    points : sequence of mapping
        ``learning_curve`` of ``compare.json``: at each point ``repetitions``, and ``methods`` with the rows.
    minority : str
        The cohort whose repetitions are counted.

    Returns
    -------
    matplotlib.figure.Figure
        Left: the mean over the people of each method, and where its runs lie. Right, where a network was
        trained on the minority alone: the difference of each other network to it, a dot for each person and
        run.
    """
    names = {row["method"]: row["title"] for point in points for row in point["methods"]}
    networks = [name for name in names if name not in _INKS]
    colours = _INKS | {name: SERIES[place % len(SERIES)] for place, name in enumerate(networks)}
    places = np.arange(len(points))
    figure = style.figure(11.0 if _ALONE in names else 6.4, 4.4)
    panels = figure.subplots(1, 2 if _ALONE in names else 1, squeeze=False)[0]
    for axes in panels:
        style.plain(axes)
        axes.set_xticks(places, [str(point["repetitions"]) for point in points])
        axes.set_xlabel(f"Repetitions of each person ({style.words(minority)})", color=PALE_INK)
        axes.yaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=0))
    style.title(panels[0], "Accuracy, mean over the people")
    for name in names:
        colour, found = colours[name], [_means(point, name) for point in points]
        means = [np.mean(values) if values else np.nan for values in found]
        panels[0].plot(places, means, "-o", color=colour, markersize=4.5, linewidth=1.8)
        for place, values in zip(places, found, strict=True):
            if len(values) > 1:
                panels[0].vlines(place, min(values), max(values), color=colour, alpha=0.35, linewidth=5)
    if _ALONE in names:
        _differences(panels[1], points, {name: colours[name] for name in networks})
        panels[1].yaxis.set_major_formatter(PercentFormatter(xmax=1, symbol=" points"))
        style.title(panels[1], "Against the minority alone, each person and run")
    handles = [
        Line2D([], [], color=colours[name], marker="o", markersize=5, label=title)
        for name, title in names.items()
    ]
    style.legend(figure, handles, ncol=3)
    return figure


def _differences(axes: Axes, points: Sequence[Mapping[str, Any]], colours: Mapping[str, str]) -> None:
    """Draw each person's difference to the network of the minority alone with the same seed."""
    axes.axhline(0, color=PALE_INK, linewidth=1)
    offsets = np.linspace(-_SPREAD / 2, _SPREAD / 2, len(colours))
    for place, point in enumerate(points):
        alone = _runs(point, _ALONE)
        for at, (name, colour) in zip(place + offsets, colours.items(), strict=True):
            found = [
                accuracy - base["per_subject"][person]
                for run in _runs(point, name)
                for base in alone
                if (run["fold"], run["seed"]) == (base["fold"], base["seed"])
                for person, accuracy in run["per_subject"].items()
            ]
            if found:
                axes.plot(np.full(len(found), at), found, "o", color=colour, markersize=4, alpha=0.5)
                axes.plot(at, np.mean(found), "_", color=colour, markersize=13, markeredgewidth=2.4)


def _runs(point: Mapping[str, Any], method: str) -> list[Mapping[str, Any]]:
    return [run for row in point["methods"] if row["method"] == method for run in row["runs"]]


def _means(point: Mapping[str, Any], method: str) -> list[float]:
    """Return the mean over the people in each run of a method at a point."""
    return [float(np.mean(list(run["per_subject"].values()))) for run in _runs(point, method)]
