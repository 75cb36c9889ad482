"""Leave at once on SIGINT and SIGTERM, also while TensorFlow computes."""

from __future__ import annotations

import os
import signal
import threading

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_SHOW_CURSOR = "\x1b[?25h"  # a progress bar hides it


def leave_on_signals(message: str) -> None:
    """Let SIGINT and SIGTERM end this process with code 130 or 143.

    Python runs its signal handlers between two instructions of the main thread, which may be
    minutes away inside a TensorFlow call. So a thread waits for the signals instead and ends the
    process there and then. Nothing is lost by that: whatever the training writes appears in one step or
    not at all.

    Call it before NumPy or TensorFlow are loaded: threads that exist already would take the signals.

    Parameters
    ----------
    message : str
        Written to stderr as the last line.
    """
    stderr = os.dup(2)  # wherever stderr may be sent in the meantime
    signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)

    def wait() -> None:
        number = signal.sigwait(_SIGNALS)
        start = f"{_SHOW_CURSOR}\n" if os.isatty(stderr) else ""
        os.write(stderr, f"{start}{message}\n".encode())
        os._exit(128 + number)

    threading.Thread(target=wait, name="signals", daemon=True).start()
