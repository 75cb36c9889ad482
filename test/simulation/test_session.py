"""A simulated session: noise, activations and counts."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy.signal import welch

from emg_recognition.actions import PAPER_ACTION_NAMES
from emg_recognition.simulation.arm import COHORTS, HEALTHY, draw_subject
from emg_recognition.simulation.session import (
    COUNTS_PER_VOLT,
    emg_shape,
    perform,
    record,
    shaped_noise,
    slow_shape,
)

RATE = 1000.0


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


def test_the_noise_is_not_periodic(rng):
    ends = shaped_noise(rng, 2000, 500, 1000.0, slow_shape(1.5))[:, [0, -1]]
    steps = np.diff(shaped_noise(rng, 2000, 500, 1000.0, slow_shape(1.5)), axis=1)
    assert np.diff(ends, axis=1).std() > 50 * steps.std()


def recorded(script, seed=5, subject=None, **changes):
    options = {"rate": RATE, "channels": 8, "mains": 50.0} | changes
    person = subject or draw_subject(1, HEALTHY, 1)
    counts, border = record(person, script, rng=np.random.default_rng(seed), **options)
    return counts / COUNTS_PER_VOLT, border


@pytest.mark.parametrize("cohort", COHORTS)
@pytest.mark.parametrize(("before", "after"), [("rest", "elbow_flexion"), ("elbow_extension", "rest")])
def test_90_percent_of_a_change_is_complete_250_ms_after_the_cue(cohort, before, after):
    for seed in range(20):
        # Without fluctuation only the change from one level to the next is left.
        subject = dataclasses.replace(draw_subject(seed, cohort, 1), steadiness=0.0)
        performance = perform(subject, [(before, 2.0), (after, 2.0)], RATE, np.random.default_rng(seed))
        assert performance.border.tolist() == [0, 2000, 4000]
        assert performance.activation.min() > 0
        first, last = performance.activation[:, 1999], performance.activation[:, 3999]
        progress = (performance.activation[:, 2000:] - first[:, None]) / (last - first)[:, None]
        np.testing.assert_allclose(progress[:, 0], 0.0, atol=1e-6)
        assert (progress[:, 250] >= 0.9).all()
        rise = (progress > 0.9).argmax(axis=1) - (progress > 0.1).argmax(axis=1)
        assert (rise >= 100).all()
        assert (rise <= 200).all()


def test_short_entries_continue_from_the_level_reached():
    subject = dataclasses.replace(draw_subject(1, HEALTHY, 1), steadiness=0.0)
    script = [("rest", 1.0), ("elbow_flexion", 0.1), ("wrist_rotation", 0.03), ("rest", 0.0304)]
    performance = perform(subject, script, RATE, np.random.default_rng(2))
    assert performance.border.tolist() == [0, 1000, 1100, 1130, 1160]
    # The fastest change is that of the shortest time constant, 50 ms: 2 % of the way in a sample.
    assert np.abs(np.diff(performance.activation, axis=1)).max() <= 0.02 * subject.strategy.max() * 1.2


def test_effort_varies_in_proportion_to_its_size():
    subject = draw_subject(1, HEALTHY, 1)
    script = [("rest", 1.0), ("elbow_flexion", 1.0)] * 150
    performance = perform(subject, script, RATE, np.random.default_rng(3))
    # The second half of every entry, when the change is complete: (muscles, pairs, 2).
    held = performance.activation.reshape(len(performance.activation), -1, 2, 1000)[..., 500:].mean(axis=3)
    relative = held.std(axis=1) / held.mean(axis=1)
    assert (relative > 0.15).all()
    assert (relative < 0.60).all()
    biceps = held[0]
    assert biceps[:, 1].std() > 5 * biceps[:, 0].std()


def test_the_spectrum_of_a_recording():
    volts, _ = recorded([("wrist_extension", 60.0)])
    frequency, power = welch(volts, RATE, nperseg=2000, axis=0)
    strongest = int(volts.std(axis=0).argmax())
    muscle = (frequency >= 20) & (frequency <= 450)
    share = np.cumsum(power[muscle], axis=0) / power[muscle].sum(axis=0)
    median = frequency[muscle][(share >= 0.5).argmax(axis=0)]
    assert 60.0 <= median[strongest] <= 150.0

    def peak(hertz):
        near = (np.abs(frequency - hertz) > 2) & (np.abs(frequency - hertz) < 8)
        return power[np.abs(frequency - hertz) <= 1].max(axis=0) / np.median(power[near], axis=0)

    # Hum and its third harmonic stand out on some electrode, nothing does in between.
    assert peak(50.0).max() > 10
    assert peak(150.0).max() > 3
    assert peak(100.0).max() < 3
    # Baseline wander: most of the power below 20 Hz is below 2 Hz.
    assert (
        power[(frequency > 0) & (frequency < 2)].sum() > 0.9 * power[(frequency > 0) & (frequency < 20)].sum()
    )


def test_hum_has_the_frequency_of_the_mains():
    volts, _ = recorded([("rest", 20.0)], mains=60.0)
    frequency, power = welch(volts, RATE, nperseg=2000, axis=0)
    assert power[frequency == 60.0].max() > 10 * power[frequency == 50.0].max()


def test_amplitudes_are_those_of_surface_emg():
    rest, _ = recorded([("rest", 10.0)])
    act, _ = recorded([("elbow_extension", 10.0)])
    quiet, loud = (np.diff(volts, axis=0).std(axis=0) for volts in (rest, act))
    assert (loud > quiet).all()
    assert loud[7] > 5 * quiet[7]
    assert 30e-6 < act.std(axis=0).max() < 1e-3
    assert 3e-6 < quiet.min() < 30e-6


@pytest.mark.parametrize(("rate", "channels"), [(200.0, 8), (2000.0, 5), (1111.5, 16)])
def test_any_rate_and_channel_count(rate, channels):
    volts, border = recorded([(a, 0.5) for a in PAPER_ACTION_NAMES], rate=rate, channels=channels)
    assert volts.shape == (border[-1], channels)
    assert np.diff(border).tolist() == [round(0.5 * rate)] * len(PAPER_ACTION_NAMES)
    assert (volts.std(axis=0) > 5e-6).all()
