"""Splits by what stands in a column: the repetition, the session, the subject or the cohort.

What is not named follows from what is:

* ``test``: what neither trains nor validates;
* ``train``: what neither tests nor validates;
* ``validation``: the last complete repetition of the training segments, see
  :func:`~emg_recognition.training.split.honest_split`.

With neither ``train`` nor ``test``, the last repetition in which every cohort performs every action tests
(and what follows it), or the last session of each subject. Subjects and cohorts have no order: one has to
be named.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emg_recognition.errors import SettingError
from emg_recognition.recordings.recordings import Recordings
from emg_recognition.recordings.repetitions import parse_repetitions
from emg_recognition.training.split import Split, complete_repetitions, distinct, honest_split, in_order
from emg_recognition.training.split_settings import SplitSettings, Values


def split_by_values(recordings: Recordings, settings: SplitSettings) -> Split:
    """Split by the values of the column that is the split's name.

    Parameters
    ----------
    recordings : Recordings
        The labelled segments.
    settings : SplitSettings
        Name and values.

    Returns
    -------
    Split
        The one fold.

    Raises
    ------
    SettingError
        If a value does not occur or stands on two sides, or if a side or an action is left without a segment.
    """
    column, what = settings.name, f"{settings.name}s"
    labels = getattr(recordings, column)
    known = distinct(labels)
    train, validation, test = (
        _read(getattr(settings, side), column, known) for side in ("train", "validation", "test")
    )
    for side, asked in (("train", train), ("validation", validation), ("test", test)):
        if not set(asked or ()) <= set(known):
            raise SettingError(f"{side} {what}", asked, f"{recordings.source} has {what} {list(known)}")
    if train is None and test is None:
        labels, test = _default_test(recordings, settings)
        known = distinct(labels)
    held = set(validation or ())
    tested = set(known) - set(train or ()) - held if test is None else set(test)
    training = set(known) - tested - held if train is None else set(train) - held
    both = sorted((set(train or ()) | held) & tested, key=in_order)
    if both:
        shown = tuple(sorted(tested, key=in_order))
        raise SettingError(f"test {what}", shown, f"{both} also train or validate; put each on one side")
    sides = {"train": _segments(labels, training), "test": _segments(labels, tested)}
    if held:
        sides["validation"] = _segments(labels, held)
    return honest_split(recordings, sides, labels, what=what, rule=f"by {column}")


def _segments(labels: NDArray[Any], values: set[Any]) -> NDArray[np.int64]:
    return np.flatnonzero(np.isin(labels, list(values)))


def _read(values: Values, column: str, known: Sequence[Any]) -> tuple[Any, ...] | None:
    """Values as they stand in the column: whole numbers for repetitions, else text."""
    if values is None:
        return None
    found: list[Any] = []
    for value in values if isinstance(values, tuple) else (values,):
        if isinstance(value, str) and value not in known and re.fullmatch("[0-9,-]+", value):
            found += parse_repetitions(value)
        else:
            found.append(value)
    return tuple(found if column == "repetition" else map(str, found))


def _default_test(recordings: Recordings, settings: SplitSettings) -> tuple[NDArray[Any], tuple[Any, ...]]:
    """Return the labels to split by and those that test, where nothing is said."""
    column = settings.name
    known = list(distinct(getattr(recordings, column)))
    if column == "repetition":
        last = max(complete_repetitions(recordings), default=known[-1])
        return recordings.repetition, tuple(repetition for repetition in known if repetition >= last)
    if column == "session" and settings.validation is None:
        return _last_sessions(recordings)
    remedy = f"name the {column}s that test, or those that train; {recordings.source} has {known}"
    raise SettingError("split.test", None, remedy)


def _last_sessions(recordings: Recordings) -> tuple[NDArray[Any], tuple[Any, ...]]:
    pairs = subject_sessions(recordings)
    test: list[str] = []
    for subject in distinct(recordings.subject):
        sessions = distinct(pairs[recordings.subject == subject])
        test += sessions[1:][-1:]  # a subject with one session only trains
    if not test:
        raise SettingError("split.name", "session", f"no subject of {recordings.source} has two sessions")
    return pairs, tuple(test)


def subject_sessions(recordings: Recordings) -> NDArray[np.str_]:
    """Return a name for each segment's session that no other subject's session has."""
    pairs = zip(recordings.subject.tolist(), recordings.session.tolist(), strict=True)
    return np.array([f"{subject}/{session}" for subject, session in pairs], dtype=np.str_)
