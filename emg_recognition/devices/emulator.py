"""An armband without hardware: a recording played through a pseudo-terminal at its true rate."""

from __future__ import annotations

import bisect
import os
import time
from collections.abc import Iterable, Sequence

import numpy as np

from emg_recognition.devices.emulator_voices import VOICES
from emg_recognition.devices.protocol import DataFrame, InfoFrame
from emg_recognition.devices.pseudo_terminal import EmulatedDevice
from emg_recognition.errors import SampleError, SettingError

IDLE_SECONDS = 0.05
"""Longest wait, s, before :meth:`ArmbandEmulator.close` is noticed."""

LATE_SECONDS = 0.02
"""A frame sent later than this after its last sample was taken counts as late, s."""


class ArmbandEmulator(EmulatedDevice):
    """Play converter counts as an armband would send them, in any of the protocols.

    Sample k is taken at ``start_time + k / rate`` on the monotonic clock. A frame is written when its
    last sample is taken, timed from the start so that errors do not accumulate. While no reader is there,
    frames wait, none is dropped, and late ones are counted. As a context manager it is started and
    closed.

    Parameters
    ----------
    counts : numpy.ndarray
        Integers of shape (samples, channels), of at most 24 bits unless the protocol is text;
        ``emg`` frames have 16 bits if that is enough. ``cyton`` needs 8 or 16 channels.
    rate : float
        Sampling rate, Hz.
    scale : float
        Counts per unit.
    unit : str
        ``"V"`` or ``"count"``.
    restarts : iterable of int
        Sample offsets at which the signal restarts: no frame extends across such a mark, and the one
        that begins there says so, if the protocol allows it (only ``emg`` does).
    frame_samples : int
        Samples per frame.
    link : path or None
        A symbolic link to the port.
    loop : bool
        Play again after the end, with a mark there and a counter that continues.
    device, serial_number : str
        How the armband describes itself.
    muscle_sites : sequence of str
        The muscle under each channel; empty if unknown.
    protocol : str
        One of :data:`~emg_recognition.devices.protocols.PROTOCOLS`; only ``emg`` transmits rate, scale
        and texts.

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
        Samples written, in all rounds of a loop together.
    late : int
        Frames sent late because there was no reader, or because the machine was too slow.
    start_time : float or None
        Monotonic time of sample 0, s; None before the host has started the armband. If the host stops
        it and starts it again, this time moves by the pause.
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
            raise SettingError("frame_samples", frame_samples, "give at least 1 sample per frame")
        if protocol not in VOICES:
            raise SettingError("protocol", protocol, f"use one of {', '.join(VOICES)}")
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
        # Extremes and a full frame are tried now, so that the thread does not fail later.
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
        super().__init__(link)

    @property
    def done(self) -> bool:
        """Whether the last sample has been written."""
        return not self._loop and self.sent == len(self._counts)

    def taken_at(self, sample: int) -> float:
        """Return the true monotonic time of a sample, s.

        Raises
        ------
        SettingError
            If the host has not started the armband yet.
        """
        if self.start_time is None:
            raise SettingError("start_time", None, "let the host start the armband first")
        return self.start_time + sample / self.info.rate

    def _run(self) -> None:
        while not self._closing.is_set():
            wait = IDLE_SECONDS
            if not self._outbox and self._playing and not self.done:
                wait = min(wait, self.taken_at(self._frame_end() - 1) - time.monotonic())
            self._terminal.wait(wait, writable=bool(self._outbox))
            for command in self._terminal.read():
                self._obey(bytes([command]))
            self._write()

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
        """Write what is due, frame by frame, so that a full buffer never cuts more than one."""
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
        """Return the number of the first sample after the frame that begins at ``sent``."""
        begin = self.sent % len(self._counts)
        mark = self._marks[bisect.bisect_right(self._marks, begin)]
        return self.sent + min(self._frame_samples, mark - begin)
