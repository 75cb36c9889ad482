"""A study of seconds: three actions that differ in strength and in the channels that are active."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pytest

from emg_recognition.models.settings import NetworkSettings
from emg_recognition.recordings.archive import from_arrays
from emg_recognition.recordings.recordings import Recordings
from emg_recognition.training.settings import EnsembleSettings, ExperimentSettings, FitSettings

RATE = 200.0
STRENGTH = {"rest": (5, 5, 5), "elbow_flexion": (400, 40, 5), "wrist_extension": (5, 40, 400)}


@pytest.fixture(scope="session")
def study() -> Callable[..., Recordings]:
    """Make recordings of some cohorts, given as the number of subjects of each."""

    def make(
        cohorts: Mapping[str, int], repetitions: int = 4, samples: int = 120, seed: int = 0
    ) -> Recordings:
        rng = np.random.default_rng(seed)
        rows = [
            (f"{cohort}_{number}", cohort, "1", action, repetition)
            for cohort, subjects in cohorts.items()
            for number in range(1, subjects + 1)
            for action in STRENGTH
            for repetition in range(1, repetitions + 1)
        ]
        counts = [rng.normal(0, STRENGTH[row[3]], (samples, 3)).round().astype(np.int16) for row in rows]
        subject, cohort, session, label, repetition = zip(*rows, strict=True)
        arrays = {
            "x": np.concatenate(counts),
            "start": np.arange(len(rows)) * samples,
            "length": np.full(len(rows), samples),
            "scale": 1.0,
            "fs": RATE,
            "subject": np.array(subject),
            "cohort": np.array(cohort),
            "session": np.array(session),
            "label": np.array(label),
            "rep": np.array(repetition),
        }
        return from_arrays(arrays, "a study.npz")

    return make


@pytest.fixture(scope="session")
def tiny() -> ExperimentSettings:
    """An experiment that trains in a second a member."""
    return ExperimentSettings(
        network=NetworkSettings(picture=(10, 0, 3), stem=(4, 2, 1), bottlenecks=((4, 4, 2, 1),), features=8),
        training=FitSettings(epochs=2, batch_size=16, least_steps_per_epoch=8, learning_rate=2e-2),
        ensemble=EnsembleSettings(members=3),
    )


@pytest.fixture
def unequal(rng: np.random.Generator) -> Recordings:
    """Four segments of different lengths; with 200 ms and settling the last one is too short for a window."""
    length = np.array([300, 260, 140, 60])
    return Recordings(
        counts=rng.integers(-500, 500, size=(length.sum(), 2)).astype(np.int16),
        start=np.cumsum(length) - length,
        length=length,
        scale=2.0,
        rate=200.0,
        unit="count",
        subject=np.array(["a", "a", "b", "b"]),
        cohort=np.array(["healthy", "healthy", "patient", "patient"]),
        session=np.array(["1", "2", "1", "1"]),
        label=np.array(["fist", "rest", "fist", "wave"]),
        repetition=np.array([1, 2, 3, 4]),
        source="here.npz",
    )


@pytest.fixture
def ensemble(study, tiny, tmp_path):
    """Return a function that makes the jobs of an ensemble of three members in a new folder."""
    # Imported here: loading Keras takes seconds, and not every test of the room needs it.
    from emg_recognition.training.ensemble import member_jobs
    from emg_recognition.training.windows import windows_from_recordings

    recordings = study({"healthy": 3, "patient": 1})
    pipeline = tiny.pipeline_for(rate=recordings.rate, channels=recordings.channels, unit=recordings.unit)
    # Mapped, so that the processes get the name of the file.
    windows = windows_from_recordings(recordings, pipeline, 10, cache=tmp_path / "cache")
    subsets = {
        "train": windows.select(windows.repetition <= 2),
        "validation": windows.select(windows.repetition == 3),
        "test": windows.select(windows.repetition == 3),
    }

    def make(name, settings=tiny):
        return member_jobs(settings, subsets, "patient", tmp_path / name)

    return make
