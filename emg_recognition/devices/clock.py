"""Device time fitted to the host's monotonic clock.

A frame is read some time after its last sample was taken: never earlier than the fastest way
through device, cable and driver, often later. So of arrival minus device time the lower edge
is what the clocks do, and all above it is delay. The fit is the line below all points that is
highest at their mean time (an edge of the lower convex hull), as in Moon, Skelly, Towsley,
*Estimation and removal of clock skew from network delay measurements* (INFOCOM 1999), over
blocks of a sliding window so that drift is followed.
"""

from __future__ import annotations

import itertools
import math
from collections import deque
from dataclasses import dataclass

PERIOD = 2**32 * 1e-6
"""Seconds after which the device's microseconds begin anew (71.6 minutes)."""

BLOCK = 0.5
"""Seconds of device time of which only the least delayed frame is kept."""

BLOCKS = 40
"""Blocks in the window: 20 s."""

BLOCKS_FOR_DRIFT = 6
"""Before so many blocks the drift is not told from jitter and the last known one is kept."""

SETTLING = 1.0
"""Time constant in seconds with which the stamps follow a better fit."""

MAX_SLEW = 0.1
"""Most that the stamps may run faster or slower than the fit while they follow, as a share."""

MAX_DRIFT = 0.02
"""Share by which a device's clock may be off; more is a delay that grows, as on a busy machine."""

AHEAD = 0.02
"""Seconds by which a stamp may be later than the arrival while the fit settles."""

AGREEMENT = 1.0
"""Seconds by which a running clock may be off; more than that is no jitter to be smoothed."""


@dataclass(frozen=True)
class _Point:
    time: float  # device time, s
    lag: float  # arrival minus device time, s


class DeviceClock:
    """Stamp frames on the host's monotonic clock from the device's microseconds.

    The stamps lie later than the truth by the least delay of the way, which nothing on the host
    can see; they carry no jitter of arrival, follow the drift, and rise from sample to sample.

    Parameters
    ----------
    rate : float
        Nominal sampling rate, Hz: the time of a frame's last sample from that of its first.
    max_drift : float
        Share by which the device's clock may be off. If it is off by more, the stamps are too early.
    """

    def __init__(self, rate: float, max_drift: float = MAX_DRIFT) -> None:
        self._period = 1.0 / rate
        self._max_drift = max_drift
        self._drift = 0.0
        self._last_stamp = -math.inf  # of the last sample stamped
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
        """Tell whether a device time is what the clock expects at this moment.

        Parameters
        ----------
        device_us : int
            Device clock at a frame's first sample, microseconds modulo 2**32.
        arrival : float
            Host's monotonic time when the frame was read, s.

        Returns
        -------
        bool
            False if the device's clock has been started anew.
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
            Host's monotonic time of the first sample, s; later than any sample stamped before.
        """
        time = self._unwrap(device_us, arrival)
        span = (samples - 1) * self._period
        first = self._time is None
        elapsed = 0.0 if self._time is None else max(time - self._time, 0.0)
        self._time, self._arrival = time, arrival
        # A frame leaves the device with its last sample, however many it holds.
        lag = arrival - time - span
        self._observe(_Point(time + span, lag))
        wanted = self._offset + self._drift * time
        if first or abs(wanted - self._lag) > AGREEMENT:
            self._lag = wanted
        else:
            self._lag += self._drift * elapsed
            step = (wanted - self._lag) * -math.expm1(-elapsed / SETTLING)
            self._lag += min(max(step, -MAX_SLEW * elapsed), MAX_SLEW * elapsed)
        # No sample comes before it is taken: so much is sure, however the fit came about.
        self._lag = min(self._lag, lag + AHEAD)
        stamp = max(time + self._lag, self._last_stamp + 1e-6)
        self._last_stamp = stamp + span
        return stamp

    def _unwrap(self, device_us: int, arrival: float) -> float:
        """Return the device time in seconds, in the period that fits the host's time best."""
        seconds = device_us * 1e-6
        if self._time is None:
            return seconds
        expected = self._time + arrival - self._arrival
        return seconds + PERIOD * round((expected - seconds) / PERIOD)

    def _observe(self, point: _Point) -> None:
        block = math.floor(point.time / BLOCK)
        if self._blocks and block < self._block:
            return  # a coarse device clock may step back a little
        if self._blocks and block == self._block:
            if point.lag < self._blocks[-1].lag:
                self._blocks[-1] = point
            self._offset = min(self._offset, point.lag - self._drift * point.time)
            return
        # The block before is complete. Blocks that a pause has left behind the window go.
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
