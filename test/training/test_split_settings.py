"""Settings of a split are checked when they are read, each by the name it belongs to."""

from __future__ import annotations

import pytest

from emg_recognition.errors import SettingError
from emg_recognition.settings import from_mapping
from emg_recognition.training.settings import OPTIONS, SplitSettings


@pytest.mark.parametrize("name", [name for name in OPTIONS if name != "list"])
def test_a_name_is_enough(name):
    assert SplitSettings(name=name).name == name


def test_as_it_stands_in_a_file():
    settings = from_mapping(SplitSettings, {"name": "session", "train": [1, "2"], "test": "5-9"}, "split")
    assert settings == SplitSettings(name="session", train=(1, "2"), test="5-9")


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"name": "holdout"}, "split.name is 'holdout': write one of repetition, session"),
        ({"folds": 3}, "split.folds is 3: the split repetition heeds only test, train, validation"),
        ({"name": "k-fold", "test": (1,)}, r"split.test is \(1,\): the split k-fold heeds only"),
        ({"name": "k-fold", "folds": 1}, "split.folds is 1: write a whole number of at least 2"),
        ({"name": "k-fold", "folds": True}, "split.folds is True"),
        ({"name": "k-fold", "groups": "action"}, "split.groups is 'action': write one of subject, session"),
        ({"name": "k-fold", "cohort": ""}, "split.cohort is ''"),
        ({"name": "random-windows", "seed": -1}, "split.seed is -1"),
        ({"name": "list"}, "split.file is None"),
        ({"train": ()}, r"split.train is \(\): write a list of numbers of repetitions"),
        ({"train": ("one",)}, "repetitions is 'one': write numbers and rising ranges"),
        ({"train": "3-1"}, "'3-1'"),
        ({"name": "subject", "test": (1.5,)}, r"split.test is \(1.5,\): write a list of names of subjects"),
    ],
)
def test_what_cannot_be_is_refused(asked, told):
    with pytest.raises(SettingError, match=told):
        SplitSettings(**asked)
