"""The exported files answer as the network does."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest
import yaml
from ai_edge_litert.interpreter import Interpreter

from emg_recognition.models.export import to_keras_file, to_tflite
from emg_recognition.models.network import build_network
from emg_recognition.models.settings import NetworkSettings
from emg_recognition.settings import from_mapping

CONFIG = Path(__file__).resolve().parents[2] / "config"


def answers_agree(network, rng, shape):
    # The statistics of a trained batch normalisation are not 0 and 1.
    for variable in network.variables:
        if "moving" in variable.path:
            variable.assign(rng.uniform(0.5, 1.5, variable.shape))
    scores = network.get_layer("classes").kernel
    scores.assign(scores * 0.05)  # so that the softmax does not hide differences
    interpreter = Interpreter(model_content=to_tflite(network), num_threads=1)
    interpreter.allocate_tensors()  # refuses operators that are not built in
    (source,), (target,) = interpreter.get_input_details(), interpreter.get_output_details()
    assert tuple(source["shape"]) == (1, *shape)
    windows = rng.normal(size=(3, *shape)).astype(np.float32)
    # Three that differ under every normalisation: noise, a drift, a swell.
    windows[1] = 0.3 * windows[1].cumsum(axis=0)
    windows[2] *= np.linspace(0, 4, shape[0], dtype=np.float32)[:, np.newaxis]
    expected = network(windows, training=False).numpy()
    for window, answer in zip(windows, expected, strict=True):
        interpreter.set_tensor(source["index"], window[np.newaxis])
        interpreter.invoke()
        np.testing.assert_allclose(interpreter.get_tensor(target["index"])[0], answer, atol=2e-5)
    assert np.ptp(expected, axis=0).max() > 1e-3  # the answers depend on the window


@pytest.mark.parametrize(
    ("rate", "channels", "normalisation"),
    [(500, 1, "window"), (2000, 64, "window_channel")],
)
def test_any_rate_and_channel_count_converts(rng, rate, channels, normalisation):
    length = rate // 5
    network = build_network(
        NetworkSettings(normalisation=normalisation),
        length=length,
        channels=channels,
        classes=6,
        mean=rng.normal(size=channels),
        std=rng.uniform(1, 2, channels),
    )
    answers_agree(network, rng, (length, channels))


def test_the_paper_configuration_converts(rng):
    settings = from_mapping(
        NetworkSettings, yaml.safe_load((CONFIG / "paper.yaml").read_text())["network"], "paper.yaml"
    )
    network = build_network(settings, length=40, channels=8, classes=6, mean=np.zeros(8), std=np.ones(8))
    answers_agree(network, rng, (40, 8))


def test_the_keras_file_loads_in_safe_mode_and_gives_the_same_answers(tmp_path, tiny_network, rng):
    path = tmp_path / "model.keras"
    path.write_bytes(to_keras_file(tiny_network))
    again = keras.saving.load_model(path, safe_mode=True)
    windows = rng.normal(scale=10.0, size=(5, *tiny_network.input_shape[1:])).astype(np.float32)
    # Not bit for bit: TensorFlow may divide a sum among threads in another way.
    np.testing.assert_allclose(again(windows).numpy(), tiny_network(windows).numpy(), atol=1e-6)
