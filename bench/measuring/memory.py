"""Memory of processes, sampled while they work; Linux only."""

from __future__ import annotations

import contextlib
import os
import re
import threading
from collections.abc import Callable
from pathlib import Path

#: Short, because some peaks are: reading takes 20 µs for one process.
_PERIOD = 0.01
_PAGE = os.sysconf("SC_PAGE_SIZE")


def anonymous_memory(process: int) -> int:
    """Return the bytes that a process has of its own, without pages mapped from files."""
    with contextlib.suppress(OSError):  # it has ended
        _, resident, mapped, *_ = Path(f"/proc/{process}/statm").read_text(encoding="ascii").split()
        return (int(resident) - int(mapped)) * _PAGE
    return 0


def group_memory(group: int) -> int:
    """Return the bytes of all processes of a process group together; what they share counts once (PSS)."""
    total = 0
    for path in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, AttributeError, ProcessLookupError):
            if os.getpgid(int(path.name)) == group:
                text = (path / "smaps_rollup").read_text(encoding="ascii")
                total += int(re.search(r"^Pss:\s+(\d+) kB", text, re.MULTILINE)[1]) << 10
    return total


class Peak:
    """Sample memory in a thread, so that peaks between two steps are seen.

    Parameters
    ----------
    read : callable
        Returns bytes.
    period : float
        Time between two samples, s.
    """

    def __init__(self, read: Callable[[], int], period: float = _PERIOD) -> None:
        self._read, self._period, self._highest = read, period, 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        while not self._over.wait(self._period):
            self._highest = max(self._highest, self._read())

    def stop(self) -> int:
        """Return the highest sample."""
        self._over.set()
        self._thread.join()
        return self._highest
