"""A signal at other times than it was sampled at."""

from __future__ import annotations

import numpy as np
import pytest

from emg_recognition.recordings.resampling import resample


def sine(frequency, times):
    return np.sin(2 * np.pi * frequency * times + 0.3)


@pytest.mark.parametrize(("old", "new"), [(1259.2593, 2000.0), (2148.1481, 1259.2593), (1000.0, 1000.0)])
def test_what_both_rates_hold_stays_and_the_rest_does_not_fold_back(old, new):
    times = np.arange(int(2 * old)) / old
    grid = np.arange(0.00037, times[-1], 1 / new)
    half = min(old, new) / 2
    inner = slice(200, -200)  # the kernel is whole there
    for share in (0.1, 0.5, 0.85):
        found = resample(sine(share * half, times)[:, np.newaxis], grid * old, new / old)[:, 0]
        assert np.abs(found - sine(share * half, grid))[inner].max() < 2e-4
    if new < old:
        found = resample(sine(1.1 * half, times)[:, np.newaxis], grid * old, new / old)
        assert np.abs(found[inner]).max() < 2e-4


def test_a_constant_stays_to_the_ends_and_the_samples_stay_apart():
    level = np.array([[1.0, -2.0]] * 100)
    found = resample(level, [0.0, 0.4, 50.5, 99.0], 0.5)
    np.testing.assert_allclose(found, level[:4], rtol=1e-6)
    assert found.dtype == np.float32
