"""The simulated study: its layout, its cohorts, and how hard it is."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from emg_recognition.actions import PAPER_ACTION_NAMES
from emg_recognition.errors import SettingError
from emg_recognition.recordings.archive import from_arrays
from emg_recognition.settings import from_mapping
from emg_recognition.signal.settings import suited_settings
from emg_recognition.simulation.study import StudySettings, simulate_study
from emg_recognition.training.comparators import fit_lda
from emg_recognition.training.windows import windows_from_recordings

SMALL = StudySettings(healthy=3, patients=2, sessions=2, repetitions=2, hold=0.6)


@pytest.fixture(scope="module")
def study():
    """The default study, simulated once."""
    return from_arrays(simulate_study(StudySettings()), "simulated study")


@pytest.fixture(scope="module")
def data(study):
    pipeline = suited_settings(rate=study.rate, channels=study.channels, unit=study.unit)
    return windows_from_recordings(study, pipeline, 50, actions=PAPER_ACTION_NAMES)


@pytest.fixture(scope="module")
def small():
    return simulate_study(SMALL)


def patterns(arrays, session):
    """Logarithm of each channel's level for each subject of a session, over all actions (subjects, -1)."""
    rows = []
    for subject in np.unique(arrays["subject"]):
        for action in PAPER_ACTION_NAMES:
            keep = (
                (arrays["subject"] == subject) & (arrays["session"] == session) & (arrays["label"] == action)
            )
            levels = [
                np.diff(arrays["x"][start : start + length], axis=0).std(axis=0)
                for start, length in zip(arrays["start"][keep], arrays["length"][keep], strict=True)
            ]
            rows.append(np.log(np.mean(levels, axis=0)))
    return np.reshape(rows, (len(np.unique(arrays["subject"])), -1))


def test_the_layout_of_the_default_study(study):
    assert study.unit == "V"
    assert study.rate == 1000.0
    assert study.channels == 8
    assert study.counts.dtype == np.int16
    assert study.scale >= 1e6
    assert study.actions == tuple(sorted(PAPER_ACTION_NAMES))
    assert (study.start[1:] == study.start[:-1] + study.length[:-1]).all()
    assert study.start[-1] + study.length[-1] == len(study.counts)
    keys = zip(study.subject, study.session, study.label, study.repetition, strict=True)
    assert len(set(keys)) == len(study) == 18 * 2 * 6 * 4
    assert np.abs(study.counts.astype(int)).max() < 32767, "clipped"


def test_eight_to_one_in_windows(data):
    healthy, patients = (np.count_nonzero(data.cohort == cohort) for cohort in ("healthy", "patient"))
    assert healthy == 8 * patients
    assert 20000 <= healthy <= 25000


def test_lda_finds_the_study_neither_trivial_nor_impossible(data):
    def correct(fit, use):
        tested = data.select(use)
        return fit_lda(data.select(fit))(tested).argmax(axis=1) == tested.action

    test = data.repetition == 4
    right = correct(~test, test)
    assert 0.80 <= right.mean() <= 0.92
    healthy, patients = (right[data.cohort[test] == cohort].mean() for cohort in ("healthy", "patient"))
    assert patients < healthy - 0.10
    assert patients > 0.40
    # What is missing is not noise: one LDA for each subject finds most of it.
    own = []
    for subject in np.unique(data.subject):
        fit, use = ~test & (data.subject == subject), test & (data.subject == subject)
        own.append(correct(fit, use))
    assert np.concatenate(own).mean() > right.mean() + 0.05


def test_patients_are_weaker(study):
    level = np.array([np.diff(study.segment(i), axis=0).std() for i in range(len(study))])
    acting = study.label != "rest"
    healthy, patients = (np.median(level[acting & (study.cohort == c)]) for c in ("healthy", "patient"))
    assert patients < 0.6 * healthy


def test_the_same_study_twice(small):
    again = simulate_study(SMALL)
    assert small.keys() == again.keys()
    assert all((small[key] == again[key]).all() for key in small)


def test_another_seed_is_another_study(small):
    other = simulate_study(dataclasses.replace(SMALL, seed=SMALL.seed + 1))
    assert (other["x"] == small["x"]).mean() < 0.1


def test_a_subject_does_not_depend_on_the_others(small):
    alone = simulate_study(dataclasses.replace(SMALL, healthy=1, patients=1, sessions=1))
    keep = np.isin(small["subject"], ("healthy_01", "patient_01")) & (small["session"] == "session_1")
    wanted = [small["x"][start : start + 600] for start in small["start"][keep]]
    assert (alone["x"] == np.concatenate(wanted)).all()


def test_sessions_differ_but_less_than_subjects():
    arrays = simulate_study(dataclasses.replace(SMALL, healthy=8, patients=1, repetitions=3))
    first, second = patterns(arrays, "session_1"), patterns(arrays, "session_2")
    distance = np.linalg.norm(first[:, None] - second[None], axis=2)
    assert distance.diagonal().min() > 0.1
    # Everybody is most like himself on the other day.
    assert (distance.argmin(axis=1) == np.arange(len(distance))).all()


def test_only_the_held_part_is_kept(small):
    quarter = 150
    level = np.zeros(4)
    for start in small["start"][small["label"] != "rest"]:
        moved = np.diff(small["x"][start : start + 600].astype(float), axis=0)
        level += [np.square(moved[k * quarter : (k + 1) * quarter]).mean() for k in range(4)]
    np.testing.assert_allclose(level / level.mean(), 1.0, atol=0.25)


def test_settings_from_yaml():
    settings = from_mapping(StudySettings, {"healthy": 4, "rate": 500, "hold": 1}, "study.yaml")
    assert settings == StudySettings(healthy=4, rate=500, hold=1)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("seed", -1),
        ("seed", 1.5),
        ("healthy", 0),
        ("healthy", "16"),
        ("patients", True),
        ("sessions", 0),
        ("repetitions", 100),
        ("hold", 0.1),
        ("hold", float("nan")),
        ("rate", 100),
        ("rate", "1000"),
        ("channels", 3),
        ("channels", 8.0),
        ("mains", 0),
        ("mains", None),
    ],
)
def test_bad_settings(name, value):
    with pytest.raises(SettingError, match=name) as caught:
        StudySettings(**{name: value})
    assert repr(value) in str(caught.value)
    assert "\n" not in str(caught.value)
