"""One round of a comparison: a fold and a seed, and the networks that are trained for it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from emg_recognition.errors import SettingError
from emg_recognition.models import layers  # noqa: F401  (Keras finds the layers of a saved network by it)
from emg_recognition.training import output as folders
from emg_recognition.training.batches import Batches
from emg_recognition.training.comparators import balanced_weights
from emg_recognition.training.contest import judge
from emg_recognition.training.ensemble import job_seed
from emg_recognition.training.fit import FitSettings
from emg_recognition.training.fold import Fold, make_fold
from emg_recognition.training.jobs import KERAS, Job, predict_windows
from emg_recognition.training.selection import SELECTIONS, select_member
from emg_recognition.training.settings import ExperimentSettings
from emg_recognition.training.split import Split
from emg_recognition.training.windows import WindowSet

_SEED_OF = {"weighted": 1001, "minority": 1002}
"""Numbers no member has, so that each network has first weights of its own."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Round:
    """A fold and a seed.

    Attributes
    ----------
    fold : Fold
        The windows of each side; its jobs are the members.
    seed : int
        Decides partition, first weights and order.
    members : list of Job
        The ensemble's members; one network on everything where there is no minority.
    alone : dict of str to Job
        The networks to compare with: ``weighted``, ``minority``.
    """

    fold: Fold
    seed: int
    members: list[Job]
    alone: dict[str, Job]


def make_round(
    settings: ExperimentSettings,
    windows: WindowSet,
    split: Split,
    seed: int,
    methods: Sequence[str],
    output: Path,
) -> Round:
    """Plan a round; nothing is trained or written yet.

    Every network alone makes as many gradient steps, of as many windows each, as a member does.

    Parameters
    ----------
    settings : ExperimentSettings
        Network, training and ensemble.
    windows : WindowSet
        All windows of the recordings.
    split : Split
        The fold.
    seed : int
        Takes the place of the settings' own.
    methods : sequence of str
        Which of ``ensemble``, ``weighted`` and ``minority`` are to be trained.
    output : Path
        Folder of the comparison.

    Returns
    -------
    Round
        The plan.

    Raises
    ------
    SettingError
        As :func:`~emg_recognition.training.fold.make_fold`, or if a network alone is asked for the minority
        and there is none.
    """
    training = dataclasses.replace(settings.training, seed=seed)
    name = f"{split.name or 'all'}_seed_{seed}"
    fold = make_fold(
        dataclasses.replace(settings, training=training), windows, split, output / folders.FOLDS / name
    )
    label = f"seed {seed}, {split.name + ', ' if split.name else ''}"
    shape = _as_member(fold.jobs[0])
    train = fold.sides["train"]
    alone: dict[str, Job] = {}
    if "weighted" in methods:
        alone["weighted"] = _alone(fold, shape, train, "weighted", f"{label}weighted network")
    if "minority" in methods:
        if fold.minority is None:
            raise SettingError("method", "minority", f"{fold.sentence}; name a minority or leave it out")
        patients = train.select(train.cohort == fold.minority)
        alone["minority"] = _alone(fold, shape, patients, "minority", f"{label}{fold.minority} alone")
    members = [dataclasses.replace(job, label=f"seed {seed}, {job.label}") for job in fold.jobs]
    return Round(fold=fold, seed=seed, members=members if "ensemble" in methods else [], alone=alone)


def _as_member(member: Job) -> FitSettings:
    """Training of a network alone: steps and batches of a member, whatever the number of its windows."""
    if member.training.steps is not None:
        return member.training
    steps = len(Batches(member.train, member.training, member.weights))
    size = -(-len(member.train) // steps)
    return dataclasses.replace(member.training, steps=steps, batch_size=size)


def _alone(fold: Fold, shape: FitSettings, train: WindowSet, name: str, label: str) -> Job:
    member = fold.jobs[0]
    validation = fold.sides["validation"]
    return dataclasses.replace(
        member,
        place=member.place.with_name(f"member_{name}"),
        label=label,
        training=dataclasses.replace(shape, seed=job_seed(shape.seed, _SEED_OF[name])),
        train=train,
        watched=validation.select(validation.cohort == fold.minority) if name == "minority" else None,
        weights=balanced_weights(train.action, train.cohort) if name == "weighted" else None,
    )


def judged_networks(one: Round) -> Iterator[tuple[str, dict[str, Any]]]:
    """Test the trained networks of a round.

    Parameters
    ----------
    one : Round
        With every job finished.

    Yields
    ------
    name : str
        ``ensemble-minority`` and the other rules of selection, or ``network`` where one network was trained
        on everything; ``weighted``, ``minority``.
    run : dict
        As of :func:`~emg_recognition.training.contest.judge`, with the ``seed``, ``seconds`` of training, the
        number of ``networks``, the ``steps`` of each and, of a selection, which member is ``selected``.
    """
    test, minority = one.fold.sides["test"], one.fold.minority
    answers = [_answers(job, test) for job in one.members]
    records: list[dict[str, Any]] = [
        {**job.record(), "test_accuracy": float((found.argmax(axis=1) == test.action).mean())}
        for job, found in zip(one.members, answers, strict=True)
    ]
    effort: dict[str, Any] = {
        "seed": one.seed,
        "seconds": sum(record["seconds"] for record in records),
        "networks": len(records),
        "steps": max((record["steps"] for record in records), default=0),
    }
    if len(records) == 1:
        yield "network", {**judge(answers[0], test, minority), **effort}
    elif records:
        for selection in SELECTIONS:
            chosen = select_member(records, selection)
            kept = np.mean(answers, axis=0) if chosen is None else answers[chosen]
            member = None if chosen is None else chosen + 1
            yield f"ensemble-{selection}", {**judge(kept, test, minority), **effort, "selected": member}
    for name, job in one.alone.items():
        record = job.record()
        effort = {"seed": one.seed, "seconds": record["seconds"], "networks": 1, "steps": record["steps"]}
        yield name, {**judge(_answers(job, test), test, minority), **effort}


def _answers(job: Job, test: WindowSet) -> NDArray[np.float32]:
    return predict_windows(keras.saving.load_model(job.place / KERAS, compile=False), test)
