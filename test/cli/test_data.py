"""Commands that handle recordings: a simulated study, what recordings hold, and a recording as an armband."""

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
from emg_recognition.recordings.archive import from_arrays, load_archive, save_archive

SMALL = ["--healthy", "2", "--patients", "1", "--sessions", "1", "--repetitions", "2", "--hold", "0.5"]
SMALL += ["--rate", "200", "--channels", "4"]


def test_simulate_writes_an_archive(tmp_path, capsys):
    path = tmp_path / "new" / "study.npz"
    assert main(["simulate", "--output", str(path), *SMALL]) == 0
    recordings = load_archive(path)
    assert (len(recordings), recordings.channels, recordings.rate) == (3 * 6 * 2, 4, 200.0)
    assert (recordings.unit, recordings.cohorts) == ("V", ("healthy", "patient"))
    assert "36 segments" in capsys.readouterr().out


def test_the_seed_decides_the_study(tmp_path):
    for name, seed in (("a", "1"), ("b", "1"), ("c", "2")):
        assert main(["simulate", "--output", str(tmp_path / f"{name}.npz"), "--seed", seed, *SMALL]) == 0
    first, again, other = (load_archive(tmp_path / f"{name}.npz").counts for name in "abc")
    assert (first == again).all()
    assert (first != other).any()


@pytest.mark.parametrize(("name", "expected"), [("study.npz", "it exists"), ("study.csv", "ends in .npz")])
def test_simulate_overwrites_nothing(tmp_path, capsys, name, expected):
    (tmp_path / "study.npz").write_text("mine")
    assert main(["simulate", "--output", str(tmp_path / name), *SMALL]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert expected in line
    assert [path.name for path in tmp_path.iterdir()] == ["study.npz"]
    assert (tmp_path / "study.npz").read_text() == "mine"


def test_inspect_shows_what_recordings_hold(archive, capsys):
    assert main(["inspect", "--data", str(archive)]) == 0
    out = capsys.readouterr().out
    for words in ("2 channels at 200 Hz", "2: fist, rest", "5: s0, s1, s2, s3, s4", "repetition"):
        assert words in out


def test_inspect_shows_what_is_left(archive, capsys):
    assert main(["inspect", "--data", str(archive), "--without", "s0", "*/*/fist/1"]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "4: s1, s2, s3, s4" in out
    assert "note: s0 is left out" in out
    assert "note: */*/fist/1 is left out" in out


def test_inspect_fails_where_nothing_can_be_learned(archive, tmp_path, capsys):
    recordings = load_archive(archive)
    save_archive(tmp_path / "rest.npz", recordings.select(recordings.label == "rest"))
    assert main(["inspect", "--data", str(tmp_path / "rest.npz")]) == 1
    assert "error: it has one action, rest" in " ".join(capsys.readouterr().out.split())


RATE = 500.0


@pytest.fixture
def played(tmp_path, rng):
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
        command = [sys.executable, "-m", "emg_recognition", "device-emulator", "--link", str(link)]
        child = subprocess.Popen(
            [*command, *map(str, options)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        children.append(child)
        return child, link

    yield start
    for child in children:
        child.kill()
        child.communicate()


def test_the_emulator_offers_every_protocol(capsys):
    with pytest.raises(SystemExit):
        main(["device-emulator", "--help"])
    assert f"{{{','.join(PROTOCOLS)}}}" in capsys.readouterr().out


@pytest.mark.parametrize("protocol", ["emg", "ascii"])
def test_every_sample_of_the_recording_comes_over_the_port(played, emulate, protocol):
    path, counts = played
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
def test_a_signal_ends_the_emulator_and_removes_its_link(played, emulate, number):
    child, link = emulate("--data", played[0])
    child.stdout.readline()
    assert link.is_symlink()
    child.send_signal(number)
    assert child.wait(timeout=30) == 130
    assert not link.is_symlink()


def test_a_missing_recording_is_one_line(capsys, tmp_path):
    assert main(["device-emulator", "--data", str(tmp_path / "none.npz")]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "none.npz" in line
