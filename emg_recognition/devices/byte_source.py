"""A source that sends bytes in one of the protocols, over whatever carries them."""

from __future__ import annotations

import time
from abc import abstractmethod
from dataclasses import fields

from emg_recognition.devices.protocol import DataFrame, DeviceProtocol, InfoFrame, ProtocolCounters
from emg_recognition.devices.source import READ_SECONDS, StreamSource, changes
from emg_recognition.devices.stream import SampleChunk, SampleStream

HELD_UP_SECONDS = 0.1
"""If the reader was away for longer, the bytes it finds may have waited for it."""

CATCH_UP_SECONDS = 1.0
"""After this time a delayed reader has read everything that had waited."""


class ByteSource(StreamSource):
    """Read samples from a device through a protocol; subclasses carry the bytes.

    It can be closed and opened again: the sample index continues and the first chunk has
    ``restart``. Use it from one thread.

    Parameters
    ----------
    protocol : DeviceProtocol
        What the device speaks; no other source uses it.

    Attributes
    ----------
    when_unknown : str
        What to check when nothing that arrives is valid and the bytes do not show why.
    """

    when_silent = "check power and cable"
    when_unknown = "check protocol, baud rate and cable"

    def __init__(self, protocol: DeviceProtocol) -> None:
        self.protocol = protocol
        self.first_seconds = protocol.answer_seconds
        if protocol.info() is None:
            self.rate_remedy = "the device reports a rate that it does not keep"
        self._other: InfoFrame | None = None  # the armband's new description, if it has changed
        self._received = 0.0  # when bytes were last read
        self._held_up_until = 0.0

    @abstractmethod
    def _connect(self) -> None:
        """Open the way to the device, closing it first if it is open."""

    @abstractmethod
    def _receive(self, seconds: float) -> bytes:
        """Return what is there, or what comes first within this time; empty if nothing does."""

    @abstractmethod
    def _write(self, data: bytes) -> None:
        """Send a command to the device; an empty one does nothing."""

    @abstractmethod
    def _forget(self) -> None:
        """Drop what has arrived and was not read."""

    @abstractmethod
    def _when_unanswered(self) -> str:
        """Return what to check when no armband describes itself."""

    @property
    def when_invalid(self) -> str:  # type: ignore[override]
        """What to check when nothing that arrives is a valid sample."""
        return self.protocol.advice or self.when_unknown

    def _protocol_counters(self) -> ProtocolCounters:
        return self.protocol.counters

    def remarks(self) -> list[str]:
        """Return what is worth a line in the log, once."""
        return self.protocol.remarks() + super().remarks()

    def open(self) -> InfoFrame:
        """Connect and learn what the armband is; it sends nothing until :meth:`start`.

        Returns
        -------
        InfoFrame
            The armband's description.

        Raises
        ------
        DeviceError
            If it cannot be reached, no armband answers, or it is another one than before, with another rate,
            channel count or unit.
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
            self._forget()  # nothing would show that these samples are old
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
        raise self.error(
            f"{found} within {self.protocol.answer_seconds:g} s ({seen} bytes seen)", self._when_unanswered()
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
        changed = changes(self._stream.info, other, tuple(field.name for field in fields(other)))
        self.close()
        raise self.error(f"another armband: {changed}", "open it again")

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
