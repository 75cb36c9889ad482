"""The simulated study becomes an archive that training takes."""

from __future__ import annotations

import pytest

from emg_recognition.cli.main import main
from emg_recognition.recordings.archive import load_archive

SMALL = ["--healthy", "2", "--patients", "1", "--sessions", "1", "--repetitions", "2", "--hold", "0.5"]
SMALL += ["--rate", "200", "--channels", "4"]


def test_it_writes_an_archive(tmp_path, capsys):
    path = tmp_path / "new" / "study.npz"
    assert main(["simulate", "--output", str(path), *SMALL]) == 0
    recordings = load_archive(path)
    assert (len(recordings), recordings.channels, recordings.rate) == (3 * 6 * 2, 4, 200.0)
    assert (recordings.unit, recordings.cohorts) == ("V", ("healthy", "patient"))
    assert "36 segments" in capsys.readouterr().out


def test_the_seed_decides(tmp_path):
    for name, seed in (("a", "1"), ("b", "1"), ("c", "2")):
        assert main(["simulate", "--output", str(tmp_path / f"{name}.npz"), "--seed", seed, *SMALL]) == 0
    first, again, other = (load_archive(tmp_path / f"{name}.npz").counts for name in "abc")
    assert (first == again).all()
    assert (first != other).any()


@pytest.mark.parametrize(
    ("name", "options", "told"),
    [
        ("study.npz", [], "it exists"),
        ("study.csv", [], "ends in .npz"),
        ("new.npz", ["--rate", "7"], "rate is 7.0"),
    ],
)
def test_what_cannot_be_is_one_line(tmp_path, capsys, name, options, told):
    (tmp_path / "study.npz").write_text("mine")
    assert main(["simulate", "--output", str(tmp_path / name), *SMALL, *options]) == 2
    error = capsys.readouterr().err
    assert told in error
    assert error.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["study.npz"]
    assert (tmp_path / "study.npz").read_text() == "mine"
