"""Every subject a dot: a mean hides the one who is served badly."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from emg_recognition.evaluation import style
from emg_recognition.evaluation.style import INK, PALE_INK, SERIES

_FEW = 20
_LINE, _LINE_OF_MANY = 0.21, 0.165  # inches a subject


def subject_figure(per_subject: Mapping[str, Mapping[str, Any]]) -> Figure:
    """Balanced accuracy of each subject, a panel a cohort, best subject first.

    Parameters
    ----------
    per_subject : mapping of str to mapping
        Subject to its ``balanced_accuracy`` and ``cohort``.

    Returns
    -------
    matplotlib.figure.Figure
        One panel a cohort; the upright line is the mean over its subjects.
    """
    cohorts: dict[str, list[tuple[float, str]]] = {}
    for subject, found in per_subject.items():
        cohorts.setdefault(found["cohort"], []).append((found["balanced_accuracy"], subject))
    ordered = sorted(cohorts)
    lengths = [len(cohorts[cohort]) for cohort in ordered]
    # Lines of one height however many subjects; the rest is titles and the axis.
    line = _LINE if sum(lengths) <= _FEW else _LINE_OF_MANY
    figure = style.figure(8.2, line * sum(lengths) + 0.5 * len(lengths) + 0.6)
    panels = figure.subplots(len(cohorts), 1, sharex=True, squeeze=False, height_ratios=lengths)[:, 0]
    for index, (axes, cohort) in enumerate(zip(panels, ordered, strict=True)):
        # The worst at the bottom, the names as second key so that equals stand in alphabetical order.
        values, names = zip(*sorted(cohorts[cohort], key=lambda pair: (-pair[0], pair[1])), strict=True)
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
    lowest = min(found["balanced_accuracy"] for found in per_subject.values())
    panels[-1].set_xlim(max(0.0, np.floor(10 * lowest - 0.5) / 10), 1.01)
    panels[-1].xaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=0))
    panels[-1].set_xlabel("Balanced accuracy", color=PALE_INK)
    return figure
