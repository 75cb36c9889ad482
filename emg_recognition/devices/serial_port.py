"""Opening a serial port, with an error that says what is wrong and what to do."""

from __future__ import annotations

import errno
import logging
import termios

import serial
from serial.tools import list_ports

from emg_recognition.errors import DeviceError

_LOG = logging.getLogger(__name__)

WRITE_SECONDS = 0.5
"""After so long a write that nobody takes is an error."""


def open_port(name: str, baud_rate: int) -> serial.Serial:
    """Open a port for non-blocking reads, for this process alone where the system can do that.

    Parameters
    ----------
    name : str
        The port, e.g. ``/dev/ttyUSB0``, or a link to it.
    baud_rate : int
        Baud.

    Returns
    -------
    serial.Serial
        The open port, in the driver's low latency mode where it has one.

    Raises
    ------
    DeviceError
        If there is no such port, it may not be opened, is in use, or is no serial port.
    """
    try:
        port = serial.Serial(name, baud_rate, timeout=0, write_timeout=WRITE_SECONDS, exclusive=True)
    except (OSError, ValueError, termios.error) as error:
        problem, remedy = _explain(error)
        raise DeviceError(name, problem, f"{remedy}; {ports_found()}") from error
    try:
        # Drivers of USB adapters else gather bytes for up to 16 ms.
        port.set_low_latency_mode(True)
    except (AttributeError, NotImplementedError, ValueError, OSError):
        _LOG.debug("port %s: its driver has no low latency mode", name)
    return port


def ports_found() -> str:
    """Return the serial ports of this machine as the end of an error line."""
    ports = sorted(port.device for port in list_ports.comports())
    return f"ports found: {', '.join(ports)}" if ports else "no serial port was found on this machine"


def _explain(error: Exception) -> tuple[str, str]:
    """Return what an exception of opening a port means, and the remedy."""
    if isinstance(error, ValueError):
        return str(error), "choose a baud rate that port and device know"
    code = error.args[0] if isinstance(error, termios.error) else getattr(error, "errno", None)
    if code == errno.EIO:
        return "it has gone while it was being opened", "check plug and power"
    if code in (errno.ENOENT, errno.ENXIO, errno.ENODEV):
        return "there is no such port", "plug the device in or name another port"
    if code in (errno.EACCES, errno.EPERM):
        return "no permission to open it", "add yourself to its group (often 'dialout') and log in again"
    if code in (errno.EBUSY, errno.EAGAIN):
        return "another program has opened it", "close that program or name another port"
    # pyserial keeps no errno if the port opened but would not be configured.
    return f"it is no serial port ({error})", "name the device's port"
