"""The command convert."""

from __future__ import annotations

import re

import numpy as np
import pytest

from emg_recognition.cli.main import main
from emg_recognition.recordings.archive import load_archive
from emg_recognition.recordings.open import open_recordings

pytest.importorskip("edfio", reason="the extra 'formats' is not installed")


def test_a_file_for_each_session_and_back(archive, tmp_path, capsys):
    pattern = str(tmp_path / "edf" / "{subject}.bdf")
    assert main(["convert", "--data", str(archive), "--output", pattern]) == 0
    original = load_archive(archive)
    assert sorted(path.name for path in (tmp_path / "edf").iterdir()) == [
        f"{name}.bdf" for name in original.subjects
    ]
    assert f"{original.subjects[0]}.bdf: " in capsys.readouterr().out
    back = tmp_path / "back.npz"
    assert main(["convert", "--data", str(tmp_path / "edf"), "--output", str(back)]) == 0
    found = open_recordings(back)
    for subject in original.subjects:
        ours, theirs = (one.select(one.subject == subject) for one in (original, found))
        np.testing.assert_array_equal(ours.label, theirs.label)
        np.testing.assert_array_equal(ours.repetition, theirs.repetition)
        for i in range(len(ours)):
            np.testing.assert_allclose(
                theirs.segment(i), ours.segment(i), atol=1e-6 * np.abs(ours.segment(i)).max()
            )


@pytest.mark.parametrize(
    ("output", "said"),
    [
        ("a.csv", r"name a file that ends in \.npz, \.edf, \.bdf"),
        ("old.npz", "it exists; name another file, or remove this one"),
        ("a.edf", "it holds 5 sessions, and a.edf one; write a file for each"),
        ("{cohort}.edf", "sessions, and .* one; write a file for each"),
    ],
)
def test_nothing_is_written_where_something_is_wrong(archive, tmp_path, capsys, output, said):
    (tmp_path / "old.npz").write_text("mine")
    assert main(["convert", "--data", str(archive), "--output", str(tmp_path / output)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert re.search(said, line)
    assert [path.name for path in tmp_path.iterdir()] == ["old.npz"]
    assert (tmp_path / "old.npz").read_text() == "mine"
