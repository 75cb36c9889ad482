"""The learning curve of a comparison: the same test windows, with 1, 2, 3… repetitions of each patient.

More recordings of other people help most where a patient has given little. One number hides that.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from emg_recognition.errors import SettingError
from emg_recognition.text import natural
from emg_recognition.training.settings import METHODS
from emg_recognition.training.split import RandomWindows, Split
from emg_recognition.training.windows import SegmentTable

CURVE_METHODS = tuple(method for method in METHODS if method != "balanced-bagging")
"""What a learning curve has of the methods that are asked for."""

_SETTING = "learning curve"


def shortened(split: Split, segments: SegmentTable, minority: str, repetitions: int) -> Split:
    """Return a split that trains on the first repetitions of each person of the minority only.

    Parameters
    ----------
    split : Split
        An honest split.
    segments : SegmentTable
        What is known about the segments of the recordings.
    minority : str
        The cohort.
    repetitions : int
        How many repetitions of each person are kept, the first of their first session first. Everybody
        else's training segments, validation and test stay as they are.

    Returns
    -------
    Split
        The same with fewer training segments.
    """
    place = _places(split.train, segments, minority)
    return dataclasses.replace(split, train=split.train[place < repetitions])


def check_curve(
    asked: Sequence[int], splits: Sequence[Split], segments: SegmentTable, minority: str | None
) -> int:
    """Refuse a learning curve that cannot be drawn; return how many repetitions a person gives at most.

    Parameters
    ----------
    asked : sequence of int
        Numbers of repetitions.
    splits : sequence of Split
        The folds.
    segments : SegmentTable
        What is known about the segments.
    minority : str or None
        The cohort whose repetitions are counted.

    Returns
    -------
    int
        The number that all training segments have.

    Raises
    ------
    SettingError
        Without a minority, with a split at random, or for a number that is no part of all repetitions.
    """
    if minority is None:
        raise SettingError(_SETTING, list(asked), "it counts the repetitions of a minority; name one")
    if any(isinstance(split, RandomWindows) for split in splits):
        raise SettingError(_SETTING, list(asked), "a split at random divides repetitions; use another split")
    most = max(int(_places(split.train, segments, minority).max()) + 1 for split in splits)
    if min(asked) < 1 or max(asked) >= most or len(set(asked)) < len(asked):
        if most == 1:
            remedy = f"{minority} trains with one repetition each, which is the whole curve; train with more"
        else:
            few = f"from 1 to {most - 1}" if most > 2 else "1"
            remedy = f"{minority} trains with {most} repetitions each; give numbers {few}, each once"
        raise SettingError(_SETTING, list(asked), remedy)
    return most


def _places(train: NDArray[np.int64], segments: SegmentTable, minority: str) -> NDArray[np.int64]:
    """Return the place of each training segment's repetition among its person's; -1 in other cohorts."""
    subject, session = segments.subject[train], segments.session[train]
    repetition, place = segments.repetition[train], np.full(len(train), -1, np.int64)
    mine = segments.cohort[train] == minority
    for person in np.unique(subject[mine]).tolist():
        own = np.flatnonzero(mine & (subject == person))
        keys = list(zip(session[own].tolist(), repetition[own].tolist(), strict=True))
        in_time = sorted(set(keys), key=lambda one: (natural(one[0]), one[1]))
        order = {key: number for number, key in enumerate(in_time)}
        place[own] = [order[key] for key in keys]
    return place
