"""What the two frames of the armband's protocol say, apart from how they are written."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from emg_recognition.errors import SettingError

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
