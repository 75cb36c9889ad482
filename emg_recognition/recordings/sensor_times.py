"""Sensors with time columns of their own, as Delsys writes them: put on one time or grid, or refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from emg_recognition.errors import RecordingError
from emg_recognition.recordings.resampling import resample

#: Two sensors agree if their times are never further apart than this share of a sample.
_APART = 0.5
#: The rate of a grid is at most this many times that of a sensor, or the reverse.
_MOST_TIMES = 50


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


@dataclass(frozen=True, eq=False)
class Aligned:
    """All sensors on one time.

    Attributes
    ----------
    samples : numpy.ndarray
        Shape (n, channels).
    time : numpy.ndarray
        Seconds, shape (n,).
    rows : numpy.ndarray or slice
        The row of the file that each one is from, by the first sensor.
    notes : tuple of str
        What was done.
    """

    samples: np.ndarray
    time: np.ndarray
    rows: np.ndarray | slice
    notes: tuple[str, ...]


def align(sensors: Sensors, samples: np.ndarray, stamps: np.ndarray, *, fixed: bool) -> Aligned:
    """Put all sensors on the time of the first one, or refuse them.

    Sensors of one rate are shifted by whole rows until their times are nowhere more than half a sample apart.
    Nothing is interpolated, because that would change the signal. What lies before or after the rows that all
    sensors have is left out.

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

    Raises
    ------
    RecordingError
        If rates differ, times come apart, or a column has a hole.
    """
    own = list(sensors.own)
    lengths, means = _paces(sensors, samples, stamps)
    used = list(lengths)
    reference = own[0]
    period = means[reference]
    channel_of = {k: _channel(sensors, k) for k in used}
    for k in used:
        drift = abs(means[k] / period - 1) * min(lengths[k], lengths[reference]) if period > 0 else np.inf
        if not means[k] > 0 or (abs(means[k] / period - 1) > 0.01 and drift > _APART):
            raise RecordingError(
                str(sensors.path),
                f"its sensors have unlike rates: column {channel_of[reference]} {1 / period:.6g} Hz, column "
                f"{channel_of[k]} (number {sensors.columns[own.index(k)] + 1}) {_hertz(means[k])}",
                "give the rate to put them on as resample in a description, or name only columns of one rate",
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
    return Aligned(aligned, time, slice(shift[reference], shift[reference] + count), tuple(notes))


def put_on_grid(sensors: Sensors, samples: np.ndarray, stamps: np.ndarray, rate: float) -> Aligned:
    """Put all sensors on one grid of times by :func:`~emg_recognition.recordings.resampling.resample`.

    The grid begins where the last sensor begins, and ends where the first one ends. Labels are those of the
    first sensor's row at or before each time.

    Parameters
    ----------
    sensors : Sensors
        What the columns are.
    samples : numpy.ndarray
        Shape (rows, channels); NaN at the end of a channel that is shorter.
    stamps : numpy.ndarray
        Seconds, shape (rows, time columns).
    rate : float
        Rate of the grid, Hz.

    Raises
    ------
    RecordingError
        If a column has a hole, a sensor's times are not even, its rate is too far from the grid's, or the
        sensors have no time in common.
    """
    lengths, means = _paces(sensors, samples, stamps)
    for k, period in means.items():
        times = stamps[: lengths[k], k]
        away = np.abs(times - (times[0] + np.arange(len(times)) * period))
        if not period > 0 or (away > _APART * period).any():
            raise RecordingError(
                str(sensors.path),
                f"the times of column {_channel(sensors, k)} are not even: row {int(np.argmax(away)) + 1} of "
                f"the data is {away.max():.3g} s away from where it should be",
                "leave the sensor out, or export it without gaps",
            )
        if not 1 / _MOST_TIMES <= rate * period <= _MOST_TIMES:
            raise RecordingError(
                str(sensors.path),
                f"resample is {rate:g} Hz, but column {_channel(sensors, k)} has {1 / period:.6g} Hz",
                f"give a rate that is at most {_MOST_TIMES} times higher or lower",
            )
    begin = max(float(stamps[0, k]) for k in means)
    end = min(float(stamps[lengths[k] - 1, k]) for k in means)
    if end <= begin:
        raise RecordingError(str(sensors.path), "its sensors have no time in common", "leave one of them out")
    time = begin + np.arange(int((end - begin) * rate + 1e-6) + 1) / rate
    found = np.empty((len(time), samples.shape[1]), np.float32)
    positions = {k: np.clip((time - stamps[0, k]) / means[k], 0, lengths[k] - 1) for k in means}
    for k, position in positions.items():
        channels = [channel for channel, one in enumerate(sensors.own) if one == k]
        found[:, channels] = resample(samples[: lengths[k], channels], position, rate * means[k])
    rates = ", ".join(f"{one:.6g}" for one in sorted({round(1 / period, 3) for period in means.values()}))
    rows = np.floor(positions[sensors.own[0]] + 1e-6).astype(np.int64)
    return Aligned(found, time, rows, (f"sensors of {rates} Hz were put on one grid of {rate:g} Hz",))


def _paces(
    sensors: Sensors, samples: np.ndarray, stamps: np.ndarray
) -> tuple[dict[int, int], dict[int, float]]:
    """Return the rows of each time column that channels have, and the mean step in them, s."""
    lengths = {k: _filled(sensors, stamps[:, k], sensors.times[k]) for k in sorted(set(sensors.own))}
    for channel, k in enumerate(sensors.own):
        lengths[k] = min(lengths[k], _filled(sensors, samples[:, channel], sensors.columns[channel]))
    for k, length in lengths.items():
        if length < 2:
            column = sensors.names[sensors.times[k]]
            problem = f"column {column} has fewer than two rows"
            raise RecordingError(str(sensors.path), problem, "leave the sensor out")
    return lengths, {k: float(stamps[n - 1, k] - stamps[0, k]) / (n - 1) for k, n in lengths.items()}


def _channel(sensors: Sensors, k: int) -> str:
    return sensors.names[sensors.columns[sensors.own.index(k)]]


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
