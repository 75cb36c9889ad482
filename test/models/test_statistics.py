from __future__ import annotations

import numpy as np
import pytest

from emg_recognition.models import statistics
from emg_recognition.models.statistics import guarded_deviation, window_statistics


def test_mean_and_population_deviation_of_each_channel(rng, monkeypatch):
    monkeypatch.setattr(statistics, "_AT_ONCE", 7)  # several parts, the last one shorter
    windows = (rng.normal(size=(30, 11, 3)) * [1.0, 100.0, 1e-4] + [5.0, -1000.0, 0.0]).astype(np.float32)
    found = window_statistics(windows)
    flat = windows.reshape(-1, 3).astype(np.float64)
    np.testing.assert_allclose(found["mean"], flat.sum(axis=0) / 330, rtol=1e-9)
    np.testing.assert_allclose(
        found["std"], np.sqrt(((flat - flat.mean(axis=0)) ** 2).sum(axis=0) / 330), rtol=1e-9
    )
    assert found["rms"] == pytest.approx(np.sqrt((flat**2).mean()), rel=1e-9)


def test_parts_in_any_cut_give_the_statistics_of_the_whole(rng):
    windows = (rng.normal(size=(50, 11, 3)) * [1.0, 100.0, 1e-4] + [5.0, -1000.0, 0.0]).astype(np.float32)
    whole = window_statistics(windows)
    for cut in ([10, 11, 30], [1], [49]):
        parts = window_statistics(part for part in np.split(windows, cut))
        for name, value in whole.items():
            np.testing.assert_allclose(parts[name], value, rtol=1e-12, atol=1e-18)


def test_statistics_are_plain_numbers_for_yaml(rng):
    found = window_statistics(rng.normal(size=(2, 5, 3)).astype(np.float32))
    assert [type(value) for value in found["mean"] + found["std"] + [found["rms"]]] == [float] * 7


@pytest.mark.parametrize("unit", [1.0, 1e-6])
def test_a_flat_channel_gets_the_scale_of_the_others_in_any_unit(unit):
    guarded = guarded_deviation(np.array([3.0, 0.0, 4.0]) * unit)
    np.testing.assert_allclose(guarded, np.array([3.0, np.sqrt(25 / 3), 4.0]) * unit, rtol=1e-6)


def test_nothing_but_flat_channels_can_still_be_divided_by():
    assert guarded_deviation(np.zeros(4)).tolist() == [1.0] * 4
