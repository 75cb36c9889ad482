"""A set of labelled segments that share one array of samples."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike


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
