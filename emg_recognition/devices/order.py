"""The place of a frame in the sequence of samples, and what was lost before it."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from typing import Literal, Protocol

from emg_recognition.devices.clock import DeviceClock
from emg_recognition.devices.protocol import DataFrame

LATE_SECONDS = 0.25
"""A frame from further back than this is not late: the device has restarted its counter."""

RECENT = 64
"""Frames remembered, to distinguish one that arrives twice from one that arrives late."""

Discarded = Literal["duplicates", "late"]
"""Why a frame has no place: it has been received before, or a later one has."""


@dataclass(frozen=True)
class Place:
    """The place of a frame.

    Attributes
    ----------
    device_us : int
        Device time of its first sample, microseconds modulo 2**32.
    lost : int
        Samples lost between the previous frame and this one.
    restart : bool
        The signal does not continue the previous frame's, or the loss is not known for certain.
    new_time : bool
        The device's time starts again: what was known about it is void.
    reboot : bool
        Counter or clock have restarted by themselves.
    steady : bool
        Counter and time have advanced together since the previous frame.
    """

    device_us: int
    lost: int = 0
    restart: bool = False
    new_time: bool = False
    reboot: bool = False
    steady: bool = True


class Order(Protocol):
    """Puts frames in order."""

    def place(self, frame: DataFrame, arrival: float, *, begins: bool, fresh: bool) -> Place | Discarded:
        """Place the next frame.

        Parameters
        ----------
        frame : DataFrame
            Counts of shape (samples, channels).
        arrival : float
            Host's monotonic time when the frame was read, s.
        begins : bool
            The device was disconnected, or this is its first frame.
        fresh : bool
            The frame was read when it arrived; otherwise it may have waited for a delayed reader.

        Returns
        -------
        Place or str
            The place, or why there is none.
        """


class ByClock:
    """Place the frames of a device that sends its microseconds.

    If counter and microseconds agree, a step forward is a loss and a small step back a late or
    repeated frame. If they disagree, or the counter is far back, the device has restarted or paused.
    With a small counter, the microseconds count the whole periods.

    Parameters
    ----------
    rate : float
        Sampling rate, Hz.
    period : int
        Samples after which the counter starts again at 0.
    clock : DeviceClock
        The clock that stamps the stream.
    """

    def __init__(self, rate: float, period: int, clock: DeviceClock) -> None:
        self._rate, self._period, self._clock = rate, period, clock
        self._previous: DataFrame | None = None
        self._recent: deque[tuple[int, int]] = deque(maxlen=RECENT)

    def place(self, frame: DataFrame, arrival: float, *, begins: bool, fresh: bool) -> Place | Discarded:
        """Place the next frame; see :class:`Order` for the parameters."""
        place = self._place(frame, arrival, begins)
        if isinstance(place, Place):
            if place.new_time:
                self._recent.clear()
            self._previous = frame
            self._recent.append((frame.counter, frame.device_us))
        return place

    def _place(self, frame: DataFrame, arrival: float, begins: bool) -> Place | Discarded:
        previous = self._previous
        if previous is None:
            return Place(frame.device_us, restart=True, steady=False)
        elapsed_us = _signed(frame.device_us - previous.device_us, 1 << 32)
        elapsed = round(elapsed_us * 1e-6 * self._rate)
        samples = elapsed + _signed(frame.counter - previous.counter - elapsed, self._period)
        step = samples - len(previous.counts)
        expected_us = samples / self._rate * 1e6
        off = _signed(elapsed_us - round(expected_us), 1 << 32)
        # 5 % for a clock that is off, 50 ms for one that is coarse.
        agree = abs(off) <= 50_000 + 0.05 * abs(expected_us)
        if agree and -LATE_SECONDS * self._rate <= step < 0:
            if (frame.counter, frame.device_us) in self._recent:
                return "duplicates"
            if not frame.restart:
                return "late"
        # After a disconnection they may agree by chance: then the clock decides.
        running = self._clock.agrees(frame.device_us, arrival) or (agree and not begins)
        new_time = step < 0 or not running
        # A pause that the device did not mark interrupts the signal, too.
        restart = frame.restart or begins or new_time or not agree or step >= self._period
        steady = agree and not new_time
        return Place(
            frame.device_us, 0 if new_time else step, restart, new_time, reboot=new_time, steady=steady
        )


class ByCounter:
    """Place the frames of a device without a clock, whose samples serve as its clock.

    A counter is known modulo its period; the host's clock reveals whole periods that were lost, between
    two frames that were read when they arrived. Without a counter, that clock is all there is: after
    a silence it counts what is missing. Both cause a restart. When the device begins, nothing is known
    about what was before.

    Parameters
    ----------
    rate : float
        Sampling rate, Hz.
    period : int
        Samples after which the counter starts again at 0; 0 if there is none.

    Attributes
    ----------
    pace : float
        The rate at which samples arrive as far as it is known, Hz. A nominal rate that is off would look like
        a loss after a delay.
    """

    def __init__(self, rate: float, period: int) -> None:
        self._rate, self._period = rate, period
        self.pace = rate
        self._late = LATE_SECONDS * rate if period == 0 else min(LATE_SECONDS * rate, period / 4)
        self._position = 0  # of the next sample since the device began
        self._offset = 0  # counter minus position, modulo the period
        self._mark: tuple[int, float] | None = None  # where and when the last fresh frame ended
        self._recent: deque[int] = deque(maxlen=RECENT)

    def place(self, frame: DataFrame, arrival: float, *, begins: bool, fresh: bool) -> Place | Discarded:
        """Place the next frame; see :class:`Order` for the parameters."""
        place = self._place(frame, arrival, begins, fresh)
        if isinstance(place, Place):
            if place.new_time:
                self._recent.clear()
                self._mark = None
            self._recent.append(self._position)
            self._position += len(frame.counts)
            if fresh or self._mark is None:
                self._mark = self._position, arrival
        return place

    def _place(self, frame: DataFrame, arrival: float, begins: bool, fresh: bool) -> Place | Discarded:
        if begins:
            return self._begin(frame, reboot=False)
        step = (frame.counter - self._offset - self._position) % self._period if self._period else 0
        # How much later the frame is than its counter says, in samples; negative if it is earlier.
        excess = self._excess(step + len(frame.counts), arrival)
        if step and (not fresh or excess < -2 * self._late):
            back = self._period - step
            if back <= self._late:
                return "duplicates" if self._position - back in self._recent else "late"
            if excess < -2 * self._late:
                return self._begin(frame, reboot=True)
        missing = self._missing(excess) if fresh else 0
        self._position += step + missing
        return Place(
            self._now_us(),
            step + missing,
            restart=frame.restart or missing > 0,
            # Whole periods are exact; a number that only the clock has counted is not.
            new_time=missing > 0 and self._period == 0,
            steady=missing == 0,
        )

    def _missing(self, excess: float) -> int:
        """Return how many samples were lost beyond what the counter shows."""
        if self._period:
            # Up to three quarters of a period may be just delay.
            return self._period * max(0, math.floor((excess + self._late) / self._period))
        return round(excess) if excess > self._late else 0

    def _excess(self, samples: int, arrival: float) -> float:
        assert self._mark is not None  # set when the device began
        end, then = self._mark
        return (arrival - then) * self.pace - (self._position + samples - end)

    def _begin(self, frame: DataFrame, *, reboot: bool) -> Place:
        self._offset = frame.counter - self._position
        return Place(self._now_us(), restart=True, new_time=True, reboot=reboot, steady=False)

    def _now_us(self) -> int:
        return round(self._position / self._rate * 1e6) % (1 << 32)


def _signed(difference: int, period: int) -> int:
    """Return a difference of counters modulo `period` as a step forward (>= 0) or back (< 0)."""
    return (difference + period // 2) % period - period // 2
