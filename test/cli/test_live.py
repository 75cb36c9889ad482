"""`emg-recognition live`: a source, a model, and what other programs are told."""

from __future__ import annotations

import contextlib
import json
import signal
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from emg_recognition.devices.emulator import ArmbandEmulator

BEFORE = Path(__file__).resolve().parent.parent / "before"
BUNDLE, STUDY = BEFORE / "bundle_500hz", f"playback:{BEFORE / 'study.npz'}?speed=0"


def command(*options, model=BUNDLE):
    return [sys.executable, "-m", "emg_recognition", "live", "--model", str(model), *map(str, options)]


def run(*options, model=BUNDLE):
    return subprocess.run(
        command(*options, model=model), capture_output=True, text=True, timeout=240, check=False
    )


def test_json_is_all_that_stdout_has_and_the_end_is_silence():
    done = run("--source", STUDY, "--json", "--stride", "0.05")
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert {"rest", "elbow_flexion", "elbow_extension"} <= {line["action"] for line in lines}
    assert lines[-1]["silent"]
    assert lines[-1]["action"] == ""
    said = done.stderr.splitlines()
    assert "4 channels at 500 Hz" in said[0]
    windows = sum(not line["silent"] for line in lines)
    assert said[-1] == f"{windows} windows, 0 samples lost"


def test_without_an_output_people_read_the_decisions():
    done = run("--source", STUDY, "--votes", "5")
    assert done.returncode == 0, done.stderr
    greeting, *lines = done.stdout.splitlines()
    assert "rest, wrist_extension, elbow_flexion, elbow_extension" in greeting
    assert {"silence", "rest", "elbow_flexion"} <= {line.split()[2] for line in lines}


def test_a_signal_ends_it_with_silence():
    counts = np.random.default_rng(0).normal(0, 100, (5000, 4)).astype(np.int16)
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener,
        ArmbandEmulator(counts, rate=500.0, scale=1e6, unit="V", loop=True) as armband,
    ):
        listener.bind(("127.0.0.1", 0))
        listener.settimeout(120)
        options = ("--source", f"serial:{armband.port}", "--udp", f"127.0.0.1:{listener.getsockname()[1]}")
        process = subprocess.Popen(
            command(*options), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        try:
            while json.loads(listener.recv(65535))["silent"]:
                pass
            process.send_signal(signal.SIGTERM)
            _, errors = process.communicate(timeout=60)
        finally:
            process.kill()
            process.wait()
        assert process.returncode == 130
        assert "samples lost" in errors
        assert "Traceback" not in errors
        listener.settimeout(1)
        newest = b""
        with contextlib.suppress(TimeoutError):
            while True:
                newest = listener.recv(65535)
        assert json.loads(newest)["silent"]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (("--source", "/dev/ttyACM0"), "begin with one of serial:"),
        (("--source", STUDY, "--udp", "5005"), "HOST:PORT"),
        (("--source", STUDY, "--keys", "up"), "ACTION=KEY"),
        (("--source", STUDY, "--keys", "fist=up"), "the model has rest"),
        (("--source", STUDY, "--enter-votes", "1"), "enter_votes is 1"),
        (("--source", f"playback:{BEFORE / 'no.npz'}"), "no.npz"),
    ],
)
def test_what_cannot_be_used_is_one_line(options, expected):
    done = run(*options)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert expected in line
    assert done.stdout == ""


def test_a_source_that_does_not_fit_the_model_is_one_line():
    done = run("--source", STUDY, model=BEFORE / "bundle_200hz")
    assert done.returncode == 2
    assert "500" in done.stderr
    assert "Traceback" not in done.stderr


def test_it_starts_without_ros_tensorflow_and_matplotlib():
    code = (
        "import sys\n"
        "from emg_recognition.cli.main import main\n"
        f"code = main(['live', '--json', '--model', {str(BUNDLE)!r}, '--source', {STUDY!r}])\n"
        "heavy = {'rclpy', 'tensorflow', 'keras', 'matplotlib', 'sklearn', 'pynput', 'pylsl'}\n"
        "print(code, sorted(heavy & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.splitlines()[-1] == "0 []", done.stderr
