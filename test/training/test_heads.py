"""A wearer's last layer, for every kind of network."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from emg_recognition.models import layers  # noqa: F401  (Keras needs the layers to load a network)
from emg_recognition.models.export import soft_vote, to_keras_file
from emg_recognition.models.network import build_network
from emg_recognition.models.settings import NetworkSettings
from emg_recognition.models.wearer_network import feature_network, networks
from emg_recognition.training.adapt import fine_tune
from emg_recognition.training.heads import learn_heads, wearer_network
from emg_recognition.training.jobs import predict_windows
from emg_recognition.training.settings import FitSettings
from emg_recognition.training.windows import from_windows

from ..ring_arm import ACTIONS, RING, perform, population

SMALL = {"stem": (4, 2, 1), "bottlenecks": ((4, 4, 2, 1),), "features": 24}


def build(seed=0, **settings):
    """Return a network that has learned nothing: what is right then, the last layer knows."""
    keras.utils.set_random_seed(seed)
    shape = {"length": 40, "channels": RING, "classes": len(ACTIONS)}
    return build_network(
        NetworkSettings(**{**SMALL, **settings}), **shape, mean=np.zeros(RING), std=np.full(RING, 1.0)
    )


@pytest.fixture(scope="module")
def aligned():
    windows, alignment = population()
    return alignment.apply(windows)


@pytest.fixture(scope="module")
def wearer():
    """Windows to learn from, and others to test on."""
    return [from_windows(*perform(seed=5, noise=noise), ACTIONS) for noise in (0, 1)]


def right(model, windows):
    return np.mean(predict_windows(model, windows).argmax(axis=1) == windows.action)


@pytest.mark.parametrize(
    ("settings", "features"),
    [
        ({}, 4 * RING + 24 + 64),
        ({"energies": 0}, 4 * RING + 24),
        ({"architecture": "resnet50", "picture": (32, 32, 3)}, 4 * RING + 2048),
    ],
)
def test_every_network_gets_one(aligned, wearer, settings, features):
    network = build(**settings)
    # A quarter of the windows: ResNet-50 takes its time.
    aligned, shown, tested = (one.select(np.arange(0, len(one), 4)) for one in (aligned, *wearer))
    assert feature_network(network)[0].output_shape == (None, features)
    two = shown.select(np.isin(shown.action, (1, 3)))
    found = wearer_network(network, learn_heads(network, aligned), two, labelled=True)
    assert right(network, tested) < 0.6 < 0.85 < right(found, tested)


def test_labels_of_all_actions_and_no_labels_give_one_too(aligned, wearer):
    network = build()
    shown, tested = wearer
    heads = learn_heads(network, aligned)
    for labelled in (True, False):
        found = wearer_network(network, heads, shown, labelled=labelled)
        assert right(network, tested) < 0.6 < 0.85 < right(found, tested)
    probabilities = predict_windows(found, tested)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0, rtol=1e-5)
    # A second one replaces the first.
    again = wearer_network(found, heads, shown, labelled=False)
    np.testing.assert_allclose(predict_windows(again, tested), probabilities, atol=1e-5)


def test_each_member_of_a_soft_vote_gets_one_and_learns_on(aligned, wearer, tmp_path):
    shown, tested = wearer
    vote = soft_vote([build(seed) for seed in (0, 1)])
    heads = learn_heads(vote, aligned)
    assert len(heads) == len(networks(vote)) == 2
    found = wearer_network(vote, heads, shown, labelled=True)
    assert right(found, tested) > 0.85
    (tmp_path / "model.keras").write_bytes(to_keras_file(found))
    loaded = keras.saving.load_model(tmp_path / "model.keras", compile=False)
    np.testing.assert_allclose(predict_windows(loaded, tested), predict_windows(found, tested), atol=1e-6)
    fine_tune(loaded, shown, FitSettings(epochs=1, steps_per_epoch=4, batch_size=16))
    assert not np.allclose(predict_windows(loaded, tested), predict_windows(found, tested), atol=1e-3)
    assert wearer_network(vote, (), shown, labelled=True) is vote
