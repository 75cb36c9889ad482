"""VGG16 and ResNet50 behind our z-score and picture."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

from emg_recognition.models.export import to_keras_file, to_tflite
from emg_recognition.models.layers import FusedBatchNormalization
from emg_recognition.models.network import baseline_scores, build_network
from emg_recognition.models.settings import NetworkSettings


def build(architecture):
    return build_network(
        NetworkSettings(architecture=architecture, picture=(32, 32, 3)),
        length=40,
        channels=8,
        classes=6,
        mean=np.full(8, 3.0),
        std=np.full(8, 2.0),
    )


def test_at_the_original_size_it_is_the_network_as_published():
    picture = keras.Input((224, 224, 3))
    scores = baseline_scores(picture, "resnet50", 1000, momentum=0.9)
    assert scores.shape == (None, 1000)
    assert keras.Model(picture, scores).count_params() == 25_636_712  # as Keras documents it


@pytest.mark.parametrize(("architecture", "convolutions"), [("vgg16", 13), ("resnet50", 53)])
def test_a_small_picture_ends_in_an_average_and_one_dense_layer(architecture, convolutions):
    network = build(architecture)
    names = [layer.name for layer in network.layers]
    assert names == ["window", "z_score", "picture", architecture, "scores", "probabilities"]
    assert network.get_layer("picture").output.shape == (None, 32, 32, 3)
    inside = network.get_layer(architecture)
    assert isinstance(inside.layers[-1], keras.layers.GlobalAveragePooling2D)
    assert sum(isinstance(layer, keras.layers.Conv2D) for layer in inside.layers) == convolutions
    norms = [layer for layer in inside.layers if isinstance(layer, keras.layers.BatchNormalization)]
    assert all(isinstance(layer, FusedBatchNormalization) and layer.momentum == 0.9 for layer in norms)
    np.testing.assert_array_equal(network.get_layer("z_score").mean, np.full(8, 3.0))


def test_what_a_bundle_holds_answers_as_the_network(tmp_path, rng):
    keras.utils.set_random_seed(3)
    network = build("vgg16")
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
