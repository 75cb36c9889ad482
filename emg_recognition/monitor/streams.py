"""Running figures of the messages: rates, losses, latencies, and the strength of each channel."""

from __future__ import annotations

import statistics
from collections import deque

import numpy as np

from emg_recognition.signal.stream import RateMeter

#: Latencies and the rate of estimates cover the last seconds, s.
SPAN = 5.0
#: The sampling rate is shown after this, s: early and rough is better than late here.
_RATE_AFTER = 0.5
#: The full scale of the bars halves in this time once the signal is weaker, s.
_FADE = 10.0
#: Stamps further than this from the clock here belong to another clock, s.
_OTHER_CLOCK = 10.0


class SampleStream:
    """Follow the chunks of a device.

    Attributes
    ----------
    lost, restarts, unseen : int
        Samples that the device lost, restarts, and samples that did not arrive here.
    rms : numpy.ndarray
        RMS without the mean of the chunks before the last :meth:`settle`, shape (channels,), in the
        device's unit.
    full_scale : float
        The strongest recent RMS.
    """

    def __init__(self) -> None:
        self.lost = self.restarts = self.unseen = 0
        self.rms = np.zeros(0)
        self.full_scale = 0.0
        self._next: int | None = None
        self._pending: list[np.ndarray] = []
        self._meter = RateMeter(_RATE_AFTER)

    def add(self, samples: np.ndarray, first_index: int, stamp: float, dropped: int, restart: bool) -> None:
        """Take a chunk.

        Parameters
        ----------
        samples : numpy.ndarray
            float32, shape (samples, channels), in the device's unit.
        first_index : int
            Index of the first sample.
        stamp : float
            Its time, s.
        dropped : int
            Samples lost before the chunk.
        restart : bool
            Whether the stream restarts with it.
        """
        if restart:
            # The first chunk of a device starts the stream but does not restart it.
            self.restarts += self._next is not None
            self._meter.restart()
        elif self._next is not None:
            self.unseen += max(0, first_index - self._next - dropped)
        if self._next is not None:
            self.lost += dropped
        self._next = first_index + len(samples)
        self._pending.append(samples)
        self._meter.add(first_index, stamp)

    @property
    def rate(self) -> float:
        """The measured sampling rate, Hz; 0 while unknown."""
        return self._meter.rate or 0.0

    def settle(self, elapsed: float) -> None:
        """Compute the strengths from the chunks since the last call, `elapsed` s ago."""
        widths = {samples.shape[1] for samples in self._pending}
        if len(widths) > 1:  # another device has replaced the first one
            self._pending = self._pending[-1:]
        if self._pending:
            self.rms = np.concatenate(self._pending).astype(float).std(axis=0)
            self._pending.clear()
        strongest = float(self.rms.max(initial=0.0))
        self.full_scale = max(strongest, self.full_scale * 0.5 ** (elapsed / _FADE))


class Pace:
    """Measure how many messages arrive in a second, and how late they are."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, float]] = deque()

    def add(self, now: float, latency: float) -> None:
        """Take a message that arrived now, `latency` s after what it describes."""
        self._seen.append((now, latency))

    def figures(self, now: float) -> tuple[float, float | None, float | None]:
        """Return messages a second, and the median and largest latency, s, over the last :data:`SPAN`.

        The latencies are None where the stamps come from another clock.
        """
        while self._seen and now - self._seen[0][0] > SPAN:
            self._seen.popleft()
        if not self._seen:
            return 0.0, None, None
        # The messages of the first moment arrived in the time before it.
        later = sum(moment > self._seen[0][0] for moment, _ in self._seen)
        span = self._seen[-1][0] - self._seen[0][0]
        rate = later / span if span > 0 else 0.0
        latencies = [latency for _, latency in self._seen]
        if max(map(abs, latencies)) > _OTHER_CLOCK:
            return rate, None, None
        return rate, statistics.median(latencies), max(latencies)
