"""Where samples come from: what every source does, and how its chunks are read in a loop.

A source is anything that can be iterated over and yields chunks: objects of any class with the attributes
of :class:`~emg_recognition.SampleChunk`. :class:`emg_recognition.Recognizer` uses ``first_index`` (where the
index jumps, samples are missing), ``samples``, ``time``, ``restart``, ``rate`` and ``unit``;
``dropped_before`` repeats what the index shows, for counting. The sources of this package are
:class:`ChunkSource` objects; others need not be.
"""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

from emg_recognition.devices.protocol import InfoFrame, ProtocolCounters
from emg_recognition.devices.stream import SampleChunk, SampleStream, StreamCounters, join_chunks
from emg_recognition.errors import DeviceError

S = TypeVar("S", bound="ChunkSource")

_LOG = logging.getLogger(__name__)

READ_SECONDS = 0.05
"""Longest wait of :meth:`ChunkSource.read`, s."""

FIXED = ("rate", "channels", "unit")
"""What may not change during a stream, because every consumer relies on it."""


@dataclass(frozen=True)
class SourceCounters:
    """What has arrived since the source was first opened.

    Attributes
    ----------
    protocol : ProtocolCounters
        What was found in the bytes; zeros where a library decodes them.
    stream : StreamCounters
        What happened to the data frames.
    """

    protocol: ProtocolCounters
    stream: StreamCounters


class ChunkSource(ABC):
    """A device that is opened, started, read, stopped and closed, or simply iterated over.

    As a context manager it is opened and started, then stopped and closed. Iterating over it yields
    chunks as they arrive, joined where several arrived together, until it is closed::

        with source:
            for chunk in source:
                ...

    Attributes
    ----------
    port : str
        Its port or address, as the user wrote it.
    kind : str
        ``"port"`` or ``"source"``: what `port` is, for messages.
    first_seconds : float
        Longest time from its start to the first sample, s.
    when_silent, when_invalid : str
        What to check when nothing arrives, and when nothing that arrives is a valid sample.
    """

    port: str = ""
    kind: str = "source"
    first_seconds: float = 2.0
    when_silent: str = "check that it is switched on and sending"
    when_invalid: str = "check the settings of the source"

    @property
    def where(self) -> str:
        """The source in a message, e.g. ``port /dev/ttyACM0``."""
        return f"{self.kind} {self.port}"

    @property
    @abstractmethod
    def is_open(self) -> bool:
        """Whether it is open."""

    @property
    @abstractmethod
    def info(self) -> InfoFrame | None:
        """The description of the device that was opened last; None before."""

    @property
    @abstractmethod
    def counters(self) -> SourceCounters:
        """What has arrived so far."""

    @property
    @abstractmethod
    def measured_rate(self) -> float | None:
        """The measured rate over the last 30 s, Hz; None for the first 5 s."""

    @abstractmethod
    def open(self) -> InfoFrame:
        """Connect to the device, which sends nothing until :meth:`start`."""

    @abstractmethod
    def start(self) -> None:
        """Make the device send samples."""

    @abstractmethod
    def read(self) -> list[SampleChunk]:
        """Return what has arrived, after waiting for a short time if nothing has."""

    @abstractmethod
    def stop(self) -> None:
        """Make the device stop sending."""

    @abstractmethod
    def close(self) -> None:
        """Stop the device and disconnect from it; allowed at any time."""

    def remarks(self) -> list[str]:
        """Return what is worth a line in the log, once: each line that was not returned before."""
        return []

    def error(self, problem: str, remedy: str) -> DeviceError:
        """Return the error that names this source."""
        return DeviceError(self.port, problem, remedy, kind=self.kind)

    def __enter__(self: S) -> S:
        self.open()
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __iter__(self) -> Iterator[SampleChunk]:
        # The first read also reports that the source is not open.
        yield from self._chunks()
        while self.is_open:
            yield from self._chunks()

    def _chunks(self) -> list[SampleChunk]:
        chunks = join_chunks(self.read())
        for remark in self.remarks():
            _LOG.warning("%s: %s", self.where, remark)
        return chunks


class StreamSource(ChunkSource):
    """A source whose frames one :class:`SampleStream` puts in order and stamps.

    Attributes
    ----------
    rate_remedy : str
        What to do about a rate that is off; ``{rate}`` stands for the measured one.
    """

    rate_remedy: str = "set rate to {rate}"
    _stream: SampleStream | None = None

    @property
    def info(self) -> InfoFrame | None:
        """The description of the device that was opened last; None before."""
        return self._stream.info if self._stream else None

    @property
    def counters(self) -> SourceCounters:
        """What has arrived so far."""
        return SourceCounters(
            self._protocol_counters(), self._stream.counters if self._stream else StreamCounters()
        )

    def _protocol_counters(self) -> ProtocolCounters:
        return ProtocolCounters()

    @property
    def measured_rate(self) -> float | None:
        """The measured rate over the last 30 s, Hz; None for the first 5 s."""
        return self._stream.measured_rate if self._stream else None

    def remarks(self) -> list[str]:
        """Return what is worth a line in the log, once."""
        return self._stream.rate_remark(self.rate_remedy) if self._stream else []

    def _check(self, info: InfoFrame) -> None:
        """Refuse a device that cannot continue the stream of the previous one."""
        if self._stream is not None and (changed := changes(self._stream.info, info, FIXED)):
            remedy = "connect the previous one, or restart the program"
            raise self.error(f"another armband: {changed}", remedy)


def changes(before: InfoFrame, now: InfoFrame, names: tuple[str, ...]) -> str:
    """Describe what differs between two descriptions; empty if nothing does."""
    return ", ".join(
        f"{name} {getattr(before, name)!r} is now {getattr(now, name)!r}"
        for name in names
        if getattr(before, name) != getattr(now, name)
    )
