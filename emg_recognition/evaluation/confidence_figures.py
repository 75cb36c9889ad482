"""How far a confidence can be trusted: reliability diagram and accuracy–rejection curve."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from emg_recognition.evaluation import style
from emg_recognition.evaluation.style import INK, PALE_INK, SERIES

_SIZE = (4.8, 4.1)
_MARKED = (0.5, 0.9, 0.99)
"""Thresholds that are written beside the curve."""


def reliability_figure(calibration: Mapping[str, Any]) -> Figure:
    """Accuracy of the windows over their confidence, and below it how many windows have it.

    Parameters
    ----------
    calibration : mapping
        Of :func:`emg_recognition.evaluation.calibration.calibration`.

    Returns
    -------
    matplotlib.figure.Figure
        On the diagonal the confidence is right; below it the model is surer than it should be.
    """
    bins = [entry for entry in calibration["bins"] if entry["windows"]]
    total = sum(entry["windows"] for entry in bins)
    left = [entry["low"] for entry in bins]
    width = [0.94 * (entry["high"] - entry["low"]) for entry in bins]
    figure = style.figure(*_SIZE)
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3.2, 1))
    _shares(upper)
    upper.bar(left, [entry["accuracy"] for entry in bins], width, align="edge", color="#a9cbe2")
    upper.plot((0, 1), (0, 1), color=PALE_INK, linewidth=1, linestyle=(0, (4, 3)))
    upper.plot(
        [entry["confidence"] for entry in bins],
        [entry["accuracy"] for entry in bins],
        color=SERIES[0],
        marker="o",
        markersize=5,
        linestyle="none",
    )
    upper.set_ylabel("Right", color=PALE_INK)
    upper.set_ylim(0, 1.02)
    style.title(upper, f"Reliability: ECE {100 * calibration['ece']:.1f}\u202f%")
    _shares(lower)
    lower.bar(left, [entry["windows"] / total for entry in bins], width, align="edge", color="#8fa1af")
    lower.set_ylabel("Windows", color=PALE_INK)
    lower.set_xlabel("Confidence", color=PALE_INK)
    lower.set_xlim(0, 1)
    return figure


def rejection_figure(rejection: Mapping[str, Any]) -> Figure:
    """Accuracy of the accepted windows over the share that is rejected, with a few thresholds marked.

    Parameters
    ----------
    rejection : mapping
        Of :func:`emg_recognition.evaluation.rejection.rejection`.

    Returns
    -------
    matplotlib.figure.Figure
        The higher the curve and the sooner it rises, the better the confidence sorts right from wrong.
    """
    curve = rejection["curve"]
    figure = style.figure(*_SIZE)
    axes = figure.subplots()
    _shares(axes)
    accuracies = [point["accuracy"] for point in curve]
    axes.plot([1 - point["coverage"] for point in curve], accuracies, color=SERIES[0], linewidth=2)
    marked = [
        point
        for point in rejection["thresholds"]
        if point["threshold"] in _MARKED and point["accuracy"] is not None
    ]
    lowest = min([*accuracies, *(point["accuracy"] for point in marked)])
    room = max(1 - lowest, 0.02)
    for point in marked:
        place = (1 - point["coverage"], point["accuracy"])
        axes.plot(*place, marker="o", markersize=5, color=SERIES[1])
        axes.annotate(
            f"≥ {point['threshold']:g}",
            place,
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
    style.title(axes, f"Accuracy and rejection: area {rejection['area']:.4f}")
    return figure


def _shares(axes: Axes) -> None:
    style.plain(axes)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(PercentFormatter(xmax=1, decimals=0))
