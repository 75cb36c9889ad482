"""One network: it learns, its seed decides it, and it reports its epochs."""

from __future__ import annotations

import numpy as np
import pytest

from emg_recognition.models.settings import NetworkSettings
from emg_recognition.training.fit import fit_network
from emg_recognition.training.settings import FitSettings
from emg_recognition.training.windows import from_windows

NETWORK = NetworkSettings(picture=(10, 0, 3), stem=(8, 2, 1), bottlenecks=((16, 12, 2, 2),), features=32)


def muscles(rng, count):
    """Return windows in volts of three actions, each with a different active electrode."""
    action = rng.integers(0, 3, count)
    strength = np.full((count, 1, 4), 1e-5)
    strength[np.arange(count), 0, action] = 4e-5
    windows = rng.normal(size=(count, 20, 4)) * strength
    return from_windows(windows, action, ("one", "two", "three"), cohort="a", subject="a", session="a")


@pytest.fixture(scope="module")
def sets():
    rng = np.random.default_rng(5)
    return muscles(rng, 600), muscles(rng, 200)


@pytest.fixture(scope="module")
def fitted(sets):
    epochs = []
    settings = FitSettings(epochs=6, batch_size=32, least_steps_per_epoch=1, learning_rate=0.01, seed=3)
    return fit_network(NETWORK, settings, *sets, on_epoch=epochs.append), epochs


def test_it_learns_and_the_batch_statistics_suit_inference(fitted, sets):
    result, _ = fitted
    probabilities = result.model(sets[1].windows, training=False).numpy()
    right = np.mean(probabilities.argmax(axis=1) == sets[1].action)
    assert right > 0.95
    # The model rerotated is the one that was validated last.
    assert right == pytest.approx(result.history[-1]["val_accuracy"], abs=0.006)


def test_the_history_has_an_entry_for_each_epoch(fitted):
    result, epochs = fitted
    assert epochs == result.history
    assert [entry["epoch"] for entry in epochs] == [1, 2, 3, 4, 5, 6]
    assert {entry["epochs"] for entry in epochs} == {6}
    assert epochs[-1]["loss"] < epochs[0]["loss"] / 2
    assert epochs[-1]["val_loss"] < epochs[0]["val_loss"]
    assert epochs[-1]["accuracy"] > 0.9
    seconds = [entry["seconds"] for entry in epochs]
    assert sorted(seconds) == seconds
    assert seconds[-1] <= result.seconds


def test_the_network_holds_the_training_statistics(fitted, sets):
    weights = fitted[0].model.get_layer("z_score").get_weights()
    windows = sets[0].windows.astype(np.float64)
    np.testing.assert_allclose(weights[0], windows.mean(axis=(0, 1)), rtol=1e-4)
    np.testing.assert_allclose(weights[1], windows.std(axis=(0, 1)), rtol=1e-4)


def test_the_seed_decides_everything_and_trainings_do_not_affect_each_other(sets):
    train = sets[0].select(np.arange(100))

    def weights(seed, windows=train):
        return fit_network(
            NETWORK, FitSettings(epochs=1, least_steps_per_epoch=4, seed=seed), windows, None
        ).model.get_weights()

    first = weights(0)
    kept = [values.copy() for values in first]
    other = weights(1, sets[0].select(np.arange(100, 220)))
    again = weights(0)
    for a, b, c in zip(first, kept, again, strict=True):
        np.testing.assert_array_equal(a, b)
        np.testing.assert_array_equal(a, c)
    assert any((a != b).any() for a, b in zip(first, other, strict=True))


def test_steps_weights_and_epochs_are_used(sets):
    train = sets[0].select(np.arange(100))
    settings = FitSettings(epochs=6, batch_size=16, steps_per_epoch=10, learning_rate=0.02)
    result = fit_network(NETWORK, settings, train, None, weights=(train.action == 1).astype(float))
    assert result.steps == 60
    assert fit_network(NETWORK, FitSettings(epochs=2, least_steps_per_epoch=7), train, None).steps == 14
    # Only one action was drawn, so the network answers with no other.
    assert set(result.model(sets[1].windows[:50], training=False).numpy().argmax(axis=1)) == {1}


def test_without_validation_its_entries_are_none(sets):
    result = fit_network(
        NETWORK, FitSettings(epochs=1, least_steps_per_epoch=1), sets[0].select(np.arange(40)), None
    )
    assert result.history[0]["val_loss"] is None
    assert result.history[0]["val_accuracy"] is None
