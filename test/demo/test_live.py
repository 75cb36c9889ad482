"""What the demo plays."""

import dataclasses

import numpy as np
import pytest

from emg_recognition.demo.study import (
    recorded,
    recorded_session,
    simulated_donning,
    simulated_session,
    split_repetitions,
)
from emg_recognition.errors import RecordingError, SettingError
from emg_recognition.recordings.archive import from_arrays, load_archive, save_archive
from emg_recognition.simulation.study import StudySettings


def recordings_of(rng, subjects=("1", "2"), sessions=5, labels=("a", "b"), repetitions=4, length=300):
    rows = [
        (subject, f"cohort{subject}", str(session), label, repetition)
        for subject in subjects
        for session in range(sessions)
        for label in labels
        for repetition in range(1, repetitions + 1)
    ]
    subject, cohort, session, label, repetition = (np.array(column) for column in zip(*rows, strict=True))
    return from_arrays(
        {
            "x": rng.integers(-2000, 2000, (length * len(rows), 3), dtype=np.int16),
            "start": np.arange(len(rows)) * length,
            "length": np.full(len(rows), length),
            "scale": 20.0,
            "fs": 200,
            "subject": subject,
            "cohort": cohort,
            "session": session,
            "label": label,
            "rep": repetition,
        },
        "test",
    )


def test_test_repetitions_fit_in_the_time_and_keep_whole_sessions(rng):
    recordings = recordings_of(rng)
    # Two labels of 1.5 s a session: ten seconds hold three sessions.
    live = recorded_session(recordings, (4,), 10.0)
    assert set(live.repetition) == {4}
    assert len(live) == 6
    assert live.length.sum() / live.rate <= 10.0
    assert sorted(live.label) == ["a"] * 3 + ["b"] * 3
    # Spread over subjects, and without the samples that are not played.
    assert set(live.subject) == {"1", "2"}
    assert live.start.tolist() == [0, 300, 600, 900, 1200, 1500]
    assert len(live.counts) == 1800
    original = recordings.select((recordings.repetition == 4) & (recordings.session == live.session[0]))
    assert np.array_equal(live.segment(0), original.segment(0))


def test_a_segment_longer_than_the_time_is_played_all_the_same(rng):
    assert len(recorded_session(recordings_of(rng), (4,), 0.5)) == 1


def test_float_recordings_are_sent_as_whole_numbers(rng):
    recordings = recordings_of(rng)
    floats = dataclasses.replace(recordings, counts=recordings.counts / 7.0)
    live = recorded_session(floats, (4,), 10.0)
    assert live.counts.dtype == np.int32
    assert np.abs(live.counts).max() < 2**23
    exact = recorded_session(recordings, (4,), 10.0).segment(0) / 7.0
    assert np.allclose(live.segment(0), exact, atol=1e-4 * np.abs(exact).max())


def test_the_simulated_patient_performs_every_action():
    live = simulated_session(StudySettings(), hold=0.5, rounds=1)
    assert len(live) == 11
    assert set(live.label) == set(live.actions)
    assert len(live.actions) == 6
    assert set(live.cohort) == {"patient"}
    assert np.array_equal(live.start[1:], (live.start + live.length)[:-1])


def test_the_patient_dons_the_armband_before_the_session():
    live = simulated_session(StudySettings(), hold=0.5, rounds=1)
    donning = simulated_donning(StudySettings(), ["elbow_flexion", "wrist_extension"])
    assert list(donning.label) == ["rest", "elbow_flexion", "wrist_extension"]
    assert np.all(donning.length == 5 * donning.rate)
    assert {*donning.subject, *donning.session} == {*live.subject, *live.session}


def test_the_last_repetition_that_every_action_has_is_the_test(rng):
    recordings = recordings_of(rng)
    assert split_repetitions(recordings) == ((1, 2, 3), (4,))
    # A seventh repetition that only one action has cannot test all of them.
    repetition = recordings.repetition.copy()
    repetition[(recordings.label == "a") & (repetition == 4)] = 7
    assert split_repetitions(dataclasses.replace(recordings, repetition=repetition)) == ((1, 2), (3,))


def test_too_few_repetitions_are_an_error(rng):
    with pytest.raises(RecordingError, match=r"\[1, 2\]"):
        split_repetitions(recordings_of(rng, repetitions=2))


def test_an_archive_without_a_minority_gives_one_subject(rng, tmp_path):
    save_archive(tmp_path / "data.npz", recordings_of(rng))
    study = recorded(tmp_path / "data.npz", tmp_path, None)
    assert (study.subject, study.minority, study.breaks) == ("1", None, True)
    assert (study.train, study.test) == ("1,2,3", "4")
    assert set(load_archive(study.live).subject) == {"1"}


def test_a_named_minority_is_played_and_an_unknown_one_refused(rng, tmp_path):
    save_archive(tmp_path / "data.npz", recordings_of(rng))
    study = recorded(tmp_path / "data.npz", tmp_path, "cohort2")
    assert (study.subject, study.minority) == (None, "cohort2")
    assert set(load_archive(study.live).subject) == {"2"}
    with pytest.raises(SettingError, match=r"left.*cohort1, cohort2"):
        recorded(tmp_path / "data.npz", tmp_path, "left")
