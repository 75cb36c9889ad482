"""Noise has the spectrum asked for, unit variance, and no seam."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import welch

from emg_recognition.simulation.session import emg_shape, shaped_noise, slow_shape


@pytest.mark.parametrize("samples", [20000, 20011])
def test_unit_variance_and_independent_rows(rng, samples):
    noise = shaped_noise(rng, 4, samples, 1000.0, emg_shape)
    assert noise.shape == (4, samples)
    np.testing.assert_allclose(noise.std(axis=1), 1.0, rtol=0.05)
    assert np.abs(np.corrcoef(noise) - np.eye(4)).max() < 0.05


@pytest.mark.parametrize("rate", [500.0, 1000.0, 2000.0])
def test_the_emg_spectrum(rng, rate):
    frequency, power = welch(shaped_noise(rng, 8, int(60 * rate), rate, emg_shape), rate, nperseg=512)
    power = power.mean(axis=0)
    inner = (frequency > 10) & (frequency < min(450.0, 0.45 * rate))
    # Stulen & De Luca: fh**4 f**2 / ((f**2 + fl**2) (f**2 + fh**2)**2)
    wanted = 120.0**4 * frequency**2 / ((frequency**2 + 60.0**2) * (frequency**2 + 120.0**2) ** 2)
    wanted *= power[inner].sum() / wanted[inner].sum()
    np.testing.assert_allclose(power[inner], wanted[inner], rtol=0.15)
    if rate == 2000.0:
        assert power[frequency > 520].max() < 1e-3 * power.max()


def test_slow_noise_is_slow(rng):
    noise = shaped_noise(rng, 2, 60000, 1000.0, slow_shape(1.5))
    spectrum = np.abs(np.fft.rfft(noise, axis=1)) ** 2
    frequency = np.fft.rfftfreq(60000, 0.001)
    assert spectrum[:, frequency < 5.0].sum() > 0.95 * spectrum.sum()


def test_the_end_does_not_meet_the_beginning(rng):
    ends = shaped_noise(rng, 2000, 500, 1000.0, slow_shape(1.5))[:, [0, -1]]
    steps = np.diff(shaped_noise(rng, 2000, 500, 1000.0, slow_shape(1.5)), axis=1)
    assert np.diff(ends, axis=1).std() > 50 * steps.std()
