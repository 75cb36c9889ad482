"""What every protocol is to the one who reads a port: bytes in, frames out, commands for the device."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

from emg_recognition.devices.frame_types import DataFrame, InfoFrame
from emg_recognition.devices.protocol_settings import ProtocolSettings


@dataclass(frozen=True)
class ProtocolCounters:
    """What was found in the bytes so far.

    Attributes
    ----------
    frames : int
        Frames, packets or lines accepted.
    bad_checksum : int
        Whole frames with a wrong checksum; always 0 where the protocol has none.
    refused : int
        What looked like a frame, packet or line but makes no sense.
    skipped_bytes : int
        Bytes that are part of nothing accepted.
    """

    frames: int = 0
    bad_checksum: int = 0
    refused: int = 0
    skipped_bytes: int = 0


class DeviceProtocol(ABC):
    """How one kind of device speaks: its commands, and the decoder of what it sends.

    ``docs/protocols.md`` compares the protocols. An object keeps the state of one device; it is
    used from one thread.

    Parameters
    ----------
    settings : ProtocolSettings
        What the device cannot say itself.

    Raises
    ------
    SettingError
        If the device cannot be as the settings say, or they lack what it cannot say.

    Attributes
    ----------
    ask : bytes or None
        Asks the device to describe itself, which :meth:`feed` then answers with an InfoFrame.
        None where it cannot: then :meth:`info` is known without asking.
    ask_seconds : float
        How long to wait before asking again, s.
    answer_seconds : float
        How long a device that is there may take to answer, s.
    start, stop : bytes
        Let it send samples, let it be silent; empty where it sends whenever it has power.
    counter_period : int
        Samples after which the counter on the wire begins anew; a loss is known modulo this
        number. 0 where there is no counter: then losses cannot be counted.
    has_clock : bool
        Whether frames carry the device's microseconds; if not, ``device_us`` is 0.
    """

    ask: bytes | None = None
    ask_seconds: float = 0.25
    answer_seconds: float = 2.0
    start: bytes = b""
    stop: bytes = b""
    counter_period: int = 0
    has_clock: bool = False

    @abstractmethod
    def __init__(self, settings: ProtocolSettings) -> None: ...

    @abstractmethod
    def info(self) -> InfoFrame | None:
        """Return what the device is if that is known without asking, else None."""

    @abstractmethod
    def begin(self) -> None:
        """Take what follows as a new beginning: the port was opened, or the device started.

        What is kept of an unfinished frame is dropped where nothing else would show that it is
        cut, and the next data frame has ``restart``.
        """

    @abstractmethod
    def feed(self, data: bytes) -> list[DataFrame | InfoFrame]:
        """Take the next bytes, any number of any bytes, and return what they complete.

        Returns
        -------
        list of DataFrame or InfoFrame
            In order. A counter smaller than 32 bits has been unwrapped: a frame's counter is
            that of the samples before it plus the samples lost (modulo `counter_period`).
        """

    @property
    @abstractmethod
    def counters(self) -> ProtocolCounters:
        """What was found so far."""

    @property
    @abstractmethod
    def pending_bytes(self) -> int:
        """Bytes kept because something may be arriving; bounded whatever arrives."""
