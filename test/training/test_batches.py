"""The batches of an epoch: order, random changes, weights; and the learning rate."""

from __future__ import annotations

import numpy as np
import pytest

from emg_recognition.training.batches import (
    Batches,
    CohortWeights,
    OneCycle,
    PlainBatches,
    epoch_size,
    rotated,
)
from emg_recognition.training.settings import FitSettings
from emg_recognition.training.windows import from_windows, windows_from_recordings


def epoch(batches):
    parts = [batches[i] for i in range(len(batches))]
    return np.concatenate([x for x, _ in parts]), np.concatenate([y for _, y in parts])


def make(windows, settings, weights=None):
    """Make batches of windows whose action is their number."""
    return Batches(from_windows(windows, np.arange(len(windows)), names(len(windows))), settings, weights)


def names(count):
    return tuple(str(number) for number in range(count))


@pytest.fixture
def windows(rng):
    return rng.normal(size=(101, 6, 3)).astype(np.float32)


def test_an_epoch_shows_every_window_once_in_a_new_order(windows):
    batches = make(windows, FitSettings(batch_size=15, least_steps_per_epoch=1, gain_jitter=0.0))
    sizes = [len(batches[i][1]) for i in range(len(batches))]
    assert sizes == [
        15,
        15,
        15,
        14,
        14,
        14,
        14,
    ]  # no tiny last batch
    first = epoch(batches)
    batches.on_epoch_end()
    second = epoch(batches)
    for x, y in (first, second):
        assert sorted(y) == list(range(101))
        np.testing.assert_array_equal(x, windows[y])
    assert (first[1] != second[1]).any()


def test_fewer_windows_than_a_batch(windows):
    batches = make(windows[:3], FitSettings(batch_size=20, least_steps_per_epoch=1))
    assert len(batches) == 1
    assert sorted(batches[0][1]) == [0, 1, 2]


@pytest.mark.parametrize(
    ("count", "steps", "shown"),
    [
        (17, 64, 64 * 17),
        (400, 64, 64 * 32),
        (2048, 64, 2048),
        (3000, 66, 3000),  # batches of 46
        (8192, 64, 8192),
        (20_000, 157, 20_000),  # as many batches of 128 as show each window once
    ],
)
def test_a_small_set_gets_smaller_batches_and_then_more_passes(count, steps, shown):
    batches = make(np.zeros((count, 2, 1), np.float32), FitSettings(gain_jitter=0.0))
    sizes = [len(batches[i][1]) for i in range(len(batches))]
    assert (len(sizes), sum(sizes)) == (steps, shown) == epoch_size(count, FitSettings())
    assert max(sizes) <= 128
    assert max(sizes) - min(sizes) <= 1
    _, y = epoch(batches)
    times = np.bincount(y, minlength=count)
    assert times.min() >= 1  # nothing is left out of an epoch
    assert times.max() - times.min() <= 1


def test_every_channel_of_every_window_has_its_own_gain(windows):
    batches = make(windows, FitSettings(batch_size=101, least_steps_per_epoch=1, gain_jitter=0.2))
    assert batches[0][0].dtype == np.float32
    x, y = epoch(batches)
    gains = x / windows[y]
    np.testing.assert_allclose(gains, np.broadcast_to(gains[:, :1], gains.shape), rtol=1e-4)
    logarithms = np.log(gains[:, 0])
    assert logarithms.std() == pytest.approx(0.2 * np.sqrt(2), rel=0.2)  # the window's and the channel's
    assert logarithms.mean(axis=1).std() == pytest.approx(0.2 * np.sqrt(1 + 1 / 3), rel=0.25)


def test_only_the_seed_decides(windows):
    def three_epochs(seed):
        batches = make(windows, FitSettings(batch_size=20, least_steps_per_epoch=1, seed=seed))
        found = []
        for _ in range(3):
            found.append(epoch(batches)[0])
            batches.on_epoch_end()
        return np.concatenate(found)

    np.testing.assert_array_equal(three_epochs(3), three_epochs(3))
    assert (three_epochs(3) != three_epochs(4)).any()


def test_batches_do_not_depend_on_the_order_of_access(windows):
    one, other = (make(windows, FitSettings(batch_size=20, least_steps_per_epoch=1)) for _ in range(2))
    forwards = [one[i][0] for i in range(6)]
    backwards = [other[i][0] for i in reversed(range(6))]
    for a, b in zip(forwards, reversed(backwards), strict=True):
        np.testing.assert_array_equal(a, b)


def test_windows_are_shifted_a_little_within_their_segment(study, tiny):
    recordings = study({"healthy": 1})
    pipeline = tiny.pipeline_for(rate=200.0, channels=3, unit="count")
    windows = windows_from_recordings(recordings, pipeline, 10)
    settings = FitSettings(batch_size=len(windows), steps_per_epoch=20, gain_jitter=0.0, time_shift=0.1)
    x, _ = epoch(Batches(windows, settings))
    every = windows_from_recordings(recordings, pipeline, 1)
    known = {window.tobytes(): begin for window, begin in zip(every.windows, every.begin, strict=True)}
    places = np.array([known[window.tobytes()] for window in x])  # each is a window of the signal
    nearest = np.abs(places[:, np.newaxis] - windows.begin).min(axis=1)
    assert nearest.max() == 4  # a tenth of 40 samples
    assert len(np.unique(places)) > 2 * len(windows)


