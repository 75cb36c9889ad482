"""A signal ends the process at once, even where Python cannot run a handler of its own."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

import pytest

# pbkdf2_hmac computes for minutes in C, without the GIL and without looking for signals, as TensorFlow does.
_BUSY = """
import hashlib
from emg_recognition.cli.leave import leave_on_signals
leave_on_signals("bye")
print("busy", flush=True)
hashlib.pbkdf2_hmac("sha256", b"", b"", 2**31 - 1)
"""


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_it_leaves_at_once(number, code):
    process = subprocess.Popen(
        [sys.executable, "-c", _BUSY], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    with process:
        assert process.stdout.readline() == "busy\n"
        begin = time.monotonic()
        process.send_signal(number)
        assert process.wait(timeout=30) == code
        # Generous, for a busy machine; without the waiting thread it takes minutes.
        assert time.monotonic() - begin < 5
        assert process.stderr.read() == "bye\n"
