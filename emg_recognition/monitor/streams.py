"""Running figures of what comes: rates, losses, latencies, and the strength of each channel."""

from __future__ import annotations

import statistics
from collections import deque
from collections.abc import Sequence

import numpy as np

#: Rates and latencies are of so many seconds.
SPAN = 5.0
#: The full scale of the bars halves in this time once the signal is weaker, s.
_FADE = 10.0
#: Stamps further than this from the clock here belong to another clock, s.
_OTHER_CLOCK = 10.0


class SampleStream:
    """Counts what a device's chunks say of themselves.

    Attributes
    ----------
    lost, restarts, unseen : int
        Samples that the device lost, starts anew, and samples that did not come here.
    rms : ndarray of float, shape (channels,)
        Of the chunks of the last :meth:`settle`, without the mean, in the device's unit.
    full_scale : float
        The strongest RMS lately.
    """

    def __init__(self) -> None:
        self.lost = self.restarts = self.unseen = 0
        self.rms = np.zeros(0)
        self.full_scale = 0.0
        self._next: int | None = None
        self._pending: list[np.ndarray] = []
        self._marks: deque[tuple[float, int]] = deque()

    def add(self, samples: np.ndarray, first_index: int, stamp: float, dropped: int, restart: bool) -> None:
        """Take a chunk in.

        Parameters
        ----------
        samples : ndarray of float32, shape (samples, channels)
            In the device's unit.
        first_index : int
            Index of the first of them.
        stamp : float
            Its time, s.
        dropped : int
            Samples lost before the chunk.
        restart : bool
            Whether the stream starts anew with it.
        """
        if restart:
            # The very first chunk of a device is a start, but not one anew.
            self.restarts += self._next is not None
            self._marks.clear()
        elif self._next is not None:
            self.unseen += max(0, first_index - self._next - dropped)
        if self._next is not None:
            self.lost += dropped
        self._next = first_index + len(samples)
        self._pending.append(samples)
        self._marks.append((stamp, first_index))
        while stamp - self._marks[0][0] > SPAN:
            self._marks.popleft()

    @property
    def rate(self) -> float:
        """Samples a second by index and stamp, Hz; 0 before half a second of them."""
        if len(self._marks) < 2:
            return 0.0
        (begin, first), (end, last) = self._marks[0], self._marks[-1]
        return (last - first) / (end - begin) if end - begin >= 0.5 else 0.0

    def settle(self, elapsed: float) -> None:
        """Make the bars of what has come since the last call, `elapsed` s ago."""
        widths = {samples.shape[1] for samples in self._pending}
        if len(widths) > 1:  # another device has taken the first one's place
            self._pending = self._pending[-1:]
        if self._pending:
            self.rms = np.concatenate(self._pending).astype(float).std(axis=0)
            self._pending.clear()
        strongest = float(self.rms.max(initial=0.0))
        self.full_scale = max(strongest, self.full_scale * 0.5 ** (elapsed / _FADE))


class Pace:
    """How many messages come a second, and how late they are."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, float]] = deque()

    def add(self, now: float, latency: float) -> None:
        """Take note of a message that came now, `latency` s after what it tells of."""
        self._seen.append((now, latency))

    def figures(self, now: float) -> tuple[float, float | None, float | None]:
        """Return messages a second, and the median and the largest latency, s, of the last :data:`SPAN`."""
        while self._seen and now - self._seen[0][0] > SPAN:
            self._seen.popleft()
        if not self._seen:
            return 0.0, None, None
        # What came at the first moment came in the time before it.
        later = sum(moment > self._seen[0][0] for moment, _ in self._seen)
        span = self._seen[-1][0] - self._seen[0][0]
        rate = later / span if span > 0 else 0.0
        return rate, *_middle_and_worst([latency for _, latency in self._seen])


def _middle_and_worst(latencies: Sequence[float]) -> tuple[float | None, float | None]:
    if max(abs(latency) for latency in latencies) > _OTHER_CLOCK:
        return None, None
    return statistics.median(latencies), max(latencies)
