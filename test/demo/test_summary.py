"""The summary, its table, and the commands that it suggests."""

import json
import shlex
from pathlib import Path

import pytest
from rich.console import Console

from emg_recognition.cli.main import build_parser
from emg_recognition.demo.run import next_steps
from emg_recognition.demo.study import Study
from emg_recognition.demo.summary import summary_table, write_summary

SCORES = {
    "windows": 10,
    "accuracy": 0.9,
    "balanced_accuracy": 0.8,
    "macro_f1": 0.7,
    "per_class_recall": {"fist": 0.9},
}
METRICS = {
    "windows_per_cohort": {"healthy": 80, "patient": 10},
    "members": [{"member": 1}, {"member": 2}],
    "selected": 2,
    "seconds": 12.3,
    "test_accuracy": 0.91,
    "test_balanced_accuracy": 0.81,
    "per_class_recall": {"rest": 0.95, "fist": 0.625},
    "per_cohort": {"patient": {**SCORES, "confusion": [[1]]}},
    "split": {},
}
LIVE = {
    "samples_sent": 1000,
    "samples_received": 998,
    "windows": 30,
    "windows_offline": 31,
    "estimates": 29,
    "rejected": 2,
    "accuracy": 0.75,
    "agreement_with_offline": 1.0,
    "identical_probabilities": 1.0,
    "latency_ms": {"median": 4.5, "p99": 9.0, "measured": 29},
    "recall": {"rest": 0.5, "fist": None},
    "commands": 200,
    "interruptions": [
        {"state": "HOLDING", "reason": "signal stale: no usable estimate for 152 ms"},
        {"state": "HOLDING", "reason": "signal stale: no usable estimate for 160 ms"},
        {"state": "HOLDING", "reason": "no position of joint elbow"},
        {"state": "FAULT", "reason": "the stop input is released"},
    ],
    "joint_travel": {"elbow_flexion": 1.5},
}


def test_what_is_written_is_what_is_shown(tmp_path):
    path = tmp_path / "summary.json"
    donning = {"sits": "turned by 2 electrodes", "before": 0.335, "after": 0.875}
    summary = write_summary(path, "data.npz", METRICS, {"distro": "jazzy", "rmw": "rmw_x"}, LIVE, donning)
    assert json.loads(path.read_text()) == summary
    assert set(summary) == {"source", "ros", "train", "live", "donning"}
    assert summary["train"]["per_cohort"] == {"patient": SCORES}
    assert "split" not in summary["train"]
    console = Console(width=130, record=True, file=(tmp_path / "screen").open("w"))
    console.print(summary_table(summary))
    text = console.export_text()
    console.file.close()
    for words in (
        "data.npz",
        "jazzy, rmw_x",
        "1000 sent, 998 received",
        "91.0%",
        "patient",
        "turned by 2 electrodes",
        "33.50%",
        "87.50%",
        "75.00%",
        "1.50 rad",
        "fist, 62.5% of its windows",
        "rest, 50.0% of its windows",
        "3 holds: signal stale: no usable estimate for 152 ms; no position of joint elbow",
        "1 fault: the stop input is released",
    ):
        assert words in text


def test_a_run_without_commands_or_scores_has_a_table_too(tmp_path):
    live = {**LIVE, "accuracy": None, "recall": None, "interruptions": []}
    live["latency_ms"] = {"median": None, "p99": None, "measured": 0}
    summary = write_summary(tmp_path / "s.json", "x", METRICS, {"distro": "jazzy", "rmw": "rmw_x"}, live)
    console = Console(width=130, record=True, file=(tmp_path / "screen").open("w"))
    console.print(summary_table(summary))
    text = console.export_text()
    assert "last sample" not in text
    assert "donned" not in text
    assert [line for line in text.splitlines() if "holds and faults" in line and "none" in line]
    console.file.close()


@pytest.mark.parametrize("prefix", ["", "tools/environment run"])
@pytest.mark.parametrize("breaks", [False, True])
def test_the_suggested_commands_can_be_typed(tmp_path, monkeypatch, prefix, breaks):
    monkeypatch.setenv("EMG_RECOGNITION_PREFIX", prefix)
    study = Study("x", Path("my study.npz"), Path("live.npz"), "1-2", "3", None, None, breaks=breaks)
    (tmp_path / "graph").mkdir()
    (tmp_path / "graph" / "exoskeleton.yaml").touch()
    commands = [line.strip() for line in next_steps(study, tmp_path) if line.startswith("    ")]
    parsed = []
    for command in commands:
        words = shlex.split(command.removeprefix(prefix))
        assert words[0] == "emg-recognition"
        parsed.append(build_parser().parse_args(words[1:]))
    run = parsed[0]
    assert (run.model, run.simulated, run.enabled) == (tmp_path / "training" / "bundle", True, True)
    assert run.exoskeleton == tmp_path / "graph" / "exoskeleton.yaml"
    # The simulated wearer is no use to a model of recordings with other actions, at another rate.
    assert run.data == (Path("live.npz") if breaks else None)
    assert parsed[-1].data == [Path("my study.npz")]
