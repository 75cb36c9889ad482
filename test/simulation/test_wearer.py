"""The live wearer is the person of the study, in a stream without seams."""

from __future__ import annotations

import numpy as np
import pytest

from emg_recognition.actions import PAPER_ACTION_NAMES
from emg_recognition.errors import SettingError
from emg_recognition.recordings.archive import from_arrays
from emg_recognition.simulation.arm import COHORTS
from emg_recognition.simulation.study import StudySettings, simulate_stream, simulate_study

SETTINGS = StudySettings(healthy=5, patients=2, sessions=1, repetitions=3, hold=1.0)
SCRIPT = [("rest", 1.5)] + [(action, 1.5) for action in PAPER_ACTION_NAMES] * 3


def stream(**changes):
    options = {"subject_number": 1, "cohort": "healthy", "session_seed": 1, "script": SCRIPT}
    return simulate_stream(SETTINGS, **(options | changes))


def test_contiguous_segments_that_follow_the_script():
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
def test_no_jump_at_a_border(cohort):
    """Second differences show a seam in signal, hum or wander; at a border they are like around it."""
    arrays = stream(cohort=cohort, script=[("elbow_flexion", 0.7), ("rest", 0.7)] * 60)
    bend = np.diff(arrays["x"].astype(float), n=2, axis=0)
    borders = arrays["start"][1:]
    at = np.abs(bend[borders[:, None] - [2, 1]])
    around = np.abs(bend[borders[:, None] + np.r_[-32:-2, 1:15]])
    # The muscles move 20 ms after the cue at the earliest; until then the level is that of before.
    assert at.mean() < 1.15 * around.mean()
    assert at.max() < 1.5 * around.max()


def level_patterns(arrays, skip):
    """Logarithm of each channel's level for each subject, over all actions: {subject: vector}."""
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


def test_the_wearer_is_the_person_of_the_study():
    known = level_patterns(simulate_study(SETTINGS), skip=0)
    for cohort, count in (("healthy", SETTINGS.healthy), ("patient", SETTINGS.patients)):
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
        ({"subject_number": 0}, "subject_number is 0: use 1 to 5"),
        ({"subject_number": 3, "cohort": "patient"}, "subject_number is 3: use 1 to 2"),
        ({"session_seed": -1}, "session_seed is -1"),
        ({"script": []}, "script is"),
        ({"script": [("fist", 1.0)]}, "script is 'fist': use one of rest, "),
        ({"script": [("rest", 0.0)]}, "script is 0.0"),
        ({"script": [("rest", float("nan"))]}, "script is nan"),
        ({"script": [("rest", float("inf"))]}, "script is inf"),
    ],
)
def test_bad_requests(changes, message):
    with pytest.raises(SettingError) as caught:
        stream(**changes)
    assert str(caught.value).startswith(message)
