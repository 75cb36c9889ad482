"""Training as users and the trainer node start it: a process of its own."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml

from emg_recognition.models.runtime import ActionModel
from emg_recognition.recordings.archive import from_arrays, save_archive

# Five processes load TensorFlow, perhaps on a busy machine.
pytestmark = pytest.mark.timeout(600)

SAMPLES = 120


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    """Four healthy subjects and a patient, two actions of different strength, three repetitions, 200 Hz."""
    rng = np.random.default_rng(0)
    rows = [
        (f"s{subject}", "patient" if subject == 4 else "healthy", label, repetition)
        for subject in range(5)
        for label in ("fist", "rest")
        for repetition in (1, 2, 3)
    ]
    strength = {"fist": 400, "rest": 20}
    subject, cohort, label, repetition = zip(*rows, strict=True)
    arrays = {
        "x": np.concatenate([rng.normal(0, strength[row[2]], (SAMPLES, 2)).astype(np.int16) for row in rows]),
        "start": np.arange(len(rows)) * SAMPLES,
        "length": np.full(len(rows), SAMPLES),
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


@pytest.fixture
def config(tmp_path):
    network = {"picture": [10, 0, 3], "stem": [4, 2, 1], "bottlenecks": [[4, 4, 2, 1]], "features": 8}
    path = tmp_path / "tiny.yaml"
    path.write_text(
        yaml.safe_dump(
            {
                "network": network,
                "training": {"epochs": 5, "batch_size": 8, "learning_rate": 0.02},
                "ensemble": {"members": 3},
            }
        )
    )
    return path


def train(*options, **streams):
    command = [sys.executable, "-m", "emg_recognition.cli.main", "train", *map(str, options)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **streams)


def test_an_interrupted_training_leaves_at_once_and_goes_on_when_run_again(archive, config, tmp_path):
    output = tmp_path / "out"
    options = ("--data", archive, "--output", output, "--config", config)
    with train(*options, "--progress", "json") as process:
        for line in process.stdout:
            event = json.loads(line)
            if event["event"] == "job":
                break
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 143
        assert (
            process.stderr.read()
            .splitlines()[-1]
            .startswith("emg-recognition: interrupted; finished members")
        )
    assert (Path(event["path"]) / "model.keras").exists()
    assert not {"bundle", "metrics.json", "report.html"} & {path.name for path in output.iterdir()}

    finished = train(*options)
    out, err = finished.communicate(timeout=300)
    assert finished.returncode == 0, err
    assert f"Member {event['job']}/3 (found finished): " in out
    assert f"bundle  {output / 'bundle'}\n" in out
    assert ActionModel.load(output / "bundle").info.actions == ("rest", "fist")
    metrics = json.loads((output / "metrics.json").read_text())
    assert metrics["split"]["values"]["test"] == [3]
    assert "Error" not in err
    assert {path.name for path in (output / "members").iterdir()} == {"member_01", "member_02", "member_03"}


def test_options_change_the_configuration_and_events_come_as_json(archive, config, tmp_path):
    options = ("--data", archive, "--output", tmp_path / "out", "--config", config, "--progress", "json")
    chosen = (
        "--subject",
        "s0",
        "s4",
        "--train-reps",
        "2-3",
        "--test-reps",
        "1",
        "--seed",
        "5",
        "--members",
        "2",
    )
    process = train(*options, *chosen)
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    events = [json.loads(line) for line in out.splitlines()]
    assert [event["event"] for event in events] == [
        "data",
        "start",
        *["epoch"] * 5,
        "job",
        "selected",
        "warning",
        "done",
    ]
    assert events[1]["windows_per_cohort"] == {"healthy": 8, "patient": 8}
    metrics = json.loads((tmp_path / "out" / "metrics.json").read_text())
    assert metrics["settings"]["training"]["seed"] == 5
    assert metrics["settings"]["ensemble"]["members"] == 2
    assert metrics["split"]["values"]["test"] == [1]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--data", "nowhere.npz"), "nowhere.npz"),
        (("--train-reps", "3-1"), "'3-1'"),
        (("--subject", "bob"), "'bob'"),
        (("--config", "nowhere.yaml"), "nowhere.yaml"),
    ],
)
def test_what_cannot_be_is_one_line_and_leaves_nothing(archive, tmp_path, options, told):
    process = train("--data", archive, "--output", tmp_path / "out", *options)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 2
    (line,) = err.splitlines()
    assert line.startswith("emg-recognition: error: ")
    assert told in line
    assert out == ""
    assert not (tmp_path / "out").exists()


def test_a_folder_of_somebody_else_is_left_alone(archive, config, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.tex").write_text("years of work")
    process = train("--data", archive, "--output", tmp_path / "out", "--config", config)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 2
    assert "training did not write" in err
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["thesis.tex"]
