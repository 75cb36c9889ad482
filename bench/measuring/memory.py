"""Memory of processes, sampled while they work; Linux only."""

from __future__ import annotations

import contextlib
import os
import re
import threading
from collections.abc import Callable
from pathlib import Path

#: Reading takes 10 ms a gigabyte.
_PERIOD = 0.1


def private_memory(process: int) -> int:
    """Return the bytes that a process shares with no other (USS), pages mapped from files included."""
    return _bytes(Path(f"/proc/{process}"), r"Private_\w+")


def group_memory(group: int) -> int:
    """Return the bytes of all processes of a process group together; what they share counts once (PSS)."""
    total = 0
    for path in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(ProcessLookupError):
            if os.getpgid(int(path.name)) == group:
                total += _bytes(path, "Pss")
    return total


def _bytes(process: Path, field: str) -> int:
    with contextlib.suppress(OSError):  # it has ended
        text = (process / "smaps_rollup").read_text(encoding="ascii")
        return sum(int(kib) << 10 for kib in re.findall(rf"^{field}:\s+(\d+) kB", text, re.MULTILINE))
    return 0


class Peak:
    """Sample memory in a thread, so that peaks between two steps are seen.

    Parameters
    ----------
    read : callable
        Returns bytes.
    """

    def __init__(self, read: Callable[[], int]) -> None:
        self._read, self._highest = read, 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        while not self._over.wait(_PERIOD):
            self._highest = max(self._highest, self._read())

    def stop(self) -> int:
        """Return the highest sample."""
        self._over.set()
        self._thread.join()
        return self._highest
