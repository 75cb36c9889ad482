"""An armband, or any other device that sends samples, on a serial port."""

from __future__ import annotations

import time
from dataclasses import dataclass, fields

import serial

from emg_recognition.devices.protocol import (
    BAUD_RATE,
    DataFrame,
    DeviceProtocol,
    InfoFrame,
    ProtocolCounters,
    ProtocolSettings,
)
from emg_recognition.devices.protocols import make_protocol
from emg_recognition.devices.serial_port import SerialDevice, ports_found
from emg_recognition.devices.stream import ChunkSource, SampleChunk, SampleStream, StreamCounters
from emg_recognition.errors import DeviceError, SettingError

READ_SECONDS = 0.05
"""Longest wait of :meth:`SerialArmband.read`, s."""

HELD_UP_SECONDS = 0.1
"""If the reader was away for longer, the bytes it finds may have waited for it."""

CATCH_UP_SECONDS = 1.0
"""After this time a delayed reader has read everything that had waited."""

FIXED = ("rate", "channels", "unit")
"""What may not change during a stream, because every consumer relies on it."""


@dataclass(frozen=True)
class ArmbandCounters:
    """What has arrived through the port since the armband was first opened.

    Attributes
    ----------
    protocol : ProtocolCounters
        What was found in the bytes.
    stream : StreamCounters
        What happened to the data frames.
    """

    protocol: ProtocolCounters
    stream: StreamCounters


