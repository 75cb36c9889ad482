"""Figures of a search for settings: how it went, and what each value was worth."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator, PercentFormatter

from emg_recognition.evaluation import style
from emg_recognition.evaluation.style import INK, PALE_INK, SERIES

#: More lines than this need no legend of their own: nobody could tell them apart.
_FEW = len(SERIES)
_COLUMNS = 4


def history_figure(result: Mapping[str, Any]) -> Figure:
    """Draw the score of each trial, and the best one so far, of each fold.

    Parameters
    ----------
    result : mapping
        The content of ``tuning.json``.
    """
    folds = result["folds"]
    figure = style.figure(9.0, 3.8)
    axes = figure.subplots()
    style.plain(axes)
    handles = []
    for place, fold in enumerate(folds):
        colour = SERIES[place % _FEW]
        number = [one["trial"] for one in fold["trials"]]
        score = [one["score"] for one in fold["trials"]]
        axes.plot(number, score, "o", color=colour, markersize=4, alpha=0.45, markeredgewidth=0)
        best = np.maximum.accumulate(score)
        axes.step(number, best, where="post", color=colour, linewidth=1.8)
        name = style.words(fold["name"]) if fold["name"] else "best so far"
        handles.append(Line2D([], [], color=colour, linewidth=1.8, label=name))
    axes.set_xlabel("Trial (the first one is the configuration)", color=PALE_INK)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.yaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=0))
    style.title(axes, "Balanced accuracy on validation")
    if len(folds) <= _FEW:
        style.legend(figure, handles, ncol=3)
    return figure


def values_figure(result: Mapping[str, Any]) -> Figure:
    """Draw what the trials with each value scored, against the configuration in the same fold.

    Parameters
    ----------
    result : mapping
        The content of ``tuning.json``.
    """
    space = result["space"]
    rows = -(-len(space) // _COLUMNS)
    figure = style.figure(11.0, 2.7 * rows + 0.3)
    panels = figure.subplots(rows, min(_COLUMNS, len(space)), sharey=True, squeeze=False).ravel()
    for axes, (name, values) in zip(panels, space.items(), strict=False):
        style.plain(axes)
        axes.axhline(0, color=PALE_INK, linewidth=1)
        for place, value in enumerate(values):
            gains = [
                one["score"] - fold["configured_score"]
                for fold in result["folds"]
                for one in fold["trials"]
                if one["values"][name] == value
            ]
            if gains:
                spread = place + np.linspace(-0.15, 0.15, len(gains)) * (len(gains) > 1)
                axes.plot(spread, gains, "o", color=SERIES[0], markersize=4, alpha=0.45, markeredgewidth=0)
                axes.plot(place, np.mean(gains), "_", color=INK, markersize=18, markeredgewidth=2)
        axes.set_xlim(-0.5, len(values) - 0.5)
        axes.set_xticks(range(len(values)), [f"{value:g}" for value in values])
        axes.yaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=0, symbol=" points"))
        style.title(axes, style.words(name))
    for axes in panels[len(space) :]:
        axes.set_visible(False)
    return figure
