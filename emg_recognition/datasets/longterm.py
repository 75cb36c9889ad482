"""``longterm_basic8``: five people, thirty days, an armband in three positions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from emg_recognition.datasets.public_set import PublicSet, Segment

#: Position of the armband on each of the thirty days, from the origin's ``code/set_config.m``.
_POSITIONS = "NIONIIOONNONNOOIIINOOIOIINNINO"
#: Counts per unit of the decimals in the CSV files, which lie within ±1.6: they are rounded to 16 bits.
_SCALE = 20000.0
_NAME = re.compile(r"D(\d+)(M\d)T(\d)\.csv")


def _segments(folder: Path) -> Iterator[Segment]:
    found = []
    for path in folder.glob("data/sub*/day*/*.csv"):
        name = _NAME.fullmatch(path.name)
        if name is not None:
            subject = path.parts[-3].removeprefix("sub")
            found.append((_POSITIONS[int(name[1]) - 1], subject, name[1], name[2], int(name[3]), path))
    for position, subject, day, label, repetition, path in sorted(found):
        values = np.loadtxt(path, delimiter=",", dtype=np.float32, ndmin=2)
        yield Segment(np.round(values * np.float32(_SCALE)), subject, position, day, label, repetition)


SET = PublicSet(
    name="longterm_basic8",
    summary="5 people on 30 days, 8 basic motions of wrist and hand, 4 repetitions of 1.5 s a day; 8 "
    "electrodes, 200 Hz",
    notes="The cohort is the position of the armband: N, I or O, ten days each. M1 is rest, M2 wrist flexion,"
    " M3 wrist extension, M4 radial deviation, M5 ulnar deviation, M6 pronation, M7 supination, M8 hand"
    " close. The origin's combined motions M9 to M22 are left out.",
    repository="Suguru55/Wearable_Sensor_Long-term_sEMG_Dataset",
    commit="005b70cb0fd54f186e4fa17bcf66dcaf32937aa5",
    licence="Apache-2.0",
    citation="Are armband sEMG devices dense enough for long-term use? Sensor placement shifts cause "
    "significant reduction in recognition accuracy. Biomedical Signal Processing and Control,"
    " 2020",
    megabytes=200,
    files=r"data/sub[1-5]/day\d+/D\d+M[1-8]T[1-4]\.csv",
    digest="247af19873ff9c521147a765893970d24e5df9b7b36b6f92862a4aa3af1a139f",
    rate=200.0,
    channels=8,
    dtype="int16",
    scale=_SCALE,
    segments=_segments,
)
