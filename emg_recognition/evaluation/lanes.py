"""The lanes of the timeline: colours of actions and states, and how each lane is drawn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb

from emg_recognition.actions import REST
from emg_recognition.evaluation.style import GRID, INK, PALE_INK

EMPTY = -100
"""Value of a column in which nothing is."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Spans:
    """What held for how long.

    Attributes
    ----------
    begin, end : numpy.ndarray
        s, shape (n,); begin in rising order.
    value : numpy.ndarray
        What it was, int64, shape (n,).
    """

    begin: np.ndarray
    end: np.ndarray
    value: np.ndarray


@dataclass(frozen=True)
class Row:
    """A row of the picture.

    Attributes
    ----------
    begin, end : float
        Its part of the time axis, s.
    columns : int
        Its width in points.
    """

    begin: float
    end: float
    columns: int

    def places(self, times: np.ndarray) -> np.ndarray:
        """Return where moments lie, in columns, not rounded."""
        return (times - self.begin) / (self.end - self.begin) * self.columns


def paint(row: Row, spans: Spans) -> np.ndarray:
    """Return the value of each column, :data:`EMPTY` where no span is, int64, shape (columns,).

    However short a span, it gets a column.
    """
    found = np.full(row.columns, EMPTY, dtype=np.int64)
    first = np.floor(row.places(spans.begin)).astype(np.int64)
    last = np.maximum(np.ceil(row.places(spans.end)).astype(np.int64), first + 1)
    for i in np.flatnonzero((last > 0) & (first < row.columns)).tolist():
        found[max(first[i], 0) : last[i]] = spans.value[i]
    return found


def count(row: Row, times: np.ndarray, value: np.ndarray, values: int, weight: np.ndarray) -> np.ndarray:
    """Add up in each column the weights of each value.

    Parameters
    ----------
    row : Row
        The row.
    times : numpy.ndarray
        s, shape (n,).
    value : numpy.ndarray
        0 to ``values - 1``, int64, shape (n,).
    values : int
        How many there are.
    weight : numpy.ndarray
        Shape (n,).

    Returns
    -------
    numpy.ndarray
        float64, shape (values, columns).
    """
    column = np.floor(row.places(times)).astype(np.int64)
    inside = (column >= 0) & (column < row.columns)
    at = value[inside] * row.columns + column[inside]
    found = np.bincount(at, weight[inside], values * row.columns).astype(np.float64)
    return found.reshape(values, row.columns)


