"""An armband that is opened again whenever it goes away, falls silent or talks nonsense."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable

from emg_recognition.devices.serial_armband import READ_SECONDS, SerialArmband
from emg_recognition.devices.stream import SampleChunk
from emg_recognition.errors import DeviceError

FIRST_PAUSE = 0.1
"""Seconds before an armband that is lost is opened again."""

LONGEST_PAUSE = 5.0
"""Seconds to which the pause grows, twofold with each attempt that brings no samples."""


class ReconnectingArmband:
    """Read an armband for as long as it takes.

    Whatever happens to it is told, in words and in numbers. It is read in one thread; its
    attributes may be looked at from others.

    Parameters
    ----------
    armband : SerialArmband
        Opened or not.
    silent_after : float
        Seconds without a sample after which it counts as lost. The first sample may take as long
        as the protocol allows for an answer, and as the pause before the attempt.
    say : callable
        Is given one line at each loss, each new reason why the armband cannot be reached, and
        each reconnection.

    Attributes
    ----------
    fault : str
        Why no samples come, one line; empty while they do.
    attempts : int
        How often it was opened again since it was lost.
    reconnections : int
        How often samples came again.
    next_attempt : float
        Host's monotonic time of the next attempt, s; of the running one, if that is past.
    """

    def __init__(self, armband: SerialArmband, silent_after: float, say: Callable[[str], None]) -> None:
        self._armband, self._silent_after, self._say = armband, silent_after, say
        self.fault = ""
        self.attempts = 0
        self.reconnections = 0
        self.next_attempt = 0.0
        self._pause = FIRST_PAUSE
        self._lost_at = 0.0
        self._expect()

    def start(self) -> None:
        """Let the armband send samples, opening it if need be.

        Raises
        ------
        DeviceError
            If there is none: only what was there once is waited for.
        """
        if not self._armband.is_open:
            self._armband.open()
        self._armband.start()
        self.fault = ""
        self._pause = FIRST_PAUSE
        self._expect()

    def stop(self) -> None:
        """Let the armband be silent, if it is there."""
        with contextlib.suppress(DeviceError):
            self._armband.stop()
        self.fault = ""

    def read(self) -> list[SampleChunk]:
        """Return what has arrived, or make an attempt if one is due; after about 50 ms if neither.

        An attempt takes as long as the protocol allows for an answer.

        Returns
        -------
        list of SampleChunk
            In order; the first one after a reconnection has ``restart``.
        """
        try:
            if not self._armband.is_open:
                return self._wait_or_try()
            chunks = self._armband.read()
        except DeviceError as error:
            self._lose(str(error))
            return []
        now = time.monotonic()
        if chunks:
            if self.fault:
                self._recover(chunks[0], now)
            self._heard, self._patience = now, self._silent_after
            self._known = self._armband.counters
        elif now - self._heard > self._patience:
            self._lose(self._silence())
        return chunks

    def _wait_or_try(self) -> list[SampleChunk]:
        left = self.next_attempt - time.monotonic()
        if left > 0:
            time.sleep(min(left, READ_SECONDS))
            return []
        self.attempts += 1
        self._armband.open()
        self._armband.start()
        self._expect()
        return []

    def _expect(self) -> None:
        """Begin to wait for the first sample; a board that was reset by opening it needs its time."""
        self._heard = time.monotonic()
        self._known = self._armband.counters
        self._patience = max(self._silent_after, self._armband.protocol.answer_seconds, self._pause)

    def _silence(self) -> str:
        silent = self._armband.counters == self._known
        found = "nothing came" if silent else "nothing that came was a valid sample"
        remedy = "check power and cable" if silent else "check protocol, baud rate and cable"
        return f"port {self._armband.port}: {found} for {self._patience:g} s; {remedy}"

    def _lose(self, why: str) -> None:
        self._armband.close()
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
            f"port {self._armband.port}: reconnected after {now - self._lost_at:.1f} s at attempt "
            f"{self.attempts}; the stream restarts with sample {first.first_index}, "
            + (known if first.dropped_before else "how many were lost is not known")
        )
        self.reconnections += 1
        self.fault = ""
