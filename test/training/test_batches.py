from __future__ import annotations

import numpy as np
import pytest

from emg_recognition.training.batches import Batches, OneCycle
from emg_recognition.training.fit import FitSettings


def epoch(batches):
    parts = [batches[i] for i in range(len(batches))]
    return np.concatenate([x for x, _ in parts]), np.concatenate([y for _, y in parts])


@pytest.fixture
def windows(rng):
    return rng.normal(size=(101, 6, 3)).astype(np.float32)


def test_an_epoch_shows_each_window_once_in_another_order(windows):
    batches = Batches(windows, np.arange(101), FitSettings(batch_size=15, gain=0.0))
    sizes = [len(batches[i][1]) for i in range(len(batches))]
    assert sizes == [15, 15, 15, 14, 14, 14, 14]  # no tiny last batch for the batch normalisation
    first = epoch(batches)
    batches.on_epoch_end()
    second = epoch(batches)
    for x, y in (first, second):
        assert sorted(y) == list(range(101))
        np.testing.assert_array_equal(x, windows[y])
    assert (first[1] != second[1]).any()


def test_fewer_windows_than_a_batch(windows):
    batches = Batches(windows[:3], np.arange(3), FitSettings(batch_size=20))
    assert len(batches) == 1
    assert sorted(batches[0][1]) == [0, 1, 2]


@pytest.mark.parametrize(("count", "batches"), [(17, 2), (160, 10), (400, 16), (2048, 16), (4096, 32)])
def test_a_small_set_gets_more_steps(count, batches):
    windows = np.zeros((count, 2, 1), np.float32)
    assert len(Batches(windows, np.zeros(count, int), FitSettings(batch_size=128))) == batches


def test_gains_are_one_a_channel_of_each_window(windows):
    batches = Batches(windows, np.arange(101), FitSettings(batch_size=101, gain=0.2))
    assert batches[0][0].dtype == np.float32
    x, y = epoch(batches)
    gains = x / windows[y]
    np.testing.assert_allclose(gains, np.broadcast_to(gains[:, :1], gains.shape), rtol=1e-4)
    logarithms = np.log(gains[:, 0])
    assert logarithms.std() == pytest.approx(0.2 * np.sqrt(2), rel=0.2)  # the window's and the channel's
    assert logarithms.mean(axis=1).std() == pytest.approx(0.2 * np.sqrt(1 + 1 / 3), rel=0.25)


def test_the_seed_alone_decides(windows):
    def three_epochs(seed):
        batches = Batches(windows, np.arange(101), FitSettings(batch_size=20, seed=seed))
        found = []
        for _ in range(3):
            found.append(epoch(batches)[0])
            batches.on_epoch_end()
        return np.concatenate(found)

    np.testing.assert_array_equal(three_epochs(3), three_epochs(3))
    assert (three_epochs(3) != three_epochs(4)).any()


def test_batches_do_not_depend_on_who_asks_first(windows):
    one, other = (Batches(windows, np.arange(101), FitSettings(batch_size=20)) for _ in range(2))
    forwards = [one[i][0] for i in range(7)]
    backwards = [other[i][0] for i in reversed(range(7))]
    for a, b in zip(forwards, reversed(backwards), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("steps", [1, 2, 10, 137])
def test_the_learning_rate_rises_then_falls_to_nearly_nothing(steps):
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
