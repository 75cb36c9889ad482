"""The fingerprint changes with the data and with nothing else."""

from __future__ import annotations

import dataclasses

import numpy as np

from emg_recognition.resources import versions
from emg_recognition.training.output import LIBRARIES, data_fingerprint


def test_it_depends_on_samples_and_labels_alone(study):
    recordings = study({"healthy": 1})
    known = data_fingerprint(recordings)
    elsewhere = dataclasses.replace(
        recordings, source="moved.npz", counts=np.r_[recordings.counts, recordings.counts].astype(np.int32)
    )
    assert data_fingerprint(elsewhere) == known
    for change in (
        {"counts": recordings.counts + 1},
        {"label": np.roll(recordings.label, 1)},
        {"repetition": recordings.repetition + 1},
        {"scale": 2.0},
        {"rate": 1000.0},
        {"unit": "V"},
    ):
        assert data_fingerprint(dataclasses.replace(recordings, **change)) != known
    assert data_fingerprint(recordings.select(range(3))) != known


def test_versions_name_what_computes():
    found = versions(*LIBRARIES)
    assert any(found.get(name, "").startswith("2.") for name in ("tensorflow", "tensorflow-cpu"))
    assert all(found.values())
