"""What a person must say about a device that cannot describe itself."""

from __future__ import annotations

import math
from dataclasses import dataclass

from emg_recognition.devices.frame_types import UNITS
from emg_recognition.errors import SettingError

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

    rate: float = 0.0
    channels: int = 0
    scale: float = 0.0
    unit: str = ""
    delimiter: str = ","

    def __post_init__(self) -> None:
        for name, value in (("rate", self.rate), ("scale", self.scale)):
            if not (math.isfinite(value) and value >= 0.0):
                raise SettingError(name, value, "give a finite number above 0, or 0 for the protocol's own")
        if not 0 <= self.channels <= 0xFFFF:
            raise SettingError("channels", self.channels, "give 1 to 65535, or 0 for the protocol's own")
        if self.unit not in ("", *UNITS):
            raise SettingError("unit", self.unit, f"write one of {', '.join(UNITS)}, or leave it empty")
        if self.delimiter not in DELIMITERS:
            raise SettingError("delimiter", self.delimiter, "give a comma, semicolon, blank or tabulator")
