"""``compare`` as users start it: a table on stdout, one line where something is wrong."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from emg_recognition.cli.compare import table

pytestmark = pytest.mark.timeout(600)

#: What macOS or Windows lack is taken away first.
_ELSEWHERE = """
import os, signal, sys
del os.sched_getaffinity, signal.pthread_sigmask, signal.sigwait, signal.SIGHUP
sys.modules["termios"] = None
from emg_recognition.cli.main import main
sys.exit(main(sys.argv[1:]))
"""


def test_the_table_of_a_method_without_a_network_on_another_system(archive, tmp_path):
    options = ["--data", str(archive), "--output", str(tmp_path / "out"), "--cache", str(tmp_path / "cache")]
    options += ["--methods", "lda", "--train", "1-2", "--test", "3"]
    process = subprocess.run(
        [sys.executable, "-c", _ELSEWHERE, "compare", *options],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    lines = process.stdout.splitlines()
    head = next(number for number, line in enumerate(lines) if line.startswith("method "))
    head_line, row_line = (" ".join(line.split()) for line in lines[head : head + 2])
    assert head_line == "method accuracy balanced patient patient, worst wrong/min decided training"
    assert row_line.startswith("LDA, Hudgins' features 100.0 % 100.0 % 100.0 % 100.0 % ")
    assert "Mean ± deviation of 1 run, split by repetition." in lines
    result = json.loads((tmp_path / "out" / "compare.json").read_text())
    assert result["split"]["leaking"] is False
    assert result["seeds"] == [0, 1, 2]
    assert f"report  {tmp_path / 'out' / 'report.html'}" in lines


def row(title, *, leaking=False, deviation=None, patients=("p1", "p2")):
    mean = {"accuracy": 0.9, "balanced_accuracy": 0.8, "minority": 0.7, "worst": 0.6, "seconds": 90.0}
    mean |= {"wrong_movements_per_minute": 12.34, "decision_delay_ms": None}
    return {
        "method": title,
        "title": title,
        "leaking": leaking,
        "mean": mean,
        "deviation": dict.fromkeys(mean, deviation),
        "per_subject": dict.fromkeys(patients, 0.7),
        "runs": [{}, {}],
    }


def result(*rows, leaking=False):
    split = {"rule": "by repetition", "leaking": leaking}
    return {"methods": list(rows), "minority": "patient", "split": split, "learning_curve": []}


def test_the_table_is_aligned_and_marks_what_leaks():
    lines = table(result(row("Ensemble", deviation=0.01), row("Best on the test data", leaking=True)))
    assert lines[1].split("  ")[0] == "Ensemble"
    assert "90.0 ± 1.0 %" in lines[1]
    assert " 12.3 " in lines[1]
    assert lines[2].startswith("Best on the test data *LEAKING")
    assert "1 min 30 s" in lines[1]
    assert len({len(line) for line in lines[:3]}) == 1
    assert lines[4].split() == ["patient,", "subjects", "p1", "p2"]
    assert lines[-1].startswith("*LEAKING: selected by the test data")


def test_a_learning_curve_is_a_table_of_its_own():
    found = result(row("LDA", deviation=0.01))
    found["learning_curve"] = [{"repetitions": n, "methods": found["methods"]} for n in (1, 9)]
    lines = [" ".join(line.split()) for line in table(found)]
    head = lines.index("patient, repetitions 1 9")
    assert lines[head + 1] == "LDA 70.0 ± 1.0 % 70.0 ± 1.0 %"


def test_a_leaking_split_is_mentioned_once_for_all_rows():
    lines = table(result(row("Ensemble", leaking=True), leaking=True))
    assert lines[-1].startswith("LEAKING: windows of one repetition are in training and test")


def test_many_subjects_have_no_lines_of_their_own():
    lines = table(result(row("LDA", patients=[f"s{number}" for number in range(41)])))
    assert not any("s40" in line for line in lines)
