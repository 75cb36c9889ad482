"""The emulator as a process of its own, read by what reads a real armband."""

from __future__ import annotations

import signal
import subprocess
import sys

import numpy as np
import pytest

from emg_recognition.cli.main import main
from emg_recognition.devices.protocol import ProtocolSettings
from emg_recognition.devices.protocols import PROTOCOLS, make_protocol
from emg_recognition.devices.serial_armband import SerialArmband
from emg_recognition.recordings.archive import from_arrays, save_archive

RATE = 500.0


@pytest.fixture
def archive(tmp_path, rng):
    counts = rng.integers(-2000, 2000, (400, 8)).astype(np.int16)
    arrays = {
        "x": counts,
        "start": [0],
        "length": [len(counts)],
        "scale": 1.0,
        "fs": RATE,
        "unit": "count",
        "subject": ["s"],
        "cohort": ["c"],
        "session": ["1"],
        "label": ["rest"],
        "rep": [1],
    }
    save_archive(tmp_path / "short.npz", from_arrays(arrays, "test"))
    return tmp_path / "short.npz", counts


@pytest.fixture
def emulate(tmp_path):
    children = []

    def start(*options):
        link = tmp_path / "armband"
        command = [sys.executable, "-m", "emg_recognition.cli.main", "device-emulator", "--link", str(link)]
        child = subprocess.Popen(
            [*command, *map(str, options)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        children.append(child)
        return child, link

    yield start
    for child in children:
        child.kill()
        child.communicate()


def test_it_speaks_every_protocol(capsys):
    with pytest.raises(SystemExit):
        main(["device-emulator", "--help"])
    assert f"{{{','.join(PROTOCOLS)}}}" in capsys.readouterr().out


@pytest.mark.parametrize("protocol", ["emg", "ascii"])
def test_every_sample_of_the_recording_comes_over_the_port(archive, emulate, protocol):
    path, counts = archive
    child, link = emulate("--data", path, "--once", "--protocol", protocol)
    assert "8 channels at 500 Hz" in child.stdout.readline()
    settings = ProtocolSettings(rate=RATE, channels=8) if protocol == "ascii" else ProtocolSettings()
    received = []
    with SerialArmband(str(link), protocol=make_protocol(protocol, settings)) as armband:
        for chunk in armband:
            received.append(chunk)
            if sum(len(chunk.samples) for chunk in received) >= len(counts):
                break
    assert np.array_equal(np.concatenate([chunk.samples for chunk in received]), counts)
    assert child.wait(timeout=30) == 0
    assert "400 samples sent" in child.stdout.read()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_and_removes_the_link(archive, emulate, number):
    child, link = emulate("--data", archive[0])
    child.stdout.readline()
    assert link.is_symlink()
    child.send_signal(number)
    assert child.wait(timeout=30) == 130
    assert not link.is_symlink()


def test_a_recording_that_is_none_is_one_line(emulate, tmp_path):
    child, _ = emulate("--data", tmp_path / "none.npz")
    assert child.wait(timeout=30) == 2
    assert "none.npz" in child.stdout.read()
