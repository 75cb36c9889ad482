"""From chunks of raw samples to windows on the sample grid: the one path, live and offline."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from emg_recognition.errors import SampleError
from emg_recognition.signal.filters import StreamFilter
from emg_recognition.signal.grid import WindowGrid
from emg_recognition.signal.samples import check_samples
from emg_recognition.signal.settings import PipelineSettings, whole_number


@dataclass(frozen=True, eq=False)
class Window:
    """One window of filtered samples.

    Attributes
    ----------
    first_index : int
        Index of its first sample.
    data : numpy.ndarray
        float32, C-contiguous, shape (length, channels), in the unit of the samples.
    """

    first_index: int
    data: np.ndarray

    @property
    def last_index(self) -> int:
        """Index of its last sample."""
        return self.first_index + len(self.data) - 1


@dataclass(frozen=True, kw_only=True)
class PipelineCounters:
    """What a pipeline has done since it was made.

    Attributes
    ----------
    samples : int
        Samples used.
    windows : int
        Windows returned.
    settling_windows : int
        Windows withheld because they began too soon after a start.
    starts : int
        Starts of a stream, the first one included.
    gaps : int
        Starts after the first that were not asked for: lost samples, an index that went back, bad samples.
    missing_samples : int
        Samples skipped at those gaps.
    """

    samples: int
    windows: int
    settling_windows: int
    starts: int
    gaps: int
    missing_samples: int


class Pipeline:
    """Filter a stream and cut it into windows.

    The windows do not depend, bit for bit, on how the stream is cut into chunks. Window k covers
    the samples with the indices [k·step, k·step + length), wherever the stream started; it does not
    exist if one of them is missing.

    Parameters
    ----------
    settings : PipelineSettings
        The signal path.
    step : int
        Samples from one window to the next.

    Raises
    ------
    SettingError
        For a step that is no whole number or below 1.
    """

    def __init__(self, settings: PipelineSettings, step: int) -> None:
        self.settings = settings
        self.step = whole_number("step", step)
        self._grid = WindowGrid(settings.length, settings.channels, self.step, settings.settling_samples)
        self._filter = StreamFilter(settings)
        # Index of the sample that would continue the stream; None before the first one.
        self._expected: int | None = None
        self._broken = False
        self._samples = self._windows = self._starts = self._gaps = self._missing = 0

    @property
    def counters(self) -> PipelineCounters:
        """What the pipeline has done so far."""
        return PipelineCounters(
            samples=self._samples,
            windows=self._windows,
            settling_windows=self._grid.settling_windows,
            starts=self._starts,
            gaps=self._gaps,
            missing_samples=self._missing,
        )

    def push(self, samples: ArrayLike, first_index: int, *, restart: bool = False) -> list[Window]:
        """Take the next chunk and return the windows that it completes.

        A chunk that does not continue the previous one, ahead or back, starts a new stream.

        Parameters
        ----------
        samples : array_like
            Raw samples, float32, shape (n, channels); n may be 0.
        first_index : int
            Index of the first of them.
        restart : bool
            Start a new stream at `first_index` even if the index goes on.

        Returns
        -------
        list of Window
            Complete windows, oldest first.

        Raises
        ------
        SampleError
            For a wrong shape, NaN or infinity. Nothing of the chunk is used, and the next chunk
            starts a new stream.
        """
        first_index = int(first_index)
        try:
            checked = check_samples(samples, self.settings.channels, first_index)
        except SampleError:
            self._broken = True
            raise
        if restart or self._broken or first_index != self._expected:
            self._begin(first_index, asked=restart)
        self._expected = first_index + len(checked)
        self._samples += len(checked)
        if not len(checked):
            return []
        filtered = self._filter.apply(checked)
        windows = [Window(index, data) for index, data in self._grid.add(filtered)]
        self._windows += len(windows)
        return windows

    def _begin(self, first_index: int, *, asked: bool) -> None:
        if self._expected is not None and not asked:
            self._gaps += 1
            self._missing += max(0, first_index - self._expected)
        self._starts += 1
        self._broken = False
        self._filter = StreamFilter(self.settings)
        self._grid.restart(first_index)