@pytest.mark.parametrize("steps", [3, 20])
def test_the_number_of_steps_does_not_depend_on_the_size(windows, steps):
    batches = make(windows, FitSettings(batch_size=15, steps_per_epoch=steps, gain_jitter=0.0))
    assert len(batches) == steps
    x, y = epoch(batches)
    assert len(y) == 15 * steps
    np.testing.assert_array_equal(x, windows[y])
    times = np.bincount(y, minlength=101)
    assert times.max() - times.min() <= 1  # no window is repeated before all have been shown


def test_windows_are_drawn_as_often_as_their_weights_say(windows):
    weights = np.where(np.arange(101) < 10, 9.0, 0.0)
    weights[50] = 10.0
    batches = make(windows, FitSettings(batch_size=100, steps_per_epoch=100), weights)
    _, y = epoch(batches)
    times = np.bincount(y, minlength=101) / len(y)
    assert set(np.flatnonzero(times)) == {*range(10), 50}
    np.testing.assert_allclose(times[:10], 0.09, rtol=0.15)
    assert times[50] == pytest.approx(0.1, rel=0.15)


def test_every_epoch_can_have_its_own_weights(windows):
    weights = np.zeros((2, 101))
    weights[0, 3] = weights[1, 4] = 1.0
    batches = make(windows, FitSettings(batch_size=20, steps_per_epoch=2), weights)
    drawn = []
    for _ in range(3):
        drawn.append(set(epoch(batches)[1].tolist()))
        batches.on_epoch_end()
    assert drawn == [{3}, {4}, {4}]


def test_weights_of_a_cohort_draw_as_their_rows_do(windows):
    cohort = np.arange(101) < 10
    compact = CohortWeights(cohort, np.array([0.1, 0.05]), np.array([0.0, 0.5 / 91]))
    rows = np.where(cohort, compact.inside[:, np.newaxis], compact.outside[:, np.newaxis])
    settings = FitSettings(batch_size=20, steps_per_epoch=2)
    one, other = make(windows, settings, compact), make(windows, settings, rows)
    for _ in range(3):
        np.testing.assert_array_equal(epoch(one)[1], epoch(other)[1])
        one.on_epoch_end()
        other.on_epoch_end()


def test_the_armband_is_rotated_by_fractions_of_an_electrode(rng):
    windows = rng.normal(size=(4, 5, 8)).astype(np.float32)
    found = rotated(windows, np.array([0.0, 1.0, -2.0, 0.25]))
    np.testing.assert_array_equal(found[0], windows[0])
    np.testing.assert_allclose(found[1], np.roll(windows[1], -1, axis=1))
    np.testing.assert_allclose(found[2], np.roll(windows[2], 2, axis=1))
    between = (0.75 * windows[3] + 0.25 * np.roll(windows[3], -1, axis=1)) / np.sqrt(0.75**2 + 0.25**2)
    np.testing.assert_allclose(found[3], between, rtol=1e-5, atol=1e-6)
    settings = FitSettings(batch_size=4, steps_per_epoch=1, gain_jitter=0.0, electrode_rotation=0.5)
    assert not np.array_equal(epoch(make(windows, settings))[0], windows)
    # Only the electrodes of the ring take part.
    partly = rotated(windows, np.array([0.0, 1.0, -2.0, 0.25]), 6)
    np.testing.assert_array_equal(partly[..., 6:], windows[..., 6:])
    np.testing.assert_allclose(partly[1, :, :6], np.roll(windows[1, :, :6], -1, axis=1))
    np.testing.assert_array_equal(rotated(windows, np.full(4, 1.0), 0), windows)


def test_plain_batches_are_unchanged_and_in_order(rng):
    windows = rng.normal(size=(600, 2, 1)).astype(np.float32)
    x, y = epoch(PlainBatches(from_windows(windows, np.arange(600), names(600))))
    np.testing.assert_array_equal(x, windows)
    np.testing.assert_array_equal(y, np.arange(600))


@pytest.mark.parametrize("steps", [1, 2, 10, 137])
def test_the_learning_rate_rises_and_then_falls_to_nearly_nothing(steps):
    class Optimizer:
        learning_rate = None

    class Model:
        optimizer = Optimizer()

    schedule = OneCycle(0.01, steps)
    schedule.set_model(Model())
    rates = []
    for step in range(steps):
        schedule.on_train_batch_begin(step)
        rates.append(Model.optimizer.learning_rate)
    top = max(1, steps // 10)
    assert max(rates) == pytest.approx(0.01)
    assert rates.index(max(rates)) == top - 1
    assert all(np.diff(rates[:top]) > 0)
    assert all(np.diff(rates[top - 1 :]) < 0)
    assert min(rates) > 0
    if steps > 100:
        assert rates[-1] < 1e-5
