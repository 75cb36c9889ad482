"""The armband on a serial port."""

from __future__ import annotations

import contextlib
import select
import time
from dataclasses import dataclass, fields

import serial

from emg_recognition.devices.frame_types import DataFrame, InfoFrame
from emg_recognition.devices.frames import ASK_INFO, START, STOP, FrameDecoder
from emg_recognition.devices.serial_port import open_port, ports_found
from emg_recognition.devices.stream import SampleChunk, SampleStream, StreamCounters
from emg_recognition.errors import DeviceError, SettingError

READ_SECONDS = 0.05
"""Longest that :meth:`SerialArmband.read` waits."""

ASK_SECONDS = 0.25
"""The description is asked for this often: a board that reset when the port opened is deaf at first."""


@dataclass(frozen=True)
class ArmbandCounters:
    """What came over the port since the armband was first opened.

    Attributes
    ----------
    frames : int
        Frames with a right checksum.
    bad_checksum, refused, skipped_bytes : int
        As :class:`~emg_recognition.devices.frames.FrameDecoder` counts them.
    stream : StreamCounters
        What happened to the data frames.
    """

    frames: int
    bad_checksum: int
    refused: int
    skipped_bytes: int
    stream: StreamCounters


class SerialArmband:
    """Read samples from an armband that speaks the protocol of ``docs/protocol.md``.

    It can be closed and opened again: the sample index goes on and the first chunk has
    ``restart``. It is used from one thread.

    Parameters
    ----------
    port : str
        The port, e.g. ``/dev/ttyUSB0``.
    baud_rate : int
        Baud; without meaning for USB devices and pseudo-terminals.
    timeout : float
        Seconds in which the armband must describe itself.

    Raises
    ------
    SettingError
        If baud rate or timeout are not above 0.
    """

    def __init__(self, port: str, baud_rate: int = 921_600, timeout: float = 2.0) -> None:
        if baud_rate <= 0:
            raise SettingError("baud_rate", baud_rate, "give a baud rate above 0, e.g. 921600")
        if timeout <= 0:
            raise SettingError("timeout", timeout, "give seconds above 0")
        self._port = port
        self._baud_rate = baud_rate
        self._timeout = timeout
        self._serial: serial.Serial | None = None
        self._decoder = FrameDecoder()
        self._stream: SampleStream | None = None

    @property
    def counters(self) -> ArmbandCounters:
        """What came over the port so far."""
        decoder = self._decoder
        stream = self._stream.counters if self._stream else StreamCounters()
        return ArmbandCounters(
            decoder.frames, decoder.bad_checksum, decoder.refused, decoder.skipped_bytes, stream
        )

    def open(self) -> InfoFrame:
        """Open the port and ask the armband what it is; it is silent until :meth:`start`.

        Returns
        -------
        InfoFrame
            The armband's description.

        Raises
        ------
        DeviceError
            If there is no such port, it may not be opened, or no armband answers.
        """
        self.close()
        self._serial = open_port(self._port, self._baud_rate)
        try:
            info = self._ask()
        except BaseException:
            self.close()
            raise
        if self._stream is None:
            self._stream = SampleStream(info)
        else:
            self._stream.reconnect(info)
        return info

    def start(self) -> None:
        """Let the armband send samples.

        Raises
        ------
        DeviceError
            If the armband is not open or has gone.
        """
        self._write(START)

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
            data, arrival = self._receive(left)
            for frame in self._decoder.feed(data):
                chunk = self._take(frame, arrival)
                if chunk is not None:
                    chunks.append(chunk)
        return chunks

    def stop(self) -> None:
        """Let the armband be silent.

        Raises
        ------
        DeviceError
            If the armband is not open or has gone.
        """
        self._write(STOP)

    def close(self) -> None:
        """Stop the armband if it still listens, and close the port; allowed at any time."""
        port, self._serial = self._serial, None
        if port is not None:
            for action in (lambda: port.write(STOP), port.close):
                with contextlib.suppress(OSError):
                    action()

    def __enter__(self) -> SerialArmband:
        self.open()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _ask(self) -> InfoFrame:
        begin = time.monotonic()
        asked, seen, data_frames = -ASK_SECONDS, 0, 0
        self._write(STOP)
        while (elapsed := time.monotonic() - begin) < self._timeout:
            if elapsed - asked >= ASK_SECONDS:
                self._write(ASK_INFO)
                asked = elapsed
            data, _ = self._receive(min(READ_SECONDS, self._timeout - elapsed))
            seen += len(data)
            for frame in self._decoder.feed(data):
                if isinstance(frame, InfoFrame):
                    return frame
                data_frames += 1
        found = f"{data_frames} data frames but no description" if data_frames else "no valid frame"
        remedy = f"check that an armband is on this port, switched on and set to {self._baud_rate} baud"
        raise DeviceError(
            self._port,
            f"{found} within {self._timeout:g} s ({seen} bytes seen)",
            f"{remedy}; {ports_found()}",
        )

    def _take(self, frame: DataFrame | InfoFrame, arrival: float) -> SampleChunk | None:
        assert self._stream is not None  # open() has made it
        if isinstance(frame, DataFrame):
            return self._stream.chunk(frame, arrival)
        before = self._stream.info
        if frame != before:
            names = (f.name for f in fields(frame) if getattr(frame, f.name) != getattr(before, f.name))
            changes = (f"{name} {getattr(before, name)!r} is now {getattr(frame, name)!r}" for name in names)
            self.close()
            raise DeviceError(self._port, f"another armband: {', '.join(changes)}", "open it again")
        return None

    def _receive(self, seconds: float) -> tuple[bytes, float]:
        """Return what is there, or what comes first within some time, and when it was read."""
        port = self._opened()
        try:
            if not select.select([port], [], [], seconds)[0]:
                return b"", time.monotonic()
            # Readable and yet empty is a port that has gone: read(1) raises then.
            return port.read(port.in_waiting or 1), time.monotonic()
        except OSError as error:
            raise self._gone(error) from error

    def _write(self, data: bytes) -> None:
        try:
            self._opened().write(data)
        except OSError as error:
            raise self._gone(error) from error

    def _opened(self) -> serial.Serial:
        if self._serial is None:
            raise DeviceError(self._port, "the armband is not open", "open it first")
        return self._serial

    def _gone(self, error: OSError) -> DeviceError:
        self.close()
        return DeviceError(
            self._port, f"the armband has gone ({error})", "check plug and power and open it again"
        )
