"""``tune`` as users start it: what was chosen on stdout, one line where something is wrong."""

from __future__ import annotations

import subprocess
import sys

from emg_recognition.cli.tune import lines


def result(*scores):
    chosen = {"window": 0.25, "epochs": 8}
    folds = [{"configured_score": 0.8, "score": score, "chosen": chosen} for score in scores]
    return {
        "folds": folds,
        "configured": {"window": 0.2, "epochs": 8},
        "chosen": {
            "window": [{"value": 0.15, "folds": 1}, {"value": 0.25, "folds": len(folds) - 1}][-len(folds) :],
            "epochs": [{"value": 8, "folds": len(folds)}],
        },
        "left_out": ["window 1 s is left out: it is too long"],
    }


def test_the_lines_show_what_was_chosen():
    found = result(0.9)
    found["chosen"]["window"] = [{"value": 0.25, "folds": 1}]
    assert lines(found) == [
        "window 1 s is left out: it is too long",
        "setting  configured  chosen",
        "window   0.2         0.25",
        "epochs   8           8",
        "validation, balanced accuracy: 90.0 %, 80.0 % as configured",
    ]


def test_with_folds_they_say_how_often():
    found = lines(result(0.9, 0.8))
    assert found[2] == "window   0.2         0.15 (1 of 2 folds), 0.25 (1 of 2 folds)"
    assert found[-1] == "validation, balanced accuracy, mean of the folds: 85.0 %, 80.0 % as configured"


def test_no_trial_is_refused_in_one_line(archive, tmp_path):
    options = ["--data", str(archive), "--cache", str(tmp_path / "cache"), "--output", str(tmp_path / "out")]
    process = subprocess.run(
        [sys.executable, "-m", "emg_recognition", "tune", *options, "--trials", "0"],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert (process.returncode, process.stdout) == (2, "")
    assert process.stderr == "emg-recognition: error: trials is 0: use at least one\n"
    assert not (tmp_path / "out").exists()
