"""A device on a serial port, whatever protocol it speaks."""

from __future__ import annotations

import contextlib
import select
import termios
import time
from dataclasses import dataclass, fields

import serial

from emg_recognition.devices.protocol import DataFrame, DeviceProtocol, InfoFrame, ProtocolCounters
from emg_recognition.devices.serial_port import open_port, ports_found
from emg_recognition.devices.stream import SampleChunk, SampleStream, StreamCounters
from emg_recognition.errors import DeviceError, SettingError

READ_SECONDS = 0.05
"""Longest that :meth:`SerialArmband.read` waits."""

HELD_UP_SECONDS = 0.1
"""If the reader was away for longer, what it finds may have waited for it."""

CATCH_UP_SECONDS = 1.0
"""After this it has read all that waited."""

FIXED = ("rate", "channels", "unit")
"""What may not change while a stream goes on: all who listen rely on it."""


@dataclass(frozen=True)
class ArmbandCounters:
    """What came over the port since the armband was first opened.

    Attributes
    ----------
    protocol : ProtocolCounters
        What was found in the bytes.
    stream : StreamCounters
        What happened to the data frames.
    """

    protocol: ProtocolCounters
    stream: StreamCounters


class SerialArmband:
    """Read samples from an armband.

    It can be closed and opened again: the sample index goes on and the first chunk has
    ``restart``. It is used from one thread.

    Parameters
    ----------
    port : str
        The port, e.g. ``/dev/ttyUSB0``.
    baud_rate : int
        Baud; without meaning for USB devices and pseudo-terminals.
    protocol : DeviceProtocol
        What it speaks; for this armband alone.

    Raises
    ------
    SettingError
        If the baud rate is not above 0.
    """

    def __init__(self, port: str, baud_rate: int, protocol: DeviceProtocol) -> None:
        if baud_rate <= 0:
            raise SettingError("baud_rate", baud_rate, "give a baud rate above 0, e.g. 921600")
        self.port = port
        self.protocol = protocol
        self._baud_rate = baud_rate
        self._serial: serial.Serial | None = None
        self._stream: SampleStream | None = None
        self._other: InfoFrame | None = None  # what the armband said it is now, if that has changed
        self._received = 0.0  # when the port was last looked at
        self._held_up_until = 0.0

    @property
    def counters(self) -> ArmbandCounters:
        """What came over the port so far."""
        stream = self._stream.counters if self._stream else StreamCounters()
        return ArmbandCounters(self.protocol.counters, stream)

    @property
    def measured_rate(self) -> float | None:
        """The rate at which samples came over the last 30 s, Hz; None until it can be told."""
        return self._stream.measured_rate if self._stream else None

    @property
    def info(self) -> InfoFrame | None:
        """The description of the device that was opened last; None before."""
        return self._stream.info if self._stream else None

    @property
    def is_open(self) -> bool:
        """Whether the port is open."""
        return self._serial is not None

    def open(self) -> InfoFrame:
        """Open the port and learn what the armband is; it is silent until :meth:`start`.

        Returns
        -------
        InfoFrame
            The armband's description.

        Raises
        ------
        DeviceError
            If there is no such port, it may not be opened, no armband answers, or another one
            than before: of another rate, channel count or unit.
        """
        self.close()
        self._serial = open_port(self.port, self._baud_rate)
        self._received, self._other = time.monotonic(), None
        try:
            self.protocol.begin()
            self._write(self.protocol.stop)
            info = self.protocol.info() or self._ask()
            self._check(info)
        except BaseException:
            self.close()
            raise
        if self._stream is None:
            self._stream = SampleStream(
                info, counter_period=self.protocol.counter_period, has_clock=self.protocol.has_clock
            )
        else:
            self._stream.begin(info)
        return info

    def start(self) -> None:
        """Let the armband send samples.

        Raises
        ------
        DeviceError
            If the armband is not open or has gone.
        """
        if not self.protocol.has_clock:
            # Nothing would tell that these samples are old.
            port = self._opened()
            try:
                port.reset_input_buffer()
            except (OSError, termios.error) as error:
                raise self._gone(error) from error
        self.protocol.begin()
        self._write(self.protocol.start)
        if self._stream is not None:
            self._stream.begin(self._stream.info)
        self._received, self._held_up_until = time.monotonic(), 0.0

    def read(self) -> list[SampleChunk]:
        """Return what has arrived: at once if a frame is there, after 50 ms at most.

        Returns
        -------
        list of SampleChunk
            In order; empty if no whole frame came.

        Raises
        ------
        DeviceError
            If the armband is not open, has gone, or describes itself differently than before.
        """
        deadline = time.monotonic() + READ_SECONDS
        chunks: list[SampleChunk] = []
        while not chunks and (left := deadline - time.monotonic()) > 0:
            if self._other is not None:
                self._refuse(self._other)
            data, arrival = self._receive(left)
            chunks = self._take(self.protocol.feed(data), arrival)
        return chunks

    def stop(self) -> None:
        """Let the armband be silent.

        Raises
        ------
        DeviceError
            If the armband is not open or has gone.
        """
        self._write(self.protocol.stop)

    def close(self) -> None:
        """Stop the armband if it still listens, and close the port; allowed at any time."""
        port, self._serial = self._serial, None
        if port is not None:
            for action in (lambda: port.write(self.protocol.stop), port.close):
                with contextlib.suppress(OSError):
                    action()

    def __enter__(self) -> SerialArmband:
        self.open()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _ask(self) -> InfoFrame:
        assert self.protocol.ask is not None  # else its description is known
        begin = time.monotonic()
        asked, seen, data_frames = -self.protocol.ask_seconds, 0, 0
        while (elapsed := time.monotonic() - begin) < self.protocol.answer_seconds:
            if elapsed - asked >= self.protocol.ask_seconds:
                self._write(self.protocol.ask)
                asked = elapsed
            data, _ = self._receive(min(READ_SECONDS, self.protocol.answer_seconds - elapsed))
            seen += len(data)
            for frame in self.protocol.feed(data):
                if isinstance(frame, InfoFrame):
                    return frame
                data_frames += 1
        found = f"{data_frames} data frames but no description" if data_frames else "no valid frame"
        remedy = f"check that an armband is on this port, switched on and set to {self._baud_rate} baud"
        raise DeviceError(
            self.port,
            f"{found} within {self.protocol.answer_seconds:g} s ({seen} bytes seen)",
            f"{remedy}; {ports_found()}",
        )

    def _check(self, info: InfoFrame) -> None:
        if self._stream is not None and (changes := _changes(self._stream.info, info, FIXED)):
            raise DeviceError(
                self.port, f"another armband: {changes}", "connect the one from before, or start anew"
            )

    def _take(self, frames: list[DataFrame | InfoFrame], arrival: float) -> list[SampleChunk]:
        assert self._stream is not None  # open() has made it
        fresh = arrival >= self._held_up_until
        chunks = []
        for frame in frames:
            if isinstance(frame, InfoFrame):
                if frame != self._stream.info:
                    # What came before is delivered; what follows is another device's.
                    self._other = frame
                    break
            elif (chunk := self._stream.chunk(frame, arrival, fresh)) is not None:
                chunks.append(chunk)
        return chunks

    def _refuse(self, other: InfoFrame) -> None:
        assert self._stream is not None
        changes = _changes(self._stream.info, other, tuple(field.name for field in fields(other)))
        self.close()
        raise DeviceError(self.port, f"another armband: {changes}", "open it again")

    def _receive(self, seconds: float) -> tuple[bytes, float]:
        """Return what is there, or what comes first within some time, and when it was read."""
        port = self._opened()
        begin = time.monotonic()
        try:
            ready = select.select([port], [], [], seconds)[0]
            # Readable and yet empty is a port that has gone: read(1) raises then.
            data = port.read(port.in_waiting or 1) if ready else b""
        except OSError as error:
            raise self._gone(error) from error
        now = time.monotonic()
        # A machine that is too busy holds up the reader here or before it came here.
        held_up = max(begin - self._received, now - begin - seconds)
        if held_up > HELD_UP_SECONDS:
            self._held_up_until = now + CATCH_UP_SECONDS
        self._received = now
        return data, now

    def _write(self, data: bytes) -> None:
        try:
            self._opened().write(data)
        except OSError as error:
            raise self._gone(error) from error

    def _opened(self) -> serial.Serial:
        if self._serial is None:
            raise DeviceError(self.port, "the armband is not open", "open it first")
        return self._serial

    def _gone(self, error: Exception) -> DeviceError:
        self.close()
        return DeviceError(
            self.port, f"the armband has gone ({error})", "check plug and power and open it again"
        )


def _changes(before: InfoFrame, now: InfoFrame, names: tuple[str, ...]) -> str:
    """Say what differs between two descriptions; empty if nothing does."""
    return ", ".join(
        f"{name} {getattr(before, name)!r} is now {getattr(now, name)!r}"
        for name in names
        if getattr(before, name) != getattr(now, name)
    )
