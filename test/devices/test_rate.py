from __future__ import annotations

import numpy as np
import pytest

from emg_recognition.devices.clock import LEAST, MeasuredRate


def test_nothing_is_said_before_it_can_be_told() -> None:
    rate = MeasuredRate()
    assert rate.hertz is None
    for k in range(int(1000 * LEAST)):
        rate.add(k, 7.0 + k / 1000)
        assert rate.hertz is None
    rate.add(int(1000 * LEAST) + 1, 7.0 + LEAST + 0.001)
    assert rate.hertz == pytest.approx(1000.0)


def test_a_change_is_seen_within_the_window() -> None:
    rate, index, now = MeasuredRate(), 0, 0.0
    for true in (1000.0, 980.0):
        for _ in range(0, 40_000, 5):
            index, now = index + 5, now + 5 / true
            rate.add(index, now)
        assert rate.hertz == pytest.approx(true, rel=1e-9)


def test_an_error_of_the_times_hardly_matters(rng: np.random.Generator) -> None:
    rate = MeasuredRate()
    for k in range(0, 20_000, 5):
        rate.add(k, k / 1000 + float(rng.uniform(0, 1e-3)))
    assert rate.hertz == pytest.approx(1000.0, rel=1e-4)


def test_a_reset_begins_anew() -> None:
    rate = MeasuredRate()
    for k in range(20_000):
        rate.add(k, k / 1000)
    rate.reset()
    assert rate.hertz is None
    for k in range(20_000):
        rate.add(50_000 + k, 500.0 + k / 500)
    assert rate.hertz == pytest.approx(500.0)
