"""The summary and its table."""

import json

from rich.console import Console

from emg_recognition.demo.run import summary_table, write_summary

SCORES = {"windows": 10, "accuracy": 0.9, "balanced_accuracy": 0.8, "macro_f1": 0.7, "per_class_recall": {}}
METRICS = {
    "windows_per_cohort": {"healthy": 80, "patient": 10},
    "members": [{"member": 1}, {"member": 2}],
    "selected": 2,
    "seconds": 12.3,
    "test_accuracy": 0.91,
    "test_balanced_accuracy": 0.81,
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
    "commands": 200,
    "joint_travel": {"elbow_flexion": 1.5},
}


def test_what_is_written_is_what_is_shown(tmp_path):
    path = tmp_path / "summary.json"
    summary = write_summary(path, "data.npz", METRICS, {"distro": "jazzy", "rmw": "rmw_x"}, LIVE)
    assert json.loads(path.read_text()) == summary
    assert set(summary) == {"source", "ros", "train", "live"}
    assert summary["train"]["per_cohort"] == {"patient": SCORES}
    assert "split" not in summary["train"]
    console = Console(width=100, record=True, file=(tmp_path / "screen").open("w"))
    console.print(summary_table(summary))
    text = console.export_text()
    console.file.close()
    for words in (
        "data.npz",
        "jazzy, rmw_x",
        "1000 sent, 998 received",
        "91.0%",
        "patient",
        "75.00%",
        "1.50 rad",
    ):
        assert words in text


def test_a_run_without_commands_or_scores_has_a_table_too(tmp_path):
    live = {**LIVE, "accuracy": None, "latency_ms": {"median": None, "p99": None, "measured": 0}}
    summary = write_summary(tmp_path / "s.json", "x", METRICS, {"distro": "jazzy", "rmw": "rmw_x"}, live)
    console = Console(width=100, record=True, file=(tmp_path / "screen").open("w"))
    console.print(summary_table(summary))
    assert "last sample" not in console.export_text()
    console.file.close()
