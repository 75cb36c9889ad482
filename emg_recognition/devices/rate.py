"""The rate at which samples really come."""

from __future__ import annotations

from collections import deque

WINDOW = 30.0
"""Seconds over which the rate is measured."""

LEAST = 5.0
"""Over less than this nothing is said, s: an error of 10 ms of the fit is then 0.2 %."""


class MeasuredRate:
    """Samples a second, from the sample index and the fitted times of the last 30 s.

    Losses do not matter, they are in the index. One point a second is kept.
    """

    def __init__(self) -> None:
        self._points: deque[tuple[int, float]] = deque()
        self._last: tuple[int, float] | None = None

    def reset(self) -> None:
        """Begin anew, because index and time have not gone the same way."""
        self._points.clear()
        self._last = None

    def add(self, index: int, time: float) -> None:
        """Take the index of a sample and the host's monotonic time of it, s."""
        self._last = (index, time)
        if not self._points or time - self._points[-1][1] >= 1.0:
            self._points.append(self._last)
            while time - self._points[0][1] > WINDOW:
                self._points.popleft()

    @property
    def hertz(self) -> float | None:
        """The rate in Hz; None until it can be told."""
        if self._last is None:
            return None
        index, time = self._last
        first, begin = self._points[0]
        return (index - first) / (time - begin) if time - begin >= LEAST else None
