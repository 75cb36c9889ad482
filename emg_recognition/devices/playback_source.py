"""A recording as a source: its segments at their true rate, or as fast as they are read."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from emg_recognition.devices.protocol import InfoFrame, ProtocolCounters
from emg_recognition.devices.source import READ_SECONDS, ChunkSource, SourceCounters
from emg_recognition.devices.stream import SampleChunk, StreamCounters
from emg_recognition.settings import check, setting

CHUNK_SECONDS = 0.01
"""Samples that are due within this time are one chunk, s."""


@dataclass(frozen=True, kw_only=True)
class PlaybackSettings:
    """How a recording is played."""

    loop: bool = setting(False, "play again after the end, without an end")
    speed: float = setting(1.0, "how many times as fast as recorded; 0: as fast as it is read", low=0.0)

    def __post_init__(self) -> None:
        check(self)


class PlaybackSource(ChunkSource):
    """Play segments one after the other, to the bit as they were recorded.

    Each segment starts with ``restart``; the index continues. At the end the source is closed, and an
    iteration over it ends.

    Parameters
    ----------
    port : str
        The address, as the user wrote it.
    segments : callable
        Returns the segments of one round: arrays of shape (samples, channels) in the unit of `info`.
    info : InfoFrame
        The device that recorded them.
    settings : PlaybackSettings, optional
        How they are played.
    """

    def __init__(
        self,
        port: str,
        segments: Callable[[], Iterable[np.ndarray]],
        info: InfoFrame,
        settings: PlaybackSettings | None = None,
    ) -> None:
        self.port = port
        self._segments, self._info, self._settings = segments, info, settings or PlaybackSettings()
        self._open = False
        self._round: Iterator[np.ndarray] = iter(())
        self._segment, self._place = np.empty((0, info.channels), np.float32), 0
        self._index = self._restarts = 0
        self._restart = True
        self._begin: float | None = None  # when sample `_begin_index` was due
        self._begin_index = 0

    @property
    def is_open(self) -> bool:
        """Whether there is more to play."""
        return self._open

    @property
    def info(self) -> InfoFrame:
        """The device that recorded the segments."""
        return self._info

    @property
    def counters(self) -> SourceCounters:
        """What was played so far."""
        return SourceCounters(ProtocolCounters(), StreamCounters(self._index, restarts=self._restarts))

    @property
    def measured_rate(self) -> float | None:
        """None: a recording has no clock of its own."""
        return None

    def open(self) -> InfoFrame:
        """Begin with the first segment."""
        self._round, self._open = iter(self._segments()), True
        self._segment, self._place = self._segment[:0], 0
        return self._info

    def start(self) -> None:
        """Play from here."""
        if not self._open:
            raise self.error("the recording is not open", "open it first")
        self._begin, self._begin_index, self._restart = time.monotonic(), self._index, True

    def read(self) -> list[SampleChunk]:
        """Return the samples that are due, after waiting for them for a short time."""
        if not self._open:
            raise self.error("the recording is not open", "open it first")
        if self._begin is None:
            time.sleep(READ_SECONDS)
            return []
        while self._place == len(self._segment):
            segment = next(self._round, None)
            if segment is None:
                if not self._settings.loop or not self._index:
                    self._open = False
                    return []
                self._round = iter(self._segments())
                continue
            self._segment, self._place, self._restart = segment, 0, True
        step = max(1, round(CHUNK_SECONDS * self._info.rate))
        left = len(self._segment) - self._place
        pace, played = self._info.rate * self._settings.speed, self._index - self._begin_index
        if pace:
            wait = self._begin + (played + min(step, left)) / pace - time.monotonic()
            if wait > 0:
                time.sleep(min(wait, READ_SECONDS))
                if wait > READ_SECONDS:
                    return []
            due = math.floor((time.monotonic() - self._begin) * pace) - played
            count = min(max(due, 1), left)
        else:
            count = min(step, left)
        now = self._begin + played / pace if pace else time.monotonic()
        chunk = SampleChunk(
            first_index=self._index,
            samples=np.asarray(self._segment[self._place : self._place + count], np.float32),
            time=now,
            dropped_before=0,
            restart=self._restart,
            rate=self._info.rate,
            unit=self._info.unit,
        )
        self._restarts += self._restart
        self._index, self._place, self._restart = self._index + count, self._place + count, False
        return [chunk]

    def stop(self) -> None:
        """Pause; :meth:`start` goes on from there."""
        self._begin = None

    def close(self) -> None:
        """End; allowed at any time."""
        self._open, self._begin = False, None
