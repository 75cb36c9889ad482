"""Serial ports: opening, waiting and closing, with errors that say what is wrong and what to do."""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import select
import time
from collections.abc import Iterator

import serial
from serial.tools import list_ports

from emg_recognition.devices.protocol import BAUD_RATE
from emg_recognition.errors import DeviceError, SettingError

try:
    import termios
except ImportError:  # Windows: pyserial has only OSError there
    _PORT_ERRORS: tuple[type[Exception], ...] = (OSError,)
else:
    _PORT_ERRORS = (OSError, termios.error)

_OPEN_ERRORS: tuple[type[Exception], ...] = (ValueError, *_PORT_ERRORS)

_LOG = logging.getLogger(__name__)

WRITE_SECONDS = 0.5
"""A write that the device has not accepted after this time is an error."""

_POLL_SECONDS = 0.001


def open_port(name: str, baud_rate: int) -> serial.Serial:
    """Open a port for non-blocking reads, for this process alone where the system allows that.

    Parameters
    ----------
    name : str
        The port, e.g. ``/dev/ttyUSB0``, or a link to it.
    baud_rate : int
        Speed, baud.

    Returns
    -------
    serial.Serial
        The open port, in the driver's low-latency mode where it has one.

    Raises
    ------
    DeviceError
        If there is no such port, it may not be opened, is in use, or is not a serial port.
    """
    try:
        port = serial.Serial(name, baud_rate, timeout=0, write_timeout=WRITE_SECONDS, exclusive=True)
    except _OPEN_ERRORS as error:
        problem, remedy = _explain(error)
        raise DeviceError(name, problem, f"{remedy}; {ports_found()}") from error
    try:
        # Otherwise drivers of USB adapters collect bytes for up to 16 ms.
        port.set_low_latency_mode(True)
    except (AttributeError, NotImplementedError, ValueError, OSError):
        _LOG.debug("port %s: its driver has no low-latency mode", name)
    return port


def ports_found() -> str:
    """Return the serial ports of this machine as the end of an error line."""
    ports = sorted(port.device for port in list_ports.comports())
    return f"ports found: {', '.join(ports)}" if ports else "no serial port was found on this machine"


def wait_readable(port: serial.Serial, seconds: float) -> bool:
    """Wait, for at most this time in s, until a port has something to read or has gone.

    Returns
    -------
    bool
        Whether a read returns at once.
    """
    if os.name == "posix":
        return bool(select.select([port], [], [], seconds)[0])
    deadline = time.monotonic() + seconds
    while not port.in_waiting:
        if time.monotonic() >= deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return True


class SerialDevice:
    """A device on a serial port: what the drivers of armband and exoskeleton have in common.

    Parameters
    ----------
    port : str
        The port, e.g. ``/dev/ttyUSB0``.
    baud_rate : int
        Speed, baud.
    kind : str
        What the device is, for errors.

    Raises
    ------
    SettingError
        If the baud rate is not above 0.
    """

    def __init__(self, port: str, baud_rate: int, kind: str) -> None:
        if baud_rate <= 0:
            raise SettingError("baud_rate", baud_rate, f"give a baud rate above 0, e.g. {BAUD_RATE}")
        self.port = port
        self._baud_rate = baud_rate
        self._kind = kind
        self._serial: serial.Serial | None = None

    @property
    def is_open(self) -> bool:
        """Whether the port is open."""
        return self._serial is not None

    def close(self) -> None:
        """Close the port; allowed at any time."""
        port, self._serial = self._serial, None
        if port is not None:
            for action in (lambda: self._before_close(port), port.close):
                with contextlib.suppress(*_PORT_ERRORS):
                    action()

    def _before_close(self, port: serial.Serial) -> None:
        """Say what the device should hear before the port closes."""

    def _connect(self) -> None:
        self.close()
        self._serial = open_port(self.port, self._baud_rate)

    @contextlib.contextmanager
    def _opened(self) -> Iterator[serial.Serial]:
        """Give the open port; an error of the port means that the device has gone."""
        if self._serial is None:
            raise DeviceError(self.port, f"the {self._kind} is not open", "open it first")
        try:
            yield self._serial
        except _PORT_ERRORS as error:
            self.close()
            raise DeviceError(
                self.port, f"the {self._kind} has gone ({error})", "check plug and power and open it again"
            ) from error

    def _receive(self, seconds: float) -> bytes:
        """Return what is there, or what comes first within this time; empty if nothing does."""
        with self._opened() as port:
            # A port that has gone is readable but empty: read(1) raises then.
            return port.read(port.in_waiting or 1) if wait_readable(port, seconds) else b""


def _explain(error: Exception) -> tuple[str, str]:
    """Return what an exception raised while opening a port means, and the remedy."""
    if isinstance(error, ValueError):
        return str(error), "choose a baud rate that port and device support"
    # termios.error is not an OSError: its number is its first argument.
    code = getattr(error, "errno", None) or (error.args[0] if error.args else None)
    if code == errno.EIO:
        return "it disappeared while it was being opened", "check plug and power"
    if code in (errno.ENOENT, errno.ENXIO, errno.ENODEV):
        return "there is no such port", "plug the device in or name another port"
    if code in (errno.EACCES, errno.EPERM):
        return "no permission to open it", "add yourself to its group (often 'dialout') and log in again"
    if code in (errno.EBUSY, errno.EAGAIN):
        return "another program has opened it", "close that program or name another port"
    # pyserial does not keep the errno if the port opened but could not be configured.
    return f"it is not a serial port ({error})", "name the device's port"