def envelope(row: Row, times: np.ndarray, value: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return lowest, mean and highest value in each column, NaN without one, shape (columns,) each."""
    column = np.floor(row.places(times)).astype(np.int64)
    inside = (column >= 0) & (column < row.columns)
    at, kept = column[inside], value[inside]
    low, high = np.full(row.columns, np.inf), np.full(row.columns, -np.inf)
    np.minimum.at(low, at, kept)
    np.maximum.at(high, at, kept)
    number = np.bincount(at, minlength=row.columns)
    mean = np.full(row.columns, np.nan)
    np.divide(np.bincount(at, kept, row.columns), number, out=mean, where=number > 0)
    low[number == 0] = high[number == 0] = np.nan
    return low, mean, high


# Values of spans that are no action.
UNKNOWN, IDLE, DISARMED, HOLDING, FAULT = -1, -2, -3, -4, -5

_REST_COLOUR = "#a9b4bd"
#: Told apart by people with a colour deficiency too, with the help of the lanes' order.
_COLOURS = (
    "#1f6fb2",
    "#e0782a",
    "#2b9c6e",
    "#c2374f",
    "#7b57b8",
    "#d9a514",
    "#17a2b8",
    "#d964a4",
    "#8a5a3a",
    "#7f9a1f",
    "#39409a",
    "#52606b",
)
STATES = {
    UNKNOWN: ("not known to the model", "#ffffff"),
    IDLE: ("armed, no motion", "#eef2f5"),
    DISARMED: ("disarmed", "#dfe5ea"),
    HOLDING: ("holding", "#f3cf6b"),
    FAULT: ("fault", "#8f1d2c"),
}
_SIGNAL, START, MISSING = "#c5dbea", INK, "#c8323c"


@dataclass(frozen=True, eq=False, kw_only=True)
class Timeline:
    """What the figure shows; times in s from the first sample.

    Attributes
    ----------
    actions : tuple of str
        What the model knows, in order.
    seconds : float
        Length of the time axis.
    stride : float
        Time from one window to the next, s.
    threshold : float
        Confidence below which an estimate is rejected.
    time : numpy.ndarray
        End of each window, shape (n,).
    action, decided : numpy.ndarray
        Most probable and decided action of each window, int64, shape (n,); below 0 where none is decided.
    confidence : numpy.ndarray
        Shape (n,).
    accepted : numpy.ndarray
        bool, shape (n,).
    signal : Spans
        Where samples are; their value does not matter. Each span is a start of the stream.
    missing : numpy.ndarray
        End of each window that should have an estimate and has none, shape (m,).
    labels : Spans, optional
        What was performed, None without labels; :data:`UNKNOWN` for an action that the model does not know.
    robot : Spans, optional
        What the bridge commanded, None if unknown: an action, or one of the states of this module.
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


def image(axes: Axes, row: Row, top: float, base: float, pixels: np.ndarray) -> None:
    """Lay a picture over the whole width of a row, from `top` to `base` in inches below its top."""
    axes.imshow(
        pixels,
        extent=(row.begin, row.end, base, top),
        aspect="auto",
        interpolation="nearest",
        origin="upper",
        zorder=2,
    )


def flat(values: np.ndarray, colours: dict[int, str], alpha: float = 1.0) -> np.ndarray:
    """Turn the values of columns into a strip of one point's height; transparent without a colour."""
    pixels = np.zeros((1, len(values), 4))
    for value, colour in colours.items():
        pixels[0, values == value] = (*to_rgb(colour), alpha)
    return pixels


def colour(timeline: Timeline, action: int) -> str:
    """Return the colour of an action: rest is grey, the others come in order."""
    names = timeline.actions
    if names[action] == REST:
        return _REST_COLOUR
    before = sum(name != REST for name in names[:action])
    return _COLOURS[before % len(_COLOURS)]


def coloured(timeline: Timeline, values: np.ndarray) -> np.ndarray:
    """Turn actions and states of columns into a strip of one point's height."""
    colours = {state: tone for state, (_, tone) in STATES.items()}
    colours |= {action: colour(timeline, action) for action in range(len(timeline.actions))}
    return flat(values, colours)


def signal_strip(timeline: Timeline, row: Row, signal: np.ndarray, silent: np.ndarray) -> np.ndarray:
    """Draw signal pale, its absence white, starts (but the first) and missing windows as ticks."""
    strip = np.where(silent | (signal == EMPTY), 0, 1)
    width = (row.end - row.begin) / row.columns
    starts = timeline.signal.begin[1:]
    for value, times in ((2, starts), (3, timeline.missing)):
        ticks = Spans(begin=times - width, end=times + width, value=np.full(len(times), value))
        painted = paint(row, ticks)
        strip = np.where(painted == EMPTY, strip, painted)
    return flat(strip, {1: _SIGNAL, 2: START, 3: MISSING})


def estimates(timeline: Timeline, row: Row) -> np.ndarray:
    """Draw one line of points an action; the more of a column's windows say it, the stronger."""
    actions = len(timeline.actions)
    # In the middle of its step, so that rounding does not leave columns empty.
    times = timeline.time - timeline.stride / 2
    weight = np.where(timeline.accepted, 1.0, 0.38)
    said = count(row, times, timeline.action, actions, weight)
    windows = count(row, times, np.zeros_like(timeline.action), 1, np.ones(len(times)))
    share = np.divide(said, windows, out=np.zeros_like(said), where=windows > 0)
    pixels = np.zeros((actions, row.columns, 4))
    for action in range(actions):
        pixels[action, :, :3] = to_rgb(colour(timeline, action))
    # However rare, it stays visible.
    pixels[:, :, 3] = np.where(share > 0, np.maximum(share, 0.25), 0.0)
    return pixels


def decided(timeline: Timeline, row: Row) -> np.ndarray:
    """Draw the decision that most windows of a column have."""
    choice = np.where(timeline.decided < 0, len(timeline.actions), timeline.decided)
    times = timeline.time - timeline.stride / 2
    found = count(row, times, choice, len(timeline.actions) + 1, np.ones(len(times)))
    most = np.where(found.sum(axis=0) > 0, found.argmax(axis=0), EMPTY)
    return coloured(timeline, most)


def confidence(axes: Axes, timeline: Timeline, row: Row, top: float, base: float) -> None:
    """Draw mean and range of the confidence, 0 at `base` and 1 at `top`, and the threshold."""
    coarse = Row(row.begin, row.end, min(row.columns, 800))
    low, mean, high = envelope(coarse, timeline.time - timeline.stride / 2, timeline.confidence)
    times = row.begin + (np.arange(coarse.columns) + 0.5) * (row.end - row.begin) / coarse.columns
    low, mean, high = (base - (base - top) * value for value in (low, mean, high))
    axes.fill_between(times, low, high, color="#23628f", alpha=0.22, linewidth=0, zorder=2)
    axes.plot(times, mean, color="#23628f", linewidth=0.9, zorder=3)
    level = base - (base - top) * timeline.threshold
    for height, colour, dashes in ((top, GRID, "-"), (level, PALE_INK, (0, (3, 3))), (base, GRID, "-")):
        axes.plot((row.begin, row.end), (height, height), color=colour, linewidth=0.7, linestyle=dashes)


def sublanes(axes: Axes, timeline: Timeline, row: Row, top: float, base: float, named: bool) -> None:
    """Tell the actions' lines in the lane of the estimates apart, and name them at the right if `named`."""
    height = (base - top) / len(timeline.actions)
    for action, name in enumerate(timeline.actions):
        edge = top + action * height
        if action % 2 == 0:
            axes.axhspan(edge, edge + height, color="#f5f8fa", linewidth=0, zorder=0)
        if named:
            axes.annotate(
                name.replace("_", " "),
                (row.end, edge + height / 2),
                (6, 0),
                textcoords="offset points",
                va="center",
                fontsize=7.5,
                color=colour(timeline, action),
                annotation_clip=False,
            )


def edge(axes: Axes, spans: Spans, row: Row, top: float, base: float) -> None:
    """Outline labels that the model does not know: they are white."""
    for i in np.flatnonzero(
        (spans.value == UNKNOWN) & (spans.end > row.begin) & (spans.begin < row.end)
    ).tolist():
        axes.fill_between(
            (spans.begin[i], spans.end[i]),
            top,
            base,
            facecolor="none",
            edgecolor=PALE_INK,
            linewidth=0.6,
            zorder=3,
        )


def write_labels(axes: Axes, timeline: Timeline, row: Row, height: float, inches: float) -> None:
    """Write the action into each label that is wide enough for it, in one line or two.

    `inches` is the width of the row.
    """
    assert timeline.labels is not None
    spans = timeline.labels
    for begin, end, action in zip(spans.begin, spans.end, spans.value, strict=True):
        if action < 0:
            continue
        room = (end - begin) / (row.end - row.begin) * inches
        words = timeline.actions[action].split("_")
        cut = min(
            range(1, len(words) + 1), key=lambda k: max(len(" ".join(w)) for w in (words[:k], words[k:]))
        )
        for lines, size in (((words,), 7.0), ((words[:cut], words[cut:]), 6.2)):
            longest = max(len(" ".join(line)) for line in lines)
            if longest * size * 0.0091 < room:  # a letter is about 0.6 of its height wide, 72 points an inch
                text = "\n".join(" ".join(line) for line in lines if line)
                place = ((begin + end) / 2, height)
                axes.text(
                    *place, text, ha="center", va="center", fontsize=size, color="white", linespacing=1.05
                )
                break
