"""From data frames to chunks with a 64-bit index, a time, and every loss counted."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace

import numpy as np

from emg_recognition.devices.clock import DeviceClock
from emg_recognition.devices.frame_types import DataFrame, InfoFrame

LATE_SECONDS = 0.25
"""A frame from further back than this is no late one: the device has begun to count anew."""


@dataclass(frozen=True, eq=False)
class SampleChunk:
    """Consecutive samples in the device's unit.

    Attributes
    ----------
    first_index : int
        Index of the first sample: the device's counter unwrapped to 64 bits. It never repeats
        and never goes back, whatever the device does.
    samples : numpy.ndarray
        Shape (samples, channels), float32, in the device's unit.
    time : float
        Host's monotonic time when the first sample was taken, s.
    dropped_before : int
        Samples lost between the previous chunk and this one.
    restart : bool
        The signal does not continue the previous chunk's, or its loss cannot be counted.
    """

    first_index: int
    samples: np.ndarray
    time: float
    dropped_before: int
    restart: bool


@dataclass(frozen=True)
class StreamCounters:
    """What happened to the frames of a stream.

    Attributes
    ----------
    samples, lost : int
        Samples delivered; samples lost, as far as they can be counted.
    duplicates, late : int
        Frames discarded: received before; received after a later one.
    wrong_channels : int
        Frames discarded because their channel count is not the device's.
    restarts, reboots : int
        Chunks with ``restart``, the first included; those of them whose device had begun to
        count anew.
    """

    samples: int = 0
    lost: int = 0
    duplicates: int = 0
    late: int = 0
    wrong_channels: int = 0
    restarts: int = 0
    reboots: int = 0


class SampleStream:
    """Put frames in their place on one line of samples.

    A frame's counter and its microseconds must tell the same story: then a step forward is a
    loss and a small step back a late or repeated frame. If they disagree, or the counter is far
    back, the device has begun anew; the index goes on where it was.

    Parameters
    ----------
    info : InfoFrame
        The device.
    """

    def __init__(self, info: InfoFrame) -> None:
        self.info = info
        self._clock = DeviceClock(info.rate)
        self._counters = StreamCounters()
        self._announce = True
        self._previous: DataFrame | None = None
        self._next_index = 0
        self._recent: deque[tuple[int, int]] = deque(maxlen=64)

    @property
    def counters(self) -> StreamCounters:
        """What happened so far."""
        return self._counters

    def reconnect(self, info: InfoFrame) -> None:
        """Go on with a device that was away: the next chunk has ``restart``, the index goes on.

        Parameters
        ----------
        info : InfoFrame
            The device as it describes itself now.
        """
        if info.rate != self.info.rate:
            self._clock = DeviceClock(info.rate)
        self.info = info
        self._announce = True

    def chunk(self, frame: DataFrame, arrival: float) -> SampleChunk | None:
        """Take the next frame.

        Parameters
        ----------
        frame : DataFrame
            Counts of shape (samples, channels).
        arrival : float
            Host's monotonic time when the frame was read, s.

        Returns
        -------
        SampleChunk or None
            None if the frame is discarded; the counters say why.
        """
        samples, channels = frame.counts.shape
        if channels != self.info.channels:
            self._count(wrong_channels=1)
            return None
        restart, reboot, lost = frame.restart or self._announce, False, 0
        if self._previous is None:
            self._next_index = frame.counter
        else:
            step = _signed(frame.counter - self._previous.counter - len(self._previous.counts))
            one_story = self._one_story(frame, self._previous)
            if one_story and -LATE_SECONDS * self.info.rate <= step < 0:
                if (frame.counter, frame.device_us) in self._recent:
                    self._count(duplicates=1)
                    return None
                if not frame.restart:
                    self._count(late=1)
                    return None
            # A device that was away may tell one story by chance: there its clock decides.
            running = self._clock.agrees(frame.device_us, arrival) or (one_story and not self._announce)
            reboot = step < 0 or not running
            # A pause that the device did not mark breaks the signal all the same.
            restart = restart or reboot or not one_story
            lost = 0 if reboot else step
        if reboot:
            self._clock.reset()
            self._recent.clear()
        first_index = self._next_index + lost
        self._next_index = first_index + samples
        self._previous = frame
        self._announce = False
        self._recent.append((frame.counter, frame.device_us))
        self._count(samples=samples, lost=lost, restarts=int(restart), reboots=int(reboot))
        values = (frame.counts.astype(np.float64) / self.info.scale).astype(np.float32)
        time = self._clock.stamp(frame.device_us, samples, arrival)
        return SampleChunk(first_index, values, time, lost, restart)

    def _one_story(self, frame: DataFrame, previous: DataFrame) -> bool:
        """Tell whether counter and microseconds have gone the same way since the last frame."""
        samples = _signed(frame.counter - previous.counter)
        expected = samples / self.info.rate * 1e6
        off = _signed(frame.device_us - previous.device_us - round(expected))
        # 5 % for a clock that is off, 50 ms for one that is coarse.
        return abs(off) <= 50_000 + 0.05 * abs(expected)

    def _count(self, **more: int) -> None:
        now = self._counters
        self._counters = replace(now, **{name: getattr(now, name) + n for name, n in more.items()})


def _signed(difference: int) -> int:
    """Return a difference of 32-bit counters as a step forward (>= 0) or back (< 0)."""
    return (difference + (1 << 31)) % (1 << 32) - (1 << 31)
