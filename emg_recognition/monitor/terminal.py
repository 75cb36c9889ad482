"""Where snapshots are shown: on the alternate screen of a terminal, or as one line a second."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from typing import IO, Protocol

from rich.console import Console
from rich.live import Live
from rich.text import Text

from emg_recognition.monitor.screen import draw, status_line
from emg_recognition.monitor.snapshot import Snapshot


class View(Protocol):
    """Shows snapshots."""

    #: Time between two snapshots, s.
    period: float

    def show(self, snapshot: Snapshot) -> bool:
        """Show a snapshot; return False when the output is gone."""

    def close(self) -> None:
        """Leave the terminal as it was."""


class Screen:
    """The alternate screen of the terminal on standard output, from the first snapshot until `close`.

    Standard error (DDS writes to it directly) is kept meanwhile and printed after the end.
    """

    period = 0.1

    def __init__(self) -> None:
        self._console = Console()
        self._live: Live | None = None
        self._kept: tuple[int, IO[bytes]] | None = None

    def show(self, snapshot: Snapshot) -> bool:
        """Draw a snapshot for the terminal's current size."""
        try:
            if self._live is None:
                self._open()
            assert self._live is not None
            self._live.update(draw(snapshot, *self._console.size), refresh=True)
        except OSError:  # the terminal was closed
            return False
        return True

    def close(self) -> None:
        """Go back to the ordinary screen, with its cursor."""
        try:
            if self._live is not None:
                self._live.stop()
        except OSError:
            # The terminal is gone, but Python would flush once more at exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        finally:
            self._live = None
            self._give_back()

    def _open(self) -> None:
        if os.isatty(2):
            file = tempfile.TemporaryFile()  # noqa: SIM115 (open as long as the screen)
            self._kept = (os.dup(2), file)
            os.dup2(file.fileno(), 2)
        self._live = Live(
            Text(),
            console=self._console,
            screen=True,
            auto_refresh=False,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._live.start()

    def _give_back(self) -> None:
        if self._kept is None:
            return
        stderr, file = self._kept
        self._kept = None
        os.dup2(stderr, 2)
        os.close(stderr)
        file.seek(0)
        try:
            shutil.copyfileobj(file, sys.stderr.buffer)
            sys.stderr.flush()
        except OSError:  # the terminal was closed
            pass
        file.close()


class Lines:
    """One line a second on standard output."""

    period = 1.0

    def show(self, snapshot: Snapshot) -> bool:
        """Write the snapshot's line."""
        try:
            sys.stdout.write(f"{status_line(snapshot)}\n")
            sys.stdout.flush()
        except OSError:  # the reader has gone
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return False
        return True

    def close(self) -> None:
        """Nothing to restore."""


def suited_view() -> View:
    """Return the screen if standard output is a terminal that this process may draw on, else lines."""
    console = Console()
    if not console.is_terminal or console.is_dumb_terminal:
        return Lines()
    try:
        # In the background the terminal belongs to the shell.
        foreground = os.tcgetpgrp(sys.stdout.fileno()) == os.getpgrp()
    except OSError:
        foreground = False
    return Screen() if foreground else Lines()
