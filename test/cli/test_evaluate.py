"""Evaluation as a lab's CI runs it: a process with an exit code, and one line for each failure."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal as signals
import subprocess
import sys
import time

import numpy as np
import pytest

from emg_recognition.bags.definitions import own_types
from emg_recognition.bags.writer import BagWriter
from emg_recognition.cli.main import main
from emg_recognition.recordings.archive import from_arrays, save_archive
from emg_recognition.recordings.open import open_recordings

SAMPLES = "emg_recognition/msg/EmgSamples"


@pytest.fixture(scope="module")
def signal():
    return np.random.default_rng(0).normal(0, 3e-5, (2500, 4)).astype(np.float32)


@pytest.fixture(scope="module")
def archive(tmp_path_factory, signal):
    arrays = {
        "x": np.round(signal * 1e7).astype(np.int16),
        "start": np.arange(5) * 500,
        "length": np.full(5, 500),
        "scale": 1e7,
        "fs": 500.0,
        "unit": "V",
        "subject": np.array(["anna", "anna", "anna", "ben", "ben"]),
        "cohort": np.array(["patient"] * 5),
        "session": np.array(["1"] * 5),
        "label": np.array(["rest", "rest", "elbow_flexion", "rest", "elbow_flexion"]),
        "rep": np.array([1, 2, 2, 1, 2]),
    }
    path = tmp_path_factory.mktemp("data") / "study.npz"
    save_archive(path, from_arrays(arrays, "test"))
    return path


@pytest.fixture(scope="module")
def bag(tmp_path_factory, signal):
    """Samples of two arms, without a label."""
    path = tmp_path_factory.mktemp("bags") / "unlabelled"
    store = own_types()
    types = store.types
    topics = {"/left/emg/samples": SAMPLES, "/right/emg/samples": SAMPLES}
    with BagWriter(path, topics) as writer:
        for first in range(0, len(signal), 5):
            stamp = 1_800_000_000_000_000_000 + first * 2_000_000
            time = types["builtin_interfaces/msg/Time"](sec=stamp // 10**9, nanosec=stamp % 10**9)
            message = types[SAMPLES](
                header=types["std_msgs/msg/Header"](stamp=time, frame_id="armband"),
                first_index=first,
                rate=500.0,
                channels=4,
                unit="V",
                dropped_before=0,
                restart=first == 0,
                data=signal[first : first + 5].ravel(),
            )
            for topic in topics:
                writer.write(topic, stamp, bytes(store.serialize_cdr(message, SAMPLES)))
    return path


def evaluate(*options):
    command = [sys.executable, "-m", "emg_recognition", "evaluate", *map(str, options)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def test_an_archive_is_scored_and_thresholds_decide_the_exit_code(tiny_bundle, archive, tmp_path):
    output = tmp_path / "out"
    # The untrained model always answers rest, which is right in three of five segments.
    done = evaluate(
        "--model", tiny_bundle, "--data", archive, "--output", output, "--fail-under", "accuracy=0.6"
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    metrics = json.loads((output / "metrics.json").read_text())
    assert metrics["accuracy"] == pytest.approx(0.6)
    assert metrics["balanced_accuracy"] == pytest.approx(0.5)
    assert "windows: accuracy 60.0 %, balanced accuracy 50.0 %" in done.stdout
    assert f"report  {output / 'report.html'}" in done.stdout
    assert "times real time" in done.stdout

    options = ("--model", tiny_bundle, "--data", archive, "--output", output, "--fail-under")
    done = evaluate(*options, "balanced_accuracy=0.95", "--fail-under", "accuracy=0.5")
    assert done.returncode == 1
    assert done.stderr == "emg-recognition: balanced_accuracy is 0.5, below 0.95\n"


def test_a_rate_of_mistakes_has_an_upper_limit(write_tiny_bundle, archive, tmp_path):
    flexing = write_tiny_bundle(tmp_path, (0.0, 50.0, 0.0))  # always says elbow_flexion
    options = ("--model", flexing, "--data", archive, "--fail-under")
    done = evaluate(
        *options, "wrong_movements_per_minute=1e6", "--fail-under", "false_activations_per_minute=0"
    )
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert re.fullmatch(r"emg-recognition: false_activations_per_minute is [0-9.]+, above 0", line)


def test_repetitions_subjects_decisions_stride_and_threshold(tiny_bundle, archive, tmp_path):
    options = (
        "--data",
        archive,
        "--model",
        tiny_bundle,
        "--output",
        tmp_path,
        "--reps",
        "2",
        "--subject",
        "anna",
    )
    decided = ("--votes", "5", "--enter-votes", "4", "--keep-votes", "2", "--dwell", "0.05")
    done = evaluate(*options, *decided, "--stride", "0.1", "--confidence-threshold", "0")
    assert done.returncode == 0, done.stderr
    metrics = json.loads((tmp_path / "metrics.json").read_text())
    assert list(metrics["per_subject"]) == ["anna"]
    assert metrics["per_class_recall"] == {"rest": 1.0, "elbow_flexion": 0.0}
    assert (metrics["stride"], metrics["votes"], metrics["confidence_threshold"]) == (50, 5, 0.0)
    assert metrics["decisions"] == {"votes": 5, "enter_votes": 4, "keep_votes": 2, "dwell": 0.05}
    assert metrics["rejected"] == 0.0
    assert metrics["windows"]["estimated"] == 2 * 6


def test_a_bag_without_labels_is_summarised_but_has_no_accuracy(tiny_bundle, bag):
    options = ("--model", tiny_bundle, "--bag", bag, "--namespace", "left", "--fail-under", "accuracy=0.9")
    done = evaluate(*options)
    assert done.returncode == 2
    assert "unlabelled: 5.0 s of signal" in done.stdout
    assert "note: there are no labels" in done.stdout
    (line,) = done.stderr.splitlines()
    assert "accuracy" in line
    assert "no labels" in line


def test_several_bags_have_one_table_and_thresholds_over_all(tiny_bundle, bag, tmp_path, capsys):
    shutil.copytree(bag, tmp_path / "bags" / "monday")
    (tmp_path / "bags" / "tuesday").mkdir()
    (tmp_path / "bags" / "tuesday" / "metadata.yaml").touch()
    options = [
        "evaluate",
        "--model",
        str(tiny_bundle),
        "--bag",
        str(tmp_path / "bags"),
        "--namespace",
        "left",
    ]
    options += ["--output", str(tmp_path / "out"), "--workers", "1"]
    assert main(options) == 0
    first, second, *_, end, table, report = capsys.readouterr().out.splitlines()
    assert first.split()[:4] == ["bag", "person", "session", "model"]
    assert second.split()[:3] == ["monday", "-", "-"]
    assert end.startswith("1 evaluated now, in ")
    assert table == f"table   {tmp_path / 'out' / 'table.csv'}"
    assert report == f"report  {tmp_path / 'out' / 'report.html'}"
    assert main([*options, "--fail-under", "accuracy=0.1"]) == 2  # no bag tells it
    out, err = capsys.readouterr()
    assert "0 evaluated now, 1 found finished" in out
    assert "not evaluated: tuesday" in out
    assert "no bag tells it" in err
    assert main(options[:5]) == 2
    assert "--output" in capsys.readouterr().err


def is_group(number):
    """Return whether there is a process in a process group."""
    try:
        os.killpg(number, 0)
    except ProcessLookupError:
        return False
    return True


def test_ctrl_c_keeps_what_is_finished_and_leaves_no_process(tiny_bundle, bag, tmp_path):
    """The terminal sends SIGINT to the whole process group."""
    for number in range(60):
        shutil.copytree(bag, tmp_path / "bags" / str(number))
    options = ["--bag", tmp_path / "bags", "--output", tmp_path / "out", "--namespace", "left"]
    command = [sys.executable, "-m", "emg_recognition", "evaluate", "--model", tiny_bundle, *options]
    with subprocess.Popen(
        [*map(str, command), "--workers", "1"], stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        deadline = time.monotonic() + 100
        while not list(tmp_path.glob("out/evaluations/*/metrics.json")) and time.monotonic() < deadline:
            time.sleep(0.02)
        os.killpg(process.pid, signals.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err == "emg-recognition: interrupted; finished evaluations are kept, run again to continue\n"
    while is_group(process.pid):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert 1 <= len(list(tmp_path.glob("out/evaluations/*/metrics.json"))) < 60


@pytest.fixture
def refused(capsys):
    """Return a function that evaluates in this process and returns its only line."""

    def run(*options):
        assert main(["evaluate", *map(str, options)]) == 2
        out, err = capsys.readouterr()
        assert out == ""
        (line,) = err.splitlines()
        assert line.startswith("emg-recognition: error: ")
        return line

    return run


def test_of_two_arms_one_must_be_chosen(refused, tiny_bundle, bag):
    line = refused("--model", tiny_bundle, "--bag", bag)
    assert "/left" in line
    assert "/right" in line


def test_a_folder_with_other_files_is_left_alone(refused, tiny_bundle, archive, tmp_path):
    (tmp_path / "thesis.tex").write_text("years of work")
    line = refused("--model", tiny_bundle, "--data", archive, "--output", tmp_path)
    assert "evaluation did not write" in line
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_data_may_be_of_any_kind(tiny_bundle, archive, bag, tmp_path, capsys):
    pytest.importorskip("edfio", reason="the extra 'formats' is not installed")
    recordings = open_recordings(archive)
    for subject in recordings.subjects:
        recordings.select(recordings.subject == subject).save(tmp_path / f"{subject}.bdf")
    windows = []
    for data in (archive, tmp_path):
        assert main(["evaluate", "--model", str(tiny_bundle), "--data", str(data)]) == 0
        windows.append(
            next(line for line in capsys.readouterr().out.splitlines() if line.startswith("windows:"))
        )
    assert windows[0] == windows[1]
    for option in ("--bag", "--data"):
        options = ["--model", str(tiny_bundle), option, str(bag), "--namespace", "left"]
        assert main(["evaluate", *options]) == 0
        windows.append(capsys.readouterr().out.splitlines()[0])
    assert windows[2] == windows[3]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (("--fail-under", "speed=1"), "balanced_accuracy, macro_f1"),
        (("--fail-under", "accuracy=95"), "share from 0 to 1"),
        (("--fail-under", "accuracy"), "share from 0 to 1"),
        (("--fail-under", "wrong_movements_per_minute=nan"), "number from 0"),
        (("--subject", "carl"), "has anna, ben"),
        (("--without", "carl"), "it has anna, ben"),
        (("--without", "anna", "ben"), "no segment would be left"),
        (("--enter-votes", "1"), "enter_votes is 1: use a whole number from 2 to 3"),
        (("--keep-votes", "3"), "keep_votes is 3"),
        (("--reps", "9"), "--reps is 9: "),
        (("--reps", "1-"), "'1-'"),
        (("--model", "nowhere"), "nowhere"),
    ],
)
def test_what_cannot_be_evaluated_is_one_line(refused, tiny_bundle, archive, options, expected):
    assert expected in refused("--model", tiny_bundle, "--data", archive, *options)


def test_it_needs_neither_ros_nor_tensorflow_nor_matplotlib(tiny_bundle, archive, bag):
    for source in (["--data", str(archive)], ["--bag", str(bag), "--namespace", "/right"]):
        code = (
            "import sys; from emg_recognition.cli.main import main;"
            f"code = main(['evaluate', '--model', {str(tiny_bundle)!r}, *{source!r}]);"
            "heavy = {'rclpy', 'tensorflow', 'keras', 'matplotlib'} & sys.modules.keys();"
            "sys.exit(f'{code} {heavy}' if code or heavy else 0)"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
