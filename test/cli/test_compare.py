"""``compare`` as users start it: a table on stdout, one line where something is wrong."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest

from emg_recognition.cli.compare import table
from emg_recognition.recordings.archive import from_arrays, save_archive

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


def compare(archive, tmp_path, *options):
    command = [sys.executable, "-m", "emg_recognition.cli.main", "compare", "--data", str(archive)]
    command += ["--output", str(tmp_path / "out"), "--cache", str(tmp_path / "cache"), *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)


def test_the_table_of_a_method_without_a_network(archive, tmp_path):
    process = compare(archive, tmp_path, "--methods", "lda", "--train", "1-2", "--test", "3")
    assert process.returncode == 0, process.stderr
    lines = process.stdout.splitlines()
    head = next(number for number, line in enumerate(lines) if line.startswith("method "))
    head_line, row_line = (" ".join(line.split()) for line in lines[head : head + 2])
    assert head_line == "method accuracy balanced patient patient, worst training"
    assert row_line.startswith("LDA, Hudgins' features 100.0 % 100.0 % 100.0 % 100.0 % ")
    assert "Mean ± deviation of 1 run, split by repetition." in lines
    result = json.loads((tmp_path / "out" / "compare.json").read_text())
    assert result["split"]["leaking"] is False
    assert result["seeds"] == [0, 1, 2]


def test_what_cannot_be_is_one_line_and_leaves_nothing(archive, tmp_path):
    process = compare(archive, tmp_path, "--methods", "svm")
    assert process.returncode == 2
    assert "'svm': use some of ensemble" in process.stderr.splitlines()[-1]
    assert process.stdout == ""
    assert not (tmp_path / "out").exists()


def row(title, *, leaking=False, deviation=None, patients=("p1", "p2")):
    mean = {"accuracy": 0.9, "balanced_accuracy": 0.8, "minority": 0.7, "worst": 0.6, "seconds": 90.0}
    return {
        "title": title,
        "leaking": leaking,
        "mean": mean,
        "deviation": dict.fromkeys(mean, deviation),
        "per_subject": dict.fromkeys(patients, 0.7),
        "runs": [{}, {}],
    }


def result(*rows, leaking=False):
    split = {"rule": "by repetition", "leaking": leaking}
    return {"methods": list(rows), "minority": "patient", "split": split}


def test_the_table_is_aligned_and_marks_what_leaks():
    lines = table(result(row("Ensemble", deviation=0.01), row("Best on the test data", leaking=True)))
    assert lines[1].split("  ")[0] == "Ensemble"
    assert "90.0 ± 1.0 %" in lines[1]
    assert lines[2].startswith("Best on the test data *LEAKING")
    assert "1 min 30 s" in lines[1]
    assert len({len(line) for line in lines[:3]}) == 1
    assert lines[4].split() == ["patient,", "subjects", "p1", "p2"]
    assert lines[-1].startswith("*LEAKING: selected by the test data")


def test_a_leaking_split_is_said_once_for_all_rows():
    lines = table(result(row("Ensemble", leaking=True), leaking=True))
    assert lines[-1].startswith("LEAKING: the split puts windows of one repetition on both sides")


def test_many_subjects_have_no_lines_of_their_own():
    lines = table(result(row("LDA", patients=[f"s{number}" for number in range(41)])))
    assert not any("s40" in line for line in lines)
