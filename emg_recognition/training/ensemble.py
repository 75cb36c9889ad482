"""The ensemble: each member sees the whole minority cohort and one part of the majority; one member is kept.

Instead of it, one network may learn from the majority first and then from the minority (``pretrain``).

Source: Gao, Guo, Bu. Their text names no validation data, so we read their choice of the best of 8 models as
a choice by the accuracy on the test set: the selections ``test`` and, with validation data, ``overall``.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from emg_recognition.errors import SettingError
from emg_recognition.training.batches import CohortWeights
from emg_recognition.training.jobs import CRITERION, TIE_BREAK, Job
from emg_recognition.training.settings import SELECTIONS, EnsembleSettings, ExperimentSettings
from emg_recognition.training.split import stratified_parts
from emg_recognition.training.windows import WindowSet

PATIENT = "patient"
"""The cohort that is the minority by default, where it is smaller than the others together."""

PRETRAIN = "pretrain"
"""The selection with which there is one network instead of members."""

LEAKING = frozenset({"test"})
"""The selections that look at the test data, so that the result flatters."""

WORTH = 1700
"""Windows of the minority that :func:`majority_first` takes the majority to be worth, however large it is."""

# What each selection compares, in this order.
_COMPARED = {
    "minority": (CRITERION, TIE_BREAK),
    "overall": ("val_accuracy_all", CRITERION),
    "test": ("test_accuracy",),
    PRETRAIN: (CRITERION, TIE_BREAK),
}


def choose_minority(
    asked: str | None, windows: Mapping[str, int], *, voters: int = 1
) -> tuple[str | None, str]:
    """Decide on the minority cohort.

    Parameters
    ----------
    asked : str or None
        The cohort that the settings name.
    windows : mapping of str to int
        Training windows of each cohort.
    voters : int
        Members of a soft vote that is to be trained without a minority; 1 for the other selections.

    Returns
    -------
    minority : str or None
        ``None``: there is none, and each member is trained on everything.
    sentence : str
        The decision and its reason.

    Raises
    ------
    SettingError
        If the named cohort does not exist, or has as many windows as the others together or more.
    """
    counts = ", ".join(f"{name or '(unnamed)'} {n}" for name, n in sorted(windows.items()))
    who = "one member is trained" if voters == 1 else f"{voters} members are each trained"
    alone = f"(training windows: {counts}): {who} on all the data"
    name = PATIENT if asked is None and PATIENT in windows else asked
    if name is None:
        return None, f"no minority cohort is named {alone}"
    if name not in windows:
        raise SettingError("minority", name, f"no such cohort; training windows: {counts}")
    rest = sum(windows.values()) - windows[name]
    if windows[name] < rest:
        sentence = (
            f"the minority cohort is {name}: every member sees all its {windows[name]} training windows"
        )
        return name, sentence
    if asked is None:
        return None, f"the cohort {name} is not smaller than the others {alone}"
    raise SettingError(
        "minority",
        name,
        f"it has {windows[name]} training windows, the others {rest}; name the smaller cohort",
    )


def member_jobs(
    settings: ExperimentSettings,
    subsets: Mapping[str, WindowSet],
    minority: str | None,
    folder: Path,
    *,
    prefix: str = "",
) -> list[Job]:
    """Make the jobs of an ensemble.

    Member k is seeded with the experiment's seed and k alone. Without a minority there is nothing to divide:
    one member is trained on everything, or, for a soft vote, each of them from its own seed. For ``pretrain``
    the one network is :func:`pretrain_job`.

    Parameters
    ----------
    settings : ExperimentSettings
        Network, training and number of members.
    subsets : mapping of str to WindowSet
        Windows of ``train``, ``validation`` and perhaps ``test``.
    minority : str or None
        The cohort that every member sees completely; ``None``: each member is trained on everything.
    folder : Path
        The members go to ``member_01``, ``member_02``… in it.
    prefix : str
        What comes before ``member 1`` in the labels.

    Returns
    -------
    list of Job
        One for each member.

    Raises
    ------
    SettingError
        As :func:`pretrain_job`.
    """
    if settings.ensemble.selection == PRETRAIN and minority is not None:
        return [pretrain_job(settings, subsets, minority, folder / "member_01", prefix=prefix)]
    members = settings.ensemble.members if minority is not None else count_voters(settings.ensemble)
    share = settings.ensemble.share if minority is not None else None
    seed = settings.training.seed
    parts = {
        name: [np.arange(len(subsets[name]))] * members
        if minority is None
        else member_windows(subsets[name].action, subsets[name].of_cohort(minority), members, seed)
        for name in ("train", "validation")
    }
    fitted = [subsets["train"].select(part) for part in parts["train"]]
    return [
        Job(
            place=folder / f"member_{number:02d}",
            label=f"{prefix}member {number}/{members}",
            network=settings.network,
            training=dataclasses.replace(settings.training, seed=job_seed(seed, number)),
            train=train,
            validation=subsets["validation"],
            # The same mixture of cohorts as in training, so that the two curves can be compared.
            watched=subsets["validation"].select(parts["validation"][number - 1]),
            weights=None
            if share is None
            else rising_share(train.of_cohort(str(minority)), settings.training.epochs, *share),
            minority=minority,
            test=subsets.get("test"),
        )
        for number, train in enumerate(fitted, start=1)
    ]


def pretrain_job(
    settings: ExperimentSettings,
    subsets: Mapping[str, WindowSet],
    minority: str,
    place: Path,
    *,
    prefix: str = "",
) -> Job:
    """Make the job of a network that learns from the majority first and then from the minority.

    Parameters
    ----------
    settings : ExperimentSettings
        Network and training; it makes as many gradient steps as a member.
    subsets : mapping of str to WindowSet
        Windows of ``train``, ``validation`` and perhaps ``test``.
    minority : str
        The cohort that it is for.
    place : Path
        Folder of the result.
    prefix : str
        What comes before ``pretrained network`` in the label.

    Returns
    -------
    Job
        The network.

    Raises
    ------
    SettingError
        With a single epoch, which leaves no time for both.
    """
    train, validation = subsets["train"], subsets["validation"]
    return Job(
        place=place,
        label=f"{prefix}pretrained network",
        network=settings.network,
        training=dataclasses.replace(settings.training, seed=job_seed(settings.training.seed, 1)),
        train=train,
        validation=validation,
        watched=validation.select(validation.of_cohort(minority)),
        weights=majority_first(train.of_cohort(minority), settings.training.epochs),
        minority=minority,
        test=subsets.get("test"),
    )


def count_voters(settings: EnsembleSettings) -> int:
    """Return how many members are trained where there is no minority: all only if all of them vote."""
    return settings.members if settings.selection == "soft-vote" else 1


def member_windows(
    actions: ArrayLike, minority: ArrayLike, members: int, seed: int
) -> list[NDArray[np.int64]]:
    """Return the windows of each member: the whole minority and one part of the majority.

    Parameters
    ----------
    actions : array_like of int, shape (n,)
        The action of each training window.
    minority : array_like of bool, shape (n,)
        Which windows come from the minority cohort; without any, the members divide all windows.
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


