"""One way to divide recordings into training, validation and test."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from emg_recognition.errors import SettingError
from emg_recognition.recordings.recordings import Recordings
from emg_recognition.training.windows import WindowSet


def stratified_parts(actions: ArrayLike, parts: int, seed: int) -> list[NDArray[np.int64]]:
    """Cut windows into parts at random, each with its share of every action.

    The windows of each action are shuffled, laid end to end and dealt out like cards. So the parts differ
    by at most one window an action, and by at most one window in all.

    Parameters
    ----------
    actions : array_like of int, shape (n,)
        The action of each window.
    parts : int
        How many parts, at least 1.
    seed : int
        The same seed gives the same parts.

    Returns
    -------
    list of ndarray of int64
        Ascending indices of each part's windows; every window is in exactly one part.

    Raises
    ------
    ValueError
        If `parts` is below 1.
    """
    if parts < 1:
        raise ValueError(f"cannot cut windows into {parts} parts")
    labels = np.asarray(actions)
    shuffled = np.random.default_rng(seed).permutation(len(labels))
    dealt = shuffled[np.argsort(labels[shuffled], kind="stable")]
    return [np.sort(dealt[part::parts]) for part in range(parts)]


def member_windows(
    actions: ArrayLike, minority: ArrayLike, members: int, seed: int
) -> list[NDArray[np.int64]]:
    """Windows of each member: the whole minority and one part of the majority.

    Parameters
    ----------
    actions : array_like of int, shape (n,)
        The action of each training window.
    minority : array_like of bool, shape (n,)
        Which windows come from the minority cohort; with none, the members share out all windows.
    members : int
        How many members, at least 1.
    seed : int
        The same seed gives the same members.

    Returns
    -------
    list of ndarray of int64
        Ascending indices of each member's windows.
    """
    is_minority = np.asarray(minority, dtype=bool)
    majority = np.flatnonzero(~is_minority)
    parts = stratified_parts(np.asarray(actions)[majority], members, seed)
    return [np.union1d(np.flatnonzero(is_minority), majority[part]) for part in parts]


SIDES = ("train", "validation", "test")

_SHOWN = 8
"""Values of a side that an error shows."""


@dataclass(frozen=True, eq=False)
class Split:
    """Segments of the three sides; one fold where there are several.

    Attributes
    ----------
    name : str
        Of the fold, usable as the name of a folder; empty where there is one fold only.
    rule : str
        How the split was made, in words for the report.
    train, validation, test : ndarray of int64
        Ascending numbers of segments, each on one side at most.
    values : dict of str to tuple
        What stands on each side (repetitions, sessions, subjects…), for the report.
    leaking : bool
        Whether what is tested may have been seen in training, so that the result flatters.
    """

    name: str
    rule: str
    train: NDArray[np.int64]
    validation: NDArray[np.int64]
    test: NDArray[np.int64]
    values: dict[str, tuple[Any, ...]]
    leaking: bool = False

    def cut(self, windows: WindowSet) -> dict[str, WindowSet]:
        """Return the windows of each side.

        Parameters
        ----------
        windows : WindowSet
            Windows of the recordings that were split.

        Returns
        -------
        dict of str to WindowSet
            ``train``, ``validation`` and ``test``.
        """
        return {side: windows.of_segments(getattr(self, side)) for side in SIDES}


@dataclass(frozen=True, eq=False)
class RandomWindows(Split):
    """The paper's split: windows at random, whatever segment they come from.

    Each side has all segments. Neighbouring windows overlap, and nearly every test window has a neighbour
    that trains, so that this measures memory as much as recognition. It is here to be compared with.

    Attributes
    ----------
    seed : int
        Decides which windows stand where.
    """

    seed: int = 0
    leaking: bool = True

    def cut(self, windows: WindowSet) -> dict[str, WindowSet]:
        """Deal the windows of each action and cohort into ten parts: seven train, one validates, two test."""
        _, cohort = np.unique(windows.cohort, return_inverse=True)
        parts = stratified_parts(cohort * len(windows.actions) + windows.action, 10, self.seed)
        pieces = {"train": parts[3:], "validation": parts[2:3], "test": parts[:2]}
        return {side: windows.select(np.sort(np.concatenate(pieces[side]))) for side in SIDES}


def honest_split(
    recordings: Recordings,
    sides: dict[str, NDArray[np.int64]],
    labels: NDArray[Any],
    *,
    what: str,
    rule: str,
    name: str = "",
) -> Split:
    """Complete and check a split whose sides share no repetition.

    Without segments that validate, the last repetition of the training segments in which every cohort
    performs every action is held back for it (the last one at all, where none is so complete).

    Parameters
    ----------
    recordings : Recordings
        The labelled segments.
    sides : dict of str to ndarray of int64
        Segments that ``train`` and ``test``, and perhaps those that are to validate.
    labels : ndarray, shape (segments,)
        What each segment is told apart by.
    what : str
        What `labels` are, in the plural.
    rule, name : str
        As in `Split`.

    Returns
    -------
    Split
        The three sides.

    Raises
    ------
    SettingError
        If a side is left without a segment, or training without an action.
    """
    sides = dict(sides)
    if "validation" not in sides:
        sides["train"], sides["validation"], held = _hold_back(recordings, sides["train"])
        rule += "" if what == "repetitions" else f"; repetition {held} of the training segments validates"
    values = {side: distinct(labels[sides[side]]) for side in SIDES}
    fold = f"{name}: " if name else ""
    for side in SIDES:
        if not len(sides[side]):
            remedy = f"a split needs one or more to train, to validate and to test; there are {few(labels)}"
            if side == "train" and what != "repetitions":
                remedy = "with one repetition only there is nothing to validate with; name what validates"
            raise SettingError(f"{fold}{side} {what}", values[side], remedy)
    for action in recordings.actions:
        if action not in recordings.label[sides["train"]]:
            remedy = f"none of them has the action {action!r}; take more"
            raise SettingError(f"{fold}train {what}", few(labels[sides["train"]]), remedy)
    return Split(name, rule, sides["train"], sides["validation"], sides["test"], values)


def _hold_back(
    recordings: Recordings, training: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], int]:
    """Segments that go on training, those that validate instead, and which repetition these are."""
    repetitions = recordings.repetition[training]
    known = sorted(set(repetitions.tolist()))
    complete = complete_repetitions(recordings.select(training))
    held = max(complete, default=known[-1] if known else 0)
    return training[repetitions != held], training[repetitions == held], held


def complete_repetitions(recordings: Recordings) -> set[int]:
    """Return the repetitions in which every cohort performs every action it performs at all."""
    groups: dict[tuple[str, str], set[int]] = {}
    for cohort, label, repetition in zip(
        recordings.cohort.tolist(), recordings.label.tolist(), recordings.repetition.tolist(), strict=True
    ):
        groups.setdefault((cohort, label), set()).add(repetition)
    return set.intersection(*groups.values()) if groups else set()


def distinct(labels: NDArray[Any]) -> tuple[Any, ...]:
    """Return the values that occur, in the order people count in: 2 before 10, s2 before s10."""
    return tuple(sorted(np.unique(labels).tolist(), key=in_order))


def in_order(value: object) -> list[str | int]:
    """Return the key to sort by."""
    # Text and digits alternate, beginning with text: like is compared with like.
    return [int(part) if part.isdigit() else part for part in re.split(r"([0-9]+)", str(value))]


def few(labels: NDArray[Any]) -> list[Any]:
    """Return the values that occur, as many as an error can show."""
    values = list(distinct(labels))
    return values if len(values) <= _SHOWN else [*values[: _SHOWN - 1], "…"]
