"""Guess what the columns of a text file are: by names, by values, and by the lines before them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from emg_recognition.recordings.column_words import (
    CHANNEL,
    COUNTER,
    EMG,
    LABEL,
    MARKER,
    OTHER,
    ROLE_COLUMNS,
)
from emg_recognition.recordings.text_cells import SECONDS, VOLTS, plain_unit
from emg_recognition.recordings.text_columns import (
    Scale,
    bare,
    find_scale,
    head_values,
    header_rate,
    is_time,
    rises,
)
from emg_recognition.recordings.text_layout import Layout

#: Columns of a file that BrainFlow writes -> EXG channels, which follow the counter (its board descriptions).
_BRAINFLOW = {24: 8, 32: 16, 15: 4}
#: From here on, a time is one since 1970: in s, ms, us or ns.
_EPOCH = ((1e17, "ns"), (1e14, "us"), (1e11, "ms"), (1e8, "s"))


@dataclass(kw_only=True)
class Guess:
    """What the columns of a file seem to be; positions from 0.

    Attributes
    ----------
    samples : tuple of int
        The channels.
    time, counter, marker, label : int or None
        Columns of the rows' times, numbers and labels.
    roles : dict of str to int
        Columns of repetition, subject and session.
    time_unit : str
        Unit of the time column.
    scale : Scale or None
        None if nothing says the unit.
    rate : float or None
        What the file says, Hz.
    left : dict of str to str
        Other columns, and why they are no channels.
    """

    samples: tuple[int, ...] = ()
    time: int | None = None
    counter: int | None = None
    marker: int | None = None
    label: int | None = None
    roles: dict[str, int]
    time_unit: str = "s"
    scale: Scale | None = None
    rate: float | None = None
    left: dict[str, str]


def guess_columns(layout: Layout, name: str) -> Guess:
    """Guess what the columns of a file are.

    Parameters
    ----------
    layout : Layout
        Its layout.
    name : str
        Its name, for files whose only hint it is.
    """
    values = head_values(layout)
    names = [bare(text) for text in layout.names]
    numeric = [i for i in range(layout.width) if _mostly(values[:, i])]
    found = Guess(roles={}, left={})
    _by_names(found, layout, names, numeric, values)
    if not any(names):
        _without_names(found, layout, numeric, values)
    found.samples = found.samples or _channels(found, layout, names, numeric, values)
    taken = {*found.samples, found.time, found.counter, found.marker, found.label, *found.roles.values()}
    for i in range(layout.width):
        if i not in taken and (layout.names[i] or i in numeric):
            found.left[layout.names[i] or f"column {i + 1}"] = _reason(i, layout.names, numeric, values)
    if found.time is not None:
        found.time_unit = _time_unit(layout, values[:, found.time], found.time)
    unit = find_scale(layout, found.samples, None, None, name) if found.samples else None
    if unit is not None and unit.unit == "count" and name.startswith("BrainFlow-RAW"):
        unit = Scale("V", VOLTS["uv"])
    found.scale = unit if unit is None or unit.unit == "V" or layout.headers else None
    found.rate = header_rate(layout, found.samples)
    return found


def _mostly(values: np.ndarray) -> bool:
    return bool(np.isfinite(values).mean() > 0.5)


def _by_names(found: Guess, layout: Layout, names: list[str], numeric: list[int], values: np.ndarray) -> None:
    clock = [i for i in range(layout.width) if i not in numeric and _is_clock(layout, i)]
    times = [i for i in numeric if is_time(layout.names[i]) and rises(values[:, i])]
    times += [i for i in clock if is_time(layout.names[i])]
    found.time = times[0] if times else None
    # The column that holds only times of the transfer, beside none of the samples, is still better than none.
    counters = [i for i in numeric if COUNTER.search(names[i]) and i != found.time and _counts(values[:, i])]
    found.counter = counters[0] if counters else None
    free = [i for i, text in enumerate(names) if text and i not in (found.time, found.counter, *times)]
    for role, pattern in ROLE_COLUMNS.items():
        for i in free:
            if pattern.search(names[i]) and role not in found.roles:
                found.roles[role] = i
    free = [i for i in free if i not in found.roles.values() and not EMG.search(names[i])]
    filled = {i for row in layout.rows for i, cell in enumerate(row) if cell}
    # Some programs always have such a column, used or not.
    labels = [i for i in free if LABEL.search(names[i]) and i in filled]
    markers = [i for i in free if MARKER.search(names[i]) and i not in labels]
    found.label = labels[0] if labels else None
    if found.label is None and markers:
        found.marker = markers[0]


def _is_clock(layout: Layout, column: int) -> bool:
    cells = [row[column] for row in layout.rows if column < len(row) and row[column]]
    return bool(cells) and all(":" in cell for cell in cells)


def _counts(values: np.ndarray) -> bool:
    finite = values[np.isfinite(values)]
    return len(finite) > 2 and bool((finite == np.round(finite)).all()) and bool((np.diff(finite) != 0).any())


def _without_names(found: Guess, layout: Layout, numeric: list[int], values: np.ndarray) -> None:
    rising = [i for i in numeric if rises(values[:, i])]
    steps = {i: np.diff(values[:, i]) for i in numeric}
    epochs = [i for i in rising if np.nanmin(values[:, i]) >= _EPOCH[-1][0]]
    usual = {i: float(np.median(steps[i])) if len(steps[i]) else 0.0 for i in numeric}
    counting = [
        i
        for i in numeric
        if _counts(values[:, i])
        and i not in epochs
        and 0 < usual[i] <= 4
        and np.mean(steps[i] == usual[i]) > 0.7
    ]
    others = [i for i in rising if i not in counting and i not in epochs]
    found.counter = counting[0] if counting and counting[0] == (numeric[0] if numeric else None) else None
    found.time = epochs[0] if epochs else others[0] if others and others[0] == numeric[0] else None
    last = layout.width - 1
    if found.counter == 0 and found.time == last - 1 and last in numeric and layout.width in _BRAINFLOW:
        found.samples = tuple(range(1, 1 + _BRAINFLOW[layout.width]))
        found.marker = last
    text = "\n".join(layout.preamble)
    count = re.search(r"number of channels\D{1,5}([0-9]+)", text, re.IGNORECASE)
    if "OpenBCI" in text and count and found.counter == 0:  # versions before 5 have no line of names
        found.samples = tuple(range(1, 1 + min(int(count[1]), last)))


def _channels(
    found: Guess, layout: Layout, names: list[str], numeric: list[int], values: np.ndarray
) -> tuple[int, ...]:
    titles = layout.titles or ("",) * layout.width
    emg = [i for i in numeric if EMG.search(titles[i])]
    if emg:
        return tuple(emg)
    taken = {found.time, found.counter, found.marker, found.label, *found.roles.values()}
    free = [i for i in numeric if i not in taken and not is_time(layout.names[i] or "-")]
    for pattern in (EMG, CHANNEL):
        named = [
            i
            for i in free
            if pattern.search(names[i])
            and not (pattern is CHANNEL and (OTHER.search(names[i]) or OTHER.search(titles[i])))
        ]
        named = [i for i in named if not re.search(r"\b(acc|gyro?|mag|time|rms)\b", names[i], re.IGNORECASE)]
        if named:
            # A status of the EMG has another unit, or none.
            volts = [i for i in named if layout.units[i] in VOLTS]
            return tuple(volts or named)
    free = [
        i
        for i in free
        if not any(pattern.search(names[i]) for pattern in (OTHER, COUNTER, MARKER))
        and layout.units[i] in (*VOLTS, "", "count", "counts", "raw", "a.u.", "au", "adc")
    ]
    if any(layout.units[i] in VOLTS for i in free):
        return tuple(i for i in free if layout.units[i] in VOLTS)
    if any(names):
        return tuple(free)
    moving = [i for i in free if np.nanmax(values[:, i]) > np.nanmin(values[:, i])]
    return tuple(_alike(moving, values) if moving else free)


def _alike(columns: list[int], values: np.ndarray) -> list[int]:
    """Return the longest run of neighbours whose values move by similar amounts."""
    runs: list[list[int]] = []
    for i in columns:
        spread = float(np.nanstd(values[:, i]))
        if runs and i == runs[-1][-1] + 1:
            before = float(np.nanmedian([np.nanstd(values[:, j]) for j in runs[-1]]))
            if 1 / 30 < spread / before < 30:
                runs[-1].append(i)
                continue
        runs.append([i])
    return max(runs, key=len)


def _reason(i: int, names: Sequence[str], numeric: list[int], values: np.ndarray) -> str:
    if i not in numeric:
        return "no numbers"
    if is_time(names[i]):
        return "a time"
    if OTHER.search(bare(names[i])):
        return "by its name no EMG"
    if np.nanmax(values[:, i]) == np.nanmin(values[:, i]):
        return "constant in the first rows"
    return "unlike the channels"


def _time_unit(layout: Layout, values: np.ndarray, column: int) -> str:
    """Return the unit of a time column: as the file has it, else the one that gives a usual rate."""
    unit = SECONDS.get(layout.units[column]) or SECONDS.get(plain_unit(layout.names[column]))
    if unit:
        return unit
    finite = values[np.isfinite(values)]
    if not len(finite):
        return "clock"
    for least, epoch in _EPOCH:
        if finite[0] >= least:
            return epoch
    ending = re.search(r"[_ (\[](ms|us|ns)\b", layout.names[column] + " ")
    if ending:
        return ending[1]
    step = float(finite[-1] - finite[0]) / max(len(finite) - 1, 1)
    for name, seconds in (("s", 1.0), ("ms", 1e-3), ("us", 1e-6)):
        if step > 0 and 20 <= 1 / (step * seconds) <= 50_000:
            return name
    return "s"
