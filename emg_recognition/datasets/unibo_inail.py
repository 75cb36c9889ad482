"""``unibo_inail``: seven people on eight days in four postures of the arm, four electrodes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from emg_recognition.datasets.public_set import PublicSet, Segment, natural

_REST = 1


def _segments(folder: Path) -> Iterator[Segment]:
    from scipy.io import loadmat

    for path in sorted((folder / "data").glob("*.mat"), key=lambda path: natural(path.name)):
        _, user, _, day, _, posture = path.stem.split("_")
        content = loadmat(path, variable_names=["emg", "relabel"])
        samples, labels = content["emg"], content["relabel"].ravel().astype(int)
        borders = np.flatnonzero(np.diff(labels)) + 1
        starts, ends = np.append(0, borders), np.append(borders, len(labels))
        for start, end, repetition in zip(starts, ends, _repetitions(labels[starts]), strict=True):
            label = "rest" if labels[start] == _REST else f"gesture_{labels[start]}"
            yield Segment(samples[start:end], user, f"posture_{posture}", day, label, repetition)


def _repetitions(runs: np.ndarray) -> list[int]:
    """Count each grip; a rest has the repetition of the grip after it, the last rest of the one before."""
    repetitions = [int((runs[: place + 1] == label).sum()) for place, label in enumerate(runs)]
    return [
        repetitions[place + 1 if place + 1 < len(runs) else place - 1]
        if label == _REST
        else repetitions[place]
        for place, label in enumerate(runs)
    ]


SET = PublicSet(
    name="unibo_inail",
    summary="7 people on 8 days in 4 postures of the arm, 5 grips and rest, 9 to 16 repetitions of 3 s; 4 "
    "electrodes, 500 Hz",
    notes="The cohort is the posture: the origin's page lists arm not fully extended, extended, extended with"
    " the palm down, and raised by 45°. The files number the grips and nobody says which is which "
    "(power grip, pinch with two and three fingers, pointing, open hand), so they are called gesture_2 "
    "to gesture_6. The electrodes sit on muscles and do not form a ring. A rest has the repetition of "
    "the grip that follows it.",
    repository="pulp-bio/unibo-inail-semg-dataset",
    commit="5a9d62e738f165ee0766ef61e2dc35b7d61518bf",
    licence="LGPL-2.1",
    citation="M. Zanghieri, M. Orlandi, E. Donati, E. Gruppioni, L. Benini, S. Benatti: Online "
    "unsupervised arm posture adaptation for sEMG-based gesture recognition on a parallel "
    "ultra-low-power microcontroller. IEEE BioCAS 2023, doi:10.1109/BioCAS58349.2023.10388902",
    megabytes=510,
    files=r"data/user_\d_day_\d_posture_\d\.mat",
    digest="d51c2eeabb1e855ac8c51338bdcf6c9746d582e3158b6dd07692deb0bf3b43d8",
    rate=500.0,
    channels=4,
    dtype="float32",
    segments=_segments,
)
