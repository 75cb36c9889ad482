"""Sensors with time columns of their own, as Delsys writes them: put on one time, or refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from emg_recognition.errors import RecordingError

#: Two sensors agree if their times are never further apart than this share of a sample.
_APART = 0.5


@dataclass(frozen=True, eq=False)
class Sensors:
    """Sensors in one file that have times of their own.

    Attributes
    ----------
    path : Path
        The file.
    names : mapping of int to str
        Names of columns, for messages.
    columns : tuple of int
        Position of each channel in a row, from 0.
    times : tuple of int
        Position of each time column.
    own : tuple of int
        For each channel, which of `times` is its own.
    """

    path: Path
    names: Mapping[int, str]
    columns: tuple[int, ...]
    times: tuple[int, ...]
    own: tuple[int, ...]


def align(
    sensors: Sensors, samples: np.ndarray, stamps: np.ndarray, *, fixed: bool
) -> tuple[np.ndarray, np.ndarray, tuple[str, ...]]:
    """Put all sensors on the time of the first one, or refuse them.

    Sensors of one rate are shifted by whole rows until their times are nowhere more than half a sample apart.
    Nothing is interpolated, because that would change the signal.

    Parameters
    ----------
    sensors : Sensors
        What the columns are.
    samples : numpy.ndarray
        Shape (rows, channels); NaN at the end of a channel that is shorter.
    stamps : numpy.ndarray
        Seconds, shape (rows, time columns).
    fixed : bool
        Whether the rows also hold labels or a counter, so that the first sensor may not be shifted.

    Returns
    -------
    samples : numpy.ndarray
        The rows that all sensors have.
    time : numpy.ndarray
        Seconds, by the first sensor.
    notes : tuple of str
        What was done.

    Raises
    ------
    RecordingError
        If rates differ, times come apart, or a column has a hole.
    """
    own = list(sensors.own)
    lengths = [_filled(sensors, stamps[:, k], sensors.times[k]) for k in range(stamps.shape[1])]
    for channel, k in enumerate(own):
        count = _filled(sensors, samples[:, channel], sensors.columns[channel])
        lengths[k] = min(lengths[k], count)
    used = sorted(set(own))
    if min(lengths[k] for k in used) < 2:
        column = sensors.names[sensors.times[min(used, key=lambda k: lengths[k])]]
        raise RecordingError(
            str(sensors.path), f"column {column} has fewer than two rows", "leave the sensor out"
        )
    means = {k: float(stamps[lengths[k] - 1, k] - stamps[0, k]) / (lengths[k] - 1) for k in used}
    reference = own[0]
    period = means[reference]
    channel_of = {k: sensors.names[sensors.columns[own.index(k)]] for k in used}
    for k in used:
        drift = abs(means[k] / period - 1) * min(lengths[k], lengths[reference]) if period > 0 else np.inf
        if not means[k] > 0 or (abs(means[k] / period - 1) > 0.01 and drift > _APART):
            raise RecordingError(
                str(sensors.path),
                f"its sensors have unlike rates: column {channel_of[reference]} {1 / period:.6g} Hz, column "
                f"{channel_of[k]} (number {sensors.columns[own.index(k)] + 1}) {_hertz(means[k])}",
                "name only columns of one rate as samples in a description, or export them at one rate",
            )
    begin = max(stamps[0, k] for k in used)
    shift = {k: max(round((begin - stamps[0, k]) / period), 0) for k in used}
    count = min(lengths[k] - shift[k] for k in used)
    if count < 2:
        raise RecordingError(str(sensors.path), "its sensors have no time in common", "leave one of them out")
    time = stamps[shift[reference] : shift[reference] + count, reference]
    for k in used:
        apart = np.abs(stamps[shift[k] : shift[k] + count, k] - time)
        if (apart > _APART * period * 1.01).any():
            row = int(np.argmax(apart > _APART * period * 1.01))
            raise RecordingError(
                str(sensors.path),
                f"the times of its sensors come apart: row {row + 1} of the data is at {time[row]:.6g} s in "
                f"column {channel_of[reference]} and at {stamps[shift[k] + row, k]:.6g} s in {channel_of[k]}",
                "name only columns of one sensor as samples, or export the sensors with one time",
            )
    if any(shift.values()):
        aligned = np.empty((count, samples.shape[1]), np.float32)
        for channel, k in enumerate(own):
            aligned[:, channel] = samples[shift[k] : shift[k] + count, channel]
    else:
        aligned = samples[:count]
    notes = []
    if any(shift.values()):
        notes.append("sensors that begin at different times were shifted by whole samples to one time")
    if any(lengths[k] - shift[k] > count for k in used):
        notes.append("rows at the ends that not all sensors have were left out")
    # A shift would move labels and counter against the samples of the first sensor.
    if shift[reference] and fixed:
        raise RecordingError(
            str(sensors.path),
            f"its first sensor begins {shift[reference]} samples early, so its labels do not fit the others",
            "export the sensors with one time",
        )
    return aligned, time, tuple(notes)


def _hertz(period: float) -> str:
    return f"{1 / period:.6g} Hz" if period > 0 else "none (its times do not rise)"


def _filled(sensors: Sensors, values: np.ndarray, column: int) -> int:
    """Return how many rows a column has before it ends; a hole in it is refused."""
    missing = np.isnan(values)
    if not missing.any():
        return len(values)
    end = int(np.argmax(missing))
    if not missing[end:].all():
        again = end + int(np.argmax(~missing[end:]))
        raise RecordingError(
            str(sensors.path),
            f"column {sensors.names.get(column, column + 1)} is empty or NaN in rows {end + 1} to {again}",
            "write a finite number there, or remove the lines",
        )
    return end
