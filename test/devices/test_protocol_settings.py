from __future__ import annotations

from typing import Any

import pytest

from emg_recognition.devices.protocol import ProtocolSettings
from emg_recognition.errors import SettingError


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("rate", -1.0),
        ("rate", float("nan")),
        ("scale", float("inf")),
        ("channels", -1),
        ("channels", 65536),
        ("unit", "mV"),
        ("delimiter", ""),
        ("delimiter", "1"),
        ("delimiter", ",,"),
    ],
)
def test_what_no_device_can_have_is_refused(name: str, value: Any) -> None:
    with pytest.raises(SettingError, match=name):
        ProtocolSettings(**{name: value})
