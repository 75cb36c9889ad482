"""Emulated serial devices: a pseudo-terminal whose other end is this process, played by a thread."""

from __future__ import annotations

import os
import select
import threading
from abc import ABC, abstractmethod
from pathlib import Path
from typing import TypeVar

from emg_recognition.errors import DeviceError

try:
    import pty
    import tty
except ImportError:  # Windows has no pseudo-terminals
    _POSIX = False
else:
    _POSIX = True

E = TypeVar("E", bound="EmulatedDevice")


class PseudoTerminal:
    """The device's end of a serial port made from a pseudo-terminal.

    Both ends stay open here, so that the port survives readers that come and go.

    Parameters
    ----------
    link : path or None
        A symbolic link to the port, replaced if it exists and removed by :meth:`close`.

    Raises
    ------
    DeviceError
        If this system has no pseudo-terminals, or `link` names something that is not a link.

    Attributes
    ----------
    port : str
        The name under which a reader opens it.
    """

    def __init__(self, link: str | os.PathLike[str] | None = None) -> None:
        if not _POSIX:
            raise DeviceError(
                str(link or "pseudo-terminal"), "this system has none", "emulate devices on Linux or macOS"
            )
        self._link = None if link is None else Path(link)
        if self._link and self._link.exists() and not self._link.is_symlink():
            raise DeviceError(str(link), "a file of this name exists", "remove it or choose another link")
        self._device, self._reader = pty.openpty()
        try:
            tty.setraw(self._reader)
            os.set_blocking(self._device, False)
            self.port = os.ttyname(self._reader)
            if self._link:
                self._make_link(self._link)
        except BaseException:
            os.close(self._device)
            os.close(self._reader)
            raise

    def wait(self, seconds: float, *, writable: bool) -> None:
        """Wait until there is something to read or, if requested, room to write."""
        select.select([self._device], [self._device] if writable else [], [], max(seconds, 0.0))

    def read(self) -> bytes:
        """Return what the other end has written, without waiting."""
        try:
            return os.read(self._device, 4096)
        except BlockingIOError:
            return b""

    def write(self, data: bytes | bytearray) -> int:
        """Write as much as there is room for, without waiting, and return how many bytes that was."""
        try:
            return os.write(self._device, data)
        except BlockingIOError:
            return 0

    def close(self) -> None:
        """Remove the link if it still points here, and close the port; readers see that it has gone."""
        if self._link and self._link.is_symlink() and os.readlink(self._link) == self.port:
            self._link.unlink()
        os.close(self._device)
        os.close(self._reader)

    def _make_link(self, link: Path) -> None:
        # Made beside and moved, so that there is never a moment without a link.
        beside = link.with_name(f".{link.name}.{os.getpid()}")
        try:
            beside.unlink(missing_ok=True)
            beside.symlink_to(self.port)
            beside.replace(link)
        except OSError as error:
            beside.unlink(missing_ok=True)
            raise DeviceError(
                str(link), f"cannot be made ({error.strerror})", "choose another link"
            ) from error


class EmulatedDevice(ABC):
    """A device on a pseudo-terminal, played by a thread.

    As a context manager it is started and closed.

    Parameters
    ----------
    link : path or None
        A symbolic link to the port.

    Raises
    ------
    DeviceError
        If this system has no pseudo-terminals, or the link cannot be made.
    """

    def __init__(self, link: str | os.PathLike[str] | None) -> None:
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None
        self._terminal = PseudoTerminal(link)

    @property
    def port(self) -> str:
        """Name of the port to open."""
        return self._terminal.port

    def start(self) -> None:
        """Play the device, in a thread, until :meth:`close`."""
        self._thread = threading.Thread(target=self._run, name=type(self).__name__, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop playing and remove port and link; what the host has not read yet is lost."""
        if self._closing.is_set():
            return
        self._closing.set()
        if self._thread is not None:
            self._thread.join()
        self._terminal.close()

    def __enter__(self: E) -> E:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @abstractmethod
    def _run(self) -> None:
        """Play until ``_closing`` is set."""
