"""What every protocol is to the one who reads a port: bytes in, frames out, commands for the device."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np

from emg_recognition.errors import SettingError
from emg_recognition.settings import check, setting

UNITS = ("count", "V")
"""The units a device can name; the position is the code on the wire."""


@dataclass(frozen=True, eq=False)
class DataFrame:
    """Consecutive samples of all channels.

    Attributes
    ----------
    counter : int
        Number of the frame's first sample, modulo 2**32.
    device_us : int
        The device's clock when the first sample was taken, in microseconds modulo 2**32.
    restart : bool
        The device says that this frame does not continue the one before it.
    counts : numpy.ndarray
        Converter counts, shape (samples, channels), int32; float64 where a device sends fractions.
    """

    counter: int
    device_us: int
    restart: bool
    counts: np.ndarray


@dataclass(frozen=True)
class InfoFrame:
    """What the device is.

    Attributes
    ----------
    device : str
        Name of the product.
    serial_number : str
        Serial number, empty if it has none.
    rate : float
        Nominal sampling rate, Hz.
    channels : int
        Number of channels.
    unit : str
        ``"V"``, or ``"count"`` where the device's scale is not known.
    scale : float
        Counts per unit: a sample in `unit` is counts / scale.
    channel_names : tuple of str
        A name for each channel.
    muscle_sites : tuple of str
        The muscle under each channel, empty strings where it is not known.

    Raises
    ------
    SettingError
        For a value that no device can have.
    """

    device: str
    serial_number: str
    rate: float
    channels: int
    unit: str
    scale: float
    channel_names: tuple[str, ...]
    muscle_sites: tuple[str, ...]

    def __post_init__(self) -> None:
        if not (math.isfinite(self.rate) and self.rate > 0):
            raise SettingError("info frame: rate", self.rate, "a rate is a finite number of Hz above 0")
        if not 1 <= self.channels <= 0xFFFF:
            raise SettingError("info frame: channels", self.channels, "a device has 1 to 65535 channels")
        if self.unit not in UNITS:
            raise SettingError("info frame: unit", self.unit, f"write one of {', '.join(UNITS)}")
        if not (math.isfinite(self.scale) and self.scale > 0):
            raise SettingError("info frame: scale", self.scale, "write the counts per unit, a number above 0")
        for name, texts in (("channel_names", self.channel_names), ("muscle_sites", self.muscle_sites)):
            if len(texts) != self.channels:
                raise SettingError(
                    f"info frame: {name}", texts, f"write one for each of {self.channels} channels"
                )
        for text in (self.device, self.serial_number, *self.channel_names, *self.muscle_sites):
            if len(text.encode()) > 255:
                raise SettingError("info frame: text", text, "a text has at most 255 bytes of UTF-8")


DELIMITERS = (",", ";", " ", "\t")
"""What may stand between two numbers of a line."""


@dataclass(frozen=True, kw_only=True)
class ProtocolSettings:
    """What is set of a device; 0 and ``""`` leave it to the protocol.

    Attributes
    ----------
    rate : float
        Nominal sampling rate, Hz.
    channels : int
        Number of channels.
    scale : float
        Counts per unit: a sample in `unit` is counts / scale.
    unit : str
        ``"V"`` or ``"count"``.
    delimiter : str
        What stands between the numbers of a line; only text protocols have lines.

    Raises
    ------
    SettingError
        For a value that no device can have.
    """

    rate: float = setting(
        0.0, "sampling rate of a device that does not report it; 0: as reported", unit="Hz", low=0.0, high=1e6
    )
    channels: int = setting(
        0, "channels of a device that does not report them; 0: as reported", low=0, high=0xFFFF
    )
    scale: float = setting(
        0.0, "counts per unit of a device that does not report them; 0: as reported", low=0.0, high=1e15
    )
    unit: str = setting(
        "", "unit of a device that does not report it; empty: as reported", choices=("", *UNITS)
    )
    delimiter: str = setting(
        ",", "separator of the numbers in a line, for text protocols", choices=DELIMITERS
    )

    def __post_init__(self) -> None:
        check(self)


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

    ``docs/reference/protocols.md`` compares the protocols. An object keeps the state of one device; it is
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
