from __future__ import annotations

import pytest

from emg_recognition.control.delay import controller_delay, is_long
from emg_recognition.errors import SettingError


def test_the_defaults_give_the_delay_of_the_plan() -> None:
    assert controller_delay(window=0.2, step=0.025, votes=3, processing=0.0) == pytest.approx(0.1375)


def test_processing_adds_in_full() -> None:
    without = controller_delay(window=0.2, step=0.025, votes=3, processing=0.0)
    assert controller_delay(window=0.2, step=0.025, votes=3, processing=0.02) == pytest.approx(without + 0.02)


@pytest.mark.parametrize(("delay", "long"), [(0.1375, False), (0.151, True), (0.299, True)])
def test_above_150_ms_is_long(delay: float, long: bool) -> None:
    assert is_long(delay, allow_long=False) is long


def test_above_300_ms_is_refused_unless_allowed() -> None:
    with pytest.raises(SettingError, match=r"'310 ms'.*allow_long_delay"):
        is_long(0.31, allow_long=False)
    assert is_long(0.31, allow_long=True)
