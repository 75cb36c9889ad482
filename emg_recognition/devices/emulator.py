"""An armband without hardware: a recording played through a pseudo-terminal at its true rate."""

from __future__ import annotations

import bisect
import os
import threading
import time
from collections.abc import Iterable, Sequence

import numpy as np

from emg_recognition.devices.emulator_voices import VOICES
from emg_recognition.devices.protocol import DataFrame, InfoFrame
from emg_recognition.devices.pseudo_terminal import PseudoTerminal
from emg_recognition.errors import SampleError, SettingError

IDLE_SECONDS = 0.05
"""Longest wait, after which :meth:`ArmbandEmulator.close` is noticed."""

LATE_SECONDS = 0.02
"""A frame that leaves so long after its last sample was taken is counted as late."""


class ArmbandEmulator:
    """Play converter counts as an armband would send them (``docs/reference/emg-protocol.md``, or another).

    Sample k is taken at ``start_time + k / rate`` on the monotonic clock; its frame is written
    when its last sample is taken, timed from the start so that nothing adds up. If nobody reads,
    frames wait, none is dropped, and what leaves late is counted. As a context manager it is
    started and closed.

    Parameters
    ----------
    counts : numpy.ndarray
        Integers of shape (samples, channels), of 24 bits at most where the protocol is not text;
        ``emg`` frames have 16 bits if that is enough. ``cyton`` needs 8 or 16 channels.
    rate : float
        Hz.
    scale : float
        Counts per unit.
    unit : str
        ``"V"`` or ``"count"``.
    restarts : iterable of int
        Sample offsets at which the signal begins anew: no frame reaches over such a mark, and the
        one that begins there says so, if the protocol can say it (``emg`` alone can).
    frame_samples : int
        Samples in a frame.
    link : path or None
        A symbolic link to the port.
    loop : bool
        Play again after the end, with a mark there and the counter going on.
    device, serial_number : str
        How the armband describes itself.
    muscle_sites : sequence of str
        The muscle under each channel; empty if they are not known.
    protocol : str
        What it speaks, one of :data:`~emg_recognition.devices.protocols.PROTOCOLS`; only ``emg``
        can say rate, scale and texts.

    Raises
    ------
    SettingError, SampleError
        If a value cannot be used.
    DeviceError
        If the link cannot be made.

    Attributes
    ----------
    info : InfoFrame
        The armband's description.
    sent : int
        Samples written, all rounds of a loop together.
    late : int
        Frames that left late because nobody read, or because the machine was too slow.
    start_time : float or None
        Monotonic time of sample 0, s; None before the host has asked for samples. If the host
        stops and starts again, it moves by the pause.
    """

    def __init__(
        self,
        counts: np.ndarray,
        *,
        rate: float,
        scale: float = 1.0,
        unit: str = "count",
        restarts: Iterable[int] = (),
        frame_samples: int = 5,
        link: str | os.PathLike[str] | None = None,
        loop: bool = False,
        device: str = "armband emulator",
        serial_number: str = "",
        muscle_sites: Sequence[str] = (),
        protocol: str = "emg",
    ) -> None:
        if counts.ndim != 2 or counts.size == 0 or counts.dtype.kind not in "iu":
            raise SampleError(
                f"counts are {counts.dtype} of shape {counts.shape}",
                "give integers of shape (samples, channels)",
            )
        if frame_samples < 1:
            raise SettingError("frame_samples", frame_samples, "give at least 1 sample a frame")
        if protocol not in VOICES:
            raise SettingError("protocol", protocol, f"write one of {', '.join(VOICES)}")
        channels = counts.shape[1]
        names = tuple(f"channel {number}" for number in range(1, channels + 1))
        sites = tuple(muscle_sites) or ("",) * channels
        self.info = InfoFrame(
            device, serial_number, float(rate), channels, str(unit), float(scale), names, sites
        )
        low, high = int(counts.min()), int(counts.max())
        self._voice = VOICES[protocol](self.info, low, high)
        self._counts = counts
        self._frame_samples = frame_samples
        marks = {int(mark) for mark in restarts if 0 < mark < len(counts)}
        self._marks = sorted(marks | {0, len(counts)})
        self._loop = loop
        # Extremes and a full frame are tried now, so that no thread fails later.
        for trial in (np.full((1, channels), low), np.full((1, channels), high)):
            self._voice.data(DataFrame(0, 0, False, trial))
        self._voice.data(DataFrame(0, 0, False, np.zeros((frame_samples, channels), np.int32)))
        self.sent = 0
        self.late = 0
        self.start_time: float | None = None
        self._playing = False
        self._announce = True
        self._info_wanted = False
        self._outbox = bytearray()
        self._due = 0.0
        self._in_outbox = 0
        self._power_on = time.monotonic()
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None
        self._terminal = PseudoTerminal(link)

    @property
    def port(self) -> str:
        """Name of the port to open."""
        return self._terminal.port

    @property
    def done(self) -> bool:
        """True once the last sample is written."""
        return not self._loop and self.sent == len(self._counts)

    def taken_at(self, sample: int) -> float:
        """Return the true monotonic time of a sample, s.

        Raises
        ------
        SettingError
            If the host has not asked for samples yet.
        """
        if self.start_time is None:
            raise SettingError("start_time", None, "let the host start the armband first")
        return self.start_time + sample / self.info.rate

    def start(self) -> None:
        """Answer the host and play, in a thread, until :meth:`close`."""
        self._thread = threading.Thread(target=self._run, name="armband emulator", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._closing.is_set():
            wait = IDLE_SECONDS
            if not self._outbox and self._playing and not self.done:
                wait = min(wait, self.taken_at(self._frame_end() - 1) - time.monotonic())
            self._terminal.wait(wait, writable=bool(self._outbox))
            for command in self._terminal.read():
                self._obey(bytes([command]))
            self._write()

    def close(self) -> None:
        """Stop playing, remove the link and hang up; what the host has not read yet is lost."""
        if self._closing.is_set():
            return
        self._closing.set()
        if self._thread is not None:
            self._thread.join()
        self._terminal.close()

    def __enter__(self) -> ArmbandEmulator:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _obey(self, command: bytes) -> None:
        voice = self._voice
        if command == voice.ask:
            self._info_wanted = True
        elif command == voice.start and not self._playing:
            self.start_time = time.monotonic() - (self.sent + self._in_outbox) / self.info.rate
            self._playing, self._announce = True, True
        elif command == voice.stop:
            self._playing = False

    def _write(self) -> None:
        """Write what is due, a frame at a time: no more than one is ever cut by a full buffer."""
        while True:
            if not self._outbox:
                self._outbox += self._next_frame()
            if not self._outbox:
                return
            del self._outbox[: self._terminal.write(self._outbox)]
            if self._outbox:
                return
            if self._in_outbox:
                self.late += time.monotonic() - self._due > LATE_SECONDS
                self.sent += self._in_outbox
                self._in_outbox = 0

    def _next_frame(self) -> bytes:
        if self._info_wanted:
            self._info_wanted = False
            return self._voice.describe()
        if not self._playing or self.done:
            return b""
        due = self.taken_at(self._frame_end() - 1)
        if time.monotonic() < due:
            return b""
        begin = self.sent % len(self._counts)
        counts = self._counts[begin : begin + self._frame_end() - self.sent]
        restart = self._announce or begin in self._marks
        device_us = round((self.taken_at(self.sent) - self._power_on) * 1e6)
        begins = self._voice.begin() if self._announce else b""
        self._due, self._in_outbox, self._announce = due, len(counts), False
        return begins + self._voice.data(DataFrame(self.sent % 2**32, device_us % 2**32, restart, counts))

    def _frame_end(self) -> int:
        """Return the number of the first sample behind the frame that begins at ``sent``."""
        begin = self.sent % len(self._counts)
        mark = self._marks[bisect.bisect_right(self._marks, begin)]
        return self.sent + min(self._frame_samples, mark - begin)
