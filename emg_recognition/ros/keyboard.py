"""Read single keys from the terminal of the process."""

from __future__ import annotations

import os
import select
import termios
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any

#: How often to check that the process still has the terminal, s.
_LOOK = 0.1
#: Keys that would suspend or kill the process; they must arrive as keys.
_NOT_SPECIAL = (termios.VSUSP, termios.VQUIT)


class Keyboard:
    """A context in which the terminal on standard input delivers every key at once, without echo.

    Ctrl-C remains a signal. At the end of the context the terminal is restored.

    Parameters
    ----------
    descriptor : int
        The terminal; standard input by default.

    Attributes
    ----------
    present : bool
        Whether there is a terminal with this process in its foreground. The system stops a background
        process that reads from it or changes it (SIGTTIN, SIGTTOU).
    """

    def __init__(self, descriptor: int = 0) -> None:
        self._descriptor = descriptor
        self._before: list[Any] | None = None
        self._thread: threading.Thread | None = None
        self.present = _in_foreground(self._descriptor)

    def __enter__(self) -> Keyboard:
        if self.present:
            self._before = termios.tcgetattr(self._descriptor)
            # Also discards what was typed before.
            termios.tcsetattr(self._descriptor, termios.TCSAFLUSH, _key_by_key(self._descriptor))
            self._woken, self._wake = os.pipe()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._before is None:
            return
        os.close(self._wake)
        if self._thread is not None:
            self._thread.join()
        os.close(self._woken)
        # In the background the terminal belongs to the shell.
        if _in_foreground(self._descriptor):
            termios.tcsetattr(self._descriptor, termios.TCSADRAIN, self._before)

    def listen(self, callback: Callable[[bytes], None]) -> None:
        """Call `callback` with the keys, from a thread, until the end of the context.

        Parameters
        ----------
        callback : callable
            Called with the bytes that arrived together. The last call has no bytes if the terminal was
            closed or the process lost it.
        """
        self._thread = threading.Thread(target=self._run, args=(callback,), name="keyboard", daemon=True)
        self._thread.start()

    def _run(self, callback: Callable[[bytes], None]) -> None:
        while True:
            ready, _, _ = select.select([self._descriptor, self._woken], [], [], _LOOK)
            if self._woken in ready:
                return
            if not _in_foreground(self._descriptor):
                callback(b"")
                return
            if ready:
                keys = self._read()
                callback(keys)
                if not keys:
                    return

    def _read(self) -> bytes:
        try:
            return os.read(self._descriptor, 1024)
        except OSError:
            return b""


def _in_foreground(descriptor: int) -> bool:
    try:
        return os.tcgetpgrp(descriptor) == os.getpgrp()
    except OSError:  # no terminal, that of another session, or closed
        return False


def _key_by_key(descriptor: int) -> list[Any]:
    """Return the terminal's attributes without lines, echo and flow control (termios(3))."""
    attributes = termios.tcgetattr(descriptor)
    attributes[0] &= ~(termios.IXON | termios.IXOFF)
    attributes[3] &= ~(termios.ICANON | termios.ECHO | termios.IEXTEN)
    controls = attributes[6]
    controls[termios.VMIN], controls[termios.VTIME] = 1, 0
    disabled = bytes([os.fpathconf(descriptor, "PC_VDISABLE")])
    for key in _NOT_SPECIAL:
        controls[key] = disabled
    return attributes
