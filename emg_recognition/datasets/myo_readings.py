"""``myo_readings_active5``: 41 people with a Myo armband, three of them on the left arm."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from emg_recognition.datasets.public_set import PublicSet, Segment

#: Name of a file -> action; radial and ulnar deviation (3, 4) are left out.
_LABELS = {
    0: "hibernation",
    1: "wrist_flexion",
    2: "wrist_extension",
    5: "pronation",
    6: "supination",
    7: "fist",
}
#: A minute of rest is one piece; it is divided like a minute of an action.
_PARTS_OF_REST = 6


def _segments(folder: Path) -> Iterator[Segment]:
    # Sorted by hand, subject and session.
    for place in sorted(folder.glob("_readings_*_hand/*"), key=lambda path: (path.parent, *_who(path))):
        hand = place.parent.name.removeprefix("_readings_").removesuffix("_hand")
        subject, session = _who(place)
        for number, label in sorted(_LABELS.items(), key=lambda item: item[1]):
            path = place / f"{number}.txt"
            if not path.exists():
                continue
            try:
                rows = np.loadtxt(path, delimiter=",", dtype=np.int16, ndmin=2)
            except ValueError:  # lines are run together in four files
                continue
            for repetition, part in enumerate(_parts(rows, number), start=1):
                yield Segment(part, subject, hand, session, label, repetition)


def _who(place: Path) -> tuple[str, str]:
    subject, _, session = place.name.rpartition("-")
    return subject, session


def _parts(rows: np.ndarray, number: int) -> list[np.ndarray]:
    """Return the repetitions in a file: the stretches with the action's number in the last column."""
    samples, labels = rows[:, :-1], rows[:, -1]
    if number == 0:
        return np.array_split(samples, _PARTS_OF_REST)
    border = np.flatnonzero(np.diff(labels == number)) + 1
    return [
        part
        for part, name in zip(np.split(samples, border), np.split(labels, border), strict=True)
        if name[0] == number
    ]


SET = PublicSet(
    name="myo_readings_active5",
    summary="41 people, most with 3 sessions, 5 actions of wrist and hand and rest, 6 repetitions of 5 s; 8 "
    "electrodes, 200 Hz",
    notes="The cohort is the arm: right (38 people) or left (3). Rest is called hibernation: small "
    "movements of every kind, one minute, divided into 6 repetitions. The pauses between the "
    "repetitions, radial and ulnar deviation, and four files with damaged lines are left out.",
    repository="aljazfrancic/myo-readings-dataset",
    commit="2630b1dd8b83b2fa386f06d536f64254ad541ac5",
    licence="MIT",
    citation="Aljaž Frančič: myo-readings-dataset, 2021",
    megabytes=105,
    files=r"_readings_(?:left|right)_hand/[^/]+/[0-25-7]\.txt",
    digest="99569d9e9a955082bde3cfd5e1e08b526570375596cf255f5020a5573ba2e637",
    rate=200.0,
    channels=8,
    dtype="int8",
    segments=_segments,
)
