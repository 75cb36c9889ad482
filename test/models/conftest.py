"""A small bundle with fresh weights; its layout and arithmetic are those of every bundle."""

from __future__ import annotations

import numpy as np
import pytest

from emg_recognition.models.bundle_writer import write_bundle
from emg_recognition.models.settings import NetworkSettings

LENGTH, CHANNELS, ACTIONS = 20, 3, ("rest", "fist", "wave", "point")
PIPELINE = {"rate": 100.0, "channels": CHANNELS, "unit": "count", "window": 0.2, "low": 20.0, "high": 47.5}
FINGERPRINT = "emg1: 3 ch at 100 Hz in count"


@pytest.fixture(scope="session")
def tiny_settings():
    return NetworkSettings(
        picture=(10, 0, 3), stem=(4, 2, 1), bottlenecks=((8, 6, 1, 1), (8, 8, 2, 2)), features=16
    )


@pytest.fixture(scope="session")
def tiny_network(tiny_settings):
    import keras

    from emg_recognition.models.network import build_network

    keras.utils.set_random_seed(7)
    return build_network(
        tiny_settings,
        length=LENGTH,
        channels=CHANNELS,
        classes=len(ACTIONS),
        mean=np.array([0.0, 5.0, -2.0]),
        std=np.array([10.0, 20.0, 1.0]),
    )


@pytest.fixture(scope="session")
def tiny_files(tiny_network):
    """The two model files, (tflite, keras)."""
    from emg_recognition.models.export import to_keras_file, to_tflite

    return to_tflite(tiny_network), to_keras_file(tiny_network)


@pytest.fixture
def write(tiny_files):
    """Write the bundle at a path; keyword arguments replace parts of it."""

    def write_at(path, **changes):
        tflite, keras_model = tiny_files
        parts = {
            "keras_model": keras_model,
            "tflite": tflite,
            "actions": ACTIONS,
            "pipeline": PIPELINE,
            "fingerprint": FINGERPRINT,
            "statistics": {"mean": [0.0, 5.0, -2.0], "std": [10.0, 20.0, 1.0], "rms": 4.0},
            "provenance": {"source": "test"},
            "metrics": {"accuracy": 0.5},
        }
        return write_bundle(path, **{**parts, **changes})

    return write_at


@pytest.fixture
def bundle(tmp_path, write):
    return write(tmp_path / "bundle").path


@pytest.fixture
def window(rng):
    return rng.normal(scale=10.0, size=(LENGTH, CHANNELS)).astype(np.float32)
