"""A wearer's armband is donned from the command line."""

from __future__ import annotations

import numpy as np
import pytest

from emg_recognition.cli import don
from emg_recognition.cli.main import main
from emg_recognition.models.bundle import read_bundle
from emg_recognition.models.reference import read_reference
from emg_recognition.models.runtime import ActionModel
from emg_recognition.recordings.archive import save_archive

from ..ring_arm import RING, recordings, write_bundle_to_don


@pytest.fixture(autouse=True)
def without_signal_thread(monkeypatch):
    """Leave the signals of the test process alone."""
    monkeypatch.setattr(don, "leave_on_signals", lambda message: None)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    return read_bundle(write_bundle_to_don(tmp_path_factory.mktemp("aligned") / "bundle"))


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
    assert "towards lower electrode numbers; signal" in told
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