def rising_share(minority: NDArray[np.bool_], epochs: int, first: float, until: float) -> CohortWeights:
    """Weights of windows by which the minority's share of an epoch rises to all of it.

    Parameters
    ----------
    minority : ndarray of bool, shape (windows,)
        Which windows come from the minority cohort.
    epochs : int
        Epochs of the training.
    first : float
        The share in the first epoch.
    until : float
        The part of the training after which only the minority is drawn.

    Returns
    -------
    CohortWeights
        Those of each epoch have the sum 1.
    """
    number = int(np.count_nonzero(minority))
    progress = np.minimum(np.arange(epochs) / max(until * epochs, 1.0), 1.0)
    share = first + (1 - first) * progress
    return CohortWeights(minority, share / number, (1 - share) / max(len(minority) - number, 1))


def majority_first(minority: NDArray[np.bool_], epochs: int) -> CohortWeights:
    """Weights of windows by which the first epochs draw the majority and the others mostly the minority.

    The majority has the part ``WORTH / (WORTH + windows of the minority)`` of the epochs to itself, and half
    of this share of what the others draw: the more the minority has given, the less other people count.

    Parameters
    ----------
    minority : ndarray of bool, shape (windows,)
        Which windows come from the minority cohort.
    epochs : int
        Epochs of the training, at least 2.

    Returns
    -------
    CohortWeights
        Those of each epoch have the sum 1.

    Raises
    ------
    SettingError
        For a single epoch.
    """
    if epochs < 2:
        remedy = "pretrain needs two or more: the majority comes first, then the minority"
        raise SettingError("training.epochs", epochs, remedy)
    number = int(np.count_nonzero(minority))
    part = WORTH / (WORTH + number)
    first = min(max(round(part * epochs), 1), epochs - 1)
    others = np.where(np.arange(epochs) < first, 1.0, part / 2)
    return CohortWeights(minority, (1 - others) / number, others / (len(minority) - number))


def job_seed(seed: int, number: int) -> int:
    """Return the seed of a job; mixed, so that member 2 of seed 0 is not member 1 of seed 1."""
    return int(np.random.SeedSequence([seed, number]).generate_state(1)[0] >> 1)


def select_member(members: Sequence[Mapping[str, Any]], name: str = "minority") -> int | None:
    """Return the index of the best member; the earlier one wins where two are equal in everything.

    Parameters
    ----------
    members : sequence of mapping
        Records of the members, each with the scores that the selection compares: `CRITERION` and
        `TIE_BREAK`; ``val_accuracy_all`` for ``overall``; ``test_accuracy`` for ``test``.
    name : str
        One of `SELECTIONS`.

    Returns
    -------
    int or None
        Index into `members`; ``None``: all members vote.

    Raises
    ------
    SettingError
        For an unknown selection.
    """
    _check_selection(name)
    if name == "soft-vote":
        return None
    order = [tuple(member[score] for score in _COMPARED[name]) for member in members]
    return order.index(max(order))


def describe_selection(name: str, minority: str | None) -> str:
    """Describe a selection for the report.

    Parameters
    ----------
    name : str
        One of `SELECTIONS`.
    minority : str or None
        The minority cohort.

    Returns
    -------
    str
        A phrase without a full stop.

    Raises
    ------
    SettingError
        For an unknown selection.
    """
    _check_selection(name)
    whose = "all validation windows" if minority is None else f"the validation windows of {minority}"
    return {
        "minority": f"the member with the best balanced accuracy on {whose}",
        "overall": "the member with the best accuracy on all validation windows",
        "test": "the member with the best accuracy on the test windows (leaking: the test data chose it)",
        "soft-vote": "all members, the mean of their probabilities",
        PRETRAIN: "one network on all the data"
        if minority is None
        else f"one network that learned from the others first and then from {minority}",
    }[name]


def _check_selection(name: str) -> None:
    if name not in SELECTIONS:
        raise SettingError("selection", name, f"use one of {', '.join(SELECTIONS)}")
