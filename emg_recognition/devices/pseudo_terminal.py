"""A raw pseudo-terminal: a serial port whose other end is this process."""

from __future__ import annotations

import os
import pty
import select
import tty
from pathlib import Path

from emg_recognition.errors import DeviceError


class PseudoTerminal:
    """The device's end of a serial port made of a pseudo-terminal.

    Both ends stay open here, so that the port survives readers that come and go.

    Parameters
    ----------
    link : path or None
        A symbolic link to the port, replaced if there is one and removed by :meth:`close`.

    Raises
    ------
    DeviceError
        If `link` is the name of something that is no link.

    Attributes
    ----------
    port : str
        The name under which a reader opens it.
    """

    def __init__(self, link: str | os.PathLike[str] | None = None) -> None:
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
        """Wait until there is something to read or, if asked for, room to write."""
        select.select([self._device], [self._device] if writable else [], [], max(seconds, 0.0))

    def read(self) -> bytes:
        """Return what the other end has written, without waiting."""
        try:
            return os.read(self._device, 4096)
        except BlockingIOError:
            return b""

    def write(self, data: bytes | bytearray) -> int:
        """Write as much as there is room for, without waiting, and return how much that was."""
        try:
            return os.write(self._device, data)
        except BlockingIOError:
            return 0

    def close(self) -> None:
        """Remove the link if it still leads here, and hang up."""
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
