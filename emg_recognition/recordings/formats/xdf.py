"""XDF, the files of Lab Streaming Layer, read with pyxdf. Marker streams are the labels.

Source: the XDF specification, github.com/sccn/xdf/wiki/Specifications.
"""

from __future__ import annotations

import contextlib
import itertools
import logging
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from emg_recognition.recordings.formats.labels import labels_of
from emg_recognition.recordings.formats.take import (
    FormatError,
    Take,
    Wanted,
    checked_rate,
    choose,
    in_unit,
)
from emg_recognition.types import RATE_TOLERANCE

LIBRARY = "pyxdf"
#: A step of the stamps that is longer than this (s) is a gap; shorter ones are the jitter of chunks.
GAP = 0.2
#: What pyxdf logs when it leaves out a damaged part; its longest note, and the most of them.
_DAMAGE = re.compile("(?i)corrupt|error|zero-length|scanning")
_LONGEST, _MOST = 200, 5


def read(path: Path, wanted: Wanted) -> list[Take]:
    """Read the EMG stream of a file, a take for each part without a gap.

    Raises
    ------
    FormatError
        If there is no such stream, or there are several.
    """
    import pyxdf

    with _damage_said() as damage:
        streams, _ = pyxdf.load_xdf(
            path, jitter_break_threshold_seconds=GAP, jitter_break_threshold_samples=2, verbose=False
        )
    stream = _chosen(streams, wanted.stream)
    info = stream["info"]
    stamps = np.asarray(stream["time_stamps"], np.float64)
    series = np.asarray(stream["time_series"])
    if series.ndim != 2 or not len(series) or len(series) != len(stamps):
        raise FormatError(f"its stream {_text(info, 'name')!r} has no samples", "record while it sends")
    names, units, types = _channels(info, series.shape[1])
    chosen = choose(names, wanted, units=units, types=types)
    rate = checked_rate(float(_text(info, "nominal_srate") or 0), wanted)
    problems = damage
    measured = float(info.get("effective_srate") or 0)
    if measured and abs(measured / rate - 1) > RATE_TOLERANCE:
        problems.append(f"the stamps of its samples give {measured:.6g} Hz, not {rate:g} Hz")
    markers = [
        (float(time), None, str(values[0]))
        for one in streams
        if _text(one["info"], "channel_format") == "string"
        for time, values in zip(one["time_stamps"], one["time_series"], strict=False)
        if len(values)
    ]
    takes = []
    steps = np.diff(stamps)
    borders = [0, *(np.flatnonzero((steps > GAP) | (steps < 0)) + 1).tolist(), len(series)]
    for part in itertools.starmap(slice, itertools.pairwise(borders)):
        samples, unit = in_unit(
            (series[part, i] for i in chosen), [units[i] for i in chosen], wanted, len(stamps[part])
        )
        begin = float(stamps[part][0])
        shifted = [(time - begin, length, text) for time, length, text in markers]
        spans = labels_of(
            shifted, rate, len(samples), wanted, names=names, values=partial(_column, series[part])
        )
        # Markers elsewhere in the file say that this part has no label.
        spans = () if spans is None and markers else spans
        takes.append(
            Take(
                samples,
                rate,
                unit,
                spans,
                problems=tuple(problems),
                channels=tuple(names[i] for i in chosen),
            )
        )
        problems = []
    return takes


@contextlib.contextmanager
def _damage_said() -> Iterator[list[str]]:
    """Collect what pyxdf logs of damaged parts, which it leaves out."""
    found: list[str] = []

    class Collector(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            text = " ".join(record.getMessage().split())[:_LONGEST]
            if _DAMAGE.search(text) and text not in found and len(found) < _MOST:
                found.append(text)

    logger, collector = logging.getLogger("pyxdf"), Collector()
    before = logger.propagate
    logger.addHandler(collector)
    logger.propagate = False
    try:
        yield found
    finally:
        logger.removeHandler(collector)
        logger.propagate = before


def _chosen(streams: list[dict[str, Any]], name: str) -> dict[str, Any]:
    numeric = [
        one for one in streams if _text(one["info"], "channel_format") != "string" and len(one["time_stamps"])
    ]
    emg = [one for one in numeric if "emg" in _text(one["info"], "type").lower()]
    regular = [one for one in numeric if float(_text(one["info"], "nominal_srate") or 0) > 0]
    found = emg or regular or numeric
    if name:
        found = [one for one in numeric if _text(one["info"], "name") == name]
    shown = found if len(found) > 1 else streams
    known = ", ".join(f"{_text(one['info'], 'name')} ({_text(one['info'], 'type')})" for one in shown)
    if len(found) == 1:
        return found[0]
    if not found:
        raise FormatError(f"it has no stream {name or 'of samples'}, only {known or 'none'}", "record EMG")
    raise FormatError(
        f"it has {len(found)} streams that may be EMG: {known}",
        "name one: stream in a description, or --namespace",
    )


def _column(rows: np.ndarray, place: int) -> np.ndarray:
    return rows[:, place]


def _channels(info: dict[str, Any], count: int) -> tuple[list[str], list[str], list[str]]:
    """Return name, unit and type of each channel, as far as the stream describes them."""
    described: list[Any] = []
    with contextlib.suppress(KeyError, IndexError, TypeError):
        described = info["desc"][0]["channels"][0]["channel"]
    if len(described) != count:
        described = [{}] * count
    names = [_text(one, "label") or f"channel {i + 1}" for i, one in enumerate(described)]
    return names, [_text(one, "unit") for one in described], [_text(one, "type") for one in described]


def _text(info: Any, key: str) -> str:
    """Return a field; pyxdf gives each as a list."""
    try:
        return str(info[key][0] or "")
    except (KeyError, IndexError, TypeError):
        return ""
