"""Segments that come one by one, gathered to recordings in memory or in a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from emg_recognition.recordings.archive import from_arrays
from emg_recognition.recordings.cache import open_mapped, write_rows
from emg_recognition.recordings.recordings import Recordings


@dataclass(frozen=True, eq=False)
class Segment:
    """One action, performed once, without a gap.

    Attributes
    ----------
    samples : numpy.ndarray
        Shape (n, channels).
    subject, cohort, session, label : str
        Of whom and of what.
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
    dtype: type | np.dtype = np.float32,
) -> Recordings:
    """Make recordings of segments, holding one segment in memory at a time if there is a file for them.

    Parameters
    ----------
    segments : iterable of Segment
        In order.
    channels : int
        Channels of each.
    rate : float
        Sampling rate, Hz.
    unit : str
        ``V`` or ``count``.
    source : str
        Where they come from, for messages and reports.
    counts : Path or None
        The ``.npy`` file to write the samples to; None for memory.
    scale : float
        Counts per unit.
    dtype : type
        Type of the samples.

    Returns
    -------
    Recordings
        The segments, the samples mapped from `counts` if that is given.

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
    }
    return from_arrays(arrays, source)
