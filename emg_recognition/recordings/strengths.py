"""How strong each channel is in each segment: what sessions, actions and repetitions are compared by."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emg_recognition.recordings.cache import release
from emg_recognition.recordings.recordings import Recordings
from emg_recognition.signal.batch import filter_segment
from emg_recognition.signal.settings import PipelineSettings

Array = NDArray[np.float64]

# A long segment is looked at here and there, so that an hour costs no more than some seconds do, s.
_LONGEST = 10.0
_PIECE = 2.0
# Of the strongest segment: silence needs a logarithm too.
_FLOOR = 1e-4


@dataclass(frozen=True, eq=False)
class Strengths:
    """Mean log RMS of windows.

    Attributes
    ----------
    segment : ndarray of int64, shape (n,)
        Numbers of the segments that have a window.
    channels : ndarray of float64, shape (n, channels)
        Of each channel.
    between : ndarray of float64, shape (n, channels)
        Of the sum of each electrode of the ring and the next one, over the square root of 2: what an armband
        that sits half an electrode farther would have; channels outside the ring as in `channels`.
    """

    segment: NDArray[np.int64]
    channels: Array
    between: Array


def segment_strengths(recordings: Recordings, pipeline: PipelineSettings, ring: int) -> Strengths:
    """Measure all segments.

    Parameters
    ----------
    recordings : Recordings
        Labelled segments.
    pipeline : PipelineSettings
        The filters, and the length of a window.
    ring : int
        How many of the channels, the first ones, are a ring.

    Returns
    -------
    Strengths
        Of the segments that are long enough for the filters to settle and a window.
    """
    found: list[tuple[Array, Array]] = []
    segments, strongest = [], 0.0
    for i in range(len(recordings)):
        windows = [
            window
            for begin, end in _pieces(int(recordings.length[i]), recordings.rate)
            for window in _windows(recordings, i, begin, end, pipeline)
        ]
        release(recordings.counts)
        if windows:
            samples = np.stack(windows).astype(np.float64)
            between = samples.copy()
            between[:, :, :ring] = (
                samples[:, :, :ring] + np.roll(samples[:, :, :ring], -1, axis=2)
            ) / np.sqrt(2.0)
            power, power_between = ((each**2).mean(axis=1) for each in (samples, between))
            strongest = max(strongest, float(power.mean(axis=0).max()))
            segments.append(i)
            found.append((power, power_between))
    floor = (_FLOOR**2 * strongest) or 1.0
    logs = [tuple(0.5 * np.log(power + floor).mean(axis=0) for power in both) for both in found]
    shape = (len(logs), 2, recordings.channels)
    values = np.array(logs).reshape(shape)
    return Strengths(np.array(segments, np.int64), values[:, 0], values[:, 1])


def _pieces(length: int, rate: float) -> list[tuple[int, int]]:
    piece = round(_PIECE * rate)
    if length <= _LONGEST * rate:
        return [(0, length)]
    begins = np.linspace(0, length - piece, round(_LONGEST / _PIECE)).astype(np.int64).tolist()
    return [(begin, begin + piece) for begin in begins]


def _windows(
    recordings: Recordings, i: int, begin: int, end: int, pipeline: PipelineSettings
) -> list[NDArray[np.float32]]:
    """Filter a piece of a segment, and cut it into windows that do not overlap."""
    samples = (recordings.raw_segment(i)[begin:end] / recordings.scale).astype(np.float32)
    settled = filter_segment(samples, pipeline)[pipeline.settling_samples :]
    count = len(settled) // pipeline.length
    return list(settled[: count * pipeline.length].reshape(count, pipeline.length, recordings.channels))
