"""A wearer's armband is donned from the command line."""

from __future__ import annotations

import numpy as np
import pytest

from emg_recognition.cli import don
from emg_recognition.cli.main import main
from emg_recognition.models.bundle import read_bundle
from emg_recognition.models.bundle_writer import write_bundle
from emg_recognition.models.reference import read_reference
from emg_recognition.models.runtime import ActionModel
from emg_recognition.models.settings import NetworkSettings
from emg_recognition.recordings.archive import save_archive
from emg_recognition.signal.settings import suited_settings
from emg_recognition.training.alignment import align
from emg_recognition.training.windows import windows_from_recordings

from ..ring_arm import ACTIONS, POPULATION, RING, recordings


@pytest.fixture(autouse=True)
def without_signal_thread(monkeypatch):
    """Leave the signals of the test process alone."""
    monkeypatch.setattr(don, "leave_on_signals", lambda message: None)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    """An untrained network with the reference of a real alignment."""
    from emg_recognition.models.export import to_keras_file, to_tflite
    from emg_recognition.models.network import build_network

    people = recordings({f"p{number}": how for number, how in enumerate(POPULATION)})
    pipeline = suited_settings(rate=200.0, channels=RING, unit="count", window=0.2)
    windows = windows_from_recordings(people, pipeline, 10, actions=ACTIONS)
    network = build_network(
        NetworkSettings(picture=(10, 0, 3), stem=(4, 2, 1), bottlenecks=((4, 4, 2, 1),), features=8),
        length=40,
        channels=RING,
        classes=len(ACTIONS),
        mean=np.zeros(RING),
        std=np.full(RING, 50.0),
    )
    return write_bundle(
        tmp_path_factory.mktemp("aligned") / "bundle",
        keras_model=to_keras_file(network),
        tflite=to_tflite(network),
        actions=ACTIONS,
        pipeline=pipeline.to_mapping(),
        fingerprint=pipeline.fingerprint(),
        statistics={"mean": [0.0] * RING, "std": [50.0] * RING, "rms": 50.0},
        provenance={"source": "p0 to p7"},
        metrics={},
        reference=align(windows, RING).reference.to_bytes(),
    )


@pytest.fixture
def turned(tmp_path):
    """Two people; ann's armband is turned by one and a half electrodes."""
    path = tmp_path / "two.npz"
    save_archive(path, recordings({"ann": (1.5, False, 1.0), "bob": (0.0, False, 1.0)}, seed=50))
    return path


def options(bundle, data, output, *more):
    places = ["--data", str(data), "--cache", str(data.parent / "cache"), "--output", str(output)]
    return ["don", *places, "--model", str(bundle.path), *more]


@pytest.mark.parametrize("more", [("--reps", "1"), ("--unlabelled",)])
def test_it_says_how_the_armband_sits_and_writes_the_bundle(bundle, turned, tmp_path, capsys, more):
    output = tmp_path / "ann"
    assert main(options(bundle, turned, output, "--subject", "ann", *more)) == 0
    told = capsys.readouterr().out
    assert "in the direction of falling electrode numbers; signal" in told
    assert f"bundle  {output}" in told
    info = read_bundle(output)
    assert info.orientation["subject"] == "ann"
    assert abs(info.orientation["turn"] - 1.5) <= 0.5
    assert read_reference(info).known("ann") is not None
    assert ActionModel(info).predict(np.zeros((40, RING), np.float32)).sum() == pytest.approx(1, abs=1e-5)


def test_an_unsuitable_recording_is_refused_in_one_line(bundle, turned, tmp_path, capsys):
    for more, message in (
        ((), "choose one subject"),
        (("--subject", "eve"), "eve"),
        (("--subject", "ann", "--actions", "rest"), "5 s each, and rest"),
        (("--subject", "ann", "--session", "9"), "'9'"),
    ):
        assert main(options(bundle, turned, tmp_path / "no", *more)) == 2
        told = capsys.readouterr().err.strip()
        assert message in told
        assert len(told.splitlines()) == 1
    assert not (tmp_path / "no").exists()
