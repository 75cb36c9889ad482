"""What each member is made from."""

from __future__ import annotations

import dataclasses

import numpy as np

from emg_recognition.training.ensemble import member_jobs, rising_share
from emg_recognition.training.windows import windows_from_recordings


def jobs_of(study, tiny, tmp_path, minority="patient"):
    recordings = study({"healthy": 3, "patient": 1})
    pipeline = tiny.pipeline_for(rate=recordings.rate, channels=recordings.channels, unit=recordings.unit)
    windows = windows_from_recordings(recordings, pipeline, 10)
    sides = {
        "train": windows.select(windows.repetition <= 2),
        "validation": windows.select(windows.repetition == 3),
    }
    return sides, member_jobs(tiny, sides, minority, tmp_path, prefix="fold 2, ")


def test_members_share_out_the_majority_and_have_seeds_of_their_own(study, tiny, tmp_path):
    sides, jobs = jobs_of(study, tiny, tmp_path)
    assert [job.label for job in jobs] == [f"fold 2, member {k}/3" for k in (1, 2, 3)]
    assert [job.place.name for job in jobs] == ["member_01", "member_02", "member_03"]
    assert len({job.training.seed for job in jobs}) == 3
    of_majority = np.concatenate([job.train.begin[job.train.cohort == "healthy"] for job in jobs])
    assert sorted(of_majority) == sorted(sides["train"].begin[sides["train"].cohort == "healthy"])
    assert all(job.train.count("cohort")["patient"] == 24 for job in jobs)
    assert all(job.weights is None for job in jobs)


def test_without_a_minority_one_member_has_all(study, tiny, tmp_path):
    sides, (job,) = jobs_of(study, tiny, tmp_path, minority=None)
    assert len(job.train) == len(sides["train"])


def test_the_share_of_the_minority_rises_to_all(study, tiny, tmp_path):
    ensemble = dataclasses.replace(tiny.ensemble, share=(0.4, 0.5))
    _, jobs = jobs_of(study, dataclasses.replace(tiny, ensemble=ensemble), tmp_path)
    patient = jobs[0].train.cohort == "patient"
    assert jobs[0].weights.shape == (tiny.training.epochs, len(patient))
    weights = rising_share(patient, 8, 0.4, 0.5)
    np.testing.assert_allclose(weights.sum(axis=1), 1.0)
    np.testing.assert_allclose(weights[:, patient].sum(axis=1), [0.4, 0.55, 0.7, 0.85, 1, 1, 1, 1])
    assert len(np.unique(weights[0, ~patient])) == 1
