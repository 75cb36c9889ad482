"""States and advice: each fault is named, and nothing else."""

import numpy as np
import pytest

from emg_recognition.errors import SettingError
from emg_recognition.signal.quality import QualityMonitor, QualitySettings, State

RATE = 1000.0


def hum(rms, seconds=1):
    return rms * np.sqrt(2.0) * np.sin(2.0 * np.pi * 50.0 * np.arange(round(seconds * RATE)) / RATE)


def second(rng, rms=10.0, channels=8):
    return np.rint(rng.normal(0.0, rms, (round(RATE), channels)))


def monitor(**settings):
    return QualityMonitor(QualitySettings(**settings), RATE, 1.0)


def only(quality, channel, state, *words):
    """Check that this channel has this state and the others are good."""
    assert quality.state[channel] == state
    for word in words:
        assert word in quality.advice[channel]
    others = [k for k in range(len(quality.state)) if k != channel]
    assert [quality.state[k] for k in others] == [State.GOOD] * len(others)
    assert not any(quality.advice[k] for k in others)


def test_a_resting_and_a_working_arm_are_good(rng):
    judged = monitor()
    for rms in (10.0, 10.0, 200.0, 50.0, 10.0):
        quality = judged.judge(second(rng, rms))
        assert set(quality.state) == {State.GOOD}
        assert set(quality.advice) == {""}
    assert quality.rest_noise == pytest.approx(np.full(8, 10.0), rel=0.3)


def test_one_muscle_at_work_is_good(rng):
    judged = monitor()
    judged.judge(second(rng))
    samples = second(rng)
    samples[:, 2] *= 40.0
    assert set(judged.judge(samples).state) == {State.GOOD}


def test_no_signal(rng):
    samples = second(rng)
    samples[:, 3] = -8.0
    quality = monitor().judge(samples)
    only(quality, 3, State.BAD, "no signal")
    assert quality.flat.tolist() == [k == 3 for k in range(8)]


def test_all_channels_flat_is_not_good():
    quality = monitor().judge(np.zeros((1000, 4)))
    assert set(quality.state) == {State.BAD}
    assert not quality.rest_noise.any()


@pytest.mark.parametrize(("limit", "state"), [(150.0, State.BAD), (220.0, State.WARN), (1000.0, State.GOOD)])
def test_saturation(rng, limit, state):
    samples = second(rng, 100.0)
    samples[:, 1] = np.clip(samples[:, 1], -limit, limit)
    only(monitor().judge(samples), 1, state, *(["saturated"] if state else []))


def test_an_electrode_that_is_off(rng):
    samples = second(rng)
    samples[:, 6] = np.rint(second(rng)[:, 6] + hum(400.0) + np.linspace(0.0, 2000.0, 1000))
    only(monitor().judge(samples), 6, State.BAD, "electrode off")


def test_a_drifting_value_is_an_electrode_that_is_off(rng):
    samples = second(rng)
    samples[:, 6] += np.linspace(0.0, 20000.0, 1000)
    only(monitor().judge(samples), 6, State.BAD, "electrode off")


def test_an_arm_that_drifts_as_a_whole_is_good(rng):
    samples = second(rng) + np.linspace(0.0, 20000.0, 1000)[:, np.newaxis]
    assert set(monitor().judge(samples).state) == {State.GOOD}


def test_hum_on_one_channel(rng):
    samples = second(rng)
    samples[:, 4] += np.rint(hum(15.0))
    only(monitor().judge(samples), 4, State.WARN, "mains hum", "here")


def test_hum_everywhere_points_to_the_reference(rng):
    quality = monitor().judge(second(rng) + np.rint(hum(300.0))[:, np.newaxis])
    assert set(quality.state) == {State.BAD}
    assert all("8 of 8 channels" in advice and "reference" in advice for advice in quality.advice)


def test_hum_much_weaker_than_the_muscles_is_good(rng):
    judged = monitor()
    resting = second(rng) + np.rint(hum(15.0))[:, np.newaxis]
    assert set(judged.judge(resting).state) == {State.WARN}
    judged.judge(second(rng, 200.0))
    assert set(judged.judge(resting).state) == {State.GOOD}


def test_the_other_mains_frequency(rng):
    samples = second(rng)
    samples[:, 4] += np.rint(hum(15.0))
    assert set(monitor(mains=60.0).judge(samples).state) == {State.GOOD}


def test_noise_shows_when_the_last_quiet_second_is_forgotten(rng):
    judged = monitor(rest_memory=5)
    for _ in range(3):
        judged.judge(second(rng))
    states = []
    for _ in range(8):
        samples = second(rng)
        samples[:, 0] += np.rint(rng.normal(0.0, 100.0, 1000))
        quality = judged.judge(samples)
        states.append(quality.state[0])
    assert states == [State.GOOD] * 4 + [State.WARN] * 4
    only(quality, 0, State.WARN, "times the others'")


def test_two_channels_cannot_be_compared_with_others(rng):
    samples = second(rng, channels=2)
    samples[:, 0] += np.rint(rng.normal(0.0, 200.0, 1000)) + np.linspace(0.0, 20000.0, 1000)
    assert set(monitor().judge(samples).state) == {State.GOOD}


@pytest.mark.parametrize("settings", [{"mains": 0.0}, {"noise_times": -1.0}, {"mains": float("nan")}])
def test_an_impossible_setting_is_named(settings):
    with pytest.raises(SettingError, match=next(iter(settings))):
        QualitySettings(**settings)
