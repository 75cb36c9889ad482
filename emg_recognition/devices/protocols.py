"""Every protocol by its name. A new one needs its own module and a line here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from emg_recognition.devices.ascii_protocol import AsciiProtocol
from emg_recognition.devices.cyton_protocol import CytonProtocol
from emg_recognition.devices.emg_protocol import EmgProtocol
from emg_recognition.devices.protocol import BAUD_RATE, DeviceProtocol, ProtocolSettings
from emg_recognition.errors import SettingError
from emg_recognition.settings import check, from_mapping, setting

PROTOCOLS: dict[str, type[DeviceProtocol]] = {
    "emg": EmgProtocol,
    "cyton": CytonProtocol,
    "ascii": AsciiProtocol,
}


@dataclass(frozen=True, kw_only=True)
class PortSettings:
    """How to talk to a device on a serial port or a socket."""

    baud_rate: int = setting(BAUD_RATE, "speed of the port", unit="baud", low=9600, high=12_000_000)
    protocol: str = setting("emg", "protocol of the armband", choices=tuple(PROTOCOLS))

    def __post_init__(self) -> None:
        check(self)


def make_protocol(name: str, settings: ProtocolSettings) -> DeviceProtocol:
    """Make the protocol of a device.

    Parameters
    ----------
    name : str
        One of :data:`PROTOCOLS`.
    settings : ProtocolSettings
        What the device does not report itself.

    Returns
    -------
    DeviceProtocol
        For one device, with its decoder at the beginning.

    Raises
    ------
    SettingError
        If there is no such protocol, or the settings do not fit it.
    """
    if name not in PROTOCOLS:
        raise SettingError("protocol", name, f"use one of {', '.join(PROTOCOLS)}")
    return PROTOCOLS[name](settings)


def as_protocol(protocol: str | DeviceProtocol, settings: Mapping[str, Any]) -> DeviceProtocol:
    """Return the protocol of a device, given by its name and settings or as an object.

    Parameters
    ----------
    protocol : str or DeviceProtocol
        One of :data:`PROTOCOLS`, or an object that no other device uses.
    settings : mapping
        Values of :class:`ProtocolSettings`, by name; none with an object.

    Raises
    ------
    SettingError
        If there is no such protocol or setting, or the settings do not fit it.
    """
    if isinstance(protocol, str):
        return make_protocol(protocol, from_mapping(ProtocolSettings, settings, ""))
    if settings:
        raise SettingError(
            "protocol",
            type(protocol).__name__,
            "pass rate, channels and the other settings to the protocol object",
        )
    return protocol
