"""A bundle fine-tuned for a wearer from the command line."""

from __future__ import annotations

import platform

import numpy as np
import pytest

from emg_recognition.cli import adapt
from emg_recognition.cli.main import main
from emg_recognition.models.bundle import read_bundle
from emg_recognition.models.runtime import ActionModel
from emg_recognition.recordings.archive import from_arrays, save_archive

pytestmark = pytest.mark.usefixtures("without_signal_thread")


@pytest.fixture
def without_signal_thread(monkeypatch):
    """Leave the signals of the test process alone."""
    monkeypatch.setattr(adapt, "leave_on_signals", lambda message: None)


LABELS = ("rest", "elbow_flexion", "elbow_extension", "cough")


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    """Two wearers, 4 channels at 500 Hz as the tiny bundle takes them, three repetitions of a second."""
    rng = np.random.default_rng(0)
    rows = [(who, label, rep) for who in ("ann", "bob") for label in LABELS for rep in (1, 2, 3)]
    subject, label, rep = zip(*rows, strict=True)
    # In each action another channel is strong.
    strength = 1e-5 + 4e-4 * np.eye(4)
    samples = [rng.normal(0, 1, (500, 4)) * strength[LABELS.index(row[1])] for row in rows]
    arrays = {
        "x": np.concatenate(samples),
        "start": np.arange(len(rows)) * 500,
        "length": np.full(len(rows), 500),
        "scale": 1.0,
        "fs": 500,
        "unit": "V",
        "subject": np.array(subject),
        "cohort": np.array(["patient"] * len(rows)),
        "session": np.array(["1"] * len(rows)),
        "label": np.array(label),
        "rep": np.array(rep),
    }
    path = tmp_path_factory.mktemp("data") / "wearers.npz"
    save_archive(path, from_arrays(arrays, "test"))
    return path


def options(archive, bundle, output, *more):
    places = ["--data", str(archive), "--cache", str(archive.parent / "cache"), "--output", str(output)]
    return ["adapt", *places, "--model", str(bundle), *more]


def test_it_adapts_and_reports_before_and_after(archive, tiny_bundle, tmp_path, capsys):
    chosen = ("--subject", "bob", "--actions", *LABELS[:3], "--reps", "1", "--test-reps", "2-3")
    code = main(
        options(archive, tiny_bundle, tmp_path / "new", *chosen, "--steps-per-epoch", "40", "--seed", "3")
    )
    out = capsys.readouterr().out
    assert code == 0
    info = read_bundle(tmp_path / "new")
    assert info.provenance["parent"]["model_id"] == read_bundle(tiny_bundle).model_id
    assert info.provenance["subject"] == "bob"
    settings = info.provenance["settings"]["adapt"]
    assert (settings["seed"], settings["steps_per_epoch"]) == (3, 40)
    assert info.metrics["test_accuracy"] > info.metrics["parent"]["test_accuracy"]
    assert info.metrics["test_repetitions"] == [2, 3]
    lines = out.splitlines()
    assert lines[0].startswith("learned from rest ")
    assert lines[1].startswith("test, parent: accuracy ")
    assert lines[2].startswith(f"test, adapted: accuracy {100 * info.metrics['test_accuracy']:.1f} %")
    assert lines[3:] == [f"bundle  {tmp_path / 'new'}"]
    ActionModel.load(tmp_path / "new")


def test_several_wearers_get_a_bundle_each_and_finished_ones_are_kept(archive, tiny_bundle, tmp_path, capsys):
    chosen = ["--subject", "*", "--actions", *LABELS[:3], "--reps", "1", "--test-reps", "2-3"]
    chosen += ["--steps-per-epoch", "20", "--workers", "1"]
    # One of them has nothing to learn from: the other gets a bundle all the same.
    assert main(options(archive, tiny_bundle, tmp_path / "out", *chosen, "--without", "bob/1/*/1")) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "no bundle for bob: repetitions is (1,)" in line
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["ann"]
    description = (tmp_path / "out" / "ann" / "model.yaml").read_bytes()

    assert main(options(archive, tiny_bundle, tmp_path / "out", *chosen)) == 0
    assert (tmp_path / "out" / "ann" / "model.yaml").read_bytes() == description
    ann, bob = (read_bundle(tmp_path / "out" / name) for name in ("ann", "bob"))
    assert (ann.provenance["subject"], bob.provenance["subject"]) == ("ann", "bob")
    assert bob.provenance["machine"] == platform.node()
    table = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert [row[0] for row in table[:3]] == ["subject", "ann", "bob"]
    for row, info in zip(table[1:], (ann, bob), strict=False):
        assert row[4] == f"{100 * info.metrics['test_balanced_accuracy']:.1f}"
    means = [
        np.mean([of["test_balanced_accuracy"] for of in (x, y)])
        for x, y in ((ann.metrics["parent"], bob.metrics["parent"]), (ann.metrics, bob.metrics))
    ]
    assert " ".join(table[3]).endswith("{:.1f} % before, {:.1f} % after".format(*(100 * m for m in means)))


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        (("--reps", "1", "--subject", "bob", "--workers", "2"), "use it with several subjects only"),
        (("--subject", "*", "--executor", "ray", "--address", "nowhere"), "write host:port"),
        (("--reps", "1"), "choose one subject"),
        (("--reps", "1", "--subject", "bob"), "('cough',)"),
        (("--reps", "1", "--subject", "eve"), "--subject is 'eve'"),
        (("--reps", "1", "--actions", "sneeze"), "--actions is 'sneeze'"),
        (("--reps", "3-1", "--subject", "bob"), "'3-1'"),
        (("--reps", "1", "--model", "nowhere", "--subject", "bob"), "nowhere"),
    ],
)
def test_what_cannot_be_adapted_is_one_line_and_leaves_nothing(
    archive, tiny_bundle, tmp_path, capsys, more, expected
):
    assert main(options(archive, tiny_bundle, tmp_path / "new", *more)) == 2
    streams = capsys.readouterr()
    (line,) = streams.err.splitlines()
    assert line.startswith("emg-recognition: error: ")
    assert expected in line
    assert streams.out == ""
    assert not (tmp_path / "new").exists()
