"""Fixtures for every room."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

REPOSITORY = Path(__file__).resolve().parent.parent

# A busy machine is no defect of what is tested.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


@pytest.fixture(scope="session", autouse=True)
def own_environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the user's cache and the way the tests were started out of the tests and their processes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        patch.delenv("EMG_RECOGNITION_PREFIX", raising=False)  # hints as after `source install/setup.bash`
        yield


@pytest.fixture(autouse=True)
def same_signals() -> Iterator[None]:
    """Refuse a test that blocks signals: every process started later would inherit that."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    yield
    after = signal.pthread_sigmask(signal.SIG_SETMASK, before)
    assert after == before, f"signals {after - before} are blocked after the test"


@pytest.fixture
def rng() -> np.random.Generator:
    """Random numbers that are the same in every run."""
    return np.random.default_rng(20260101)


@pytest.fixture
def repository() -> Path:
    """The root of the source tree."""
    return REPOSITORY


@pytest.fixture
def shared_recording() -> callable:
    """Return the path of a real recording, or skip where the recordings are absent."""

    def find(name: str) -> Path:
        path = REPOSITORY.parent / "shared" / "data" / name
        if not path.exists():
            pytest.skip(f"the real recording {name} is not here")
        return path

    return find


TINY_ACTIONS = ("rest", "elbow_flexion", "elbow_extension")


def _write_tiny_bundle(folder: Path, bias: tuple[float, ...], turn: float | None = None) -> Path:
    """Write an untrained network for 4 channels at 500 Hz: what it says is the same in every run.

    With a turn, it has been donned.
    """
    import keras

    from emg_recognition.models.bundle_writer import write_bundle
    from emg_recognition.models.export import to_keras_file, to_tflite
    from emg_recognition.models.network import build_network
    from emg_recognition.models.orientation import Orientation
    from emg_recognition.models.settings import NetworkSettings
    from emg_recognition.models.wearer_network import oriented
    from emg_recognition.signal.filters import design
    from emg_recognition.signal.settings import suited_settings

    pipeline = suited_settings(rate=500.0, channels=4, unit="V")
    statistics = {"mean": [0.0] * 4, "std": [1e-4] * 4, "rms": 1e-4}
    keras.utils.set_random_seed(0)
    network = build_network(
        # Untrained, the default's energies would drown what the picture says: one action for all windows.
        NetworkSettings(energies=0, picture=(40, 0, 3)),
        length=pipeline.length,
        channels=4,
        classes=len(TINY_ACTIONS),
        mean=np.array(statistics["mean"]),
        std=np.array(statistics["std"]),
    )
    kernel, _ = network.get_layer("classes").get_weights()
    network.get_layer("classes").set_weights([kernel, np.array(bias, np.float32)])
    if turn is not None:
        network = oriented(network, Orientation(turn).matrix(4, 4))
    write_bundle(
        folder / "bundle",
        keras_model=to_keras_file(network),
        tflite=to_tflite(network),
        actions=TINY_ACTIONS,
        pipeline=pipeline.to_mapping(),
        fingerprint=pipeline.fingerprint(),
        sections=design(pipeline),
        statistics=statistics,
        provenance={},
        metrics={},
        orientation={} if turn is None else {"turn": turn, "mirrored": False, "gain": 1.0, "ring": 4},
    )
    return folder / "bundle"


@pytest.fixture(scope="session")
def write_tiny_bundle() -> Callable[[Path, tuple[float, ...]], Path]:
    """Return the function that writes an untrained bundle into a folder; it takes seconds."""
    return _write_tiny_bundle


@pytest.fixture(scope="session")
def tiny_bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that finds each of its three actions about equally probable."""
    return _write_tiny_bundle(tmp_path_factory.mktemp("tiny"), (0.0, 0.0, 0.0))
