"""A recording at a glance: what was performed, recognised, decided and commanded over time.

Every lane is a picture of at most 1600 columns a row, so that two hours read as well as half a minute
and the file stays small. A column that holds several windows shows how many of them said what.
"""

from __future__ import annotations

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, MultipleLocator

from emg_recognition.evaluation import lanes as draw
from emg_recognition.evaluation import style
from emg_recognition.evaluation.lanes import EMPTY, Row, Timeline, paint
from emg_recognition.evaluation.style import GRID, INK, PALE_INK

_WIDTH, _LEFT, _RIGHT = 11.0, 0.95, 0.32  # inches
_COLUMNS = 1600
_ONE_ROW = 120.0  # s that fit in one row, with the names of the actions beside it
_MOST_ROWS = 8
_ROW_SPANS = (120, 300, 600, 900, 1200, 1800, 3600, 7200, 10800, 21600, 43200, 86400)
_TICKS = (0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400)


def timeline_figure(timeline: Timeline) -> Figure:
    """Draw the timeline: one row up to two minutes, at most eight rows of equal length beyond.

    Parameters
    ----------
    timeline : Timeline
        What to show.

    Returns
    -------
    matplotlib.figure.Figure
        An axes a row.
    """
    seconds = max(timeline.seconds, timeline.stride)
    span = _row_span(seconds)
    rows = math.ceil(seconds / span - 1e-9)
    lanes = _lanes(timeline, 1.0 if rows == 1 else 0.7)
    # Inches, from which all places follow: lanes are equally high however many rows there are.
    below = 0.34
    right = _name_width(timeline) if rows == 1 else _RIGHT
    row_height = lanes[-1][2] + 0.03
    handles = _legend(timeline)
    longest = max(len(str(handle.get_label())) for handle in handles)
    legend_columns = int(np.clip((_WIDTH - 0.1) // (0.4 + 0.066 * longest), 1, 6))
    above = 0.17 + 0.19 * math.ceil(len(handles) / legend_columns)
    width, height = _WIDTH, above + rows * (row_height + below) + 0.12
    figure = style.figure(width, height, layout=None)
    figure.legend(
        handles=handles,
        loc="upper left",
        bbox_to_anchor=(0.04 / width, 1 - 0.05 / height),
        ncols=legend_columns,
        frameon=False,
        fontsize=8.5,
        labelcolor=INK,
        handletextpad=0.2,
        columnspacing=1.6,
        borderaxespad=0.0,
        borderpad=0.2,
    )
    for number in range(rows):
        top = above + number * (row_height + below)
        place = (
            _LEFT / width,
            1 - (top + row_height) / height,
            (width - _LEFT - right) / width,
            row_height / height,
        )
        begin = number * span
        columns = int(np.clip(span / (2 * timeline.stride), 1, _COLUMNS))
        _draw_row(figure.add_axes(place), timeline, Row(begin, begin + span, columns), lanes, rows == 1)
    return figure


def _name_width(timeline: Timeline) -> float:
    """Return the inches that the names of the actions take beside a row."""
    return min(0.25 + 0.058 * max(map(len, timeline.actions)), 4.0)


def _row_span(seconds: float) -> float:
    if seconds <= _ONE_ROW:
        return seconds
    for span in _ROW_SPANS:
        if seconds <= span * _MOST_ROWS:
            return float(span)
    return seconds / _MOST_ROWS


def _lanes(timeline: Timeline, scale: float) -> list[tuple[str, float, float]]:
    """Name, upper and lower edge of each lane in inches below the top of the row."""
    actions = max(len(timeline.actions), 3)
    heights = [
        ("Signal", 0.1),
        ("Label", 0.25 if timeline.labels else 0.0),
        ("Estimate", 0.13 * actions),
        ("Confidence", 0.42),
        ("Decided", 0.22),
        ("Robot", 0.22 if timeline.robot else 0.0),
    ]
    lanes, top = [], 0.02
    for name, height in heights:
        if height:
            lanes.append((name, top, top + scale * height))
            top += scale * height + 0.07
    return lanes


def _draw_row(
    axes: Axes, timeline: Timeline, row: Row, lanes: list[tuple[str, float, float]], named: bool
) -> None:
    fine = Row(row.begin, row.end, _COLUMNS)
    bottom = lanes[-1][2] + 0.03
    signal = paint(fine, timeline.signal)
    silent = (signal == EMPTY) & (
        np.linspace(row.begin, row.end, _COLUMNS, endpoint=False) < timeline.seconds
    )
    draw.image(axes, row, 0.0, bottom, draw.flat(silent, {1: INK}, alpha=0.07))
    for name, top, base in lanes:
        if name == "Signal":
            draw.image(axes, row, top, base, draw.signal_strip(timeline, fine, signal, silent))
        elif name == "Label" and timeline.labels:
            draw.image(axes, row, top, base, draw.coloured(timeline, paint(fine, timeline.labels)))
            draw.edge(axes, timeline.labels, row, top, base)
            if named:
                draw.write_labels(
                    axes, timeline, row, (top + base) / 2, _WIDTH - _LEFT - _name_width(timeline)
                )
        elif name == "Estimate":
            draw.image(axes, row, top, base, draw.estimates(timeline, row))
            draw.sublanes(axes, timeline, row, top, base, named)
        elif name == "Confidence":
            draw.confidence(axes, timeline, row, top, base)
        elif name == "Decided":
            draw.image(axes, row, top, base, draw.decided(timeline, row))
        elif name == "Robot" and timeline.robot:
            draw.image(axes, row, top, base, draw.coloured(timeline, paint(fine, timeline.robot)))
    _frame(axes, timeline, row, lanes, bottom)


def _frame(
    axes: Axes, timeline: Timeline, row: Row, lanes: list[tuple[str, float, float]], bottom: float
) -> None:
    axes.set_xlim(row.begin, row.end)
    axes.set_ylim(bottom, 0.0)  # inches below the top
    axes.set_yticks([(top + base) / 2 for _, top, base in lanes], [name for name, _, _ in lanes])
    span = row.end - row.begin
    axes.xaxis.set_major_locator(MultipleLocator(next((t for t in _TICKS if span / t <= 15), span / 10)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: _moment(value, timeline.seconds)))
    axes.tick_params(axis="x", colors=PALE_INK, labelsize=8, length=3, color=GRID, pad=2)
    axes.tick_params(axis="y", colors=INK, labelsize=8.5, length=0, pad=5)
    for side in ("top", "left", "right"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(GRID)
    axes.grid(axis="x", color=GRID, linewidth=0.6, zorder=0)
    axes.set_axisbelow(True)


def _moment(seconds: float, whole: float) -> str:
    """Write a time: seconds while they are few, else minutes or hours."""
    if whole <= _ONE_ROW:
        return f"{seconds:g} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}" if whole < 3600 else f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}"


def _legend(timeline: Timeline) -> list[Line2D]:
    def square(colour: str, label: str, alpha: float = 1.0) -> Line2D:
        edge = PALE_INK if colour == "#ffffff" else colour
        return Line2D(
            [],
            [],
            linestyle="none",
            marker="s",
            markersize=7,
            color=colour,
            markeredgecolor=edge,
            label=label,
            alpha=alpha,
        )

    entries = [
        square(draw.colour(timeline, action), name.replace("_", " "))
        for action, name in enumerate(timeline.actions)
    ]
    found = {int(v) for spans in (timeline.labels, timeline.robot) if spans for v in np.unique(spans.value)}
    entries += [square(colour, text) for state, (text, colour) in draw.STATES.items() if state in found]
    if not timeline.accepted.all():
        entries.append(square("#1f6fb2", "pale: rejected", alpha=0.38))
    if len(timeline.signal.begin) > 1:
        entries.append(square(draw.START, "stream starts anew"))
    if len(timeline.missing):
        entries.append(square(draw.MISSING, "window missing"))
    return entries
