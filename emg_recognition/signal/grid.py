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
        self._step = step
        self._settling_samples = settling_samples
        # At most length - 1 samples wait for the rest of their window. With three lengths of room
        # beside them, each sample is moved less than once more however short the chunks are.
        self._buffer = np.empty((4 * length, channels), dtype=np.float32)
        self.settling_windows = 0
        self.restart(0)

    def restart(self, first_index: int) -> None:
        """Forget the samples; the next one has this index and starts a stream."""
        self._base = first_index  # index of the buffer's first row
        self._filled = 0  # rows in use
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
            float32 copy, C-contiguous, shape (length, channels).
        """
        taken = 0
        while taken < len(filtered):
            self._make_room()
            count = min(len(filtered) - taken, len(self._buffer) - self._filled)
            self._buffer[self._filled : self._filled + count] = filtered[taken : taken + count]
            self._filled += count
            taken += count
            yield from self._complete()

    def _make_room(self) -> None:
        if self._filled < len(self._buffer):
            return
        # With a step above the length the next window may begin behind everything stored.
        done = min(self._next - self._base, self._filled)
        kept = self._filled - done
        self._buffer[:kept] = self._buffer[done : self._filled]
        self._base += done
        self._filled = kept

    def _complete(self) -> Iterator[tuple[int, np.ndarray]]:
        while self._next + self._length <= self._base + self._filled:
            if self._next < self._settled:
                self.settling_windows += 1
            else:
                begin = self._next - self._base
                yield self._next, self._buffer[begin : begin + self._length].copy()
            self._next += self._step
