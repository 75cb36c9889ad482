"""The measures of one second, for signals whose numbers are known."""

import numpy as np
import pytest

from emg_recognition.signal.quality_measures import measure

RATES = (200.0, 1000.0, 2000.0)


def hum(rate, frequency, rms, seconds=1.0):
    clock = np.arange(round(seconds * rate)) / rate
    return rms * np.sqrt(2.0) * np.sin(2.0 * np.pi * frequency * clock + 0.3)


def noise(rng, rate, rms, channels=8):
    """White noise in whole codes."""
    return np.rint(rng.normal(0.0, rms, (round(rate), channels)))


def one(samples, rate=1000.0, mains=50.0, resolution=1.0):
    return measure(samples, rate, mains=mains, resolution=resolution)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("mains", [50.0, 60.0])
def test_hum_is_found_beside_noise_and_an_offset(rng, rate, mains):
    samples = noise(rng, rate, 100.0)
    samples[:, 3] += np.rint(hum(rate, mains, 200.0)) + 5000.0
    found = one(samples, rate, mains)
    assert found.mains[3] == pytest.approx(0.8, abs=0.08)
    assert found.hum[3] == pytest.approx(200.0, rel=0.05)
    assert found.rms[3] == pytest.approx(np.hypot(100.0, 200.0), rel=0.1)
    assert np.delete(found.mains, 3).max() < 0.2
    # The hum does not count as muscles or noise.
    assert found.signal[3] == pytest.approx(100.0, rel=0.2)
    assert found.noise[3] == pytest.approx(100.0, rel=0.25)


def test_hum_slightly_off_its_frequency_and_harmonics_count(rng):
    samples = noise(rng, 1000.0, 10.0)
    samples[:, 0] += hum(1000.0, 50.2, 100.0)
    samples[:, 1] += hum(1000.0, 150.0, 80.0) + hum(1000.0, 250.0, 60.0)
    found = one(samples)
    assert found.mains[:2].min() > 0.95
    assert found.hum[1] == pytest.approx(100.0, rel=0.05)


def test_a_tone_beside_the_mains_is_not_hum(rng):
    samples = noise(rng, 1000.0, 10.0)
    samples[:, 0] += hum(1000.0, 60.0, 100.0)
    assert one(samples).mains[0] < 0.05
    assert one(samples, mains=60.0).mains[0] > 0.95


def test_drift_is_slow_and_neither_hum_nor_signal(rng):
    samples = noise(rng, 1000.0, 10.0)
    samples[:, 2] += hum(1000.0, 2.0, 400.0)
    found = one(samples)
    assert found.slow[2] == pytest.approx(400.0, rel=0.02)
    assert found.signal[2] == pytest.approx(10.0, rel=0.3)
    assert found.mains[2] < 0.1


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("resolution", [1.0, 0.0])
def test_clipping_is_found_where_it_is(rng, rate, resolution):
    samples = noise(rng, rate, 100.0)
    samples[:, 5] = np.clip(samples[:, 5], -150.0, 150.0)
    found = one(samples, rate, resolution=resolution).saturated
    clipped = np.mean(np.abs(samples[:, 5]) == 150.0)
    assert found[5] == pytest.approx(clipped)
    assert clipped > 0.08
    assert not np.delete(found, 5).any()


def test_clipping_at_one_rail_is_found_in_counts_and_in_volts(rng):
    samples = noise(rng, 1000.0, 100.0)
    samples[:, 1] = np.minimum(samples[:, 1], 180.0)
    volts = (samples * 0.25e-6).astype(np.float32)
    for given, resolution in ((samples, 1.0), (volts, 0.25e-6)):
        assert one(given, resolution=resolution).saturated[1] == pytest.approx(
            np.mean(samples[:, 1] == 180.0)
        )


@pytest.mark.parametrize("rms", [0.5, 1.0, 3.0, 10.0, 50.0])
def test_few_codes_are_not_clipping(rng, rms):
    # A quiet electrode on an 8-bit armband repeats its extremes all the time.
    seconds = [one(noise(rng, 200.0, rms), 200.0).saturated for _ in range(50)]
    assert np.mean(np.asarray(seconds) > 0) < 0.01


def test_a_sine_is_not_clipping(rng):
    samples = np.rint(hum(1000.0, 50.0, 500.0)[:, np.newaxis] + noise(rng, 1000.0, 3.0))
    assert not one(samples).saturated.any()


def test_stuck_time(rng):
    samples = noise(rng, 200.0, 100.0, channels=5)
    samples[:, 1] = 77.0
    samples[60:180, 2] = 3.0
    samples[:, 3] = rng.integers(0, 2, 200)
    stuck = one(samples, 200.0).stuck
    assert stuck[0] < 0.05
    assert stuck[1:].tolist() == pytest.approx([1.0, 0.6, 1.0, stuck[4]], abs=0.01)
    assert stuck[4] < 0.05
    assert one(np.full((200, 3), 5.0), 200.0, resolution=0.0).stuck.tolist() == [1.0] * 3


def test_noise_does_not_follow_muscles_in_the_low_band(rng):
    # At 2 kHz the median of the spectrum is at 500 Hz, above the strong part of the muscles.
    samples = noise(rng, 2000.0, 10.0)
    spectrum = np.fft.rfft(noise(rng, 2000.0, 200.0), axis=0)
    spectrum[300:] = 0.0
    busy = samples + np.fft.irfft(spectrum, axis=0)
    assert one(busy, 2000.0).signal.min() > 50.0
    assert one(busy, 2000.0).noise == pytest.approx(one(samples, 2000.0).noise, rel=0.5)


def test_a_quarter_of_a_second_is_enough(rng):
    samples = noise(rng, 200.0, 100.0)[:50]
    samples[:, 3] += hum(200.0, 50.0, 300.0)[:50]
    found = one(samples, 200.0)
    assert found.mains[3] > 0.8
    assert np.delete(found.mains, 3).max() < 0.6
    assert np.isfinite([getattr(found, name) for name in vars(found)]).all()
