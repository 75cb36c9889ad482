"""A recording at a glance: what was performed, recognised, decided and commanded over time.

Estimates and decisions are images of at most 1600 columns a row, so that two hours are drawn as quickly as
half a minute and the file stays small. A column that holds several windows shows how many of them agree.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, MultipleLocator
from numpy.typing import NDArray

from emg_recognition.evaluation import fonts, style
from emg_recognition.evaluation.style import GRID, INK, PALE_INK

# Values of spans that are not an action.
UNKNOWN, IDLE, DISARMED, HOLDING, FAULT = -1, -2, -3, -4, -5
#: Name and look: hatching tells the states from the actions without colour.
_STATES: dict[int, tuple[str, dict[str, Any]]] = {
    UNKNOWN: ("not known to the model", {"facecolor": "white"}),
    IDLE: ("armed, no motion", {"facecolor": "#eef2f5"}),
    DISARMED: ("disarmed", {"facecolor": "white", "hatch": "......"}),
    HOLDING: ("holding", {"facecolor": "white", "hatch": "//////"}),
    FAULT: ("fault", {"facecolor": "white", "hatch": "xxxxxx"}),
}
_OUTLINE: dict[str, Any] = {"edgecolor": PALE_INK, "linewidth": 0.5}
_SIGNAL, _SILENT, _START, _MISSING, _CONFIDENCE = "#c5dbea", "#ebedee", INK, style.WARNING, "#4f6475"
_REJECTED = 0.38  # opacity

_WIDTH, _LEFT = 11.0, 0.95  # inches
_COLUMNS = 1600
_ONE_ROW = 120.0  # seconds that fit in one row, with the names of the actions beside it
_MOST_ROWS = 8
_ROW_SPANS = (120, 300, 600, 900, 1200, 1800, 3600, 7200, 10800, 21600, 43200, 86400)
_TICKS = (0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400)
_Lane = tuple[float, float]  # upper and lower edge, inches below the top of a row
_LETTER = 0.064  # inches of a letter in the lanes


@dataclass(frozen=True, eq=False, kw_only=True)
class Spans:
    """Values that held for some time.

    Attributes
    ----------
    begin, end : numpy.ndarray
        s, shape (n,); `begin` in rising order.
    value : numpy.ndarray
        int64, shape (n,).
    """

    begin: np.ndarray
    end: np.ndarray
    value: np.ndarray


@dataclass(frozen=True, eq=False, kw_only=True)
class Timeline:
    """The content of the figure; times in s from the first sample.

    Attributes
    ----------
    actions : tuple of str
        The model's actions, in order.
    seconds : float
        Length of the time axis.
    stride : float
        Time from one window to the next, s.
    threshold : float
        Estimates with a lower confidence are rejected.
    time : numpy.ndarray
        End of each window, shape (n,).
    action, decided : numpy.ndarray
        Most probable and decided action of each window, int64, shape (n,); negative where none is decided.
    confidence : numpy.ndarray
        Shape (n,).
    accepted : numpy.ndarray
        bool, shape (n,).
    signal : Spans
        Where samples are; the value does not matter. The stream starts with each span.
    missing : numpy.ndarray
        End of each window that should have an estimate and has none, shape (m,).
    labels : Spans, optional
        The performed actions, ``None`` without labels; :data:`UNKNOWN` if the model does not know the action.
    robot : Spans, optional
        What the bridge commanded, ``None`` if unknown: an action, or a state.
    """

    actions: tuple[str, ...]
    seconds: float
    stride: float
    threshold: float
    time: np.ndarray
    action: np.ndarray
    decided: np.ndarray
    confidence: np.ndarray
    accepted: np.ndarray
    signal: Spans
    missing: np.ndarray
    labels: Spans | None = None
    robot: Spans | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class _Columns:
    """The estimates of all rows in columns of `width` seconds; the last axis of each array is the column."""

    width: float
    said: NDArray[np.float64]  # share of the windows that recognise each action, shape (actions, columns)
    decided: NDArray[np.int64]  # the most frequent decision; -1 for none
    confidence: NDArray[np.float64]  # lowest, mean, highest, shape (3, columns); NaN without a window


def timeline_figure(timeline: Timeline) -> Figure:
    """Draw the timeline: one row up to two minutes, otherwise at most eight rows of equal length.

    Parameters
    ----------
    timeline : Timeline
        What to show.

    Returns
    -------
    matplotlib.figure.Figure
        One axes for each row.
    """
    seconds = max(timeline.seconds, timeline.stride)
    span = _row_span(seconds)
    rows = math.ceil(seconds / span - 1e-9)
    named = rows == 1
    lanes = _lanes(timeline, 1.0 if named else 0.7)
    # Inches throughout, so that lanes have the same height in any number of rows.
    below, bottom = 0.34, max(base for _, base in lanes.values()) + 0.03
    shorts = style.initials(timeline.actions)
    texts = [style.words(action) for action in timeline.actions] if named else shorts
    right = float(np.clip(0.25 + 0.058 * max(map(fonts.columns, texts)), 0.34, 4.0))
    handles = _legend(timeline)
    longest = max(fonts.columns(str(handle.get_label())) for handle in handles)
    legend_columns = int(np.clip((_WIDTH - 0.1) // (0.5 + 0.066 * longest), 1, 6))
    above = 0.17 + 0.19 * math.ceil(len(handles) / legend_columns)
    height = above + rows * (bottom + below) + 0.12
    figure = style.figure(_WIDTH, height, layout=None)
    corner = (0.04 / _WIDTH, 1 - 0.05 / height)
    look: dict[str, Any] = {"handlelength": 1.2, "borderaxespad": 0.0, "borderpad": 0.2}
    style.legend(figure, handles, loc="upper left", bbox_to_anchor=corner, ncol=legend_columns, **look)
    columns = int(np.clip(span / (2 * timeline.stride), 1, _COLUMNS))
    content = _count(timeline, rows * columns, span / columns)
    for row in range(rows):
        top = above + row * (bottom + below)
        width = _WIDTH - _LEFT - right
        axes = figure.add_axes((_LEFT / _WIDTH, 1 - (top + bottom) / height, width / _WIDTH, bottom / height))
        axes.set(xlim=(row * span, (row + 1) * span), ylim=(bottom, 0.0), autoscale_on=False)
        _frame(axes, timeline, lanes)
        _draw_row(axes, timeline, content, slice(row * columns, (row + 1) * columns), lanes)
        place: dict[str, Any] = {"transform": axes.get_yaxis_transform(), "va": "center", "color": INK}
        for y, text in zip(_lines(timeline, lanes["Estimate"])[1::2], texts, strict=True):
            axes.text(1 + 0.08 / width, y, text, fontsize=7.5 if named else 6, **place)
    return figure


def _row_span(seconds: float) -> float:
    if seconds <= _ONE_ROW:
        return seconds
    return float(next((s for s in _ROW_SPANS if seconds <= s * _MOST_ROWS), seconds / _MOST_ROWS))


def _lanes(timeline: Timeline, scale: float) -> dict[str, _Lane]:
    """Return the upper and lower edge of each lane in inches below the top of the row."""
    heights = {
        "Signal": 0.1,
        "Label": 0.25 if timeline.labels else 0.0,
        "Estimate": 0.13 * max(len(timeline.actions), 3),
        "Confidence": 0.42,
        "Decided": 0.22,
        "Robot": 0.22 if timeline.robot else 0.0,
    }
    lanes, top = {}, 0.02
    for name, height in heights.items():
        if height:
            lanes[name] = (top, top + scale * height)
            top += scale * height + 0.07
    return lanes


def _lines(timeline: Timeline, lane: _Lane) -> list[float]:
    """Return edge, middle, edge, middle … edge of the actions' lines in the lane of the estimates."""
    lines: list[float] = np.linspace(*lane, 2 * len(timeline.actions) + 1).tolist()
    return lines


