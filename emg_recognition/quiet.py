"""Load TensorFlow and LiteRT without the lines they print about themselves."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

# TF_CPP_MIN_LOG_LEVEL does not cover what is logged before the logging is set up. I: information; W, E stay.
_INFORMATION = (
    b"I0000 ",
    b"WARNING: All log messages before absl::InitializeLog()",
    b"To enable the following instructions:",
    b"INFO: Created TensorFlow Lite",
)


@contextmanager
def without_information() -> Iterator[None]:
    """Keep information of C++ libraries out of stderr; warnings and errors are written at the end."""
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as file:
        os.dup2(file.fileno(), 2)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(kept, 2)
            os.close(kept)
            file.seek(0)
            for line in file:
                if not line.startswith(_INFORMATION):
                    os.write(2, line)
