"""The simulated study: its layout, its cohorts and how hard it is; and streams of its subjects."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from emg_recognition.actions import PAPER_ACTION_NAMES
from emg_recognition.errors import SettingError
from emg_recognition.recordings.archive import from_arrays
from emg_recognition.settings import from_mapping
from emg_recognition.signal.settings import suited_settings
from emg_recognition.simulation.arm import COHORTS
from emg_recognition.simulation.study import StudySettings, simulate_stream, simulate_study
from emg_recognition.training.comparators import fit_lda
from emg_recognition.training.windows import windows_from_recordings

SMALL = StudySettings(healthy=3, patients=2, sessions=2, repetitions=2, hold=0.6)
WEARERS = StudySettings(healthy=5, patients=2, sessions=1, repetitions=3, hold=1.0)
SCRIPT = [("rest", 1.5)] + [(action, 1.5) for action in PAPER_ACTION_NAMES] * 3


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
    """Return the logarithm of each channel's level in all actions of a session, shape (subjects, -1)."""
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


def test_the_study_is_neither_trivial_nor_impossible_for_lda(data):
    def correct(fit, use):
        tested = data.select(use)
        return fit_lda(data.select(fit))(tested).argmax(axis=1) == tested.action

    test = data.repetition == 4
    right = correct(~test, test)
    assert 0.80 <= right.mean() <= 0.92
    healthy, patients = (right[data.cohort[test] == cohort].mean() for cohort in ("healthy", "patient"))
    assert patients < healthy - 0.10
    assert patients > 0.40
    # The errors are not noise: one LDA for each subject avoids most of them.
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
    # All subjects resemble themselves most in the other session.
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


def stream(**changes):
    options = {"subject_number": 1, "cohort": "healthy", "session_seed": 1, "script": SCRIPT}
    return simulate_stream(WEARERS, **(options | changes))


def test_the_segments_of_a_stream_follow_the_script():
    script = [("rest", 1.0), ("elbow_flexion", 2.25), ("rest", 0.5004), ("elbow_flexion", 1.0)]
    recordings = from_arrays(stream(script=script), "stream")
    assert recordings.label.tolist() == [action for action, _ in script]
    assert recordings.length.tolist() == [1000, 2250, 500, 1000]
    assert recordings.start.tolist() == [0, 1000, 3250, 3750]
    assert len(recordings.counts) == 4750
    assert recordings.repetition.tolist() == [1, 1, 2, 2]
    assert set(recordings.session) == {"live_1"}
    assert set(recordings.subject) == {"healthy_01"}
    assert (recordings.unit, recordings.rate) == ("V", 1000.0)


def test_the_same_stream_twice_and_another_session():
    first, again, other = stream()["x"], stream()["x"], stream(session_seed=2)["x"]
    assert (first == again).all()
    assert (first == other).mean() < 0.1


@pytest.mark.parametrize("cohort", COHORTS)
def test_no_jump_at_a_border_of_a_stream(cohort):
    """Second differences would show a seam in signal, hum or wander at a border."""
    arrays = stream(cohort=cohort, script=[("elbow_flexion", 0.7), ("rest", 0.7)] * 60)
    bend = np.diff(arrays["x"].astype(float), n=2, axis=0)
    borders = arrays["start"][1:]
    at = np.abs(bend[borders[:, None] - [2, 1]])
    around = np.abs(bend[borders[:, None] + np.r_[-32:-2, 1:15]])
    # The muscles react 20 ms after the cue at the earliest; until then the level does not change.
    assert at.mean() < 1.15 * around.mean()
    assert at.max() < 1.5 * around.max()


def level_patterns(arrays, skip):
    """Return the logarithm of each channel's level in all actions, by subject."""
    result = {}
    for subject in np.unique(arrays["subject"]):
        rows = []
        for action in PAPER_ACTION_NAMES:
            keep = (arrays["subject"] == subject) & (arrays["label"] == action)
            levels = [
                np.diff(arrays["x"][start + skip : start + length].astype(float), axis=0).std(axis=0)
                for start, length in zip(arrays["start"][keep], arrays["length"][keep], strict=True)
            ]
            rows.append(np.log(np.mean(levels, axis=0)))
        result[str(subject)] = np.concatenate(rows)
    return result


def test_the_wearer_of_a_stream_is_the_subject_of_the_study():
    known = level_patterns(simulate_study(WEARERS), skip=0)
    for cohort, count in (("healthy", WEARERS.healthy), ("patient", WEARERS.patients)):
        for number in range(1, count + 1):
            arrays = stream(cohort=cohort, subject_number=number, session_seed=9)
            ((name, live),) = level_patterns(arrays, skip=400).items()
            distances = {person: np.linalg.norm(live - pattern) for person, pattern in known.items()}
            assert min(distances, key=distances.get) == name
            assert distances[name] > 0.1, "the session must differ from those of the study"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"cohort": "left"}, "cohort is 'left': use healthy or patient"),
        ({"subject_number": 0}, "subject_number is 0: use a number from 1 to 5"),
        ({"subject_number": 3, "cohort": "patient"}, "subject_number is 3: use a number from 1 to 2"),
        ({"session_seed": -1}, "session_seed is -1"),
        ({"script": []}, "script is"),
        ({"script": [("fist", 1.0)]}, "script is 'fist': use one of rest, "),
        ({"script": [("rest", 0.0)]}, "script is 0.0"),
        ({"script": [("rest", float("nan"))]}, "script is nan"),
        ({"script": [("rest", float("inf"))]}, "script is inf"),
    ],
)
def test_bad_streams(changes, message):
    with pytest.raises(SettingError) as caught:
        stream(**changes)
    assert str(caught.value).startswith(message)
