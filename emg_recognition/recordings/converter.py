"""What a device's converter would have made of a recording."""

from __future__ import annotations

import numpy as np

from emg_recognition.recordings.recordings import Recordings

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