def _count(timeline: Timeline, columns: int, width: float) -> _Columns:
    """Count the estimates in columns of `width` seconds."""
    actions = len(timeline.actions)
    # In the middle of the stride, so that rounding leaves no column empty.
    column = np.clip((timeline.time - timeline.stride / 2) / width, 0, columns - 1).astype(np.int64)
    windows = np.bincount(column, minlength=columns)
    said, choices = np.zeros((actions, columns)), np.zeros((actions + 1, columns))
    np.add.at(said, (timeline.action, column), np.where(timeline.accepted, 1.0, _REJECTED))
    np.add.at(choices, (timeline.decided, column), 1)  # -1, no decision, is counted in the last row
    decided = choices.argmax(axis=0)
    low, high = np.full(columns, np.inf), np.full(columns, -np.inf)
    np.minimum.at(low, column, timeline.confidence)
    np.maximum.at(high, column, timeline.confidence)
    mean = np.bincount(column, timeline.confidence, columns) / np.maximum(windows, 1)
    return _Columns(
        width=width,
        said=said / np.maximum(windows, 1),
        decided=np.where((windows > 0) & (decided < actions), decided, -1),
        confidence=np.where(windows > 0, np.stack([low, mean, high]), np.nan),
    )


def _draw_row(
    axes: Axes, timeline: Timeline, content: _Columns, part: slice, lanes: Mapping[str, _Lane]
) -> None:
    colours = np.array([to_rgba(colour) for colour in style.action_colours(timeline.actions)])
    signal, (bottom, top) = timeline.signal, axes.get_ylim()
    begin, end = np.append(0.0, signal.end), np.append(signal.begin, timeline.seconds)
    silent = end > begin
    _bars(axes, begin[silent], end[silent], (top, bottom), facecolor=_SILENT, zorder=0.5)
    _bars(axes, signal.begin, signal.end, lanes["Signal"], facecolor=_SIGNAL)
    for times, colour in ((signal.begin[1:], _START), (timeline.missing, _MISSING)):
        _bars(axes, times, times, lanes["Signal"], facecolor=colour)
    if timeline.labels:
        _actions(axes, timeline, timeline.labels, lanes["Label"])
    said = np.repeat(colours[:, np.newaxis], part.stop - part.start, axis=1)
    share = content.said[:, part]
    said[..., 3] = np.where(share > 0, np.maximum(share, 0.25), 0.0)  # rare ones stay visible
    edges = _lines(timeline, lanes["Estimate"])[::2]
    for top, base in zip(edges[::2], edges[1::2], strict=False):
        axes.axhspan(top, base, color="#f5f8fa", linewidth=0, zorder=0)
    _image(axes, said, lanes["Estimate"])
    _confidence(axes, timeline, content, part, lanes["Confidence"])
    decided = content.decided[part]
    strip = np.where((decided >= 0)[:, np.newaxis], colours[decided], 0.0)
    _image(axes, strip[np.newaxis], lanes["Decided"])
    changed = np.flatnonzero(np.append(True, decided[1:] != decided[:-1]))
    times = axes.get_xlim()[0] + content.width * np.append(changed, len(decided))
    runs = Spans(begin=times[:-1], end=times[1:], value=decided[changed])
    _write(axes, timeline, runs, lanes["Decided"])
    if timeline.robot:
        _actions(axes, timeline, timeline.robot, lanes["Robot"])


