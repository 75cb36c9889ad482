from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest
import yaml

from emg_recognition.models.network import build_network
from emg_recognition.models.settings import NetworkSettings
from emg_recognition.settings import from_mapping

CONFIG = Path(__file__).resolve().parents[2] / "config"


def configured(name):
    section = yaml.safe_load((CONFIG / name).read_text())["network"]
    return from_mapping(NetworkSettings, section, name)


def build(settings, *, length=40, channels=8, classes=6):
    statistics = {"mean": np.zeros(channels), "std": np.ones(channels)}
    return build_network(settings, length=length, channels=channels, classes=classes, **statistics)


def test_the_defaults_are_those_of_compact():
    assert configured("compact.yaml") == NetworkSettings()


def test_the_paper_configuration_has_the_paper_s_sizes():
    network = build(configured("paper.yaml"))
    assert network.get_layer("picture").output.shape == (None, 224, 224, 3)
    assert network.get_layer("pool").input.shape == (None, 7, 7, 320)
    assert network.get_layer("classes").output.shape == (None, 1, 1, 6)
    assert network.count_params() >= 400_000


@pytest.mark.parametrize("name", ["compact.yaml", "paper.yaml"])
def test_what_the_paper_asks_of_the_layers(name):
    network = build(configured(name))
    *convolutions, last = [
        layer
        for layer in network.layers
        if isinstance(layer, (keras.layers.Conv2D, keras.layers.DepthwiseConv2D))
    ]
    assert last.kernel_size == (1, 1)
    assert last.use_bias
    assert last.input.shape == (None, 1, 1, 320)
    for layer in convolutions:
        (consumer,) = layer._outbound_nodes
        assert isinstance(consumer.operation, keras.layers.BatchNormalization), layer.name
        assert not layer.use_bias, layer.name
    assert not any(isinstance(layer, (keras.layers.Dropout, keras.layers.Lambda)) for layer in network.layers)
    assert network.losses == []  # no regularisation term
    assert any(isinstance(layer, keras.layers.ReLU) for layer in network.layers)
    assert isinstance(network.layers[-1], keras.layers.Softmax)


def test_a_ghost_module_makes_half_of_its_maps_cheaply():
    network = build(NetworkSettings())
    primary = network.get_layer("bottleneck2_expand_primary_conv")
    cheap = network.get_layer("bottleneck2_expand_cheap_depthwise")
    assert primary.filters == 32
    assert network.get_layer("bottleneck2_expand_concatenate").output.shape[-1] == 64
    assert cheap.output.shape[-1] == 32
    assert cheap.kernel.shape == (3, 3, 32, 1)


@pytest.mark.parametrize(("filters", "stride"), [(1, 1), (7, 2), (8, 3)])
def test_odd_channel_counts_and_unequal_strides(filters, stride):
    network = build(NetworkSettings(stem=(3, 1, 2), bottlenecks=((filters, filters, stride, 1),), features=5))
    assert network.get_layer("bottleneck1_add").output.shape == (None, -(-40 // stride), 4, filters)


@pytest.mark.parametrize("normalisation", ["channel", "window", "window_channel"])
def test_probabilities_of_any_normalisation(rng, normalisation):
    network = build(NetworkSettings(normalisation=normalisation), length=25, channels=3)
    answer = network(rng.normal(size=(4, 25, 3)).astype(np.float32)).numpy()
    assert answer.shape == (4, 6)
    np.testing.assert_allclose(answer.sum(axis=1), 1.0, rtol=1e-5)
    assert network.get_layer("z_score").trainable_variables == []


def test_statistics_of_the_training_data_are_inside(rng):
    mean, std = np.array([100.0, -50.0]), np.array([10.0, 0.0])
    network = build_network(NetworkSettings(), length=20, channels=2, classes=3, mean=mean, std=std)
    z = keras.Model(network.input, network.get_layer("z_score").output)
    window = np.array([110.0, -50.0], np.float32) * np.ones((1, 20, 1), np.float32)
    np.testing.assert_allclose(z(window)[0, 0], [1.0, 0.0], atol=1e-6)
