"""An armband that is opened again whenever it disappears, falls silent or sends nothing valid."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable

from emg_recognition.devices.protocol import SILENT_AFTER, InfoFrame
from emg_recognition.devices.source import READ_SECONDS, ChunkSource, SourceCounters
from emg_recognition.devices.stream import SampleChunk
from emg_recognition.errors import DeviceError

_LOG = logging.getLogger(__name__)

FIRST_PAUSE = 0.1
"""Pause before a lost armband is opened again, s."""

LONGEST_PAUSE = 5.0
"""Longest pause, s; the pause doubles with each attempt that brings no samples."""


class ReconnectingArmband(ChunkSource):
    """Read an armband and wait for it whenever it is lost.

    The sample index continues after a loss, and the first chunk has ``restart``. Read it in one thread;
    other threads may look at its attributes.

    Parameters
    ----------
    armband : ChunkSource
        Such as a SerialArmband; opened or not.
    silent_after : float
        Time without a sample after which it counts as lost, s. The first sample may take as long as
        the protocol allows for an answer, and as long as the pause before the attempt.
    say : callable, optional
        Takes one line for each loss, each new reason why the armband cannot be reached, and each
        reconnection. By default they are logged as warnings.

    Attributes
    ----------
    armband : ChunkSource
        The armband.
    fault : str
        Why no samples arrive, in one line; empty while they do.
    attempts : int
        How often it has been opened again since it was lost.
    reconnections : int
        How often samples have arrived again.
    next_attempt : float
        Host's monotonic time of the next attempt, s; in the past while an attempt is running.

    Examples
    --------
    >>> armband = ReconnectingArmband(SerialArmband("/dev/ttyACM0"))
    >>> with armband:                                         # doctest: +SKIP
    ...     for chunk in armband:
    ...         print(chunk.first_index, chunk.restart)
    """

    def __init__(
        self,
        armband: ChunkSource,
        silent_after: float = SILENT_AFTER,
        say: Callable[[str], object] = _LOG.warning,
    ) -> None:
        self.armband, self._silent_after, self._say = armband, silent_after, say
        self.port, self.kind, self.first_seconds = armband.port, armband.kind, armband.first_seconds
        self.fault = ""
        self.attempts = 0
        self.reconnections = 0
        self.next_attempt = 0.0
        self._open = False
        self._pause = FIRST_PAUSE
        self._lost_at = 0.0
        self._expect()

    @property
    def is_open(self) -> bool:
        """Whether it is being read or waited for: True until it is closed."""
        return self._open

    @property
    def info(self) -> InfoFrame | None:
        """The description of the device that was opened last; None before."""
        return self.armband.info

    @property
    def counters(self) -> SourceCounters:
        """What has arrived so far."""
        return self.armband.counters

    @property
    def measured_rate(self) -> float | None:
        """The measured rate over the last 30 s, Hz; None for the first 5 s."""
        return self.armband.measured_rate

    def open(self) -> InfoFrame:
        """Open the armband.

        Returns
        -------
        InfoFrame
            The armband's description.

        Raises
        ------
        DeviceError
            If there is none: an armband is only waited for once it has been there.
        """
        info = self.armband.open()
        self._open = True
        return info

    def start(self) -> None:
        """Make the armband send samples, opening it first if necessary.

        Raises
        ------
        DeviceError
            If there is none: an armband is only waited for once it has been there.
        """
        if not self.armband.is_open:
            self.armband.open()
        self.armband.start()
        self._open = True
        self.fault = ""
        self._pause = FIRST_PAUSE
        self._expect()

    def stop(self) -> None:
        """Make the armband stop sending, if it is there."""
        with contextlib.suppress(DeviceError):
            self.armband.stop()
        self.fault = ""

    def close(self) -> None:
        """Stop and close the armband, and wait for it no longer; allowed at any time."""
        self._open = False
        self.armband.close()
        self.fault = ""

    def read(self) -> list[SampleChunk]:
        """Return what has arrived, or make an attempt if one is due; after about 50 ms if neither.

        An attempt takes as long as the protocol allows for an answer.

        Returns
        -------
        list of SampleChunk
            In order; the first one after a reconnection has ``restart``.

        Raises
        ------
        DeviceError
            If it has not been started, or was closed.
        """
        if not self._open:
            raise self.error("the armband is not open", "start it first")
        try:
            if not self.armband.is_open:
                return self._wait_or_try()
            chunks = self.armband.read()
        except DeviceError as error:
            self._lose(str(error))
            return []
        for remark in self.armband.remarks():
            self._say(f"{self.where}: {remark}")
        now = time.monotonic()
        if chunks:
            if self.fault:
                self._recover(chunks[0], now)
            self._heard, self._patience = now, self._silent_after
            self._known = self.armband.counters
        elif now - self._heard > self._patience:
            self._lose(self._silence())
        return chunks

    def _wait_or_try(self) -> list[SampleChunk]:
        left = self.next_attempt - time.monotonic()
        if left > 0:
            time.sleep(min(left, READ_SECONDS))
            return []
        self.attempts += 1
        self.armband.open()
        self.armband.start()
        self._expect()
        return []

    def _expect(self) -> None:
        """Start waiting for the first sample; a board that was reset by opening its port needs time."""
        self._heard = time.monotonic()
        self._known = self.armband.counters
        self._patience = max(self._silent_after, self.first_seconds, self._pause)

    def _silence(self) -> str:
        silent = self.armband.counters == self._known
        found = "nothing arrived" if silent else "nothing that arrived was a valid sample"
        remedy = self.armband.when_silent if silent else self.armband.when_invalid
        return f"{self.where}: {found} for {self._patience:g} s; {remedy}"

    def _lose(self, why: str) -> None:
        self.armband.close()
        if self.fault:
            self._pause = min(2 * self._pause, LONGEST_PAUSE)
            if why != self.fault:
                self._say(f"attempt {self.attempts}: {why}")
        else:
            self._lost_at, self.attempts, self._pause = time.monotonic(), 0, FIRST_PAUSE
            self._say(f"{why}: trying to reach it again")
        self.next_attempt = time.monotonic() + self._pause
        self.fault = why

    def _recover(self, first: SampleChunk, now: float) -> None:
        known = f"{first.dropped_before} samples before it were lost"
        self._say(
            f"{self.where}: reconnected after {now - self._lost_at:.1f} s at attempt "
            f"{self.attempts}; the stream restarts with sample {first.first_index}, "
            + (known if first.dropped_before else "the number lost is not known")
        )
        self.reconnections += 1
        self.fault = ""
