"""What acquisition reports in each state."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("diagnostic_msgs", reason="no ROS 2 in this environment: run `make test`")

from emg_recognition.nodes.acquisition_node import judge
from emg_recognition.ros import diagnostics

GOOD: dict[str, Any] = {
    "active": True,
    "silence": 0.004,
    "silent_after": 1.0,
    "fault": "",
    "attempts": 0,
    "next_attempt_in": 0.0,
    "lost": 0,
    "reconnections": 0,
    "rate": 1000.0,
    "measured_rate": 1000.2,
}


@pytest.mark.parametrize(
    ("change", "level", "message"),
    [
        ({}, diagnostics.OK, "receiving"),
        ({"measured_rate": None}, diagnostics.OK, "receiving"),
        ({"measured_rate": 990.1}, diagnostics.OK, "receiving"),
        (
            {"measured_rate": 989.0},
            diagnostics.WARN,
            "the measured rate is 989.0 Hz, the device reports 1000 Hz",
        ),
        ({"lost": 12}, diagnostics.WARN, "12 samples lost since the start"),
        (
            {"lost": 12, "reconnections": 2},
            diagnostics.WARN,
            "12 samples lost since the start; reconnected 2 times",
        ),
        ({"silence": 1.5}, diagnostics.STALE, "no samples for 1.5 s"),
        (
            {"silence": 3.0, "fault": "port x: gone", "attempts": 4, "next_attempt_in": 0.8},
            diagnostics.ERROR,
            "port x: gone; attempt 5 in 0.8 s",
        ),
        (
            {"fault": "port x: gone", "attempts": 4, "next_attempt_in": -0.1},
            diagnostics.ERROR,
            "port x: gone; attempt 4 is under way",
        ),
        ({"active": False, "fault": "port x: gone"}, diagnostics.STALE, "not active"),
    ],
)
def test_level_and_message(change: dict[str, object], level: bytes, message: str) -> None:
    assert judge(**{**GOOD, **change}) == (level, message)
