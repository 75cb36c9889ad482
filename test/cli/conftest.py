"""Launchers that write down how they were started, and a small study to train on."""

from __future__ import annotations

import os
import sys

import numpy as np
import pytest

from emg_recognition.recordings.archive import from_arrays, save_archive

#: A node that prints its arguments, then runs until SIGINT or for some seconds, and ends with a code.
_NODE = """#!{python}
import json, signal, sys, time
signal.signal(signal.SIGINT, lambda *_: sys.exit({code}))
print(json.dumps(sys.argv[1:]), flush=True)
open(sys.argv[0] + ".runs", "w").close()
time.sleep({seconds})
sys.exit({code})
"""


@pytest.fixture
def make_node(tmp_path, monkeypatch):
    """Return a function that installs such a node in a ROS workspace of its own."""
    folder = tmp_path / "prefix" / "lib" / "emg_recognition"
    folder.mkdir(parents=True)
    monkeypatch.setenv("AMENT_PREFIX_PATH", str(tmp_path / "prefix"))

    def make(name, code=0, seconds=0.0):
        path = folder / f"{name}_node"
        path.write_text(_NODE.format(python=sys.executable, code=code, seconds=seconds))
        path.chmod(0o755)

    return make


@pytest.fixture
def ros_environment():
    """The environment of a process in a ROS domain of this test session's own; skips without ROS 2."""
    pytest.importorskip("rclpy", reason="no ROS 2 in this environment: run `make test`")
    pytest.importorskip("emg_recognition.msg", reason="messages are not built: run `make test`")
    environment = {**os.environ, "ROS_DOMAIN_ID": str(1 + os.getpid() % 100)}
    if os.environ.get("ROS_DISTRO") == "humble":
        return {**environment, "ROS_LOCALHOST_ONLY": "1"}
    return {**environment, "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST"}


@pytest.fixture(scope="session")
def archive(tmp_path_factory):
    """Four healthy subjects and a patient, two actions of different strength, three repetitions, 200 Hz."""
    rng = np.random.default_rng(0)
    samples = 120
    rows = [
        (f"s{subject}", "patient" if subject == 4 else "healthy", label, repetition)
        for subject in range(5)
        for label in ("fist", "rest")
        for repetition in (1, 2, 3)
    ]
    strength = {"fist": 400, "rest": 20}
    subject, cohort, label, repetition = zip(*rows, strict=True)
    arrays = {
        "x": np.concatenate([rng.normal(0, strength[row[2]], (samples, 2)).astype(np.int16) for row in rows]),
        "start": np.arange(len(rows)) * samples,
        "length": np.full(len(rows), samples),
        "scale": 1.0,
        "fs": 200,
        "subject": np.array(subject),
        "cohort": np.array(cohort),
        "session": np.array(["1"] * len(rows)),
        "label": np.array(label),
        "rep": np.array(repetition),
    }
    path = tmp_path_factory.mktemp("data") / "study.npz"
    save_archive(path, from_arrays(arrays, "test"))
    return path