def _image(axes: Axes, pixels: NDArray[Any], lane: _Lane) -> None:
    """Draw an image over the whole width of a row."""
    extent = (*axes.get_xlim(), *lane[::-1])
    axes.imshow(pixels, extent=extent, aspect="auto", interpolation="nearest", origin="upper", zorder=2)


def _bars(axes: Axes, begin: NDArray[Any], end: NDArray[Any], lane: _Lane, **look: Any) -> None:
    """Draw bars from `begin` to `end`, each at least two columns wide."""
    left, right = axes.get_xlim()
    width = np.maximum(end - begin, 2 * (right - left) / _COLUMNS)
    here = (begin < right) & (begin + width > left)
    if here.any():
        bars = np.stack([begin, width], axis=1)[here].tolist()
        look = {"linewidth": 0, "zorder": 2, "rasterized": len(bars) > 500, **look}
        axes.broken_barh(bars, (lane[0], lane[1] - lane[0]), **look)


def _actions(axes: Axes, timeline: Timeline, spans: Spans, lane: _Lane) -> None:
    """Draw actions and states as bars, and write the actions' names into the wide ones."""
    colours = style.action_colours(timeline.actions)
    for value in np.unique(spans.value).tolist():
        chosen = spans.value == value
        look = {**_STATES[value][1], **_OUTLINE} if value < 0 else {"facecolor": colours[value]}
        _bars(axes, spans.begin[chosen], spans.end[chosen], lane, **look)
    _write(axes, timeline, spans, lane)


