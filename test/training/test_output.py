"""An output folder belongs to one experiment; nothing else in it is touched."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from emg_recognition.errors import SettingError
from emg_recognition.resources import LIBRARIES, versions
from emg_recognition.training.output import claim, data_fingerprint, refuse_foreign

ONE = {"settings": {"stem": (4, 2)}, "data": {"sha256": "a"}}
OTHER = {"settings": {"stem": (8, 2)}, "data": {"sha256": "a"}}


def finish_member(output):
    (output / "members" / "member_01").mkdir(parents=True)


def test_a_new_or_empty_folder_is_claimed(tmp_path):
    claim(tmp_path / "a" / "b", ONE)
    assert (tmp_path / "a" / "b" / "experiment.json").is_file()
    (tmp_path / "empty").mkdir()
    claim(tmp_path / "empty", ONE)


def test_the_same_experiment_may_continue(tmp_path):
    claim(tmp_path, ONE)
    finish_member(tmp_path)
    claim(tmp_path, ONE)
    assert (tmp_path / "members" / "member_01").is_dir()


def test_another_experiment_is_refused_with_what_differs(tmp_path):
    claim(tmp_path, ONE)
    finish_member(tmp_path)
    with pytest.raises(SettingError, match="experiment with other settings; choose another"):
        claim(tmp_path, OTHER)


def test_members_of_a_fold_are_results_too(tmp_path):
    claim(tmp_path, ONE)
    (tmp_path / "folds" / "fold_1" / "members" / "member_01").mkdir(parents=True)
    with pytest.raises(SettingError, match="experiment with other settings"):
        claim(tmp_path, OTHER)


def test_a_folder_without_a_finished_member_is_free(tmp_path):
    claim(tmp_path, ONE)
    claim(tmp_path, OTHER)
    finish_member(tmp_path)
    refuse_foreign(tmp_path, OTHER)


@pytest.mark.parametrize("name", ["thesis.tex", "experiment.json", ".hidden"])
def test_a_foreign_folder_is_refused_and_left_unchanged(tmp_path, name):
    (tmp_path / name).write_text("{}")
    with pytest.raises(SettingError, match="training did not write"):
        claim(tmp_path, ONE)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_file_is_refused(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(SettingError, match="it is a file"):
        claim(tmp_path / "file", ONE)
    with pytest.raises(SettingError, match="cannot be written"):
        claim(tmp_path / "file" / "below", ONE)


def test_leftovers_of_an_interruption_are_removed_and_nothing_else(tmp_path):
    claim(tmp_path, ONE)
    finish_member(tmp_path)
    left = [tmp_path / "members" / ".member_02.abc", tmp_path / ".bundle.xyz"]
    left.append(tmp_path / "folds" / "fold_1" / ".bundle.abc")
    for folder in left:
        folder.mkdir(parents=True)
        (folder / "model.keras").touch()
    (tmp_path / ".metrics.json.part").touch()
    (tmp_path / ".gitignore").touch()
    claim(tmp_path, ONE)
    names = {path.name for path in tmp_path.rglob("*")}
    assert names == {"experiment.json", "members", "member_01", "folds", "fold_1", ".gitignore"}


def test_the_data_fingerprint_depends_only_on_samples_and_labels(study):
    recordings = study({"healthy": 1})
    known = data_fingerprint(recordings)
    elsewhere = dataclasses.replace(
        recordings, source="moved.npz", counts=np.r_[recordings.counts, recordings.counts].astype(np.int32)
    )
    assert data_fingerprint(elsewhere) == known
    for change in (
        {"counts": recordings.counts + 1},
        {"label": np.roll(recordings.label, 1)},
        {"repetition": recordings.repetition + 1},
        {"scale": 2.0},
        {"rate": 1000.0},
        {"unit": "V"},
    ):
        assert data_fingerprint(dataclasses.replace(recordings, **change)) != known
    assert data_fingerprint(recordings.select(range(3))) != known


def test_the_versions_name_the_numerical_libraries():
    found = versions(*LIBRARIES)
    assert any(found.get(name, "").startswith("2.") for name in ("tensorflow", "tensorflow-cpu"))
    assert all(found.values())
