"""The full circle: a scripted guided session, training on its bag, and a graph that recognises the wearer."""

from __future__ import annotations

import signal
import subprocess
import sys

import numpy as np
import pytest
import yaml

from emg_recognition.bags.reader import open_bag
from emg_recognition.guided.plan import Plan, load_plan
from emg_recognition.guided.script import load_script, rehearse
from emg_recognition.processes import Graph
from emg_recognition.recordings.archive import from_arrays, save_archive
from emg_recognition.recordings.emg_bag import EmgBag
from emg_recognition.recordings.events import EstimateBlock, LabelEvent, SampleBlock
from emg_recognition.recordings.labels import label_intervals, window_labels
from emg_recognition.recordings.open import open_recordings
from emg_recognition.recordings.sample_clock import SampleClock
from emg_recognition.simulation.study import StudySettings, simulate_stream

# A minute of signal, a training, and a dozen processes on a possibly busy machine.
pytestmark = pytest.mark.timeout(600)

PATIENCE = 240.0
ACTIONS = ["rest", "wrist_extension", "elbow_flexion"]
#: In a hold of 1 s, windows begin during 0.35 s: margins, settling and the window itself take the rest.
TIMES = {"hold": 1.0, "pause": 0.5, "reaction": 0.6}
SKIP = {"at": "signal", "do": "skip"}


def write(path, content):
    path.write_text(yaml.safe_dump(content))
    return path


def simulated(path, plan: Plan, steps, session: int):
    """A wearer who follows the prompts 0.3 s late."""
    performed = rehearse(plan, steps, reaction=0.3)
    arrays = simulate_stream(
        StudySettings(), subject_number=1, cohort="healthy", session_seed=session, script=performed
    )
    save_archive(path, from_arrays(arrays, "a simulated wearer"))
    return path


class Wearer:
    """The simulated armband; its own labels are kept out of the session."""

    def __init__(self, archive, link):
        command = [sys.executable, "-m", "emg_recognition.nodes.simulated_armband_node", "--ros-args"]
        parameters = {"archive": archive, "link": link, "loop": "false"}
        for name, value in parameters.items():
            command += ["-p", f"{name}:={value}"]
        self._process = subprocess.Popen([*command, "-r", "emg/label:=wearer/label"])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.send_signal(signal.SIGINT)
        self._process.wait(timeout=PATIENCE)


def command(*words):
    done = subprocess.run(
        [sys.executable, "-m", "emg_recognition.cli.main", *map(str, words)],
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def guided(folder, name, plan, script, number, *nodes):
    """Record a scripted session; return its bag."""
    folder = folder / name
    folder.mkdir()
    plan_file = write(folder / "plan.yaml", plan)
    script_file = write(folder / "script.yaml", script)
    loaded = load_plan(plan_file)
    archive = simulated(folder / "wearer.npz", loaded, load_script(script_file, loaded), number)
    link = folder / "armband"
    with Wearer(archive, link), Graph(folder) as graph:
        for node, parameters in nodes:
            graph.start(node, parameters)
        said = command(
            *("session", "--subject", "anna", "--cohort", "healthy", "--session", number),
            *("--plan", plan_file, "--script", script_file, "--output", folder / "bag"),
            *("--port", link, "--params-file", acquisition(folder, len(nodes))),
        )
        graph.check()
    return folder / "bag", said


def acquisition(folder, others):
    """Parameters for a port that appears later; the signal begins when every subscriber exists."""
    parameters = {"wait_for_port": 30.0, "subscribers": 2 + (others > 0)}
    return write(folder / "params.yaml", {"/**/acquisition": {"ros__parameters": parameters}})


@pytest.fixture(scope="module")
def bag(ros_environment, tmp_path_factory):
    """Four repetitions, two of which were performed twice."""
    return guided(
        tmp_path_factory.mktemp("circle"),
        "recorded",
        {"actions": ACTIONS, "repetitions": 4, **TIMES},
        [
            SKIP,
            {"at": "elbow_flexion 1", "do": "repeat"},
            {"at": "wrist_extension 2", "do": "repeat", "when": "after"},
        ],
        1,
    )


def test_train_can_read_the_bag(bag):
    path, said = bag
    assert "12 of 12 repetitions" in said
    recordings = open_recordings([path])
    assert recordings.problems == ()
    rows = list(zip(recordings.label.tolist(), recordings.repetition.tolist(), strict=True))
    assert sorted(rows) == sorted((action, number) for action in ACTIONS for number in (1, 2, 3, 4))
    assert set(recordings.subject.tolist()) == {"anna"}
    assert set(recordings.cohort.tolist()) == {"healthy"}
    assert set(recordings.session.tolist()) == {"1"}
    # As long as the hold, minus the margins of 0.1 s; a busy machine may be late.
    assert np.all(np.abs(recordings.length / recordings.rate - 0.8) < 0.2)


def test_the_trained_graph_recognises_the_wearer(bag, tmp_path):
    network = {"stem": [8, 2, 1], "bottlenecks": [[16, 16, 2, 2]], "features": 32}
    config = write(
        tmp_path / "tiny.yaml", {"network": network, "training": {"epochs": 15, "least_steps_per_epoch": 16}}
    )
    command("train", "--data", bag[0], "--config", config, "--output", tmp_path / "out", "--workers", 1)
    # Another day: the electrodes were put on again, and the muscles have another strength.
    live, _ = guided(
        tmp_path,
        "live",
        {"actions": ACTIONS, "repetitions": 2, "order": "shuffled", **TIMES},
        [SKIP],
        2,
        ("classifier", {"model": str(tmp_path / "out" / "bundle")}),
        ("preprocessing", {}),
    )
    said, prompted = answers(live)
    assert len(said) > 40
    assert set(prompted) == set(ACTIONS)
    right = {action: np.mean(said[prompted == action] == action) for action in ACTIONS}
    # Chance is a third.
    assert np.mean(list(right.values())) > 0.7, right


def answers(path):
    """Return the live estimate and the prompt for each window inside a prompt."""
    labels, blocks, models, clock = [], [], [], SampleClock()
    with open_bag(path) as opened:
        for event in EmgBag(opened).events():
            if isinstance(event, LabelEvent):
                labels.append(event)
            elif isinstance(event, EstimateBlock):
                blocks.append(event)
            elif isinstance(event, SampleBlock):
                clock.add(event.run, event.first_index, len(event.samples), event.stamp, event.rate)
            elif hasattr(event, "actions"):
                models.append(event)
    intervals = label_intervals(labels, clock)
    run, first, last = (
        np.concatenate([getattr(b, n) for b in blocks]) for n in ("run", "first_index", "last_index")
    )
    number = window_labels(intervals, run, first, last, 100)
    best = np.concatenate([block.probabilities for block in blocks]).argmax(axis=1)[number >= 0]
    prompted = np.array([interval.action for interval in intervals])[number[number >= 0]]
    return np.array(models[0].actions)[best], prompted
