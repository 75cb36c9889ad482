"""Which segments train, validate and test.

An honest split keeps each repetition of an action on one side only: windows of one repetition resemble
each other so much that a model which has seen some of them is praised for remembering the rest.
Validation comes from the training repetitions; the test repetitions are not looked at before a model has
been chosen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emg_recognition.errors import SettingError
from emg_recognition.recordings.recordings import Recordings


@dataclass(frozen=True, eq=False)
class Split:
    """Segments of the three sides.

    Attributes
    ----------
    rule : str
        How the split was made, in words for the report.
    train, validation, test : ndarray of int64
        Indices of segments, each segment on one side at most.
    repetitions : dict of str to tuple of int
        The repetitions of each side.
    """

    rule: str
    train: NDArray[np.int64]
    validation: NDArray[np.int64]
    test: NDArray[np.int64]
    repetitions: dict[str, tuple[int, ...]]


def split_by_repetition(
    recordings: Recordings,
    *,
    train: Sequence[int] | None = None,
    validation: Sequence[int] | None = None,
    test: Sequence[int] | None = None,
) -> Split:
    """Split by the number of the repetition, alike for all subjects, sessions and actions.

    Parameters
    ----------
    recordings : Recordings
        The labelled segments.
    train : sequence of int or None
        Training repetitions, those of validation among them or beside them; ``None``: all that do not test.
    validation : sequence of int or None
        Those that are held back from fitting to choose the member; ``None``: the last training repetition in
        which every cohort performs every action.
    test : sequence of int or None
        Test repetitions; ``None``: those that `train` leaves over or, without `train`, the last
        repetition in which every cohort performs every action, and what follows it.

    Returns
    -------
    Split
        The segments of each side.

    Raises
    ------
    SettingError
        If a repetition does not exist or stands on two sides, or if a side or an action is left without a
        segment.
    """
    known = sorted(set(recordings.repetition.tolist()))
    for name, asked in (("train", train), ("validation", validation), ("test", test)):
        missing = sorted(set(asked or ()) - set(known))
        if missing:
            raise SettingError(f"{name} repetitions", asked, f"{recordings.source} has repetitions {known}")
    complete = _complete_repetitions(recordings)
    if test is None and train is None:
        last = max(complete, default=known[-1])
        test = [repetition for repetition in known if repetition >= last]
    held = set(validation or ())
    if test is None:
        test = sorted(set(known) - set(train or ()) - held)
    training = set(known) - set(test) if train is None else set(train) | held
    both = sorted((training | held) & set(test))
    if both:
        raise SettingError(
            "test repetitions", tuple(test), f"{both} also train or validate; put each on one side"
        )
    if not held:
        candidates = sorted(training & complete) or sorted(training)
        held = set(candidates[-1:])
    sides = {
        "train": tuple(sorted(training - held)),
        "validation": tuple(sorted(held)),
        "test": tuple(sorted(test)),
    }
    for name, repetitions in sides.items():
        if not repetitions:
            remedy = f"a split needs one or more to train, to validate and to test; there are {known}"
            raise SettingError(f"{name} repetitions", repetitions, remedy)
    segments = {
        name: np.flatnonzero(np.isin(recordings.repetition, repetitions))
        for name, repetitions in sides.items()
    }
    for action in recordings.actions:
        if action not in recordings.label[segments["train"]]:
            raise SettingError(
                "train repetitions", sides["train"], f"none of them has the action {action!r}; take more"
            )
    return Split("by repetition", **segments, repetitions=sides)


def _complete_repetitions(recordings: Recordings) -> set[int]:
    """Repetitions in which every cohort performs every action it performs at all."""
    groups: dict[tuple[str, str], set[int]] = {}
    for cohort, label, repetition in zip(
        recordings.cohort.tolist(), recordings.label.tolist(), recordings.repetition.tolist(), strict=True
    ):
        groups.setdefault((cohort, label), set()).add(repetition)
    return set.intersection(*groups.values()) if groups else set()
