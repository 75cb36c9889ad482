"""``myo_armband_7``: forty people with a Myo armband, seven gestures."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from emg_recognition.datasets.public_set import PublicSet, Segment, natural

#: The order of the gestures, which repeats in the files classe_0, classe_1, …
_LABELS = (
    "rest",
    "radial_deviation",
    "wrist_flexion",
    "ulnar_deviation",
    "wrist_extension",
    "hand_close",
    "hand_open",
)
_CHANNELS = 8


def _segments(folder: Path) -> Iterator[Segment]:
    for path in sorted(
        folder.glob("*Dataset/*/*/*.dat"), key=lambda path: natural(str(path.relative_to(folder)))
    ):
        part, person, session = path.relative_to(folder).parts[:3]
        part = part.removesuffix("Dataset").lower()
        repetition, action = divmod(int(path.stem.removeprefix("classe_")), len(_LABELS))
        counts = np.fromfile(path, "<i2").reshape(-1, _CHANNELS)
        yield Segment(
            counts, f"{part}_{person.lower()}", part, session.lower(), _LABELS[action], repetition + 1
        )


SET = PublicSet(
    name="myo_armband_7",
    summary="40 people, 6 gestures of wrist and hand and rest, 4 repetitions of 5 s a session; 8 electrodes, "
    "200 Hz",
    notes="The cohort is the part of the set: pretraining (22 people, one session) or evaluation (18 people; "
    "sessions training0, test0, test1). What the origin calls neutral is called rest here.",
    repository="UlysseCoteAllard/MyoArmbandDataset",
    commit="4de3efef85356fbf565d96a150f386d99165cfee",
    licence="GPL-3.0",
    citation="U. Côté-Allard, C. L. Fall, A. Drouin, A. Campeau-Lecours, C. Gosselin, K. Glette, F. "
    "Laviolette, B. Gosselin: Deep learning for electromyographic hand gesture signal "
    "classification using transfer learning. IEEE Transactions on Neural Systems and "
    "Rehabilitation Engineering 27(4), 2019",
    megabytes=35,
    files=r"(?:PreTraining|Evaluation)Dataset/\w+/\w+/classe_\d+\.dat",
    digest="f8d2b441db3e05f22560dae0c1c7b280255e1f8cec3d12de9b6f33c9c26dd2eb",
    rate=200.0,
    channels=_CHANNELS,
    dtype="int16",
    segments=_segments,
)
