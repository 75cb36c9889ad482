"""A split: which segments train, validate and test a model.

An honest split keeps each repetition of an action in one subset. Windows of one repetition resemble each
other so much that a model which has seen some of them would be praised for remembering the others.
Validation uses training segments, or segments beside them; nothing looks at the test segments before a model
has been chosen.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from emg_recognition.errors import SettingError
from emg_recognition.recordings.recordings import Recordings
from emg_recognition.text import natural
from emg_recognition.training.settings import SUBSETS
from emg_recognition.training.windows import WindowSet


@dataclass(frozen=True, eq=False)
class Split:
    """The segments of the three subsets; one fold where there are several.

    Attributes
    ----------
    name : str
        Of the fold, usable as the name of a folder; empty where there is only one fold.
    rule : str
        How the split was made, in words for the report.
    train, validation, test : ndarray of int64
        Ascending numbers of segments; no segment is in two of them.
    values : dict of str to tuple
        What each subset holds (repetitions, sessions, subjects…), for the report.
    leaking : bool
        Whether test windows may resemble training windows so closely that the result flatters.
    """

    name: str
    rule: str
    train: NDArray[np.int64]
    validation: NDArray[np.int64]
    test: NDArray[np.int64]
    values: dict[str, tuple[Any, ...]]
    leaking: bool = False

    def cut(self, windows: WindowSet) -> dict[str, WindowSet]:
        """Return the windows of each subset.

        Parameters
        ----------
        windows : WindowSet
            Windows of the recordings that were split.

        Returns
        -------
        dict of str to WindowSet
            ``train``, ``validation`` and ``test``.
        """
        return {subset: windows.of_segments(getattr(self, subset)) for subset in SUBSETS}


@dataclass(frozen=True, eq=False)
class RandomWindows(Split):
    """The paper's split: windows at random, whatever segment they come from.

    Each subset has all segments. Neighbouring windows overlap, and nearly every test window has a neighbour
    in training, so this measures memory as much as recognition. It is here for comparison.

    Attributes
    ----------
    seed : int
        Decides which window goes where.
    """

    seed: int = 0
    leaking: bool = True

    def cut(self, windows: WindowSet) -> dict[str, WindowSet]:
        """Deal the windows of each action and cohort into ten parts: seven train, one validates, two test."""
        _, cohort = np.unique(windows.cohort, return_inverse=True)
        parts = stratified_parts(cohort * len(windows.actions) + windows.action, 10, self.seed)
        pieces = {"train": parts[3:], "validation": parts[2:3], "test": parts[:2]}
        return {subset: windows.select(np.sort(np.concatenate(pieces[subset]))) for subset in SUBSETS}


def random_windows(recordings: Recordings, seed: int) -> Split:
    """Return the paper's split; see :class:`RandomWindows`."""
    everything = np.arange(len(recordings))
    values = dict.fromkeys(SUBSETS, distinct(recordings.repetition))
    rule = f"random windows, seed {seed} (leaking: windows of one repetition train and test)"
    return RandomWindows("", rule, everything, everything, everything, values, seed=seed)


