"""Folds: each group of recordings is tested once by a model that has not seen it."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emg_recognition.errors import SettingError
from emg_recognition.recordings.recordings import Recordings
from emg_recognition.training.split import Split, distinct, honest_split
from emg_recognition.training.split_by_values import subject_sessions
from emg_recognition.training.split_settings import SplitSettings

_LONGEST = 60


def leave_one_subject_out(recordings: Recordings, settings: SplitSettings) -> list[Split]:
    """Test each subject by a model of all the others.

    Parameters
    ----------
    recordings : Recordings
        The labelled segments.
    settings : SplitSettings
        With ``cohort``, only the subjects of this cohort take their turn.

    Returns
    -------
    list of Split
        One fold a subject, ``subject_…``.

    Raises
    ------
    SettingError
        If the cohort does not exist, or a fold lacks an action or segments.
    """
    tested = _tested(recordings, settings.cohort)
    rule = f"leave one subject out{_of(settings.cohort)}"
    splits: list[Split] = []
    for subject in distinct(recordings.subject[tested]):
        name = "subject_" + re.sub(r"[^A-Za-z0-9._-]", "_", subject)[:_LONGEST]
        if name in {split.name for split in splits}:
            name += f"_{len(splits) + 1}"
        splits.append(_fold(recordings, recordings.subject, {subject}, tested, "subjects", rule, name))
    return splits


def k_fold(recordings: Recordings, settings: SplitSettings) -> list[Split]:
    """Deal whole groups into folds of about the same size, each with its share of every cohort.

    Groups are subjects, sessions of a subject, or repetitions (alike for all). The larger come first, each
    goes to the fold that has least of its cohort (of its subject, where sessions are dealt); equal ones
    in an order that the seed decides.

    Parameters
    ----------
    recordings : Recordings
        The labelled segments.
    settings : SplitSettings
        Groups, number of folds, seed and perhaps the one cohort that is tested.

    Returns
    -------
    list of Split
        ``fold_1`` and so on. A segment of a tested group that is not of the cohort tested is left out.

    Raises
    ------
    SettingError
        If there are fewer groups than folds, the cohort does not exist, or a fold lacks an action.
    """
    tested = _tested(recordings, settings.cohort)
    keys, strata = {
        "subject": (recordings.subject, recordings.cohort),
        "session": (subject_sessions(recordings), recordings.subject),
        "repetition": (recordings.repetition, np.zeros(len(recordings), np.int64)),
    }[settings.groups]
    dealt = _deal(keys[tested], strata[tested], recordings.length[tested], settings)
    rule = f"{settings.folds} folds over {settings.groups}s{_of(settings.cohort)}, seed {settings.seed}"
    return [
        _fold(recordings, keys, groups, tested, f"{settings.groups}s", rule, f"fold_{number}")
        for number, groups in enumerate(dealt, start=1)
    ]


def _deal(
    keys: NDArray[Any], strata: NDArray[Any], length: NDArray[np.int64], settings: SplitSettings
) -> list[set[Any]]:
    """Return the groups of each fold."""
    groups, first, inverse = np.unique(keys, return_index=True, return_inverse=True)
    if len(groups) < settings.folds:
        remedy = f"there are only {len(groups)} {settings.groups}s to share out"
        raise SettingError("split.folds", settings.folds, remedy)
    size = np.bincount(inverse, weights=length)
    stratum = np.unique(strata, return_inverse=True)[1][first]
    shuffled = np.random.default_rng(settings.seed).permutation(len(groups))
    order = shuffled[np.argsort(-size[shuffled], kind="stable")]
    held = np.zeros((settings.folds, stratum.max() + 1))
    folds: list[set[Any]] = [set() for _ in range(settings.folds)]
    # A stratum after the other, so that the last ones can even out what the first ones left.
    for group in order[np.argsort(stratum[order], kind="stable")]:
        fold = min(range(settings.folds), key=lambda f: (held[f, stratum[group]], held[f].sum()))
        held[fold, stratum[group]] += size[group]
        folds[fold].add(groups[group].item())
    return folds


def _fold(
    recordings: Recordings,
    keys: NDArray[Any],
    groups: set[Any],
    tested: NDArray[np.bool_],
    what: str,
    rule: str,
    name: str,
) -> Split:
    of_groups = np.isin(keys, list(groups))
    sides = {"train": np.flatnonzero(~of_groups), "test": np.flatnonzero(of_groups & tested)}
    return honest_split(recordings, sides, keys, what=what, rule=rule, name=name)


def _tested(recordings: Recordings, cohort: str | None) -> NDArray[np.bool_]:
    """Which segments may test."""
    if cohort is None:
        return np.ones(len(recordings), dtype=bool)
    if cohort not in recordings.cohorts:
        known = ", ".join(recordings.cohorts)
        raise SettingError("split.cohort", cohort, f"{recordings.source} has the cohorts {known}")
    return recordings.cohort == cohort


def _of(cohort: str | None) -> str:
    return "" if cohort is None else f" of the cohort {cohort}"
