"""The interface of a protocol: bytes in, frames out, commands for the device; and its settings."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING

from emg_recognition.errors import SettingError
from emg_recognition.settings import check, setting
from emg_recognition.types import UNITS

if TYPE_CHECKING:
    import numpy as np

BAUD_RATE = 921_600
"""Default speed of a port, baud; it has no meaning for USB devices and pseudo-terminals."""

SILENT_AFTER = 1.0
"""Default time without a sample after which an armband counts as lost, s."""

DELIMITERS = (",", ";", " ", "\t")
"""Possible separators of the numbers in a line."""

LINE_ENDS = ("lf", "cr")
"""What may end a line: a line feed, with or without a carriage return before it, or that alone."""


@dataclass(frozen=True, eq=False)
class DataFrame:
    """Consecutive samples of all channels.

    Attributes
    ----------
    counter : int
        Number of the first sample, modulo 2**32.
    device_us : int
        The device's clock when the first sample was taken, in microseconds modulo 2**32.
    restart : bool
        The device reports that this frame does not continue the previous one.
    counts : numpy.ndarray
        Converter counts, shape (samples, channels), int32; float64 if the device sends fractions.
    """

    counter: int
    device_us: int
    restart: bool
    counts: np.ndarray


@dataclass(frozen=True)
class InfoFrame:
    """The description of a device.

    Attributes
    ----------
    device : str
        Name of the product.
    serial_number : str
        Serial number; empty if it has none.
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
        The muscle under each channel; empty strings where unknown.

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
            raise SettingError("info frame: rate", self.rate, "give a finite number of Hz above 0")
        if not 1 <= self.channels <= 0xFFFF:
            raise SettingError("info frame: channels", self.channels, "give 1 to 65535 channels")
        if self.unit not in UNITS:
            raise SettingError("info frame: unit", self.unit, f"use one of {', '.join(UNITS)}")
        if not (math.isfinite(self.scale) and self.scale > 0):
            raise SettingError("info frame: scale", self.scale, "give the counts per unit, a number above 0")
        for name, texts in (("channel_names", self.channel_names), ("muscle_sites", self.muscle_sites)):
            if len(texts) != self.channels:
                raise SettingError(
                    f"info frame: {name}", texts, f"give one for each of {self.channels} channels"
                )
        for text in (self.device, self.serial_number, *self.channel_names, *self.muscle_sites):
            if len(text.encode()) > 255:
                raise SettingError("info frame: text", text, "use at most 255 bytes of UTF-8")


@dataclass(frozen=True, kw_only=True)
class ProtocolSettings:
    """What a device does not report itself; 0 and ``""`` leave it to the protocol.

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
    labels: bool = setting(False, "lines hold a label and a colon before each number, as EMG1:512")
    brackets: bool = setting(False, "lines stand in brackets")
    trailing_delimiter: bool = setting(False, "lines end with a delimiter")
    leading_numbers: int = setting(
        0, "numbers before the channels that are left out, such as a time", low=0, high=100
    )
    counter_period: int = setting(
        0,
        "the first number of a line counts samples and begins again at 0 after this many; 0: it does not",
        low=0,
        high=1 << 32,
    )
    line_end: str = setting("lf", "end of a line: line feed or carriage return", choices=LINE_ENDS)

    def __post_init__(self) -> None:
        check(self)


@dataclass(frozen=True)
class ProtocolCounters:
    """What a decoder has found in the bytes so far.

    Attributes
    ----------
    frames : int
        Frames, packets or lines accepted.
    bad_checksum : int
        Whole frames with a wrong checksum; always 0 if the protocol has none.
    refused : int
        What looked like a frame, packet or line but had invalid content.
    skipped_bytes : int
        Bytes that belong to nothing accepted.
    """

    frames: int = 0
    bad_checksum: int = 0
    refused: int = 0
    skipped_bytes: int = 0


class DeviceProtocol(ABC):
    """The commands of one kind of device, and the decoder of what it sends.

    ``docs/reference/protocols.md`` compares the protocols. An object keeps the state of one device; use it
    from one thread.

    Parameters
    ----------
    settings : ProtocolSettings
        What the device does not report itself.

    Raises
    ------
    SettingError
        If the settings do not fit the protocol, or lack what the device does not report.

    Attributes
    ----------
    ask : bytes or None
        Command that makes the device describe itself; :meth:`feed` then returns an InfoFrame.
        None if it cannot: then :meth:`info` is known without asking.
    ask_seconds : float
        How long to wait before asking again, s.
    answer_seconds : float
        Longest time that a connected device takes to answer, s.
    start, stop : bytes
        Commands to start and stop sending samples; empty if it sends whenever it has power.
    counter_period : int
        Samples after which the counter on the wire starts again at 0; a loss is known modulo this
        number. 0 if there is no counter: then losses cannot be counted.
    has_clock : bool
        Whether frames carry the device's microseconds; if not, ``device_us`` is 0.
    line_end : bytes
        What ends a line of a text protocol; empty for frames.
    """

    ask: bytes | None = None
    ask_seconds: float = 0.25
    answer_seconds: float = 2.0
    start: bytes = b""
    stop: bytes = b""
    counter_period: int = 0
    has_clock: bool = False
    line_end: bytes = b""

    @abstractmethod
    def __init__(self, settings: ProtocolSettings) -> None: ...

    @abstractmethod
    def info(self) -> InfoFrame | None:
        """Return the description of the device if it is known without asking, else None."""

    @abstractmethod
    def begin(self) -> None:
        """Expect a new beginning: the port was opened, or the device was started.

        The kept part of an unfinished frame is dropped if nothing else would show that the frame was
        cut, and the next data frame has ``restart``.
        """

    @abstractmethod
    def feed(self, data: bytes) -> list[DataFrame | InfoFrame]:
        """Take the next bytes, any number of any values, and return what they complete.

        Returns
        -------
        list of DataFrame or InfoFrame
            In order. A counter smaller than 32 bits has been unwrapped: the counter of a frame is
            that of the samples before it plus the lost samples (modulo `counter_period`).
        """

    def remarks(self) -> list[str]:
        """Return what is worth a line in the log, once: what was refused and why."""
        return []

    @property
    def advice(self) -> str:
        """What to change if nothing that arrives is valid; empty if the bytes do not show it."""
        return ""

    @property
    @abstractmethod
    def counters(self) -> ProtocolCounters:
        """What has been found so far."""

    @property
    @abstractmethod
    def pending_bytes(self) -> int:
        """Bytes kept because something may be arriving; bounded, whatever arrives."""
