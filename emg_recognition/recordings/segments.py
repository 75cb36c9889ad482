"""Recordings made from segments: one by one from a reader, or from plain NumPy arrays."""

from __future__ import annotations

import math
import numbers
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from emg_recognition.errors import RecordingError, SettingError
from emg_recognition.recordings.archive import from_arrays
from emg_recognition.recordings.cache import open_mapped, write_rows
from emg_recognition.recordings.recordings import Recordings
from emg_recognition.types import UNITS

#: Source of recordings that were made in memory, for messages.
_ARRAYS = "from arrays"


@dataclass(frozen=True, eq=False)
class Segment:
    """One performance of an action, without a gap.

    Attributes
    ----------
    samples : numpy.ndarray
        Shape (n, channels).
    subject, cohort, session, label : str
        Who performed what, and when.
    repetition : int
        Its number.
    """

    samples: np.ndarray
    subject: str
    cohort: str
    session: str
    label: str
    repetition: int


def gather_segments(
    segments: Iterable[Segment],
    *,
    channels: int,
    rate: float,
    unit: str,
    source: str,
    counts: Path | None,
    scale: float = 1.0,
    dtype: DTypeLike = np.float32,
    ring: int | None = None,
) -> Recordings:
    """Make recordings from segments; with a file for the samples, only one segment is in memory at a time.

    Parameters
    ----------
    segments : iterable of Segment
        In order.
    channels : int
        Channels of each segment.
    rate : float
        Sampling rate, Hz.
    unit : str
        ``V`` or ``count``.
    source : str
        Where the segments come from, for messages and reports.
    counts : Path or None
        The ``.npy`` file to write the samples to; None keeps them in memory.
    scale : float
        Counts per unit.
    dtype : dtype_like
        Type of the samples.
    ring : int or None
        Channels in a ring, see :class:`Recordings`.

    Returns
    -------
    Recordings
        The segments; the samples are mapped from `counts` if that is given.

    Raises
    ------
    RecordingError
        If there is no segment, or one holds a value that cannot be used.
    OSError
        If `counts` cannot be written.
    """
    table: list[tuple[int, str, str, str, str, int]] = []

    def rows() -> Iterator[np.ndarray]:
        for found in segments:
            texts = (found.subject, found.cohort, found.session, found.label)
            table.append((len(found.samples), *texts, found.repetition))
            yield found.samples

    if counts is None:
        parts = [np.asarray(part, dtype) for part in rows()]
        samples = np.concatenate([*parts, np.empty((0, channels), dtype)])
    else:
        write_rows(counts, rows(), channels, dtype)
        # An empty file cannot be mapped.
        samples = open_mapped(counts) if table else np.empty((0, channels), dtype)
    columns = list(zip(*table, strict=True)) if table else [()] * 6
    length = np.array(columns[0], np.int64)
    texts = dict(zip(("subject", "cohort", "session", "label"), columns[1:5], strict=True))
    arrays = {
        "x": samples,
        "start": np.cumsum(length) - length,
        "length": length,
        "rep": np.array(columns[5], np.int64),
        "scale": scale,
        "fs": rate,
        "unit": unit,
        **{name: np.array(values, np.str_) for name, values in texts.items()},
        **({} if ring is None else {"ring": ring}),
    }
    return from_arrays(arrays, source)


def from_segments(
    arrays: Iterable[ArrayLike],
    labels: Sequence[str],
    *,
    subjects: str | Sequence[str] | None,
    sessions: str | Sequence[str] | None,
    cohorts: str | Sequence[str] | None,
    repetitions: Sequence[int] | None,
    rate: float,
    unit: str,
) -> Recordings:
    """Make recordings from NumPy arrays, see :meth:`Recordings.from_segments`."""
    if isinstance(rate, bool) or not isinstance(rate, numbers.Real) or not 0 < rate < math.inf:
        raise SettingError("rate", rate, "give the sampling rate in Hz, a number above 0")
    if unit not in UNITS:
        raise SettingError("unit", unit, f"use one of {', '.join(UNITS)}; convert other units to V")
    samples = _checked(arrays)
    count = len(samples)
    names = _names("labels", labels, count)
    if "" in names:
        raise RecordingError(_ARRAYS, f"labels[{names.index('')}] is empty", "give the action of every array")
    performed = [
        _names("subjects", subjects, count),
        _names("cohorts", cohorts, count),
        _names("sessions", sessions, count),
        names,
    ]
    if repetitions is None:
        numbered = _counted(zip(*performed, strict=True))
    else:
        numbered = [int(n) for n in _entries("repetitions", repetitions, count, numbers.Integral)]
    kind = np.result_type(*(part.dtype for part in samples))
    return gather_segments(
        (Segment(*fields) for fields in zip(samples, *performed, numbered, strict=True)),
        channels=samples[0].shape[1],
        rate=float(rate),
        unit=unit,
        source=_ARRAYS,
        counts=None,
        dtype=kind if kind.kind in "iu" else np.float32,
    )


def _checked(arrays: Iterable[ArrayLike]) -> list[np.ndarray]:
    samples: list[np.ndarray] = []
    for i, given in enumerate(arrays):
        try:
            part = np.asarray(given)
        except ValueError as error:
            raise RecordingError(_ARRAYS, f"array {i} is ragged ({error})", "give equal rows") from error
        problem, remedy = "", ""
        if part.ndim != 2 or 0 in part.shape:
            problem = f"has the shape {part.shape}"
            remedy = "give samples of shape (samples, channels), at least (1, 1)"
        elif part.dtype.kind not in "iuf":
            problem, remedy = f"is of type {part.dtype}", "give integers or floats"
        elif samples and part.shape[1] != samples[0].shape[1]:
            problem = f"has {part.shape[1]} channels, array 0 has {samples[0].shape[1]}"
            remedy = "give the same channels in every array, in the same order"
        if problem:
            raise RecordingError(_ARRAYS, f"array {i} {problem}", remedy)
        samples.append(part)
    if not samples:
        raise RecordingError(_ARRAYS, "there are 0 arrays", "give one array for each performed action")
    return samples


def _names(name: str, given: Any, count: int) -> list[str]:
    if given is None or isinstance(given, str):
        return [given or ""] * count
    return [str(value) for value in _entries(name, given, count, (str, numbers.Integral))]


def _entries(name: str, given: Any, count: int, kinds: Any) -> list[Any]:
    found = list(given)
    if len(found) != count:
        raise RecordingError(
            _ARRAYS, f"{name} has {len(found)} entries for {count} arrays", "give one entry for each array"
        )
    for i, value in enumerate(found):
        if not isinstance(value, kinds) or isinstance(value, bool):
            what = "a whole number" if kinds is numbers.Integral else "a string"
            raise RecordingError(_ARRAYS, f"{name}[{i}] is {value!r}", f"give {what}")
    return found


def _counted(performed: Iterable[tuple[str, ...]]) -> list[int]:
    """Count the performances of each action by each subject in each session from 1."""
    counted: Counter[tuple[str, ...]] = Counter()
    repetitions = []
    for one in performed:
        counted[one] += 1
        repetitions.append(counted[one])
    return repetitions
