"""The members of the ensemble: each sees the whole minority cohort and one part of the majority."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emg_recognition.errors import SettingError
from emg_recognition.training.jobs import Job
from emg_recognition.training.settings import ExperimentSettings
from emg_recognition.training.split import member_windows
from emg_recognition.training.windows import WindowSet

PATIENT = "patient"
"""The cohort that is the minority where nothing is said and there is another cohort beside it."""


def choose_minority(asked: str | None, windows: Mapping[str, int]) -> tuple[str | None, str]:
    """Decide on the minority cohort, and say it in a sentence.

    Parameters
    ----------
    asked : str or None
        The cohort the user named.
    windows : mapping of str to int
        Training windows of each cohort.

    Returns
    -------
    minority : str or None
        ``None``: there is none, one member is trained on everything.
    sentence : str
        The decision and its reason.

    Raises
    ------
    SettingError
        If the cohort named does not exist, has no other beside it, or has as many windows as the others
        together.
    """
    counts = ", ".join(f"{name or '(unnamed)'} {n}" for name, n in sorted(windows.items()))
    alone = f"(training windows: {counts}): one member is trained on all the data"
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
        return None, f"cohort {name} is no minority {alone}"
    raise SettingError(
        "minority",
        name,
        f"it has {windows[name]} training windows, the others {rest}; name the smaller cohort",
    )


def member_jobs(
    settings: ExperimentSettings,
    sides: Mapping[str, WindowSet],
    minority: str | None,
    folder: Path,
    *,
    prefix: str = "",
) -> list[Job]:
    """Make the jobs of an ensemble.

    Member k is seeded with the experiment's seed and k alone.

    Parameters
    ----------
    settings : ExperimentSettings
        Network, training and number of members.
    sides : mapping of str to WindowSet
        Windows of ``train`` and of ``validation``.
    minority : str or None
        The cohort that every member sees whole; ``None``: one member is trained on everything.
    folder : Path
        The members' places are ``member_01``, ``member_02``… in it.
    prefix : str
        What stands before ``member 1`` in the labels.

    Returns
    -------
    list of Job
        One a member.
    """
    members = settings.ensemble.members if minority is not None else 1
    share = settings.ensemble.share if minority is not None else None
    seed = settings.training.seed
    parts = {
        name: member_windows(sides[name].action, sides[name].cohort == minority, members, seed)
        for name in ("train", "validation")
    }
    fitted = [sides["train"].select(part) for part in parts["train"]]
    return [
        Job(
            place=folder / f"member_{number:02d}",
            label=f"{prefix}member {number}/{members}",
            network=settings.network,
            training=dataclasses.replace(settings.training, seed=job_seed(seed, number)),
            train=train,
            validation=sides["validation"],
            # The same mixture of cohorts as in training, so that the two curves can be compared.
            watched=sides["validation"].select(parts["validation"][number - 1]),
            weights=None
            if share is None
            else rising_share(train.cohort == minority, settings.training.epochs, *share),
            minority=minority,
        )
        for number, train in enumerate(fitted, start=1)
    ]


def rising_share(minority: NDArray[np.bool_], epochs: int, first: float, until: float) -> NDArray[np.float64]:
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
        The part of the training after which the minority stands alone.

    Returns
    -------
    ndarray of float64, shape (epochs, windows)
        A row an epoch, each of the sum 1.
    """
    number = int(np.count_nonzero(minority))
    progress = np.minimum(np.arange(epochs) / max(until * epochs, 1.0), 1.0)
    share = (first + (1 - first) * progress)[:, np.newaxis]
    others = (1 - share) / max(len(minority) - number, 1)
    return np.where(minority, share / number, others)


def job_seed(seed: int, number: int) -> int:
    """Seed of a job; mixed, so that member 2 of seed 0 is not member 1 of seed 1."""
    return int(np.random.SeedSequence([seed, number]).generate_state(1)[0] >> 1)
