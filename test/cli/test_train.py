"""Training as users and the trainer node start it, in a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from emg_recognition.cli import main as command
from emg_recognition.cli import train as train_command
from emg_recognition.models.runtime import ActionModel

# Several processes load TensorFlow, perhaps on a busy machine.
pytestmark = pytest.mark.timeout(600)


@pytest.fixture
def config(tmp_path):
    network = {"picture": [10, 0, 3], "stem": [4, 2, 1], "bottlenecks": [[4, 4, 2, 1]], "features": 8}
    path = tmp_path / "tiny.yaml"
    path.write_text(
        yaml.safe_dump(
            {
                "network": network,
                "training": {"epochs": 5, "batch_size": 8, "least_steps_per_epoch": 8, "learning_rate": 0.02},
                "ensemble": {"members": 3},
            }
        )
    )
    return path


def train(*options):
    command = [sys.executable, "-m", "emg_recognition", "train", *map(str, options)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(command, text=True, start_new_session=True, **pipes)


def test_ctrl_c_is_one_line_and_the_training_continues_when_run_again(archive, config, tmp_path):
    output = tmp_path / "out"
    options = ["--data", archive, "--output", output, "--config", config]
    # Each of these replaces what the configuration says.
    options += ["--subject", "s0", "s1", "s2", "s4", "--train-reps", "2-3", "--test-reps", "1"]
    options += ["--seed", "5", "--members", "2"]
    events = []
    with train(*options, "--workers", "2", "--progress", "json") as process:
        for line in process.stdout:
            events.append(json.loads(line))
            if events[-1]["event"] == "job":
                break
        # As the terminal does: to the workers, too.
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(timeout=60) == 130
        # The pipe ends when every worker has.
        (line,) = process.stderr.read().splitlines()
    assert line == "emg-recognition: interrupted; finished members are kept, run again to continue"
    assert [event["event"] for event in events[:3]] == ["data", "start", "epoch"]
    assert events[1]["windows_per_cohort"] == {"healthy": 24, "patient": 8}
    assert (Path(events[-1]["path"]) / "model.keras").exists()
    assert not {"bundle", "metrics.json", "report.html"} & {path.name for path in output.iterdir()}

    finished = train(*options, "--workers", "1")
    out, err = finished.communicate(timeout=300)
    assert finished.returncode == 0, err
    assert f"Member {events[-1]['job']}/2 (found finished): " in out
    assert "2 channels at 200 Hz" in out  # what the recordings hold heads every training
    assert f"bundle  {output / 'bundle'}\n" in out
    assert ActionModel.load(output / "bundle").info.actions == ("rest", "fist")
    metrics = json.loads((output / "metrics.json").read_text())
    assert metrics["settings"]["training"]["seed"] == 5
    assert metrics["settings"]["ensemble"]["members"] == 2
    assert metrics["split"]["values"]["test"] == [1]
    # Sixteen windows of each action are too few for a bare 100 %.
    assert metrics["warnings"]
    for warning in metrics["warnings"]:
        assert f"warning: {warning}\n" in out
    assert "Error" not in err
    assert {path.name for path in (output / "members").iterdir()} == {"member_01", "member_02"}


@pytest.fixture
def refused(monkeypatch, capsys):
    """Return a function that trains in this process and returns the only line that it writes."""
    monkeypatch.setattr(train_command, "leave_on_signals", lambda message: None)

    def run(*options):
        assert command.main(["train", *map(str, options)]) == 2
        out, err = capsys.readouterr()
        assert out == ""
        (line,) = err.splitlines()
        assert line.startswith("emg-recognition: error: ")
        return line

    return run


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (("--data", "nowhere.npz"), "nowhere.npz"),
        (("--train-reps", "3-1"), "'3-1'"),
        (("--subject", "bob"), "'bob'"),
        (("--without", "s0/9"), "s0 has no session '9'; it has"),
        (("--config", "nowhere.yaml"), "nowhere.yaml"),
        (("--workers", "0"), "--workers is 0"),
        (("--actions", "rest"), "two or more labels"),
    ],
)
def test_what_cannot_be_trained_is_one_line_and_leaves_nothing(refused, archive, tmp_path, options, expected):
    assert expected in refused("--data", archive, "--output", tmp_path / "out", *options)
    assert not (tmp_path / "out").exists()


def test_a_folder_with_other_files_is_left_alone(refused, archive, config, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.tex").write_text("years of work")
    line = refused("--data", archive, "--output", tmp_path / "out", "--config", config)
    assert "training did not write" in line
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["thesis.tex"]


def test_without_tensorflow_the_remedy_is_one_line(refused, monkeypatch, archive, tmp_path):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    line = refused("--data", archive, "--output", tmp_path / "out")
    assert "pip install 'emg_recognition[train]'" in line
    assert not (tmp_path / "out").exists()


def test_names_that_are_no_utf8_work_to_the_end(config, tmp_path, rng):
    study = tmp_path / os.fsdecode(b"st\xfcdie")
    study.mkdir()
    for name, strength in ((b"gr\xfcn", 10), (b"rest", 1)):
        for repetition in (1, 2, 3):
            rows = rng.normal(0, strength, (200, 2))
            text = "".join(f"{i / 200:.3f},{a:.2f},{b:.2f}\n" for i, (a, b) in enumerate(rows))
            path = study / os.fsdecode(b"M\xfcller_%s_%d.csv" % (name, repetition))
            path.write_text("time,emg1,emg2\n" + text)
    output = tmp_path / os.fsdecode(b"\xfcut")
    command = [sys.executable, "-m", "emg_recognition", "train", "--data", study, "--output", output]
    command += ["--config", config, "--members", "1", "--train-reps", "1-2", "--test-reps", "3"]
    # A terminal that takes UTF-8 and nothing else.
    environment = {
        **os.environ,
        "PYTHONIOENCODING": "utf-8:strict",
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
    }
    done = subprocess.run(command, env=environment, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    assert "grün" in (output / "bundle" / "model.yaml").read_text(encoding="utf-8")
    assert "stüdie" in (output / "report.html").read_text(encoding="utf-8")
    assert list((tmp_path / "cache" / "emg_recognition" / "recordings").iterdir())
