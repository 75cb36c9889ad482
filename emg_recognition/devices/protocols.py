"""Every protocol by its name. A new one needs its own module and a line here."""

from __future__ import annotations

from emg_recognition.devices.ascii_protocol import AsciiProtocol
from emg_recognition.devices.cyton_protocol import CytonProtocol
from emg_recognition.devices.emg_protocol import EmgProtocol
from emg_recognition.devices.protocol import DeviceProtocol, ProtocolSettings
from emg_recognition.errors import SettingError

PROTOCOLS: dict[str, type[DeviceProtocol]] = {
    "emg": EmgProtocol,
    "cyton": CytonProtocol,
    "ascii": AsciiProtocol,
}


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
