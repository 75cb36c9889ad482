"""The filtered samples that windows are cut from, in memory or in a file."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from emg_recognition.errors import RecordingError
from emg_recognition.recordings.cache import open_mapped, release, write_rows
from emg_recognition.recordings.cache_limit import mark_used, report_full, trim
from emg_recognition.recordings.recordings import Recordings
from emg_recognition.signal.batch import filter_segment
from emg_recognition.signal.settings import PipelineSettings
from emg_recognition.tasks import is_for_other_machines

# Bytes of a file that may stay in memory before they are released, and how many one stretch may bring in:
# Linux also maps the pages around the one that is asked for.
_HELD = 1 << 25
_AROUND = 1 << 16
# Changes when the layout of the cache files changes.
_LAYOUT = "filtered 1"


class FilteredSignal:
    """Filtered samples of many segments, one after another.

    If they are mapped from a file, another process of this machine gets its path instead of the samples.

    Parameters
    ----------
    samples : numpy.ndarray
        float32, C-contiguous, shape (samples, channels).
    path : Path, optional
        The ``.npy`` file that `samples` is mapped from.
    """

    def __init__(self, samples: np.ndarray, path: Path | None = None) -> None:
        self.samples = samples
        self.path = path
        self._drawn = 0

    def __reduce__(self) -> tuple[Any, ...]:
        if self.path is not None and not is_for_other_machines():
            return open_signal, (self.path,)
        return FilteredSignal, (self.samples,)

    def gather(self, begin: np.ndarray, length: int) -> np.ndarray:
        """Copy stretches of the signal.

        Parameters
        ----------
        begin : numpy.ndarray
            Whole numbers, shape (k,): first sample of each stretch.
        length : int
            Samples of a stretch.

        Returns
        -------
        numpy.ndarray
            float32, shape (k, length, channels).
        """
        samples, channels = self.samples.shape
        rows, columns = self.samples.strides
        # One overlapping window for each sample; each chosen one is then copied in one piece.
        everywhere = np.lib.stride_tricks.as_strided(
            self.samples,
            (max(samples - length + 1, 0), length, channels),
            (rows, rows, columns),
            writeable=False,
        )
        found = np.asarray(everywhere[begin])
        self._drawn += len(found) * _AROUND
        if self._drawn > _HELD:
            release(self.samples)
            self._drawn = 0
        return found


def open_signal(path: Path) -> FilteredSignal:
    """Map a file written by :func:`filter_recordings`.

    Raises
    ------
    RecordingError
        If it is missing or damaged.
    """
    try:
        signal = FilteredSignal(open_mapped(path), path)
    except (OSError, ValueError) as error:
        problem = f"the filtered signal kept there cannot be read ({error})"
        raise RecordingError(str(path), problem, "run again; it is then written again") from error
    mark_used(path)
    return signal


def filter_recordings(
    recordings: Recordings, pipeline: PipelineSettings, *, warm_up: bool, cache: Path | None
) -> FilteredSignal:
    """Filter every segment as a separate stream.

    Parameters
    ----------
    recordings : Recordings
        The segments.
    pipeline : PipelineSettings
        The signal path.
    warm_up : bool
        See :func:`~emg_recognition.signal.batch.filter_segment`.
    cache : Path or None
        The package's cache; the result is kept in its folder ``windows``. ``None``: in memory, which is also
        what happens, with a line in the log, if the folder cannot be written.

    Returns
    -------
    FilteredSignal
        The samples of the segments in order, shape (sum of the lengths, channels).
    """
    shape = (int(recordings.length.sum()), recordings.channels)
    if cache is not None:
        path = cache / "windows" / f"{_key(recordings, pipeline, warm_up)}.npy"
        with contextlib.suppress(RecordingError):  # not written yet, or cut off
            kept = open_signal(path)
            if (kept.samples.shape, kept.samples.dtype) == (shape, np.float32):
                return kept
        try:
            write_rows(path, _filtered(recordings, pipeline, warm_up), shape[1], np.float32)
        except OSError as error:  # a full disk, a folder without permission
            report_full(cache, "the filtered signal is", error)
        else:
            written = open_signal(path)
            trim(cache)
            return written
    samples = np.empty(shape, np.float32)
    begin = 0
    for filtered in _filtered(recordings, pipeline, warm_up):
        samples[begin : begin + len(filtered)] = filtered
        begin += len(filtered)
    return FilteredSignal(samples)


def _filtered(recordings: Recordings, pipeline: PipelineSettings, warm_up: bool) -> Iterator[np.ndarray]:
    for i in range(len(recordings)):
        yield filter_segment(recordings.segment(i), pipeline, warm_up=warm_up)
        release(recordings.counts)


def _key(recordings: Recordings, pipeline: PipelineSettings, warm_up: bool) -> str:
    """Return a digest of everything that decides the filtered samples."""
    digest = hashlib.blake2b(digest_size=16)
    digest.update(f"{_LAYOUT} {pipeline.fingerprint()} {warm_up} {recordings.scale!r}".encode())
    digest.update(f" {recordings.counts.dtype.str}".encode())
    for i in range(len(recordings)):
        begin, length = int(recordings.start[i]), int(recordings.length[i])
        digest.update(f" {length} ".encode())
        digest.update(np.ascontiguousarray(recordings.counts[begin : begin + length]).data)
        release(recordings.counts)
    return digest.hexdigest()
