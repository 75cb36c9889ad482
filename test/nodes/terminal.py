"""A program in a pseudo-terminal of a given size, and a reader of what the terminal shows."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import threading

#: Starts a program as a shell does: in the foreground of the terminal of its session.
FOREGROUND = """
import os, signal, sys
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # the tests may run under nohup
os.close(os.open(os.ttyname(0), os.O_RDWR))
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""
#: Starts a program as a shell starts `program &`.
BACKGROUND = """
import os, subprocess, sys
os.close(os.open(os.ttyname(0), os.O_RDWR))
sys.exit(subprocess.Popen([sys.executable, *sys.argv[1:]], preexec_fn=os.setpgrp).wait())
"""
ENTER, LEAVE = b"\x1b[?1049h", b"\x1b[?1049l"
HIDE_CURSOR, SHOW_CURSOR = b"\x1b[?25l", b"\x1b[?25h"
_HOME = "\x1b[H"
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Terminal:
    """Starts a Python module in a pseudo-terminal."""

    def __init__(self, *arguments, start=FOREGROUND, columns=80, rows=24, **environment):
        self._keys, self._screen = pty.openpty()
        self.resize(columns, rows)
        self.before = termios.tcgetattr(self._screen)
        self.output = b""
        self.process = subprocess.Popen(
            [sys.executable, "-c", start, *arguments],
            stdin=self._screen,
            stdout=self._screen,
            stderr=self._screen,
            start_new_session=True,
            env={**os.environ, "TERM": "xterm-256color", **environment},
        )
        self._stop = threading.Event()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        while not self._stop.is_set():
            if select.select([self._keys], [], [], 0.05)[0]:
                self.output += os.read(self._keys, 65536)

    def resize(self, columns, rows):
        fcntl.ioctl(self._screen, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, keys):
        os.write(self._keys, keys)

    @property
    def shown(self):
        """Everything shown so far, as text."""
        return _CONTROL.sub("", self.output.decode(errors="replace"))

    @property
    def picture(self):
        """The lines of the newest complete picture."""
        pictures = self.output.decode(errors="ignore").split(_HOME)
        # The last one may be incomplete.
        return _CONTROL.sub("", pictures[-2]).splitlines() if len(pictures) > 2 else []

    @property
    def rest(self):
        """What the ordinary screen shows after the program has left the alternate one."""
        return self.output.rsplit(LEAVE)[-1].replace(SHOW_CURSOR, b"").decode()

    @property
    def attributes(self):
        return termios.tcgetattr(self._screen)

    def restored(self):
        """Whether the terminal is restored: ordinary screen, cursor, keys and echo."""
        balanced = self.output.count(ENTER) == self.output.count(LEAVE)
        cursor = self.output.rfind(SHOW_CURSOR) >= self.output.rfind(HIDE_CURSOR)
        return balanced and cursor and self.attributes == self.before

    def hang_up(self):
        """Close the window."""
        if not self._stop.is_set():
            self._stop.set()
            self._reader.join()
            os.close(self._screen)
            os.close(self._keys)

    def close(self):
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self.hang_up()
