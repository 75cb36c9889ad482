"""Live signals for a screen: each column of the picture is the range of the samples in its time."""

from __future__ import annotations

import threading
from collections import deque

import numpy as np

COLUMNS = 60
"""Columns a second: three for each of 20 pictures."""

SPAN = 6.0
"""How far back a browser can be brought up to date, s."""

#: What the product of two numbers with many digits may be too small by, samples.
_ROUNDING = 1e-6


class Trace:
    """Minimum and maximum of each channel, for :data:`COLUMNS` intervals a second.

    However fast the device is, a browser gets two numbers for each channel and column, and no peak is lost.
    One thread adds samples, others read.

    Attributes
    ----------
    channels : int
        0 before the first sample.
    """

    def __init__(self) -> None:
        self.channels = 0
        self._lock = threading.Lock()
        self._done: deque[np.ndarray] = deque(maxlen=int(COLUMNS * SPAN))
        self._count = 0
        self._rate = 0.0
        self._open: list[np.ndarray] = []
        self._waiting = 0
        #: Columns since the start of the stream, and the samples in them.
        self._number = self._ended = 0

    @property
    def count(self) -> int:
        """Columns finished since the beginning."""
        return self._count

    def add(self, samples: np.ndarray, rate: float, *, restart: bool = False) -> None:
        """Take a chunk.

        Parameters
        ----------
        samples : numpy.ndarray
            Shape (samples, channels), in the device's unit.
        rate : float
            Nominal sampling rate, Hz.
        restart : bool
            Whether the stream restarts with it.
        """
        if restart or samples.shape[1] != self.channels or rate != self._rate:
            self._open, self._waiting, self._ended, self._number = [], 0, 0, 0
            if samples.shape[1] != self.channels:
                with self._lock:
                    self._done.clear()
            self.channels, self._rate = samples.shape[1], rate
        self._open.append(samples)
        self._waiting += len(samples)
        if self._waiting < self._next_size():
            return
        waiting = np.concatenate(self._open)
        columns, begin = [], 0
        while len(waiting) - begin >= (size := self._next_size()):
            part = waiting[begin : begin + size]
            columns.append(np.stack([part.min(axis=0), part.max(axis=0)]))
            begin += size
            self._ended += size
            self._number += 1
        self._open, self._waiting = [waiting[begin:]], len(waiting) - begin
        with self._lock:
            self._done.extend(columns)
            self._count += len(columns)

    def _next_size(self) -> int:
        """Return the samples of the next column; a rate that is no multiple makes columns of two sizes."""
        width = max(1.0, self._rate / COLUMNS)
        return int((self._number + 1) * width + _ROUNDING) - self._ended

    def since(self, seen: int) -> tuple[np.ndarray, int]:
        """Return the columns after the first `seen`.

        Parameters
        ----------
        seen : int
            What an earlier call returned; 0 for all that are kept.

        Returns
        -------
        columns : numpy.ndarray
            float32, shape (columns, 2, channels): minimum and maximum.
        count : int
            For the next call.
        """
        with self._lock:
            new = min(self._count - seen, len(self._done)) if seen <= self._count else len(self._done)
            columns = list(self._done)[len(self._done) - new :]
            count = self._count
        if not columns:
            return np.empty((0, 2, self.channels), np.float32), count
        return np.stack(columns).astype(np.float32), count
