"""The rate at which samples arrive, whatever rate the device or the settings say."""

from __future__ import annotations

import math

from emg_recognition.signal.stream import RateMeter

BLOCK = 0.5
"""Seconds of arrival from which only the least delayed frame is kept."""


class ArrivalRate:
    """Measure a rate from counted samples and the times of their arrival.

    A frame arrives late but never early, so the least delayed frame of each half second shows the rate
    without the jitter of the path.

    Parameters
    ----------
    rate : float
        The nominal rate, Hz. It only decides which frame of a block is the least delayed.
    after : float
        Time that must have been seen before a rate is given, s.
    """

    def __init__(self, rate: float, after: float) -> None:
        self._rate = rate
        self._meter = RateMeter(after)
        self._best: tuple[float, int, float] | None = None  # delay, index, arrival
        self._block = 0

    def restart(self) -> None:
        """Forget everything, because index and time did not advance together."""
        self._meter.restart()
        self._best = None

    def add(self, index: int, arrival: float) -> None:
        """Take the index after the last sample of a frame, and when the frame arrived, s."""
        block, now = math.floor(arrival / BLOCK), (arrival - index / self._rate, index, arrival)
        if self._best is None or block == self._block:
            self._best = now if self._best is None else min(self._best, now)
        else:
            self._meter.add(*self._best[1:])
            self._best = now
        self._block = block

    @property
    def rate(self) -> float | None:
        """The rate over the last 30 s, Hz; None while too little time has been seen."""
        return self._meter.rate
