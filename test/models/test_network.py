"""The network of the paper and the baselines behind the same picture."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest
import yaml
from ai_edge_litert.interpreter import Interpreter

from emg_recognition.errors import SettingError
from emg_recognition.models.export import to_keras_file, to_tflite
from emg_recognition.models.layers import FusedBatchNormalization
from emg_recognition.models.network import baseline_scores, build_network
from emg_recognition.models.settings import NetworkSettings
from emg_recognition.settings import from_mapping

CONFIG = Path(__file__).resolve().parents[2] / "config"


def configured(name):
    section = yaml.safe_load((CONFIG / name).read_text())["network"]
    return from_mapping(NetworkSettings, section, name)


def build(settings, *, length=40, channels=8, classes=6):
    statistics = {"mean": np.zeros(channels), "std": np.ones(channels)}
    return build_network(settings, length=length, channels=channels, classes=classes, **statistics)


def test_the_compact_configuration_has_the_default_network():
    assert configured("compact.yaml") == NetworkSettings()


def test_the_paper_configuration_has_the_sizes_of_the_paper():
    network = build(configured("paper.yaml"))
    assert network.get_layer("picture").output.shape == (None, 224, 224, 3)
    assert network.get_layer("pool").input.shape == (None, 7, 7, 320)
    assert network.get_layer("classes").output.shape == (None, 1, 1, 6)
    assert network.count_params() >= 400_000


@pytest.mark.parametrize("name", ["compact.yaml", "paper.yaml"])
def test_the_layers_are_those_the_paper_describes(name):
    network = build(configured(name))
    *convolutions, last = [
        layer
        for layer in network.layers
        if isinstance(layer, (keras.layers.Conv2D, keras.layers.DepthwiseConv2D))
    ]
    assert last.kernel_size == (1, 1)
    assert last.use_bias
    energies = [layer for layer in convolutions if layer.name.startswith("energies")]
    assert last.input.shape == (None, 1, 1, 320 + sum(layer.filters for layer in energies))
    assert len(energies) == (name == "compact.yaml")  # not in the paper
    for layer in (layer for layer in convolutions if layer not in energies):
        (consumer,) = layer._outbound_nodes
        assert isinstance(consumer.operation, keras.layers.BatchNormalization), layer.name
        assert not layer.use_bias, layer.name
    assert not any(isinstance(layer, (keras.layers.Dropout, keras.layers.Lambda)) for layer in network.layers)
    assert network.losses == []  # no regularisation term
    assert any(isinstance(layer, keras.layers.ReLU) for layer in network.layers)
    assert isinstance(network.layers[-1], keras.layers.Softmax)


def test_a_ghost_module_makes_half_of_its_maps_by_a_depthwise_convolution():
    network = build(NetworkSettings())
    primary = network.get_layer("bottleneck2_expand_primary_conv")
    cheap = network.get_layer("bottleneck2_expand_cheap_depthwise")
    assert primary.filters == 32
    assert network.get_layer("bottleneck2_expand_concatenate").output.shape[-1] == 64
    assert cheap.output.shape[-1] == 32
    assert cheap.kernel.shape == (3, 3, 32, 1)


@pytest.mark.parametrize(("filters", "stride"), [(1, 1), (7, 2), (8, 3)])
def test_odd_channel_counts_and_unequal_strides_are_built(filters, stride):
    network = build(NetworkSettings(stem=(3, 1, 2), bottlenecks=((filters, filters, stride, 1),), features=5))
    assert network.get_layer("bottleneck1_add").output.shape == (None, -(-40 // stride), 4, filters)


@pytest.mark.parametrize(("length", "rows"), [(40, 40), (80, 80), (100, 80), (400, 80)])
def test_without_a_height_there_is_a_row_for_each_sample_up_to_80(length, rows):
    assert build(NetworkSettings(), length=length).get_layer("picture").output.shape == (None, rows, 8, 3)
    asked = build(NetworkSettings(picture=(100, 0, 3)), length=length)
    assert asked.get_layer("picture").output.shape[1] == 100


def test_the_energies_reach_the_answer(rng):
    keras.utils.set_random_seed(1)
    network = build(NetworkSettings())
    scores = keras.Model(network.input, network.get_layer("scores").output)
    window = rng.normal(size=(1, 40, 8)).astype(np.float32)
    before = scores(window).numpy()
    kernel = network.get_layer("energies_conv").kernel
    kernel.assign(2 * kernel)
    assert np.abs(scores(window).numpy() - before).max() > 1e-3
    alone = build(NetworkSettings(energies=0))
    assert not any("energies" in layer.name or layer.name == "joined" for layer in alone.layers)
    assert alone.count_params() == 48_442


def test_windows_too_short_for_the_energies_are_refused():
    with pytest.raises(SettingError, match="2 samples': a window needs at least 3 samples"):
        build(NetworkSettings(), length=2)
    build(NetworkSettings(energies=0), length=2)


@pytest.mark.parametrize("normalisation", ["channel", "window", "window_channel"])
def test_every_normalisation_gives_probabilities(rng, normalisation):
    network = build(NetworkSettings(normalisation=normalisation), length=25, channels=3)
    answer = network(rng.normal(size=(4, 25, 3)).astype(np.float32)).numpy()
    assert answer.shape == (4, 6)
    np.testing.assert_allclose(answer.sum(axis=1), 1.0, rtol=1e-5)
    assert network.get_layer("z_score").trainable_variables == []


def test_the_network_holds_the_statistics_of_the_training_data(rng):
    mean, std = np.array([100.0, -50.0]), np.array([10.0, 0.0])
    network = build_network(NetworkSettings(), length=20, channels=2, classes=3, mean=mean, std=std)
    z = keras.Model(network.input, network.get_layer("z_score").output)
    window = np.array([110.0, -50.0], np.float32) * np.ones((1, 20, 1), np.float32)
    np.testing.assert_allclose(z(window)[0, 0], [1.0, 0.0], atol=1e-6)


def build_baseline(architecture):
    return build_network(
        NetworkSettings(architecture=architecture, picture=(32, 32, 3)),
        length=40,
        channels=8,
        classes=6,
        mean=np.full(8, 3.0),
        std=np.full(8, 2.0),
    )


def test_a_baseline_at_the_original_size_is_the_published_network():
    picture = keras.Input((224, 224, 3))
    scores = baseline_scores(picture, "resnet50", 1000, momentum=0.9)
    assert scores.shape == (None, 1000)
    assert keras.Model(picture, scores).count_params() == 25_636_712  # as Keras documents it


@pytest.mark.parametrize(("architecture", "convolutions"), [("vgg16", 13), ("resnet50", 53)])
def test_a_baseline_of_a_small_picture_ends_in_an_average_and_one_dense_layer(architecture, convolutions):
    network = build_baseline(architecture)
    names = [layer.name for layer in network.layers]
    assert names == ["window", "z_score", "picture", architecture, "scores", "probabilities"]
    assert network.get_layer("picture").output.shape == (None, 32, 32, 3)
    inside = network.get_layer(architecture)
    assert isinstance(inside.layers[-1], keras.layers.GlobalAveragePooling2D)
    assert sum(isinstance(layer, keras.layers.Conv2D) for layer in inside.layers) == convolutions
    norms = [layer for layer in inside.layers if isinstance(layer, keras.layers.BatchNormalization)]
    assert all(isinstance(layer, FusedBatchNormalization) and layer.momentum == 0.9 for layer in norms)
    np.testing.assert_array_equal(network.get_layer("z_score").mean, np.full(8, 3.0))


def test_the_exported_files_of_a_baseline_answer_as_the_network_does(tmp_path, rng):
    keras.utils.set_random_seed(3)
    network = build_baseline("vgg16")
    kernel = network.get_layer("scores").kernel
    kernel.assign(kernel * 1000)  # fresh weights hardly tell windows apart
    windows = rng.normal(3.0, 2.0, (2, 40, 8)).astype(np.float32)
    expected = network(windows, training=False).numpy()
    assert np.abs(expected[0] - expected[1]).max() > 1e-3
    interpreter = Interpreter(model_content=to_tflite(network), num_threads=1)
    interpreter.allocate_tensors()
    for window, answer in zip(windows, expected, strict=True):
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], window[np.newaxis])
        interpreter.invoke()
        found = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])[0]
        np.testing.assert_allclose(found, answer, atol=2e-5)
    (tmp_path / "model.keras").write_bytes(to_keras_file(network))
    again = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    np.testing.assert_allclose(again(windows, training=False), expected, atol=1e-6)
