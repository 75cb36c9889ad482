"""The signals that ask a program to end."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


def end_signals() -> list[signal.Signals]:
    """Return the signals that ask this program to end: Ctrl-C, ``kill``, SIGQUIT, and a closed terminal.

    Not the closed terminal where ``nohup`` ignores it.
    """
    names = ["SIGINT", "SIGTERM", "SIGQUIT", "SIGHUP"]
    if ignores_hangup():
        names.remove("SIGHUP")
    return [getattr(signal, name) for name in names if hasattr(signal, name)]


def ignores_hangup() -> bool:
    """Return whether this program was told to outlive its terminal, as ``nohup`` does."""
    return hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is signal.SIG_IGN


@contextmanager
def end_signals_raise() -> Iterator[None]:
    """Let each signal that asks to end raise KeyboardInterrupt, also where a shell ignores SIGINT.

    A second signal has no effect, so that it cannot interrupt the ending.
    """
    numbers = end_signals()

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        for number in numbers:
            signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
