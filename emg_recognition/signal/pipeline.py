"""The one path, live and offline, from chunks of raw samples to windows on a grid of sample indices."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from emg_recognition.errors import SampleError
from emg_recognition.signal.filters import StreamFilter, design, given_sections
from emg_recognition.signal.settings import LARGEST_SAMPLE, STRIDE, PipelineSettings
from emg_recognition.signal.stream import StreamIndex


def check_samples(samples: ArrayLike, channels: int, first_index: int) -> np.ndarray:
    """Return samples as float32, if an electrode can have delivered them.

    A recursive filter never forgets a NaN, so none may get through.

    Parameters
    ----------
    samples : array_like
        Samples, shape (samples, channels).
    channels : int
        Channels expected.
    first_index : int
        Index of the first sample, for the message.

    Returns
    -------
    numpy.ndarray
        float32, shape (samples, channels).

    Raises
    ------
    SampleError
        For another shape or type, NaN, infinity, or an absurd magnitude.
    """
    raw = np.asarray(samples)
    if raw.ndim != 2 or raw.shape[1] != channels:
        raise SampleError(
            f"samples from index {first_index} have shape {raw.shape}, expected (samples, {channels})",
            "send one row per sample, with every channel the pipeline is set for",
        )
    if raw.dtype.kind not in "iuf":
        raise SampleError(f"samples from index {first_index} are of type {raw.dtype}", "send numbers")
    plausible = np.abs(raw) <= LARGEST_SAMPLE
    if not plausible.all():
        row, channel = (int(i) for i in np.argwhere(~plausible)[0])
        raise SampleError(
            f"sample {first_index + row} of channel {channel} is {raw[row, channel]}",
            "check the electrode and the device; only finite values can be filtered",
        )
    return raw.astype(np.float32, copy=False)


class WindowGrid:
    """Cut a stream of filtered samples into overlapping windows.

    Windows begin where the sample index is a multiple of the stride, wherever the stream started. So a
    recording that begins in the middle of the stream gives the same windows.

    Parameters
    ----------
    length : int
        Samples in a window.
    channels : int
        Channels.
    stride : int
        Samples from one window to the next.
    settling_samples : int
        Windows that begin less than this many samples after a start are counted but withheld.

    Attributes
    ----------
    settling_windows : int
        Complete windows withheld so far, over all streams.
    """

    def __init__(self, length: int, channels: int, stride: int, settling_samples: int) -> None:
        self._length = length
        self._channels = channels
        self._stride = stride
        self._settling_samples = settling_samples
        self.settling_windows = 0
        self.restart(0)

    def restart(self, first_index: int) -> None:
        """Forget the samples; the next one has this index and starts the stream."""
        self._rows = np.empty((0, self._channels), dtype=np.float32)  # samples waiting for their window
        self._base = first_index  # index of the first of them
        self._next = -(-first_index // self._stride) * self._stride  # index at which the next window begins
        self._settled = first_index + self._settling_samples

    @property
    def until_window(self) -> int:
        """Samples that complete the next window, withheld or not."""
        return self._next + self._length - self._base - len(self._rows)

    def add(self, filtered: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
        """Add samples and yield the windows that they complete.

        Parameters
        ----------
        filtered : numpy.ndarray
            Samples, shape (n, channels).

        Yields
        ------
        first_index : int
            Index of the window's first sample.
        data : numpy.ndarray
            float32, C-contiguous, shape (length, channels); read-only, because windows share their samples.
        """
        rows = np.concatenate([self._rows, filtered], dtype=np.float32, casting="same_kind")
        rows.flags.writeable = False
        base, end = self._base, self._base + len(rows)
        # With a stride above the length, the next window may begin after all the samples there are.
        begin = self._next
        self._next += max(0, (end - self._length - begin) // self._stride + 1) * self._stride
        self._base = min(self._next, end)
        self._rows = rows[self._base - base :].copy()
        for index in range(begin, self._next, self._stride):
            if index < self._settled:
                self.settling_windows += 1
            else:
                yield index, rows[index - base : index - base + self._length]


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
        Starts of the stream, including the first.
    gaps : int
        Starts after the first that were not requested: lost samples, an index that went back, bad samples.
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

    The windows are the same to the bit however the stream is cut into chunks. Window k covers the
    samples with the indices [k·stride, k·stride + length), wherever the stream started; it does not
    exist if one of them is missing.

    Parameters
    ----------
    settings : PipelineSettings
        The signal path.
    stride : int
        Samples from one window to the next.
    sections : array_like, optional
        The filters as they were designed for these settings, from a model bundle; designed here if not given
        or empty, which takes SciPy.

    Raises
    ------
    SettingError
        For a stride that is not a whole number of at least 1, or sections that do not suit the settings.

    Examples
    --------
    >>> import numpy as np
    >>> from emg_recognition.signal.settings import suited_settings
    >>> pipeline = Pipeline(suited_settings(rate=200.0, channels=8, unit="count"), stride=10)
    >>> noise = np.random.default_rng(0).normal(size=(120, 8)).astype(np.float32)
    >>> [window.first_index for window in pipeline.push(noise, first_index=0)]
    [50, 60, 70, 80]
    """

    def __init__(
        self, settings: PipelineSettings, stride: int, sections: Sequence[Sequence[float]] | np.ndarray = ()
    ) -> None:
        self.settings = settings
        self.stride: int = STRIDE.checked(stride)
        self._grid = WindowGrid(settings.length, settings.channels, self.stride, settings.settling_samples)
        self._sections = given_sections(sections, settings) if len(sections) else design(settings)
        self._filter = StreamFilter(settings, self._sections)
        self._index = StreamIndex()
        self._windows = 0

    @property
    def counters(self) -> PipelineCounters:
        """What the pipeline has done so far."""
        return PipelineCounters(
            samples=self._index.samples,
            windows=self._windows,
            settling_windows=self._grid.settling_windows,
            starts=self._index.starts,
            gaps=self._index.gaps,
            missing_samples=self._index.missing,
        )

    @property
    def until_window(self) -> int:
        """Samples that complete the next window, withheld or not, if the stream goes on."""
        return self._grid.until_window

    def break_off(self) -> None:
        """Start a new stream with the next chunk, because one before it could not be used."""
        self._index.break_off()

    def push(self, samples: ArrayLike, first_index: int, *, restart: bool = False) -> list[Window]:
        """Take the next chunk and return the windows that it completes.

        A chunk that does not continue the previous one, because its index jumps ahead or back, starts a
        new stream.

        Parameters
        ----------
        samples : array_like
            Raw samples, float32, shape (n, channels); n may be 0.
        first_index : int
            Index of the first one.
        restart : bool
            Start a new stream at `first_index` even if the index continues.

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
            self._index.break_off()
            raise
        if self._index.add(first_index, len(checked), restart=restart):
            self._filter = StreamFilter(self.settings, self._sections)
            self._grid.restart(first_index)
        if not len(checked):
            return []
        filtered = self._filter.apply(checked)
        windows = [Window(index, data) for index, data in self._grid.add(filtered)]
        self._windows += len(windows)
        return windows
