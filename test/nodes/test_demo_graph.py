"""The whole chain of node processes over DDS gives the same results as offline."""

import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from emg_recognition.bags.reader import open_bag
from emg_recognition.demo.graph import RECORDING, run_graph
from emg_recognition.demo.study import Study
from emg_recognition.demo.summary import score_live
from emg_recognition.errors import EmgRecognitionError, SettingError
from emg_recognition.models.runtime import ActionModel
from emg_recognition.processes import find_executable
from emg_recognition.recordings.archive import from_arrays, load_archive, save_archive
from emg_recognition.recordings.emg_bag import EmgBag
from emg_recognition.recordings.events import SampleBlock
from emg_recognition.replay.offline import replay_bag
from emg_recognition.replay.scoring import score

# Eight processes start, and the signal plays in real time.
pytestmark = pytest.mark.timeout(300)

SEGMENTS = ("rest", "elbow_flexion", "rest", "elbow_extension")


@pytest.fixture
def study(rng, tmp_path):
    length = 750
    counts = rng.normal(0, 100, (length * len(SEGMENTS), 4)).astype(np.int16)
    recordings = from_arrays(
        {
            "x": counts,
            "start": np.arange(len(SEGMENTS)) * length,
            "length": np.full(len(SEGMENTS), length),
            "scale": 1e6,
            "fs": 500,
            "unit": "V",
            "subject": ["s"] * len(SEGMENTS),
            "cohort": ["c"] * len(SEGMENTS),
            "session": ["1"] * len(SEGMENTS),
            "label": list(SEGMENTS),
            "rep": [1, 1, 2, 1],
        },
        "test",
    )
    live = tmp_path / "live.npz"
    save_archive(live, recordings)

    def make(breaks):
        return Study("test", live, live, "1", "2", None, None, breaks)

    return make


@pytest.mark.parametrize("breaks", [False, True])
def test_live_equals_offline_to_the_bit(ros_environment, study, flexing_bundle, tmp_path, breaks):
    screen = io.StringIO()
    played = study(breaks)
    observed = run_graph(played, flexing_bundle, tmp_path, seconds=6.0, console=Console(file=screen))
    recordings = load_archive(played.live)
    with open_bag(tmp_path / RECORDING) as bag:
        blocks = [event.samples for event in EmgBag(bag).events() if isinstance(event, SampleBlock)]
    # From the archive through the pseudo-terminal, the device's protocol and DDS into the bag.
    assert np.array_equal(np.concatenate(blocks), np.concatenate([recordings.segment(i) for i in range(4)]))
    replay = replay_bag(tmp_path / RECORDING, ActionModel.load(flexing_bundle))
    live = score_live(observed, replay, score(replay))
    assert live["samples_sent"] == live["samples_received"] == live["samples_recorded"] == 3000
    assert live["restarts"] == (4 if breaks else 1)
    assert live["windows"] == live["windows_offline"]
    # On a busy machine the classifier may drop whole windows, but its estimates never differ.
    assert live["windows"] / 2 < live["estimates"] <= live["windows"]
    assert live["agreement_with_offline"] == live["identical_probabilities"] == 1.0
    assert live["armings"] >= 1
    assert live["commands"] > 100
    # The model recognises elbow flexion, which moves that joint and no other.
    assert live["joint_travel"]["elbow_flexion"] > 0.1
    assert live["joint_travel"]["forearm_rotation"] == 0
    assert live["latency_ms"]["median"] > 0
    for action in set(SEGMENTS):
        assert f"performs {action}" in screen.getvalue()


def test_a_node_that_fails_ends_the_demo_with_its_last_line(ros_environment, flexing_bundle, tmp_path):
    live = tmp_path / "none.npz"
    study = Study("test", live, live, "1", "2", None, None, False)
    with pytest.raises(EmgRecognitionError, match=r"simulated_armband ended with code 1.*none\.npz"):
        run_graph(study, flexing_bundle, tmp_path, seconds=6.0, console=Console(file=io.StringIO()))


def test_without_a_built_package_the_error_names_the_remedy(monkeypatch):
    monkeypatch.setenv("AMENT_PREFIX_PATH", "/nowhere")
    with pytest.raises(SettingError, match=r"/nowhere.*tools/environment run"):
        find_executable("acquisition_node")


def test_sigterm_of_the_demo_leaves_no_node_behind(ros_environment, study, flexing_bundle, tmp_path):
    code = """
import sys
from pathlib import Path
from rich.console import Console
from emg_recognition.cli import graph
from emg_recognition.demo import run
from emg_recognition.demo.graph import RECORDING, run_graph
from emg_recognition.demo.study import Study

live, bundle, output = map(Path, sys.argv[1:])
study = Study("test", live, live, "1", "2", None, None, False)
# The whole command except the training, which has its own test.
run.run_demo = lambda *_, **__: run_graph(study, bundle, output, seconds=6.0, console=Console())
graph._demo(type("Arguments", (), {"output": output, "data": None, "minority": None}))
"""
    command = [sys.executable, "-c", code, str(study(False).live), str(flexing_bundle), str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        assert "performs rest" in child.stdout.readline()
        nodes = children_of(child.pid)
        assert len(nodes) == 8
        child.terminate()
        child.communicate(timeout=60)
    assert child.returncode != 0
    assert not [node for node in nodes if Path(f"/proc/{node}").exists()]


def children_of(pid):
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
