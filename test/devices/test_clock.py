"""Device time fitted to the host's clock, under jitter, drift, pauses and reboots."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from emg_recognition.devices.clock import PERIOD, DeviceClock


def simulate(
    clock: DeviceClock,
    *,
    rate: float = 1000.0,
    samples: int = 5,
    seconds: float = 60.0,
    drift: float = 0.0,
    delays: np.ndarray,
    device_start: float = 123.0,
    host_start: float = 1e5,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the true times and the stamps of the first samples of frames.

    `drift` is the share by which host time runs faster than device time.
    """
    count = int(seconds * rate / samples)
    device = device_start + np.arange(count) * samples / rate
    true = host_start + (device - device_start) * (1 + drift)
    ready = true + (samples - 1) / rate * (1 + drift)
    # Frames on one wire do not overtake each other.
    arrival = np.maximum.accumulate(ready + np.resize(delays, count))
    stamps = [clock.stamp(round(t * 1e6) % 2**32, samples, a) for t, a in zip(device, arrival, strict=True)]
    return true, np.array(stamps)


@pytest.mark.parametrize("drift", [200e-6, -200e-6, 0.0])
@pytest.mark.parametrize("shape", ["symmetric", "one-sided", "exponential"])
@pytest.mark.parametrize("seed", range(2))
def test_stamps_within_a_millisecond_after_ten_seconds(drift: float, shape: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    delays, least = {
        "symmetric": (rng.uniform(-0.008, 0.008, 12000), -0.008),
        "one-sided": (rng.uniform(0.002, 0.018, 12000), 0.002),
        "exponential": (0.001 + rng.exponential(0.008, 12000), 0.001),
    }[shape]
    true, stamps = simulate(DeviceClock(1000.0), drift=drift, delays=delays)
    after = true > true[0] + 10.0
    error = (stamps - true - least)[after]
    assert np.abs(error).max() < 1e-3
    # No jitter of arrival: from frame to frame the stamps advance by almost exactly 5 ms.
    assert np.abs(np.diff(error)).max() < 20e-6


def test_samples_are_stamped_in_order(rng: np.random.Generator) -> None:
    delays = rng.exponential(0.03, 12000)
    _, stamps = simulate(DeviceClock(1000.0), samples=5, delays=delays)
    assert (np.diff(stamps) > 4e-3).all()
    # Frames longer than the slew of the stamps still do not overlap.
    _, stamps = simulate(DeviceClock(1000.0), samples=400, delays=delays)
    assert (np.diff(stamps) > 0.399).all()


def test_without_jitter_the_stamps_are_the_truth_from_the_first_frame() -> None:
    true, stamps = simulate(DeviceClock(1000.0), delays=np.array([0.002]))
    assert np.abs(stamps - true - 0.002).max() < 2e-6


def test_frames_of_any_length_have_the_same_fit(rng: np.random.Generator) -> None:
    """A frame leaves after its last sample: a short one must not look faster."""
    clock, device, errors = DeviceClock(1000.0), 50.0, []
    for samples in rng.integers(1, 40, 2000):
        arrival = device + (samples - 1) / 1000.0 + 0.001
        errors.append(clock.stamp(round(device * 1e6), int(samples), arrival) - device - 0.001)
        device += samples / 1000.0
    assert np.abs(errors).max() < 5e-6


def test_microseconds_wrap(rng: np.random.Generator) -> None:
    true, stamps = simulate(
        DeviceClock(1000.0), device_start=PERIOD - 20.0, drift=100e-6, delays=rng.uniform(0, 0.008, 12000)
    )
    assert np.abs(stamps - true)[true > true[0] + 10].max() < 1e-3


@pytest.mark.parametrize("pause", [1.0, 100.0, 2 * PERIOD + 1000.0])
def test_a_pause_does_not_harm_the_stamps(pause: float) -> None:
    clock = DeviceClock(1000.0)
    simulate(clock, seconds=30.0, delays=np.array([0.001]))
    device_start = 123.0 + 30.0 + pause
    assert clock.agrees(round(device_start * 1e6) % 2**32, 1e5 + 30.0 + pause)
    true, stamps = simulate(
        clock,
        seconds=5.0,
        delays=np.array([0.001]),
        device_start=device_start,
        host_start=1e5 + 30.0 + pause,
    )
    assert np.abs(stamps - true - 0.001).max() < 1e-4


def test_frames_from_before_a_long_pause_are_forgotten() -> None:
    """After 2 s the drift is not known; over the pause it adds up to 20 ms that old frames do not show."""
    clock = DeviceClock(1000.0)
    simulate(clock, seconds=2.0, drift=200e-6, delays=np.array([0.0]))
    true, stamps = simulate(
        clock,
        seconds=2.0,
        drift=200e-6,
        delays=np.array([0.0]),
        device_start=225.0,
        host_start=1e5 + 102.0204,
    )
    assert np.abs(stamps - true).max() < 1e-3


def test_drift_is_kept_over_a_pause_and_a_reboot(rng: np.random.Generator) -> None:
    clock = DeviceClock(1000.0)
    simulate(clock, seconds=40.0, drift=200e-6, delays=rng.exponential(0.002, 8000))
    clock.reset()
    true, stamps = simulate(
        clock, seconds=2.0, drift=200e-6, delays=np.array([0.0]), device_start=0.0, host_start=1e5 + 90.0
    )
    assert np.abs(stamps - true).max() < 50e-6


def test_a_stalled_reader_does_not_move_the_stamps() -> None:
    delays = np.zeros(12000)
    delays[6000:6300] = np.linspace(1.5, 0.0, 300)  # 1.5 s of frames read at once
    true, stamps = simulate(DeviceClock(1000.0), delays=delays)
    assert np.abs(stamps - true).max() < 1e-4


@pytest.mark.parametrize("max_drift", [0.02, 0.1])
def test_a_busy_machine_at_the_start_hardly_moves_the_stamps(max_drift: float) -> None:
    """Frames that are all late for seconds look like a clock that runs much too slowly."""
    delays = np.full(6000, 0.001)
    delays[600:1600] = 0.9
    true, stamps = simulate(DeviceClock(1000.0, max_drift), seconds=30.0, delays=delays)
    assert (stamps - true).max() < (0.6 if max_drift > 0.05 else 0.15)
    # As soon as frames arrive in time again, no stamp is in the future.
    assert (stamps - true)[3200:].max() < 0.025
    assert np.abs(stamps - true)[-1000:].max() < 2e-3


def test_a_clock_that_is_far_off_is_stepped_not_slewed() -> None:
    clock = DeviceClock(1000.0)
    # A frame waited 30 s for its reader; the next one is read at once.
    assert clock.stamp(0, 5, 1030.0) == pytest.approx(1029.996, abs=1e-6)
    assert clock.stamp(30_010_000, 5, 1030.014) == pytest.approx(1030.010, abs=1e-6)


def test_a_change_of_drift_is_followed(rng: np.random.Generator) -> None:
    clock = DeviceClock(1000.0)
    simulate(clock, seconds=60.0, drift=0.0, delays=rng.exponential(0.002, 12000))
    true, stamps = simulate(
        clock,
        seconds=60.0,
        drift=100e-6,
        delays=rng.exponential(0.002, 12000),
        device_start=183.0,
        host_start=1e5 + 60.0,
    )
    assert np.abs(stamps - true)[-4000:].max() < 1e-3


def test_a_restarted_clock_does_not_agree() -> None:
    clock = DeviceClock(1000.0)
    assert not clock.agrees(0, 0.0)
    simulate(clock, seconds=30.0, delays=np.array([0.0]))
    assert clock.agrees(round(153.0 * 1e6), 1e5 + 30.0)
    assert not clock.agrees(0, 1e5 + 30.0)
    assert not clock.agrees(round(183.0 * 1e6), 1e5 + 30.0)


def test_a_coarse_clock_may_step_back(rng: np.random.Generator) -> None:
    clock, stamps = DeviceClock(1000.0), []
    for k in range(4000):
        device_us = 10_000 * round(k / 2 + rng.uniform(3, 7))
        stamps.append(clock.stamp(device_us, 1, 10.0 + k * 0.005))
    assert all(later > earlier for earlier, later in pairwise(stamps))
