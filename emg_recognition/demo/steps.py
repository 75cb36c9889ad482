"""Says what is done and how long it took."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console


class Steps:
    """Numbered steps of a long command.

    Parameters
    ----------
    console : rich.console.Console
        Where to write.
    total : int
        Number of steps.
    """

    def __init__(self, console: Console, total: int) -> None:
        self.console = console
        self._total = total
        self._number = 0

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        """Announce a step, and say at its end how many seconds it took."""
        self._number += 1
        place = f"[bold cyan]{self._number}/{self._total}[/]"
        self.console.print(f"{place} {title} …", highlight=False)
        start = time.monotonic()
        yield
        seconds = time.monotonic() - start
        self.console.print(f"{place} [green]done[/] in {seconds:.1f} s", highlight=False)
