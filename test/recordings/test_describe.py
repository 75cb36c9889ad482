"""Descriptions of files in formats of others, ready to edit."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.io import savemat

from emg_recognition.errors import RecordingError
from emg_recognition.recordings.describe import describe
from emg_recognition.recordings.open import open_recordings


def ninapro(path, **more):
    stimulus = np.repeat([0, 1, 0, 2], 50)[:, None]
    path.parent.mkdir(exist_ok=True)
    savemat(
        path,
        {"emg": np.random.default_rng(1).normal(0, 1, (200, 4)), "stimulus": stimulus, "exercise": 1, **more},
    )


def test_what_is_left_open_is_said(tmp_path):
    for subject in (1, 2):
        ninapro(tmp_path / "db" / f"S{subject}_E1_A1.mat")
    output = tmp_path / "study.yaml"
    text = describe(tmp_path / "db", output)
    assert "rate:  # Hz; the files do not say it\n" in text
    output.write_text(text.replace("rate:  #", "rate: 200  #").replace("E1_02: E1_02", "E1_02: fist"))
    found = open_recordings(output, cache=tmp_path / "cache")
    assert (found.subjects, found.rate, found.channels) == (("1", "2"), 200.0, 4)
    assert found.actions == ("E1_01", "fist", "rest")


def test_a_file_that_says_all(tmp_path):
    ninapro(tmp_path / "db" / "x.mat", frequency=100.0)
    output = tmp_path / "study.yaml"
    output.write_text(describe(tmp_path / "db" / "x.mat", output))
    assert "# the files say 100 Hz" in output.read_text()
    assert open_recordings(output, cache=tmp_path / "cache").actions == ("E1_01", "E1_02", "rest")


def test_what_cannot_be_read_yet_is_said(tmp_path):
    savemat(tmp_path / "x.mat", {"a": 1})
    assert "# They cannot be read yet: recording" in describe(tmp_path / "x.mat")


def test_a_text_file_and_an_archive(tmp_path):
    (tmp_path / "a.csv").write_text("emg1;emg2\n" + "1,5;2,5\n" * 30)
    assert "decimal:" in describe(tmp_path / "a.csv")
    (tmp_path / "x").mkdir()
    np.savez(tmp_path / "x" / "a.npz", x=np.zeros(3))
    with pytest.raises(RecordingError, match="it describes itself; give it without --describe"):
        describe(tmp_path / "x" / "a.npz")


@pytest.mark.parametrize("own", [{}, {"subject": 7}])
def test_a_description_repeats_no_guess_that_the_files_contradict(tmp_path, own):
    for name in ("anna_fist_1", "anna_fist_2", "bert_fist_1"):
        ninapro(tmp_path / "db" / f"{name}.mat", frequency=100.0, **own)
    output = tmp_path / "study.yaml"
    output.write_text(describe(tmp_path / "db", output))
    found = open_recordings(output, cache=tmp_path / "cache")
    plain = open_recordings(tmp_path / "db", cache=tmp_path / "cache")
    assert found.label.tolist() == plain.label.tolist() == ["rest", "E1_01", "rest", "E1_02"] * 3
    assert found.subjects == plain.subjects == (("7",) if own else ("anna", "bert"))
    assert found.repetition.tolist() == plain.repetition.tolist()
