"""Recordings as counts of at most 24 bits, as serial protocols carry them."""

from __future__ import annotations

import numpy as np

from emg_recognition.recordings.recordings import Recordings

#: The largest count of a 24-bit converter.
_FULL_SCALE = (1 << 23) - 1


def to_counts(recordings: Recordings) -> tuple[np.ndarray, float]:
    """Return the segments one after the other as counts of at most 24 bits.

    Parameters
    ----------
    recordings : Recordings
        Any recordings. Whole numbers of at most 24 bits stay as they are. Other samples, such as the
        float32 values of a bag or a CSV file, are scaled so that the largest one uses all 24 bits, which is
        about the resolution of float32.

    Returns
    -------
    counts : numpy.ndarray
        Integers, shape (samples, channels).
    scale : float
        Counts per unit.
    """
    pieces = [recordings.raw_segment(i) for i in range(len(recordings))]
    # In float64: the absolute value of the lowest integer of a type does not fit into the type.
    peak = max(float(np.abs(piece.astype(np.float64)).max()) for piece in pieces)
    if recordings.counts.dtype.kind in "iu" and peak <= _FULL_SCALE:
        return np.concatenate(pieces), recordings.scale
    finer = _FULL_SCALE / (peak or 1.0)
    counts = [np.rint(piece.astype(np.float64) * finer).astype(np.int32) for piece in pieces]
    return np.concatenate(counts), recordings.scale * finer
