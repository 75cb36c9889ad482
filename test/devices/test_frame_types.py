from __future__ import annotations

from typing import Any

import pytest

from emg_recognition.devices.protocol import InfoFrame
from emg_recognition.errors import EmgRecognitionError


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"rate": float("nan")}, "rate"),
        ({"channels": 0, "channel_names": (), "muscle_sites": ()}, "channels"),
        ({"unit": "mV"}, "unit"),
        ({"scale": 0.0}, "scale"),
        ({"muscle_sites": ()}, "muscle_sites"),
        ({"device": "x" * 256}, "255 bytes"),
    ],
)
def test_an_impossible_device_is_refused(change: dict[str, Any], message: str) -> None:
    good = {"device": "d", "serial_number": "s", "rate": 1.0, "channels": 1, "unit": "V", "scale": 1.0}
    with pytest.raises(EmgRecognitionError, match=message):
        InfoFrame(**{**good, "channel_names": ("a",), "muscle_sites": ("b",), **change})
