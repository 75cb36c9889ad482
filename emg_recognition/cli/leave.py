"""End at once on SIGINT and SIGTERM, also while TensorFlow computes."""

from __future__ import annotations

import os
import signal
import threading

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_SHOW_CURSOR = "\x1b[?25h"  # a progress bar hides it


def leave_on_signals(message: str) -> None:
    """Let SIGINT and SIGTERM end this process with code 130 or 143.

    Python runs its signal handlers between two instructions of the main thread, and a TensorFlow call may
    take minutes. So a thread waits for the signals and ends the process. Nothing is lost: each file of a
    training appears complete or not at all. Where a thread cannot wait for signals (Windows), or a library
    has unblocked them, Python's own handler does the same after the call.

    Call it before NumPy or TensorFlow are loaded: threads that already exist would take the signals.

    Parameters
    ----------
    message : str
        The only line that is written to stderr.
    """
    stderr = os.dup(2)  # the user's, wherever stderr is redirected in the meantime

    def leave(number: int, _frame: object = None) -> None:
        start = f"{_SHOW_CURSOR}\n" if os.isatty(stderr) else ""
        os.write(stderr, f"{start}{message}\n".encode())
        os._exit(128 + number)

    # For where a thread cannot wait, and for a library that unblocks the signals in its own interest.
    for number in _SIGNALS:
        signal.signal(number, leave)
    if not hasattr(signal, "pthread_sigmask"):
        return
    signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    threading.Thread(target=lambda: leave(signal.sigwait(_SIGNALS)), name="signals", daemon=True).start()
