"""Strangers of the simulated study put on a turned armband, some of them on the left arm."""

from __future__ import annotations

import dataclasses

import numpy as np

from emg_recognition.actions import PAPER_ACTION_NAMES
from emg_recognition.models.log_features import Measures
from emg_recognition.models.orienting import from_labels
from emg_recognition.recordings.archive import from_arrays
from emg_recognition.signal.settings import suited_settings
from emg_recognition.simulation.study import StudySettings, simulate_study
from emg_recognition.training.alignment import align
from emg_recognition.training.comparators import fit_lda
from emg_recognition.training.windows import windows_from_recordings

#: A ring of eight electrodes that is put on again in both sessions, turned by up to two of them.
STUDY = StudySettings(
    seed=5, healthy=14, patients=1, repetitions=3, hold=1.0, rate=500.0, channels=10, turn=2.0, left=0.3
)
STRANGERS = ("healthy_11", "healthy_12", "healthy_13", "healthy_14")


def test_two_gestures_bring_strangers_near_the_aligned_model():
    recordings = from_arrays(simulate_study(STUDY), "a study")
    pipeline = suited_settings(rate=recordings.rate, channels=recordings.channels, unit=recordings.unit)
    data = windows_from_recordings(recordings, pipeline, 25, actions=PAPER_ACTION_NAMES)
    stranger = np.isin(data.subject, STRANGERS)
    train = data.select((data.cohort == "healthy") & ~stranger)
    alignment = align(train, 8)
    reference = alignment.reference
    model = fit_lda(alignment.apply(train))
    test = data.select(stranger & (data.repetition > 1))

    def accuracy(donned):
        """Return the share of right windows, donned with what `donned` takes of each session's windows."""
        orientations = {}
        for person in STRANGERS:
            for session in ("session_1", "session_2"):
                own = data.select((data.subject == person) & (data.session == session))
                own = own.select(donned(own))
                if len(own):
                    measures = Measures(own.windows, 8)
                    orientations[person, session] = from_labels(reference, measures, own.action).orientation
        seen = dataclasses.replace(alignment, orientations=orientations).apply(test)
        return np.mean(model(seen).argmax(axis=1) == test.action)

    before = accuracy(lambda own: np.zeros(len(own), bool))
    gestures = accuracy(lambda own: (own.repetition == 1) & np.isin(own.action, reference.sync))
    # As the people of the training set are: by all their labels.
    aligned = accuracy(lambda own: np.ones(len(own), bool))
    assert before < 0.70
    assert gestures > aligned - 0.05
    assert gestures > before + 0.05
