"""Device time fitted to the host's monotonic clock.

A frame is read some time after its last sample was taken: never earlier than the fastest path
through device, cable and driver, often later. So the lower edge of arrival minus device time shows
the clocks, and everything above it is delay. The fit is the line below all points that is highest at
their mean time (an edge of the lower convex hull), as in Moon, Skelly, Towsley, *Estimation and
removal of clock skew from network delay measurements* (INFOCOM 1999), over blocks of a sliding
window, so that it follows drift.
"""

from __future__ import annotations

import itertools
import math
from collections import deque
from dataclasses import dataclass

PERIOD = 2**32 * 1e-6
"""Seconds after which the device's microseconds start again at 0 (71.6 minutes)."""

BLOCK = 0.5
"""Seconds of device time from which only the least delayed frame is kept."""

BLOCKS = 40
"""Blocks in the window: 20 s."""

BLOCKS_FOR_DRIFT = 6
"""With fewer blocks, drift cannot be distinguished from jitter and the last known drift is kept."""

SETTLING = 1.0
"""Time constant with which the stamps follow a better fit, s."""

MAX_SLEW = 0.1
"""Largest share by which the stamps run faster or slower than the fit while they follow it."""

MAX_DRIFT = 0.02
"""Share by which a device's clock may be off; more is a growing delay, as on a busy machine."""

AHEAD = 0.02
"""Time by which a stamp may be later than the arrival while the fit settles, s."""

AGREEMENT = 1.0
"""Time by which a running clock may be off, s; more is not jitter to be smoothed."""


@dataclass(frozen=True)
class _Point:
    time: float  # device time, s
    lag: float  # arrival minus device time, s


class DeviceClock:
    """Stamp frames on the host's monotonic clock from the device's microseconds.

    The stamps are later than the truth by the smallest delay of the path, which nothing on the host
    can see. They have no jitter of arrival, follow the drift, and increase from sample to sample.

    Parameters
    ----------
    rate : float
        Nominal sampling rate, Hz; it gives the time of a frame's last sample from that of its first.
    max_drift : float
        Share by which the device's clock may be off. If it is off by more, the stamps are too early.
    """

    def __init__(self, rate: float, max_drift: float = MAX_DRIFT) -> None:
        self._period = 1.0 / rate
        self._max_drift = max_drift
        self._drift = 0.0
        self._last_stamp = -math.inf  # of the latest sample
        self.reset()

    def reset(self) -> None:
        """Forget the device's time, as after a reboot; the drift of its crystal is kept."""
        self._blocks: deque[_Point] = deque(maxlen=BLOCKS)
        self._block = 0
        self._offset = 0.0  # of the fit at device time 0
        self._lag = 0.0  # what the last stamp added to the device time
        self._time: float | None = None
        self._arrival = 0.0

    def agrees(self, device_us: int, arrival: float) -> bool:
        """Return whether a device time is what the clock expects at this moment.

        Parameters
        ----------
        device_us : int
            Device clock at the first sample of a frame, microseconds modulo 2**32.
        arrival : float
            Host's monotonic time when the frame was read, s.

        Returns
        -------
        bool
            False if the device's clock has been restarted.
        """
        if self._time is None:
            return False
        elapsed = arrival - self._arrival
        expected = self._time + elapsed
        return abs(self._unwrap(device_us, arrival) - expected) <= AGREEMENT + 0.01 * elapsed

    def stamp(self, device_us: int, samples: int, arrival: float) -> float:
        """Return the time of a frame's first sample.

        Parameters
        ----------
        device_us : int
            Device clock at the first sample, microseconds modulo 2**32.
        samples : int
            Samples in the frame.
        arrival : float
            Host's monotonic time when the frame was read, s.

        Returns
        -------
        float
            Host's monotonic time of the first sample, s; later than that of every earlier sample.
        """
        time = self._unwrap(device_us, arrival)
        span = (samples - 1) * self._period
        first = self._time is None
        elapsed = 0.0 if self._time is None else max(time - self._time, 0.0)
        self._time, self._arrival = time, arrival
        # A frame leaves the device after its last sample, however many it holds.
        lag = arrival - time - span
        self._observe(_Point(time + span, lag))
        wanted = self._offset + self._drift * time
        if first or abs(wanted - self._lag) > AGREEMENT:
            self._lag = wanted
        else:
            self._lag += self._drift * elapsed
            step = (wanted - self._lag) * -math.expm1(-elapsed / SETTLING)
            self._lag += min(max(step, -MAX_SLEW * elapsed), MAX_SLEW * elapsed)
        # No sample arrives before it is taken, whatever the fit says.
        self._lag = min(self._lag, lag + AHEAD)
        stamp = max(time + self._lag, self._last_stamp + 1e-6)
        self._last_stamp = stamp + span
        return stamp

    def _unwrap(self, device_us: int, arrival: float) -> float:
        """Return the device time in seconds, in the period that best fits the host's time."""
        seconds = device_us * 1e-6
        if self._time is None:
            return seconds
        expected = self._time + arrival - self._arrival
        return seconds + PERIOD * round((expected - seconds) / PERIOD)

    def _observe(self, point: _Point) -> None:
        block = math.floor(point.time / BLOCK)
        if self._blocks and block < self._block:
            return  # a coarse device clock may step back slightly
        if self._blocks and block == self._block:
            if point.lag < self._blocks[-1].lag:
                self._blocks[-1] = point
            self._offset = min(self._offset, point.lag - self._drift * point.time)
            return
        # The previous block is complete. Drop blocks that a pause has left outside the window.
        while self._blocks and self._blocks[0].time < point.time - BLOCKS * BLOCK:
            self._blocks.popleft()
        if len(self._blocks) >= BLOCKS_FOR_DRIFT:
            drift = _drift_below(list(self._blocks))
            self._drift = min(max(drift, -self._max_drift), self._max_drift)
        self._block = block
        self._blocks.append(point)
        self._offset = min(p.lag - self._drift * p.time for p in self._blocks)


def _drift_below(points: list[_Point]) -> float:
    """Return the slope of the line below all points that is highest at their mean time."""
    hull: list[_Point] = []
    for point in points:
        while len(hull) > 1 and _slope(hull[-2], point) <= _slope(hull[-2], hull[-1]):
            hull.pop()
        hull.append(point)
    mean = sum(point.time for point in points) / len(points)
    for left, right in itertools.pairwise(hull):
        if right.time >= mean:
            return _slope(left, right)
    return 0.0


def _slope(left: _Point, right: _Point) -> float:
    return (right.lag - left.lag) / (right.time - left.time)
