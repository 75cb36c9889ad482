"""Information is left out, warnings and errors are not."""

from __future__ import annotations

import os

import pytest

from emg_recognition.quiet import without_information


def test_information_of_libraries_is_left_out(capfd):
    with without_information():
        os.write(
            2, b"WARNING: All log messages before absl::InitializeLog() is called are written to STDERR\n"
        )
        os.write(2, b"I0000 00:00:1 port.cc:153] oneDNN custom operations are on.\n")
        os.write(2, b"INFO: Created TensorFlow Lite XNNPACK delegate for CPU.\n")
        os.write(2, b"W0000 00:00:1 a.cc:1] a warning\n")
    os.write(2, b"I0000 later\n")
    assert capfd.readouterr().err.splitlines() == [
        "W0000 00:00:1 a.cc:1] a warning",
        "I0000 later",
    ]


def test_an_error_comes_through(capfd):
    def load():
        with without_information():
            os.write(2, b"E0000 00:00:1 a.cc:1] broken\n")
            raise ImportError

    with pytest.raises(ImportError):
        load()
    assert "broken" in capfd.readouterr().err
