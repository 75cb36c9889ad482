"""A set of labelled segments that share one array of samples."""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from emg_recognition.errors import SettingError

# Four digits keep a slip such as 1-1000000000 from filling the memory.
_PART = re.compile(r"([0-9]{1,4})(?:-([0-9]{1,4}))?")


def parse_repetitions(text: str) -> tuple[int, ...]:
    """Read repetitions written as numbers and ranges.

    Parameters
    ----------
    text : str
        For example ``1-3``, ``1,3`` or ``1-3,5``.

    Returns
    -------
    tuple of int
        The repetitions, sorted, each once.

    Raises
    ------
    SettingError
        For anything else, naming it.
    """
    found: set[int] = set()
    for part in text.split(","):
        match = _PART.fullmatch(part.strip())
        first, last = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
        if last < first:
            raise SettingError("repetitions", text, "write numbers and rising ranges, such as 1-3,5")
        found.update(range(first, last + 1))
    return tuple(sorted(found))


@dataclass(frozen=True, eq=False)
class Recordings:
    """Labelled segments of one device, one rate and one unit.

    Made by :func:`emg_recognition.recordings.archive.from_arrays`, which checks what it is given.

    Attributes
    ----------
    counts : numpy.ndarray
        Samples as the amplifier delivered them, shape (samples, channels).
    start, length : numpy.ndarray
        int64, shape (segments,): segment i is ``counts[start[i] : start[i] + length[i]]``.
    scale : float
        Counts per unit.
    rate : float
        Sampling rate in Hz.
    unit : str
        ``"V"``, or ``"count"`` where the device's scale is not known.
    subject, cohort, session, label : numpy.ndarray
        str, shape (segments,).
    repetition : numpy.ndarray
        int64, shape (segments,).
    source : str
        Where it comes from, for messages and reports.
    problems : tuple of str
        What is missing or damaged there, a plain sentence each.
    """

    counts: np.ndarray
    start: np.ndarray
    length: np.ndarray
    scale: float
    rate: float
    unit: str
    subject: np.ndarray
    cohort: np.ndarray
    session: np.ndarray
    label: np.ndarray
    repetition: np.ndarray
    source: str
    problems: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.start)

    @property
    def channels(self) -> int:
        """Number of electrodes."""
        return int(self.counts.shape[1])

    @property
    def actions(self) -> tuple[str, ...]:
        """The labels that occur, sorted."""
        return tuple(np.unique(self.label).tolist())

    @property
    def cohorts(self) -> tuple[str, ...]:
        """The cohorts that occur, sorted."""
        return tuple(np.unique(self.cohort).tolist())

    def segment(self, i: int) -> np.ndarray:
        """Return the samples of segment `i` in the unit of the recording.

        The arithmetic is that of a live device, so recorded and live samples agree bit for bit.

        Parameters
        ----------
        i : int
            Number of the segment.

        Returns
        -------
        numpy.ndarray
            float32, shape (length, channels).
        """
        begin = int(self.start[i])
        counts = self.counts[begin : begin + int(self.length[i])]
        return (counts.astype(np.float64) / self.scale).astype(np.float32)

    def select(self, which: ArrayLike) -> Recordings:
        """Return some of the segments; the samples are shared, not copied.

        Parameters
        ----------
        which : array_like
            A boolean mask with an entry for each segment, or the numbers of the segments wanted.

        Returns
        -------
        Recordings
            The segments chosen, in the order asked for.

        Raises
        ------
        IndexError
            For a mask of another length or a segment that does not exist.
        """
        chosen = np.asarray(which)
        if chosen.size == 0 and chosen.dtype != bool:
            chosen = chosen.astype(np.int64)  # NumPy reads an empty list as floats
        per_segment = ("start", "length", "subject", "cohort", "session", "label", "repetition")
        return dataclasses.replace(self, **{name: getattr(self, name)[chosen] for name in per_segment})


#: The greatest count of a converter of 24 bits.
_FULL = (1 << 23) - 1


def to_counts(recordings: Recordings) -> tuple[np.ndarray, float]:
    """Return all segments of a recording as whole numbers, one after the other.

    Parameters
    ----------
    recordings : Recordings
        Counts, or what a bag or a CSV file holds: numbers in the unit. Those are converted with 24
        bits for their largest value, about what float32 resolves.

    Returns
    -------
    numpy.ndarray
        Integers, shape (samples, channels).
    float
        Counts per unit.
    """
    pieces = [
        recordings.counts[begin : begin + length]
        for begin, length in zip(recordings.start, recordings.length, strict=True)
    ]
    if recordings.counts.dtype.kind in "iu":
        return np.concatenate(pieces), recordings.scale
    peak = max(float(np.abs(piece).max()) for piece in pieces) or 1.0
    counts = [np.rint(piece.astype(np.float64) * (_FULL / peak)).astype(np.int32) for piece in pieces]
    return np.concatenate(counts), recordings.scale * _FULL / peak
