"""The window grid: it hangs on the sample index alone."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np


class WindowGrid:
    """Cut a stream of filtered samples into overlapping windows.

    Windows begin where the sample index is a multiple of the step, wherever the stream started. So
    the same windows come out of a recording that begins in the middle of the stream.

    Parameters
    ----------
    length : int
        Samples in a window.
    channels : int
        Channels.
    step : int
        Samples from one window to the next.
    settling_samples : int
        Windows that begin less than this many samples after the start are counted and withheld.

    Attributes
    ----------
    settling_windows : int
        Complete windows withheld so far, over all streams.
    """

    def __init__(self, length: int, channels: int, step: int, settling_samples: int) -> None:
        self._length = length
        self._channels = channels
        self._step = step
        self._settling_samples = settling_samples
        self.settling_windows = 0
        self.restart(0)

    def restart(self, first_index: int) -> None:
        """Forget the samples; the next one has this index and starts a stream."""
        self._rows = np.empty((0, self._channels), dtype=np.float32)  # samples that wait for their window
        self._base = first_index  # index of the first of them
        self._next = -(-first_index // self._step) * self._step  # index at which the next window begins
        self._settled = first_index + self._settling_samples

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
            float32, C-contiguous, shape (length, channels); read-only, for windows share their samples.
        """
        rows = np.concatenate([self._rows, filtered], dtype=np.float32, casting="same_kind")
        rows.flags.writeable = False
        base, end = self._base, self._base + len(rows)
        # With a step above the length the next window may begin behind all there is.
        begin = self._next
        self._next += max(0, (end - self._length - begin) // self._step + 1) * self._step
        self._base = min(self._next, end)
        self._rows = rows[self._base - base :].copy()
        for index in range(begin, self._next, self._step):
            if index < self._settled:
                self.settling_windows += 1
            else:
                yield index, rows[index - base : index - base + self._length]
