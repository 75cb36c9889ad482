"""A set is downloaded once, checked, and written whole or not at all."""

from __future__ import annotations

import itertools
import os
import re

import numpy as np
import pytest

from emg_recognition.cli.main import main
from emg_recognition.datasets import catalogue
from emg_recognition.datasets.catalogue import SETS
from emg_recognition.datasets.fetch import download_path, fetch
from emg_recognition.errors import RecordingError, SettingError
from emg_recognition.recordings.archive import load_archive

ARMBAND = SETS["myo_armband_7"]
SAMPLES = np.arange(40 * 8, dtype="<i2").reshape(40, 8)
FILES = {
    f"EvaluationDataset/Male{man}/Test0/classe_{number}.dat": (SAMPLES + number).tobytes()
    for man, number in itertools.product((2, 10), (0, 8))
}
OTHERS = {"README.md": b"read me", "EvaluationDataset/Male2/experiment.csv": b"Sex,M"}


@pytest.fixture
def armband(origin):
    return origin.serve(ARMBAND, FILES | OTHERS, digest_of=FILES)


def test_what_is_fetched_is_an_archive(armband, origin, tmp_path):
    shares = []
    output = tmp_path / "new" / "set.npz"
    fetch(armband, output, cache=tmp_path / "cache", on_progress=shares.append)
    found = load_archive(output)
    assert found.label.tolist() == ["rest", "radial_deviation"] * 2
    assert found.repetition.tolist() == [1, 2, 1, 2]
    assert found.subject.tolist() == ["evaluation_male2"] * 2 + ["evaluation_male10"] * 2
    assert set(found.session) == {"test0"}
    assert (found.counts.reshape(4, 40, 8) == SAMPLES + np.array([0, 8, 0, 8]).reshape(4, 1, 1)).all()
    assert (found.rate, found.unit) == (200.0, "count")
    with np.load(output) as arrays:
        assert arrays["licence"] == "GPL-3.0"
        assert armband.commit in str(arrays["origin"])
    assert shares
    assert shares == sorted(shares)
    fetch(armband, tmp_path / "again.npz", cache=tmp_path / "cache")
    assert len(origin.asked) == 1  # the download is kept
    assert os.listdir(tmp_path / "cache" / "downloads") == [download_path(armband, tmp_path).name]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda files: files | {"EvaluationDataset/Male2/Test0/classe_0.dat": b"\0" * 640}, "SHA-256"),
        (lambda files: files | {"EvaluationDataset/Male2/Test0/classe_9.dat": b"\0" * 640}, "its 5 files"),
        (lambda files: dict(list(files.items())[1:]), "its 3 files"),
        (lambda files: {"../" + name: content for name, content in files.items()}, "its 0 files"),
    ],
)
def test_other_content_than_at_the_fixed_commit_is_refused(origin, tmp_path, change, expected):
    changed = origin.serve(ARMBAND, change(FILES), digest_of=FILES)
    with pytest.raises(RecordingError, match=expected):
        fetch(changed, tmp_path / "set.npz", cache=tmp_path / "cache")
    left = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert not left


def endless():
    while True:
        yield b"\0" * (1 << 20)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"<html>Sign in</html>", "no complete .tar.gz"),
        (b"", "no complete .tar.gz"),
        ("half", "no complete .tar.gz"),
        ("endless", "the server sends more than 3 MB"),
        ("bomb", "more than it should"),
    ],
)
def test_a_server_that_sends_something_else_is_refused(origin, tmp_path, content, expected):
    bodies = {
        "half": origin.pack(FILES)[:-200],
        "endless": endless(),
        "bomb": origin.pack(FILES | {"big": b"\0" * (10 << 20)}),
    }
    changed = origin.serve(ARMBAND, FILES, content=bodies.get(content, content))
    with pytest.raises(RecordingError, match=expected):
        fetch(changed, tmp_path / "set.npz", cache=tmp_path / "cache")
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_without_the_server_the_error_says_where_a_file_may_be_put(origin, armband, tmp_path):
    origin.answers.clear()
    with pytest.raises(RecordingError, match="404") as caught:
        fetch(armband, tmp_path / "set.npz", cache=tmp_path)
    place = download_path(armband, tmp_path)
    assert str(place) in str(caught.value)
    place.write_bytes(origin.pack(FILES))
    fetch(armband, tmp_path / "set.npz", cache=tmp_path)
    assert len(load_archive(tmp_path / "set.npz")) == 4


def test_nothing_is_overwritten_and_nothing_downloaded_for_it(armband, origin, tmp_path):
    (tmp_path / "mine.npz").write_text("mine")
    for name, expected in (("mine.npz", "it exists"), ("set.csv", "ends in .npz")):
        with pytest.raises(SettingError, match=expected):
            fetch(armband, tmp_path / name, cache=tmp_path / "cache")
    assert not origin.asked


def run(capsys, *options):
    code = main(["fetch", *map(str, options)])
    return code, capsys.readouterr()


def test_the_command_lists_the_sets(capsys):
    code, written = run(capsys)
    assert code == 0
    assert len(SETS) >= 5
    for name, public_set in SETS.items():
        assert f"{name} ({public_set.licence}, {public_set.megabytes} MB)" in written.out


def test_the_command_shows_the_licence_and_asks_once(armband, origin, tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(catalogue.SETS, "myo_armband_7", armband)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    answers = iter(["n", "y"])
    asked = []
    monkeypatch.setattr("builtins.input", lambda text: asked.append(text) or next(answers))
    code, written = run(capsys, "myo_armband_7", "--cache", tmp_path / "cache")
    assert code == 1
    assert not origin.asked
    words = " ".join(written.out.split())
    for text in ("GPL-3.0", armband.page, "Côté-Allard", "cohort is the part"):
        assert text in words
    code, written = run(capsys, "myo_armband_7", "--cache", tmp_path / "cache")
    assert (code, len(asked)) == (0, 2)
    assert "myo_armband_7.npz: 4 segments, 0.0 minutes, 8 channels at 200 Hz" in written.out
    code, _ = run(capsys, "myo_armband_7", "--yes", "--output", "b.npz", "--cache", tmp_path / "cache")
    assert (code, len(asked)) == (0, 2)


def test_without_a_terminal_consent_is_an_option(armband, origin, tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(catalogue.SETS, "myo_armband_7", armband)
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    code, written = run(capsys, "myo_armband_7", "--output", tmp_path / "set.npz", "--cache", tmp_path)
    assert code == 2
    assert "add --yes" in written.err
    code, written = run(capsys, "myo_armband")
    assert code == 2
    assert re.search("longterm_basic8.*did you mean myo_armband_7", written.err)
    assert not origin.asked
