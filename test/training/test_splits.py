"""No repetition stands on two sides, whatever is asked for."""

from __future__ import annotations

import dataclasses
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emg_recognition.errors import SettingError
from emg_recognition.training.splits import split_by_repetition


def sides(split):
    return split.repetitions["train"], split.repetitions["validation"], split.repetitions["test"]


def test_by_default_the_last_repetition_tests_and_the_one_before_validates(study):
    split = split_by_repetition(study({"healthy": 2}))
    assert sides(split) == ((1, 2), (3,), (4,))


def test_by_default_a_repetition_that_not_every_action_has_does_not_test_alone(study):
    recordings = study({"healthy": 2}, repetitions=5)
    only_rest_has_five = (recordings.repetition < 5) | (recordings.label == "rest")
    assert sides(split_by_repetition(recordings.select(only_rest_has_five))) == ((1, 2), (3,), (4, 5))


def test_by_default_the_minority_has_its_share_of_validation_and_test(study):
    recordings = study({"healthy": 2, "patient": 1}, repetitions=5)
    patients_have_four = (recordings.repetition < 5) | (recordings.cohort == "healthy")
    assert sides(split_by_repetition(recordings.select(patients_have_four))) == ((1, 2), (3,), (4, 5))


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"train": (1, 2, 3), "test": (4,)}, ((1, 2), (3,), (4,))),
        ({"train": (1, 2)}, ((1,), (2,), (3, 4))),
        ({"test": (1,)}, ((2, 3), (4,), (1,))),
        ({"train": (2, 3, 4), "validation": (2,), "test": (1,)}, ((3, 4), (2,), (1,))),
        ({"train": (3, 4), "validation": (2,)}, ((3, 4), (2,), (1,))),
        ({"validation": (1,), "test": (2, 3)}, ((4,), (1,), (2, 3))),
    ],
)
def test_what_is_asked_for_is_done(study, asked, expected):
    assert sides(split_by_repetition(study({"healthy": 1}), **asked)) == expected


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"test": (7,)}, r"test repetitions is \(7,\).*repetitions \[1, 2, 3, 4\]"),
        ({"train": (1, 2, 3), "test": (3, 4)}, r"\[3\] also train or validate"),
        ({"validation": (4,), "test": (4,)}, r"\[4\] also train or validate"),
        ({"train": (1,), "test": (4,)}, r"train repetitions is \(\)"),
        ({"train": (1, 2, 3, 4)}, r"test repetitions is \(\)"),
    ],
)
def test_a_split_that_is_none_is_refused(study, asked, told):
    with pytest.raises(SettingError, match=told):
        split_by_repetition(study({"healthy": 1}), **asked)


def test_an_action_without_training_is_refused(study):
    recordings = study({"healthy": 1})
    late_rest = (recordings.repetition > 2) | (recordings.label != "rest")
    with pytest.raises(SettingError, match="'rest'"):
        split_by_repetition(recordings.select(late_rest), train=(1, 2, 3), test=(4,))


repetitions = st.none() | st.sets(st.integers(1, 5), min_size=1).map(lambda chosen: tuple(sorted(chosen)))


@given(train=repetitions, validation=repetitions, test=repetitions, holes=st.sets(st.integers(0, 59)))
def test_no_repetition_of_a_subject_stands_on_two_sides(study, train, validation, test, holes):
    recordings = study({"healthy": 3, "patient": 1}, repetitions=5, samples=2)
    recordings = recordings.select([i for i in range(len(recordings)) if i not in holes])
    try:
        split = split_by_repetition(recordings, train=train, validation=validation, test=test)
    except SettingError:
        return
    keys = [
        {(recordings.subject[i], recordings.label[i], int(recordings.repetition[i])) for i in side}
        for side in (split.train, split.validation, split.test)
    ]
    assert all(keys)
    assert all(one.isdisjoint(other) for one, other in combinations(keys, 2))
    assert set(recordings.label[split.train]) == set(recordings.actions)


def test_segments_follow_the_repetitions(study):
    recordings = study({"healthy": 2})
    shuffled = recordings.select(np.random.default_rng(0).permutation(len(recordings)))
    split = split_by_repetition(shuffled)
    assert set(shuffled.repetition[split.test]) == {4}
    assert len(split.train) + len(split.validation) + len(split.test) == len(shuffled)
    assert dataclasses.asdict(split)["rule"] == "by repetition"
