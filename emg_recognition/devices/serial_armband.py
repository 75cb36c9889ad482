"""An armband, or any other device that sends samples, on a serial port."""

from __future__ import annotations

from typing import Any

import serial

from emg_recognition.devices.byte_source import ByteSource
from emg_recognition.devices.protocol import BAUD_RATE, DeviceProtocol
from emg_recognition.devices.protocols import as_protocol
from emg_recognition.devices.serial_port import SerialDevice, ports_found


class SerialArmband(SerialDevice, ByteSource):
    """Read samples from an armband on a serial port.

    It can be closed and opened again: the sample index continues and the first chunk has
    ``restart``. Use it from one thread. If the armband disappears, reading raises a DeviceError;
    :class:`~emg_recognition.ReconnectingArmband` waits for it instead.

    Parameters
    ----------
    port : str
        The port, e.g. ``/dev/ttyUSB0`` or ``COM3``.
    baud_rate : int
        Speed of the port, baud; it has no meaning for USB devices and pseudo-terminals.
    protocol : str or DeviceProtocol
        What the armband speaks: ``"emg"``, ``"cyton"`` or ``"ascii"`` (``docs/reference/protocols.md``),
        or a protocol object that no other armband uses.
    **settings
        What a device does not report itself: ``rate``, ``channels``, ``scale``, ``unit``, and for lines of
        numbers ``delimiter`` and others, see :class:`~emg_recognition.devices.protocol.ProtocolSettings`.
        Leave them out with a protocol object.

    Raises
    ------
    SettingError
        If the baud rate is not above 0, the protocol is unknown or the settings do not fit it.

    Examples
    --------
    A device that sends lines of two numbers, here an emulated one:

    >>> import numpy as np
    >>> from emg_recognition.devices.emulator import ArmbandEmulator
    >>> counts = np.arange(100).reshape(50, 2)
    >>> with ArmbandEmulator(counts, rate=500.0, protocol="ascii") as device:
    ...     with SerialArmband(device.port, protocol="ascii", rate=500.0, channels=2) as armband:
    ...         for chunk in armband:
    ...             break
    >>> chunk.first_index, chunk.restart, chunk.rate, chunk.unit
    (0, True, 500.0, 'count')
    """

    kind = "port"

    def __init__(
        self,
        port: str,
        *,
        baud_rate: int = BAUD_RATE,
        protocol: str | DeviceProtocol = "emg",
        **settings: Any,
    ) -> None:
        super().__init__(port, baud_rate, "armband")
        ByteSource.__init__(self, as_protocol(protocol, settings))

    def _before_close(self, port: serial.Serial) -> None:
        port.write(self.protocol.stop)

    def _forget(self) -> None:
        with self._opened() as port:
            port.reset_input_buffer()

    def _write(self, data: bytes) -> None:
        with self._opened() as port:
            port.write(data)

    def _when_unanswered(self) -> str:
        at = f"check that an armband is on this port, switched on and set to {self._baud_rate} baud"
        return f"{at}; {ports_found()}"
