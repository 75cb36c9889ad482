"""Leave at once on SIGINT and SIGTERM, also while TensorFlow computes."""

from __future__ import annotations

import os
import signal
import sys
import threading

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def leave_on_signals(message: str) -> None:
    """Let SIGINT and SIGTERM end this process with code 130 or 143.

    Python runs its signal handlers between two instructions of the main thread, which may be minutes away inside
    a TensorFlow call. So a thread waits for the signals instead and ends the process there and then. Nothing is
    lost by that: whatever the training writes appears in one step or not at all.

    Call it before any other thread is started; they inherit that the signals are left to the waiting thread.

    Parameters
    ----------
    message : str
        Written to stderr as the last line.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)

    def wait() -> None:
        number = signal.sigwait(_SIGNALS)
        os.write(sys.__stderr__.fileno() if sys.__stderr__ else 2, f"\n{message}\n".encode())
        os._exit(128 + number)

    threading.Thread(target=wait, name="signals", daemon=True).start()