def stratified_parts(actions: ArrayLike, parts: int, seed: int) -> list[NDArray[np.int64]]:
    """Divide windows into parts at random, each with its share of every action.

    The windows of each action are shuffled, laid end to end and dealt out like cards. So the parts differ
    by at most one window per action, and by at most one window in all. Scikit-learn's ``StratifiedKFold``
    keeps the first of these promises, not the second.

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
        raise ValueError(f"cannot divide windows into {parts} parts")
    labels = np.asarray(actions)
    shuffled = np.random.default_rng(seed).permutation(len(labels))
    dealt = shuffled[np.argsort(labels[shuffled], kind="stable")]
    return [np.sort(dealt[part::parts]) for part in range(parts)]


def split_fingerprint(splits: Sequence[Split]) -> str:
    """Return a SHA-256 of what each subset holds, so that an edited list of segments is another experiment.

    Parameters
    ----------
    splits : sequence of Split
        The folds.

    Returns
    -------
    str
        Hexadecimal digits.
    """
    digest = hashlib.sha256()
    for split in splits:
        digest.update(f"{split.name}\n{split.rule}\n".encode())
        for subset in SUBSETS:
            digest.update(f"{subset} {getattr(split, subset).tolist()}\n".encode())
    return digest.hexdigest()


def honest_split(
    recordings: Recordings,
    subsets: dict[str, NDArray[np.int64]],
    labels: NDArray[Any],
    *,
    what: str,
    rule: str,
    name: str = "",
) -> Split:
    """Complete and check a split whose subsets share no repetition.

    Without validation segments, the last repetition of the training segments in which every cohort performs
    every action is held back for validation; if no repetition is complete, simply the last one.

    Parameters
    ----------
    recordings : Recordings
        The labelled segments.
    subsets : dict of str to ndarray of int64
        Segments for ``train`` and ``test``, and perhaps for ``validation``.
    labels : ndarray, shape (segments,)
        The value by which each segment is assigned.
    what : str
        What `labels` are, in the plural.
    rule, name : str
        As in `Split`.

    Returns
    -------
    Split
        The three subsets.

    Raises
    ------
    SettingError
        If a subset is left without a segment, or training without an action.
    """
    subsets = dict(subsets)
    given = subsets["train"]
    if "validation" not in subsets:
        subsets["train"], subsets["validation"], held = _hold_back(recordings, given)
        rule += "" if what == "repetitions" else f"; repetition {held} of the training segments validates"
    where = f"split {name}".rstrip()
    if len(given) and not len(subsets["train"]):
        raise SettingError(
            where,
            rule,
            f"one repetition ({listed(labels[given])}) cannot both train and validate; add another, or name"
            " what validates",
        )
    for subset, verb in zip(SUBSETS, ("train", "validate", "test"), strict=True):
        if not len(subsets[subset]):
            remedy = f"no segment is left to {verb}; {recordings.source} has the {what} {listed(labels)}, and"
            raise SettingError(where, rule, f"{remedy} a split needs some to train, to validate and to test")
    for action in recordings.actions:
        if action not in recordings.label[subsets["train"]]:
            remedy = f"no training segment has the action {action!r}; train on more {what} than"
            raise SettingError(where, rule, f"{remedy} {listed(labels[subsets['train']])}")
    values = {subset: distinct(labels[subsets[subset]]) for subset in SUBSETS}
    return Split(name, rule, subsets["train"], subsets["validation"], subsets["test"], values)


def _hold_back(
    recordings: Recordings, training: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], int]:
    """Return the segments that still train, those that validate instead, and their repetition."""
    repetitions = recordings.repetition[training]
    known = sorted(set(repetitions.tolist()))
    complete = complete_repetitions(recordings.select(training))
    held = max(complete, default=known[-1] if known else 0)
    return training[repetitions != held], training[repetitions == held], held


def complete_repetitions(recordings: Recordings) -> set[int]:
    """Return the repetitions in which every cohort performs every action that it performs at all."""
    groups: dict[tuple[str, str], set[int]] = {}
    for cohort, label, repetition in zip(
        recordings.cohort.tolist(), recordings.label.tolist(), recordings.repetition.tolist(), strict=True
    ):
        groups.setdefault((cohort, label), set()).add(repetition)
    return set.intersection(*groups.values()) if groups else set()


def distinct(labels: NDArray[Any]) -> tuple[Any, ...]:
    """Return the values that occur, in the order people count in: 2 before 10, s2 before s10."""
    return tuple(sorted(np.unique(labels).tolist(), key=natural))


def listed(labels: NDArray[Any]) -> str:
    """Return the values that occur, as many as an error can show."""
    values = [str(value) for value in distinct(labels)]
    return ", ".join(values if len(values) <= 8 else [*values[:7], "…"])


def subject_sessions(recordings: Recordings) -> NDArray[np.str_]:
    """Return a name for each segment's session that is unique among all subjects."""
    pairs = zip(recordings.subject.tolist(), recordings.session.tolist(), strict=True)
    return np.array([f"{subject}/{session}" for subject, session in pairs], dtype=np.str_)