class SerialArmband(SerialDevice, ChunkSource):
    """Read samples from an armband on a serial port.

    It can be closed and opened again: the sample index continues and the first chunk has
    ``restart``. Use it from one thread. If the armband disappears, reading raises a DeviceError;
    :class:`~emg_recognition.ReconnectingArmband` waits for it instead.

    Parameters
    ----------
    port : str
        The port, e.g. ``/dev/ttyUSB0`` or ``COM3``.
    baud_rate : int
        Speed of the port, baud; it has no meaning for USB devices and pseudo-terminals.
    protocol : str or DeviceProtocol
        What the armband speaks: ``"emg"``, ``"cyton"`` or ``"ascii"`` (``docs/reference/protocols.md``),
        or a protocol object that no other armband uses.
    rate, channels, scale, unit, delimiter
        What a device does not report itself, see
        :class:`~emg_recognition.devices.protocol.ProtocolSettings`. Leave them out with a protocol object.

    Raises
    ------
    SettingError
        If the baud rate is not above 0, the protocol is unknown or the settings do not fit it.

    Examples
    --------
    A device that sends lines of two numbers, here an emulated one:

    >>> import numpy as np
    >>> from emg_recognition.devices.emulator import ArmbandEmulator
    >>> counts = np.arange(100).reshape(50, 2)
    >>> with ArmbandEmulator(counts, rate=500.0, protocol="ascii") as device:
    ...     with SerialArmband(device.port, protocol="ascii", rate=500.0, channels=2) as armband:
    ...         for chunk in armband:
    ...             break
    >>> chunk.first_index, chunk.restart, chunk.rate, chunk.unit
    (0, True, 500.0, 'count')
    """

    def __init__(
        self,
        port: str,
        *,
        baud_rate: int = BAUD_RATE,
        protocol: str | DeviceProtocol = "emg",
        rate: float = ProtocolSettings.rate,
        channels: int = ProtocolSettings.channels,
        scale: float = ProtocolSettings.scale,
        unit: str = ProtocolSettings.unit,
        delimiter: str = ProtocolSettings.delimiter,
    ) -> None:
        super().__init__(port, baud_rate, "armband")
        settings = ProtocolSettings(rate=rate, channels=channels, scale=scale, unit=unit, delimiter=delimiter)
        if isinstance(protocol, str):
            protocol = make_protocol(protocol, settings)
        elif settings != ProtocolSettings():
            raise SettingError(
                "protocol",
                type(protocol).__name__,
                "pass rate, channels and the other settings to the protocol object",
            )
        self.protocol = protocol
        self._stream: SampleStream | None = None
        self._other: InfoFrame | None = None  # the armband's new description, if it has changed
        self._received = 0.0  # when the port was last read
        self._held_up_until = 0.0

    @property
    def counters(self) -> ArmbandCounters:
        """What has arrived through the port so far."""
        stream = self._stream.counters if self._stream else StreamCounters()
        return ArmbandCounters(self.protocol.counters, stream)

    @property
    def measured_rate(self) -> float | None:
        """The measured rate over the last 30 s, Hz; None for the first 5 s."""
        return self._stream.measured_rate if self._stream else None

    @property
    def info(self) -> InfoFrame | None:
        """The description of the device that was opened last; None before."""
        return self._stream.info if self._stream else None

    def open(self) -> InfoFrame:
        """Open the port and learn what the armband is; it sends nothing until :meth:`start`.

        Returns
        -------
        InfoFrame
            The armband's description.

        Raises
        ------
        DeviceError
            If there is no such port, it may not be opened, no armband answers, or it is another one
            than before, with another rate, channel count or unit.
        """
        self._connect()
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
        """Make the armband send samples.

        Raises
        ------
        DeviceError
            If the armband is not open or has gone.
        """
        if not self.protocol.has_clock:
            # Nothing would show that these samples are old.
            with self._opened() as port:
                port.reset_input_buffer()
        self.protocol.begin()
        self._write(self.protocol.start)
        if self._stream is not None:
            self._stream.begin(self._stream.info)
        self._received, self._held_up_until = time.monotonic(), 0.0

    def read(self) -> list[SampleChunk]:
        """Return what has arrived: at once if a frame is there, otherwise after 50 ms at most.

        Returns
        -------
        list of SampleChunk
            In order; empty if no whole frame arrived.

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
            data, arrival = self._timed_receive(left)
            chunks = self._take(self.protocol.feed(data), arrival)
        return chunks

    def stop(self) -> None:
        """Make the armband stop sending.

        Raises
        ------
        DeviceError
            If the armband is not open or has gone.
        """
        self._write(self.protocol.stop)

    def _before_close(self, port: serial.Serial) -> None:
        port.write(self.protocol.stop)

    def _ask(self) -> InfoFrame:
        assert self.protocol.ask is not None  # otherwise its description is known
        begin = time.monotonic()
        asked, seen, data_frames = -self.protocol.ask_seconds, 0, 0
        while (elapsed := time.monotonic() - begin) < self.protocol.answer_seconds:
            if elapsed - asked >= self.protocol.ask_seconds:
                self._write(self.protocol.ask)
                asked = elapsed
            data, _ = self._timed_receive(min(READ_SECONDS, self.protocol.answer_seconds - elapsed))
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
                self.port, f"another armband: {changes}", "connect the previous one, or restart the program"
            )

    def _take(self, frames: list[DataFrame | InfoFrame], arrival: float) -> list[SampleChunk]:
        assert self._stream is not None  # made by open()
        fresh = arrival >= self._held_up_until
        chunks = []
        for frame in frames:
            if isinstance(frame, InfoFrame):
                if frame != self._stream.info:
                    # What arrived before is delivered; what follows is from another device.
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

    def _timed_receive(self, seconds: float) -> tuple[bytes, float]:
        """Return what is there, or what comes first within this time, and when it was read."""
        begin = time.monotonic()
        data = self._receive(seconds)
        now = time.monotonic()
        # A busy machine delays the reader here, or before it came here.
        held_up = max(begin - self._received, now - begin - seconds)
        if held_up > HELD_UP_SECONDS:
            self._held_up_until = now + CATCH_UP_SECONDS
        self._received = now
        return data, now

    def _write(self, data: bytes) -> None:
        with self._opened() as port:
            port.write(data)


def _changes(before: InfoFrame, now: InfoFrame, names: tuple[str, ...]) -> str:
    """Describe what differs between two descriptions; empty if nothing does."""
    return ", ".join(
        f"{name} {getattr(before, name)!r} is now {getattr(now, name)!r}"
        for name in names
        if getattr(before, name) != getattr(now, name)
    )
