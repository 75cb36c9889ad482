"""The trainer node trains in a real child process."""

import os
import time

import numpy as np
import pytest
import yaml
from std_msgs.msg import Float32

from emg_recognition.models.runtime import ActionModel
from emg_recognition.recordings.archive import from_arrays, save_archive
from emg_recognition.ros import qos

# A child process imports TensorFlow, possibly on a busy machine.
pytestmark = pytest.mark.timeout(600)


@pytest.fixture
def archive(rng, tmp_path):
    """Two actions of different strength, three repetitions, at 200 Hz."""
    rows = [(label, repetition) for label in ("rest", "fist") for repetition in (1, 2, 3)]
    counts = [rng.normal(0, 20 if label == "rest" else 400, (300, 2)).astype(np.int16) for label, _ in rows]
    recordings = from_arrays(
        {
            "x": np.concatenate(counts),
            "start": np.arange(len(rows)) * 300,
            "length": np.full(len(rows), 300),
            "scale": 1.0,
            "fs": 200,
            "subject": ["s"] * len(rows),
            "cohort": ["c"] * len(rows),
            "session": ["1"] * len(rows),
            "label": [label for label, _ in rows],
            "rep": [repetition for _, repetition in rows],
        },
        "test",
    )
    save_archive(tmp_path / "data.npz", recordings)
    return tmp_path / "data.npz"


def config(path, epochs):
    network = {"stem": [4, 2, 1], "bottlenecks": [[4, 4, 2, 2]], "features": 8}
    path.write_text(
        yaml.safe_dump(
            {"network": network, "training": {"epochs": epochs, "batch_size": 8, "least_steps_per_epoch": 8}}
        )
    )
    return str(path)


def test_it_reports_progress_writes_the_bundle_and_ends(start_node, witness, archive, tmp_path):
    progress = witness.collect(Float32, "training/progress", qos.LATCHED)
    node = start_node(
        "trainer",
        data=str(archive),
        output=str(tmp_path / "out"),
        config=config(tmp_path / "tiny.yaml", 3),
        train_repetitions="1-2",
        test_repetitions="3",
    )
    witness.spin_until(lambda: node.process.poll() is not None, "the end of training", patience=150)
    assert node.process.returncode == 0, node.log
    assert ActionModel.load(tmp_path / "out" / "bundle").info.actions == ("rest", "fist")
    shares = [round(message.data, 6) for message in progress]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_an_error_of_the_child_ends_the_node_with_one_line(start_node, tmp_path):
    node = start_node("trainer", data=str(tmp_path / "none.npz"), output=str(tmp_path / "out"))
    assert node.process.wait(timeout=120) == 1
    (line,) = [line for line in node.log.splitlines() if "[INFO]" not in line]
    assert "[FATAL]" in line
    assert "none.npz" in line
    assert not (tmp_path / "out").exists()


def test_sigint_ends_node_and_child(start_node, archive, tmp_path):
    node = start_node(
        "trainer",
        data=str(archive),
        output=str(tmp_path / "out"),
        config=config(tmp_path / "long.yaml", 100_000),
    )
    node.wait_for_log("training process")
    children = children_of(node.process.pid)
    assert children
    time.sleep(1.0)
    assert node.interrupt() == 0
    assert not [child for child in children if os.path.exists(f"/proc/{child}")]
    assert not (tmp_path / "out" / "bundle").exists()


def children_of(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        return file.read().split()
