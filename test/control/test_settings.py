from __future__ import annotations

import pytest

from emg_recognition.control.joints import LONGEST_PERIOD, STOP_RAMP
from emg_recognition.control.settings import BridgeSettings
from emg_recognition.errors import SettingError


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("command_rate", 49.0),
        ("command_rate", 501.0),
        ("command_rate", float("nan")),
        ("stale_after", 0.121),
        ("stale_after", 0.0),
        ("hold_timeout", -0.1),
        ("stop_time", 0.0),
    ],
)
def test_a_value_out_of_range_is_refused_by_name(name: str, value: float) -> None:
    with pytest.raises(SettingError, match=rf"{name} is {value}"):
        BridgeSettings(**{name: value})


def test_no_setting_allows_a_later_stop_than_140_ms_or_a_trajectory_beyond_100_ms() -> None:
    slowest = BridgeSettings(command_rate=50.0, stale_after=0.12)
    assert slowest.stale_after + slowest.period <= 0.14 + 1e-12
    assert slowest.period + STOP_RAMP <= 0.1 + 1e-12
    assert slowest.period == LONGEST_PERIOD