def _write(axes: Axes, timeline: Timeline, spans: Spans, lane: _Lane) -> None:
    """Write the name of the action, or its initials, into each span that is wide enough."""
    colours, shorts = style.action_colours(timeline.actions), style.initials(timeline.actions)
    begin, end = axes.get_xlim()
    letter = _LETTER * (end - begin) / (axes.get_position().width * _WIDTH)
    left, right = np.maximum(spans.begin, begin), np.minimum(spans.end, end)
    for place in np.flatnonzero((spans.value >= 0) & (right - left > 2 * letter)).tolist():
        action = int(spans.value[place])
        texts = (style.words(timeline.actions[action]), shorts[action])
        text = next(
            (text for text in texts if (fonts.columns(text) + 1) * letter < right[place] - left[place]), ""
        )
        middle, ink = (left[place] + right[place]) / 2, style.text_on(colours[action])
        if text:
            axes.text(middle, sum(lane) / 2, text, ha="center", va="center", size=7, color=ink, zorder=4)


def _confidence(axes: Axes, timeline: Timeline, content: _Columns, part: slice, lane: _Lane) -> None:
    """Draw mean and range of the confidence, 0 at the base and 1 at the top, and the threshold."""
    top, base = lane
    begin, end = axes.get_xlim()
    times = begin + content.width * (np.arange(part.stop - part.start) + 0.5)
    low, mean, high = base - (base - top) * content.confidence[:, part]
    axes.fill_between(times, low, high, color=_CONFIDENCE, alpha=0.22, linewidth=0, zorder=2)
    axes.plot(times, mean, color=_CONFIDENCE, linewidth=0.9, zorder=3)
    level = base - (base - top) * timeline.threshold
    axes.hlines((top, base), begin, end, color=GRID, linewidth=0.7)
    axes.hlines(level, begin, end, color=PALE_INK, linewidth=0.7, linestyle=(0, (3, 3)))


def _frame(axes: Axes, timeline: Timeline, lanes: Mapping[str, _Lane]) -> None:
    begin, end = axes.get_xlim()
    tick = next((t for t in _TICKS if (end - begin) / t <= 15), (end - begin) / 10)
    axes.set_yticks([(top + base) / 2 for top, base in lanes.values()], list(lanes))
    axes.xaxis.set_major_locator(MultipleLocator(tick))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: _moment(value, timeline.seconds)))
    axes.tick_params(axis="x", colors=PALE_INK, labelsize=8, length=3, color=GRID, pad=2)
    axes.tick_params(axis="y", colors=INK, labelsize=8.5, length=0, pad=5)
    for side in ("top", "left", "right"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(GRID)
    axes.grid(axis="x", color=GRID, linewidth=0.6, zorder=0)
    axes.set_axisbelow(True)


def _moment(seconds: float, whole: float) -> str:
    """Write a time: seconds in a short recording, otherwise minutes or hours."""
    if whole <= _ONE_ROW:
        return f"{seconds:g} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}" if whole < 3600 else f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}"


def _legend(timeline: Timeline) -> list[Patch]:
    names = zip(style.initials(timeline.actions), map(style.words, timeline.actions), strict=True)
    colours = style.action_colours(timeline.actions)
    entries = [
        Patch(color=colour, label=f"{short}  {name}")
        for colour, (short, name) in zip(colours, names, strict=True)
    ]
    found = {int(v) for spans in (timeline.labels, timeline.robot) if spans for v in np.unique(spans.value)}
    for text, look in (_STATES[value] for value in _STATES if value in found):
        entries.append(Patch(label=text, **look, **_OUTLINE))
    if not timeline.accepted.all():
        entries.append(Patch(color=style.PALETTE[0], alpha=_REJECTED, label="pale: rejected"))
    if len(timeline.signal.begin) > 1:
        entries.append(Patch(color=_START, label="stream starts again"))
    if len(timeline.missing):
        entries.append(Patch(color=_MISSING, label="window missing"))
    return entries
