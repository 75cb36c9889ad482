"""Leave out parts of recordings by name, such as a session whose labels were exchanged."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence

import numpy as np

from emg_recognition.errors import SettingError
from emg_recognition.recordings.recordings import Recordings
from emg_recognition.text import nfc

#: What the parts of a name stand for, in their order.
_PARTS = ("subject", "session", "action", "repetition")


def segment_names(recordings: Recordings) -> list[tuple[str, str, str, str]]:
    """Return subject, session, action and repetition of each segment; ``-`` stands for an empty one."""
    columns = (recordings.subject, recordings.session, recordings.label, recordings.repetition)
    return [
        (subject or "-", session or "-", label, str(repetition))
        for subject, session, label, repetition in zip(*(c.tolist() for c in columns), strict=True)
    ]


def without(recordings: Recordings, names: Sequence[str]) -> Recordings:
    """Leave out segments by name, see :meth:`Recordings.without`."""
    if isinstance(names, str):
        raise SettingError("without", names, "give a list of names")
    of_segment = segment_names(recordings)
    kept = np.ones(len(recordings), np.bool_)
    notes = []
    for name in names:
        found = _meant(of_segment, nfc(name), recordings.source)
        kept &= ~found
        notes.append(f"{name} is left out, {np.count_nonzero(found)} of {len(recordings)} segments")
    if not kept.any():
        raise SettingError("without", ", ".join(names), "no segment would be left; leave out less")
    return dataclasses.replace(recordings.select(kept), problems=(*recordings.problems, *notes))


def _meant(of_segment: Sequence[tuple[str, ...]], name: str, source: str) -> np.ndarray:
    """Return which segments a name means; it is all of their names, or the first ones."""
    parts = name.split("/")
    found = _begin(of_segment, parts)
    if found.any():
        return found
    if not 1 <= len(parts) <= len(_PARTS):
        raise SettingError("without", name, "write SUBJECT/SESSION/ACTION/REPETITION, or the first of these")
    known = next(depth for depth in range(len(parts) - 1, -1, -1) if _begin(of_segment, parts[:depth]).any())
    there = _begin(of_segment, parts[:known])
    names = sorted({one[known] for one, here in zip(of_segment, there, strict=True) if here})
    of = "/".join(parts[:known]) or source
    remedy = f"{of} has no {_PARTS[known]} {parts[known]!r}; it has {', '.join(names)}"
    raise SettingError("without", name, remedy)


def _begin(of_segment: Sequence[tuple[str, ...]], parts: Sequence[str]) -> np.ndarray:
    """Return for which segments the first names match; ``*`` stands for any characters but ``/``."""
    # Joined, so that a slash in a name does no harm.
    pattern = re.compile("[^/]*".join(map(re.escape, "/".join(parts).split("*"))))
    matches = {
        name: not parts or any(pattern.fullmatch("/".join(name[:depth])) for depth in range(1, len(name) + 1))
        for name in set(of_segment)
    }
    return np.array([matches[name] for name in of_segment], np.bool_)
