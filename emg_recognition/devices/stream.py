"""Chunks of samples that know their place, made from the frames of a device."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from emg_recognition.devices.clock import MAX_DRIFT, DeviceClock
from emg_recognition.devices.order import ByClock, ByCounter, Order, Place
from emg_recognition.devices.protocol import DataFrame, InfoFrame
from emg_recognition.devices.rate import ArrivalRate
from emg_recognition.types import RATE_TOLERANCE

MAX_RATE_ERROR = 0.1
"""Share by which a nominal rate may be off if the samples serve as the clock."""

RATE_AFTER = 5.0
"""The rate is given after this time, s: least delayed frames are within 10 ms, which is then 0.2 %."""


@dataclass(frozen=True, eq=False)
class SampleChunk:
    """Consecutive samples of one device.

    Attributes
    ----------
    first_index : int
        Index of the first sample: the device's counter unwrapped to 64 bits. It never repeats
        and never goes back, whatever the device does.
    samples : numpy.ndarray
        Shape (samples, channels), float32.
    time : float
        Host's monotonic time when the first sample was taken, s.
    dropped_before : int
        Samples lost between the previous chunk and this one.
    restart : bool
        The signal does not continue the previous chunk's, or the loss cannot be counted.
    rate : float
        Nominal sampling rate, Hz.
    unit : str
        Unit of the samples, ``"V"`` or ``"count"``.
    """

    first_index: int
    samples: np.ndarray
    time: float
    dropped_before: int
    restart: bool
    rate: float
    unit: str


@dataclass(frozen=True)
class StreamCounters:
    """What happened to the frames of a stream.

    Attributes
    ----------
    samples, lost : int
        Samples delivered, and samples lost as far as they can be counted.
    duplicates, late : int
        Frames discarded because they had been received before, or because a later one had.
    wrong_channels : int
        Frames discarded because their channel count is not the device's.
    restarts, reboots : int
        Chunks with ``restart``, including the first; and those among them whose device had
        restarted its counter.
    """

    samples: int = 0
    lost: int = 0
    duplicates: int = 0
    late: int = 0
    wrong_channels: int = 0
    restarts: int = 0
    reboots: int = 0


class SampleStream:
    """Put frames in one sequence of samples, and give each its time.

    Parameters
    ----------
    info : InfoFrame
        The device.
    counter_period : int
        Samples after which its counter starts again at 0; 0 if it has none.
    has_clock : bool
        Whether its frames carry microseconds. If not, the number of samples gives the time.
    """

    def __init__(self, info: InfoFrame, *, counter_period: int = 1 << 32, has_clock: bool = True) -> None:
        self.info = info
        self._clock = DeviceClock(info.rate, MAX_DRIFT if has_clock else MAX_RATE_ERROR)
        self._order: Order = (
            ByClock(info.rate, counter_period, self._clock)
            if has_clock
            else ByCounter(info.rate, counter_period)
        )
        self._rate = ArrivalRate(info.rate, RATE_AFTER)
        self._rate_said = False
        self._counts = dict.fromkeys((field.name for field in fields(StreamCounters)), 0)
        self._begins = True
        self._next_index: int | None = None

    @property
    def counters(self) -> StreamCounters:
        """What has happened so far."""
        return StreamCounters(**self._counts)

    @property
    def measured_rate(self) -> float | None:
        """The measured rate over the last 30 s, Hz; None for the first 5 s."""
        return self._rate.rate

    def begin(self, info: InfoFrame) -> None:
        """Continue with a device that was disconnected or stopped.

        The next chunk has ``restart``, and the index continues.

        Parameters
        ----------
        info : InfoFrame
            The current description of the device; rate and channels are the same as before.
        """
        self.info = info
        self._begins, self._rate_said = True, False

    def rate_remark(self, remedy: str) -> list[str]:
        """Return a line about a rate that is more than 1 % off, once after each beginning.

        Parameters
        ----------
        remedy : str
            What to do about it; ``{rate}`` stands for the measured rate.
        """
        measured, rate = self.measured_rate, self.info.rate
        if self._rate_said or measured is None or abs(measured - rate) <= RATE_TOLERANCE * rate:
            return []
        self._rate_said = True
        shown = f"{measured:.1f}"
        return [f"the measured rate is {shown} Hz, not {rate:g} Hz; {remedy.format(rate=shown)}"]

    def chunk(self, frame: DataFrame, arrival: float, fresh: bool = True) -> SampleChunk | None:
        """Take the next frame.

        Parameters
        ----------
        frame : DataFrame
            Counts of shape (samples, channels).
        arrival : float
            Host's monotonic time when the frame was read, s.
        fresh : bool
            The frame was read when it arrived; otherwise it may have waited for a delayed reader.

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
        if place.new_time:
            self._clock.reset()
        if not place.steady:
            self._rate.restart()
        # The index of a device that was already running is its counter.
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
        if fresh:
            self._rate.add(self._next_index, arrival)
        if isinstance(self._order, ByCounter):
            self._order.pace = self._rate.rate or self.info.rate
        return SampleChunk(
            first_index=first_index,
            samples=values,
            time=time,
            dropped_before=place.lost,
            restart=place.restart,
            rate=self.info.rate,
            unit=self.info.unit,
        )


def join_chunks(chunks: Sequence[SampleChunk]) -> list[SampleChunk]:
    """Join chunks that continue each other.

    Parameters
    ----------
    chunks : sequence of SampleChunk
        In order.

    Returns
    -------
    list of SampleChunk
        A new chunk begins at each loss and each restart. The time of a joined chunk is that of its
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
