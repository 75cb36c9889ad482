"""An output folder belongs to one experiment; nothing else that stands there is touched."""

from __future__ import annotations

import pytest

from emg_recognition.errors import SettingError
from emg_recognition.training.output import claim, refuse_foreign

ONE = {"settings": {"stem": (4, 2)}, "data": {"sha256": "a"}}
OTHER = {"settings": {"stem": (8, 2)}, "data": {"sha256": "a"}}


def finish_member(output):
    (output / "members" / "member_01").mkdir(parents=True)


def test_a_new_or_empty_folder_is_claimed(tmp_path):
    claim(tmp_path / "a" / "b", ONE)
    assert (tmp_path / "a" / "b" / "experiment.json").is_file()
    (tmp_path / "empty").mkdir()
    claim(tmp_path / "empty", ONE)


def test_the_same_experiment_may_go_on(tmp_path):
    claim(tmp_path, ONE)
    finish_member(tmp_path)
    claim(tmp_path, ONE)
    assert (tmp_path / "members" / "member_01").is_dir()


def test_another_experiment_is_refused_and_named(tmp_path):
    claim(tmp_path, ONE)
    finish_member(tmp_path)
    with pytest.raises(SettingError, match="experiment with other settings; choose another"):
        claim(tmp_path, OTHER)


def test_members_of_a_fold_are_results_too(tmp_path):
    claim(tmp_path, ONE)
    (tmp_path / "folds" / "fold_1" / "members" / "member_01").mkdir(parents=True)
    with pytest.raises(SettingError, match="experiment with other settings"):
        claim(tmp_path, OTHER)


def test_a_folder_in_which_nothing_was_finished_is_free(tmp_path):
    claim(tmp_path, ONE)
    claim(tmp_path, OTHER)
    finish_member(tmp_path)
    refuse_foreign(tmp_path, OTHER)


@pytest.mark.parametrize("name", ["thesis.tex", "experiment.json", ".hidden"])
def test_a_folder_of_somebody_else_is_refused_and_left_alone(tmp_path, name):
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


def test_what_an_interruption_left_is_cleared_and_nothing_else(tmp_path):
    claim(tmp_path, ONE)
    finish_member(tmp_path)
    left = [tmp_path / "members" / ".member_02.abc", tmp_path / ".bundle.xyz", tmp_path / ".evaluation"]
    left.append(tmp_path / "folds" / "fold_1" / ".bundle.abc")
    for folder in left:
        folder.mkdir(parents=True)
        (folder / "model.keras").touch()
    (tmp_path / ".metrics.json.part").touch()
    (tmp_path / ".gitignore").touch()
    claim(tmp_path, ONE)
    names = {path.name for path in tmp_path.rglob("*")}
    assert names == {"experiment.json", "members", "member_01", "folds", "fold_1", ".gitignore"}
