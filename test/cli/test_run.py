"""`emg-recognition run` with real nodes: from a simulated armband to a simulated arm, and to its end."""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from emg_recognition.cli import main as command
from emg_recognition.recordings.archive import from_arrays, save_archive

COMMAND = [sys.executable, "-m", "emg_recognition"]


@pytest.fixture
def recordings(tmp_path, rng):
    """Two minutes of noise as the tiny bundle takes it: 4 channels at 500 Hz."""
    actions = ("rest", "elbow_flexion")
    length = 30_000
    arrays = {
        "x": rng.normal(0, 300, (2 * length, 4)).astype(np.int16),
        "start": [0, length],
        "length": [length, length],
        "scale": 1e7,
        "fs": 500.0,
        "unit": "V",
        "subject": ["s"] * 2,
        "cohort": ["c"] * 2,
        "session": ["1"] * 2,
        "label": list(actions),
        "rep": [1, 1],
    }
    save_archive(tmp_path / "noise.npz", from_arrays(arrays, "test"))
    return tmp_path / "noise.npz"


class Run:
    """The command in a session of its own, with its lines in a queue."""

    def __init__(self, environment, *options):
        self.process = subprocess.Popen(
            [*COMMAND, "run", *map(str, options)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
            start_new_session=True,
        )
        self._lines = queue.SimpleQueue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self._lines.put(line)

    def wait_for(self, words, seconds=60.0):
        """Return the first line that contains some words."""
        deadline = time.monotonic() + seconds
        seen = []
        while time.monotonic() < deadline:
            try:
                seen.append(self._lines.get(timeout=0.5))
            except queue.Empty:
                assert self.process.poll() is None, self.process.stderr.read()
                continue
            if words in seen[-1]:
                return seen[-1]
        raise AssertionError(f"{words!r} is not in {''.join(seen)}")


@pytest.fixture
def run(ros_environment, tmp_path):
    runs = []
    environment = {**ros_environment, "TMPDIR": str(tmp_path)}

    def start(*options):
        runs.append(Run(environment, *options))
        return runs[-1]

    start.environment = environment
    yield start
    for one in runs:
        if one.process.poll() is None:
            one.process.terminate()
        one.process.wait(timeout=60)
        one.process.stdout.close()
        one.process.stderr.close()


def nodes_of(run, tmp_path):
    """Return the processes of the nodes that this run has started."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            arguments = path.read_bytes().split(b"\0")
        except OSError:
            continue
        if any(argument.startswith(os.fsencode(tmp_path / "emg_run_")) for argument in arguments):
            found.append(int(path.parent.name))
    return found


def call(run, name):
    return subprocess.run(
        [*COMMAND, name], env=run.environment, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.timeout(300)
def test_the_simulated_arm_is_armed_and_everything_ends_in_order(run, tiny_bundle, recordings, tmp_path):
    bag = tmp_path / "bag"
    options = ("--model", tiny_bundle, "--simulated", "--enabled", "--data", recordings, "--record", bag)
    graph = run(*options)
    graph.wait_for("emg-recognition arm")
    graph.wait_for("arm with")
    armed = call(run, "arm")
    assert armed.returncode == 0, armed.stdout + armed.stderr
    graph.wait_for("| ARMED")
    assert call(run, "stop").returncode == 0
    graph.wait_for("| FAULT")
    assert len(nodes_of(graph, tmp_path)) == 8
    graph.process.send_signal(signal.SIGINT)
    assert graph.process.wait(timeout=60) == 0
    assert graph.process.stderr.read() == ""
    assert nodes_of(graph, tmp_path) == []
    assert not list(tmp_path.glob("emg_run_*"))
    evaluated = subprocess.run(
        [*COMMAND, "evaluate", "--model", str(tiny_bundle), "--bag", str(bag)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "recorded: 100.0 % of the actions are the same" in evaluated.stdout, evaluated.stderr


@pytest.mark.timeout(300)
def test_nodes_end_with_a_command_that_was_killed(run, tiny_bundle, recordings, tmp_path):
    if not sys.platform.startswith("linux"):
        pytest.skip("the kernel has no such signal")
    graph = run("--model", tiny_bundle, "--simulated", "--data", recordings, "--no-bridge")
    graph.wait_for("samples 50")
    assert len(nodes_of(graph, tmp_path)) == 4
    graph.process.kill()
    deadline = time.monotonic() + 30.0
    while nodes_of(graph, tmp_path):
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.mark.timeout(300)
def test_a_node_that_ends_is_reported_with_its_last_line(run, tiny_bundle, tmp_path):
    graph = run("--model", tiny_bundle, "--port", tmp_path / "nothing")
    assert graph.process.wait(timeout=60) == 2
    (line,) = graph.process.stderr.read().splitlines()
    assert "chain ended with code 1" in line
    assert str(tmp_path / "nothing") in line
    (folder,) = tmp_path.glob("emg_run_*")
    assert f"logs of all nodes: {folder}" in line
    assert (folder / "chain.log").exists()


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--port", "x", "--enabled"], "--enabled is 'True': use it with --simulated only"),
        (["--port", "x", "--data", "y"], "--data is 'y': use it with --simulated only"),
        (["--simulated", "--data", "nowhere.npz"], "--data is 'nowhere.npz': there is no such file"),
        (["--simulated", "--no-bridge", "--exoskeleton", "x"], "leave it out with --no-bridge"),
        (["--simulated", "--namespace", "left arm"], "such as left_arm"),
        (["--simulated", "--model", "nowhere"], "nowhere"),
        (["--simulated"], "tools/environment run"),
    ],
)
def test_what_cannot_run_is_one_line(tiny_bundle, tmp_path, monkeypatch, options, expected, capsys):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setenv("AMENT_PREFIX_PATH", "/nowhere")
    assert command.main(["run", "--model", str(tiny_bundle), *options]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert expected in line
    assert list(tmp_path.iterdir()) == []
