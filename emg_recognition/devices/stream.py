"""From data frames to chunks with a 64-bit index, a time, and every loss counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from emg_recognition.devices.clock import MAX_DRIFT, DeviceClock, MeasuredRate
from emg_recognition.devices.order import ByClock, ByCounter, Order, Place
from emg_recognition.devices.protocol import DataFrame, InfoFrame

MAX_RATE_ERROR = 0.1
"""Share by which a nominal rate may be off where samples are counted to have a clock."""


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
    """Put frames in their place on one line of samples, and give each its time.

    Parameters
    ----------
    info : InfoFrame
        The device.
    counter_period : int
        Samples after which its counter begins anew, 0 if it has none.
    has_clock : bool
        Whether its frames carry microseconds. If not, its time is that of its samples, counted.
    """

    def __init__(self, info: InfoFrame, *, counter_period: int = 1 << 32, has_clock: bool = True) -> None:
        self.info = info
        self._clock = DeviceClock(info.rate, MAX_DRIFT if has_clock else MAX_RATE_ERROR)
        self._order: Order = (
            ByClock(info.rate, counter_period, self._clock)
            if has_clock
            else ByCounter(info.rate, counter_period)
        )
        self._rate = MeasuredRate()
        self._counts = dict.fromkeys((field.name for field in fields(StreamCounters)), 0)
        self._begins = True
        self._next_index: int | None = None

    @property
    def counters(self) -> StreamCounters:
        """What happened so far."""
        return StreamCounters(**self._counts)

    @property
    def measured_rate(self) -> float | None:
        """The rate at which samples came over the last 30 s, Hz; None until it can be told."""
        return self._rate.hertz

    def begin(self, info: InfoFrame) -> None:
        """Go on with a device that was away or stopped: the next chunk has ``restart``, the index goes on.

        Parameters
        ----------
        info : InfoFrame
            The device as it describes itself now; rate and channels are the same.
        """
        self.info = info
        self._begins = True

    def chunk(self, frame: DataFrame, arrival: float, fresh: bool = True) -> SampleChunk | None:
        """Take the next frame.

        Parameters
        ----------
        frame : DataFrame
            Counts of shape (samples, channels).
        arrival : float
            Host's monotonic time when the frame was read, s.
        fresh : bool
            The frame was read when it came; else it may have waited for a reader that was held up.

        Returns
        -------
        SampleChunk or None
            None if the frame is discarded; the counters say why.
        """
        samples, channels = frame.counts.shape
        if channels != self.info.channels:
            self._counts["wrong_channels"] += 1
            return None
        place = self._order.place(frame, arrival, begins=self._begins, fresh=fresh)
        if not isinstance(place, Place):
            self._counts[place] += 1
            return None
        if place.anew:
            self._clock.reset()
        if not place.steady:
            self._rate.reset()
        # The index of a device that is joined on its way is its counter.
        before = frame.counter if self._next_index is None else self._next_index
        first_index = before + place.lost
        self._next_index = first_index + samples
        self._begins = False
        for name, more in (
            ("samples", samples),
            ("lost", place.lost),
            ("restarts", place.restart),
            ("reboots", place.reboot),
        ):
            self._counts[name] += more
        values = (frame.counts.astype(np.float64) / self.info.scale).astype(np.float32)
        time = self._clock.stamp(place.device_us, samples, arrival)
        self._rate.add(first_index, time)
        return SampleChunk(first_index, values, time, place.lost, place.restart)


def join_chunks(chunks: Sequence[SampleChunk]) -> list[SampleChunk]:
    """Join chunks where one goes on from the other.

    Parameters
    ----------
    chunks : sequence of SampleChunk
        In order.

    Returns
    -------
    list of SampleChunk
        A new one begins at each loss and each restart. The time of a joined chunk is that of its
        first sample.
    """
    groups: list[list[SampleChunk]] = []
    for chunk in chunks:
        if groups and not chunk.restart and not chunk.dropped_before:
            groups[-1].append(chunk)
        else:
            groups.append([chunk])
    return [
        group[0] if len(group) == 1 else replace(group[0], samples=np.concatenate([c.samples for c in group]))
        for group in groups
    ]
