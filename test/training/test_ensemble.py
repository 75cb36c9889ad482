"""The minority, the members' windows and seeds, and which member is kept."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emg_recognition.errors import SettingError
from emg_recognition.training.ensemble import (
    LEAKING,
    PRETRAIN,
    WORTH,
    choose_minority,
    describe_selection,
    majority_first,
    member_jobs,
    member_windows,
    rising_share,
    select_member,
)
from emg_recognition.training.settings import SELECTIONS
from emg_recognition.training.windows import windows_from_recordings

PAPER = {"healthy": 40_000, "patient": 5_000}


@pytest.mark.parametrize(
    ("asked", "windows", "minority"),
    [
        (None, PAPER, "patient"),
        ("patient", PAPER, "patient"),
        ("N", {"N": 10, "I": 10, "O": 10}, "N"),
        (None, {"N": 10, "I": 10}, None),
        (None, {"patient": 10}, None),
        (None, {"patient": 20, "healthy": 10}, None),
        (None, {"": 10}, None),
    ],
)
def test_the_choice_of_the_minority(asked, windows, minority):
    found, sentence = choose_minority(asked, windows)
    assert found == minority
    assert ("one member" in sentence) == (minority is None)


def test_the_sentence_counts_the_windows():
    assert "3 members are each trained on all the data" in choose_minority(None, {"": 10}, voters=3)[1]
    assert "5000 training windows" in choose_minority(None, PAPER)[1]
    assert "training windows: (unnamed) 10" in choose_minority(None, {"": 10})[1]


@pytest.mark.parametrize(
    ("asked", "windows", "message"),
    [
        ("Patient", PAPER, "'Patient': no such cohort; training windows: healthy 40000, patient 5000"),
        ("healthy", PAPER, "40000 training windows, the others 5000"),
        ("patient", {"patient": 10}, "10 training windows, the others 0"),
        ("a", {"a": 10, "b": 10}, "name the smaller"),
    ],
)
def test_a_cohort_that_cannot_be_the_minority_is_refused(asked, windows, message):
    with pytest.raises(SettingError, match=message):
        choose_minority(asked, windows)


def rows(weights):
    """The weights of each epoch."""
    return np.stack([weights[epoch] for epoch in range(len(weights))])


def jobs_of(study, tiny, tmp_path, minority="patient"):
    recordings = study({"healthy": 3, "patient": 1})
    pipeline = tiny.pipeline_for(rate=recordings.rate, channels=recordings.channels, unit=recordings.unit)
    windows = windows_from_recordings(recordings, pipeline, 10)
    subsets = {
        "train": windows.select(windows.repetition <= 2),
        "validation": windows.select(windows.repetition == 3),
        "test": windows.select(windows.repetition == 3),
    }
    return subsets, member_jobs(tiny, subsets, minority, tmp_path, prefix="fold 2, ")


def test_members_divide_the_majority_and_have_different_seeds(study, tiny, tmp_path):
    subsets, jobs = jobs_of(study, tiny, tmp_path)
    assert [job.label for job in jobs] == [f"fold 2, member {k}/3" for k in (1, 2, 3)]
    assert [job.place.name for job in jobs] == ["member_01", "member_02", "member_03"]
    assert len({job.training.seed for job in jobs}) == 3
    of_majority = np.concatenate([job.train.begin[job.train.cohort == "healthy"] for job in jobs])
    assert sorted(of_majority) == sorted(subsets["train"].begin[subsets["train"].cohort == "healthy"])
    assert all(job.train.count("cohort")["patient"] == 24 for job in jobs)
    assert all(job.weights is None for job in jobs)


def test_without_a_minority_one_member_has_everything(study, tiny, tmp_path):
    subsets, (job,) = jobs_of(study, tiny, tmp_path, minority=None)
    assert len(job.train) == len(subsets["train"])


def test_the_share_of_the_minority_rises_to_all(study, tiny, tmp_path):
    ensemble = dataclasses.replace(tiny.ensemble, share=(0.4, 0.5))
    _, jobs = jobs_of(study, dataclasses.replace(tiny, ensemble=ensemble), tmp_path)
    patient = jobs[0].train.cohort == "patient"
    assert rows(jobs[0].weights).shape == (tiny.training.epochs, len(patient))
    weights = rows(rising_share(patient, 8, 0.4, 0.5))
    np.testing.assert_allclose(weights.sum(axis=1), 1.0)
    np.testing.assert_allclose(weights[:, patient].sum(axis=1), [0.4, 0.55, 0.7, 0.85, 1, 1, 1, 1])
    assert len(np.unique(weights[0, ~patient])) == 1


def test_pretraining_is_one_network_that_sees_the_majority_first(study, tiny, tmp_path):
    ensemble = dataclasses.replace(tiny.ensemble, selection=PRETRAIN)
    subsets, (job,) = jobs_of(study, dataclasses.replace(tiny, ensemble=ensemble), tmp_path)
    assert len(job.train) == len(subsets["train"])
    assert job.watched.count("cohort") == {"patient": len(job.watched)}
    patient = job.train.cohort == "patient"
    weights = rows(job.weights)
    assert weights[0, patient].sum() == 0
    assert weights[1, patient].sum() == pytest.approx(1 - WORTH / (WORTH + 24) / 2)
    np.testing.assert_allclose(weights.sum(axis=1), 1.0)
    assert len(np.unique(weights[0, ~patient])) == 1


def test_the_more_the_minority_has_given_the_less_the_majority_counts():
    for windows, first, later in ((WORTH, 4, 0.25), (3 * WORTH, 2, 0.125), (99 * WORTH, 1, 0.005)):
        patient = np.arange(windows + 10) < windows
        share = rows(majority_first(patient, 8))[:, ~patient].sum(axis=1)
        np.testing.assert_allclose(share, [1.0] * first + [later] * (8 - first))


def test_pretraining_needs_two_epochs_and_a_minority(study, tiny, tmp_path):
    with pytest.raises(SettingError, match="epochs is 1: pretrain needs two or more"):
        majority_first(np.array([True, False]), 1)
    ensemble = dataclasses.replace(tiny.ensemble, selection=PRETRAIN)
    _, (alone,) = jobs_of(study, dataclasses.replace(tiny, ensemble=ensemble), tmp_path, minority=None)
    assert alone.weights is None


@pytest.mark.parametrize(
    ("scores", "best"),
    [
        ([(0.7, 0.99), (0.9, 0.50), (0.8, 0.98)], 1),
        ([(0.9, 0.50), (0.9, 0.60), (0.9, 0.55)], 1),
        ([(0.9, 0.60), (0.9, 0.60)], 0),
        ([(0.1, 0.1)], 0),
    ],
)
def test_the_minority_decides_then_all_windows_then_the_order(scores, best):
    members = [
        {"val_balanced_accuracy": minority, "val_balanced_accuracy_all": whole} for minority, whole in scores
    ]
    assert select_member(members) == best


MEMBERS = [
    {
        "val_balanced_accuracy": minority,
        "val_balanced_accuracy_all": 0.5,
        "val_accuracy_all": overall,
        "test_accuracy": test,
    }
    for minority, overall, test in ((0.9, 0.6, 0.7), (0.7, 0.8, 0.6), (0.8, 0.8, 0.6), (0.6, 0.7, 0.9))
]


@pytest.mark.parametrize(
    ("name", "best"), [("minority", 0), ("overall", 2), ("test", 3), ("soft-vote", None), (PRETRAIN, 0)]
)
def test_every_selection_compares_its_own_score(name, best):
    assert select_member(MEMBERS, name) == best


@pytest.mark.parametrize("name", [name for name in SELECTIONS if name not in LEAKING])
def test_an_honest_selection_needs_no_test_scores(name):
    blind = [{key: value for key, value in member.items() if "test" not in key} for member in MEMBERS]
    assert select_member(blind, name) == select_member(MEMBERS, name)


def test_the_selection_that_leaks_says_so():
    leaking = {name for name in SELECTIONS if "leaking" in describe_selection(name, "patient")}
    assert leaking == LEAKING == {"test"}
    assert "windows of patient" in describe_selection("minority", "patient")
    assert "all validation windows" in describe_selection("minority", None)


@pytest.mark.parametrize(
    "ask", [lambda: select_member(MEMBERS, "best"), lambda: describe_selection("best", None)]
)
def test_an_unknown_selection_is_refused(ask):
    with pytest.raises(SettingError, match="'best': use one of minority, overall, test, soft-vote, pretrain"):
        ask()


labels = st.lists(st.integers(0, 4), max_size=120).map(lambda values: np.array(values, dtype=int))


@given(labels, st.integers(1, 9), st.integers(0, 2**31), st.data())
def test_every_member_has_the_whole_minority_and_one_part(actions, members, seed, data):
    flags = data.draw(st.lists(st.booleans(), min_size=len(actions), max_size=len(actions)))
    minority = np.array(flags, dtype=bool)
    cut = member_windows(actions, minority, members, seed)
    times_used = np.bincount(np.concatenate(cut), minlength=len(actions))
    assert (times_used[minority] == members).all()
    assert (times_used[~minority] == 1).all()
    for member in cut:
        assert (np.diff(member) > 0).all()
