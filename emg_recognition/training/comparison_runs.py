"""The runs of a comparison: the networks of one fold and one seed, planned and tested."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emg_recognition.errors import SettingError
from emg_recognition.training.adapted import answer_adapted
from emg_recognition.training.batches import epoch_size
from emg_recognition.training.comparators import balanced_weights, fit_bagging, fit_lda
from emg_recognition.training.ensemble import PRETRAIN, job_seed, pretrain_job, select_member
from emg_recognition.training.fold import Fold, make_fold
from emg_recognition.training.jobs import Job
from emg_recognition.training.settings import (
    MEMBER_SELECTIONS,
    REHEARSAL_SETTINGS,
    ExperimentSettings,
    FitSettings,
)
from emg_recognition.training.split import Split
from emg_recognition.training.windows import WindowSet

OF_MINORITY = (PRETRAIN, "adapt", "minority")
"""Methods that need a minority."""

# Numbers that no member has, so that each of these networks has different initial weights.
_SEED_OF = {"weighted": 1001, "minority": 1002, PRETRAIN: 1003, "adapt": 1004}

Score = Callable[[NDArray[np.float32], WindowSet, str | None], dict[str, Any]]
""":func:`~emg_recognition.training.comparison_table.score_run` with the times of the recordings."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Run:
    """The networks of one fold and one seed.

    Attributes
    ----------
    fold : Fold
        The windows of each subset.
    seed : int
        Decides the parts of the majority, initial weights and order.
    given : int or None
        How many repetitions of each person of the minority train; ``None``: all.
    members : list of Job
        The ensemble's members; one network on everything if there is no minority; empty if not asked for.
    single : dict of str to Job
        The single networks: ``weighted``, ``pretrain``, ``adapt``, ``minority``.
    """

    fold: Fold
    seed: int
    given: int | None = None
    members: list[Job]
    single: dict[str, Job]

    @property
    def jobs(self) -> list[Job]:
        """All its networks."""
        return [*self.members, *self.single.values()]


def plan_run(
    settings: ExperimentSettings,
    windows: WindowSet,
    split: Split,
    seed: int,
    methods: Sequence[str],
    output: Path,
    *,
    given: int | None = None,
    like: Run | None = None,
) -> Run:
    """Plan the networks of one fold and one seed; nothing is trained or written yet.

    Every single network makes as many gradient steps, with as many windows in each, as a member does.

    Parameters
    ----------
    settings : ExperimentSettings
        Network, training and ensemble.
    windows : WindowSet
        All windows of the recordings.
    split : Split
        The fold.
    seed : int
        Replaces the seed of the settings.
    methods : sequence of str
        Which of ``ensemble``, ``weighted``, ``pretrain``, ``adapt`` and ``minority`` to train.
    output : Path
        Folder of the runs.
    given : int or None
        How many repetitions of each person of the minority train in this split; ``None``: all.
    like : Run, optional
        One with another seed and otherwise the same.

    Returns
    -------
    Run
        The plan.

    Raises
    ------
    SettingError
        As :func:`~emg_recognition.training.fold.make_fold`, or if ``pretrain``, ``adapt`` or ``minority`` is
        asked for without a minority.
    """
    ensemble = settings.ensemble
    settings = dataclasses.replace(
        settings,
        training=dataclasses.replace(settings.training, seed=seed),
        # Members, of which every selection is tested, whatever a training with these settings would keep.
        ensemble=dataclasses.replace(ensemble, selection=MEMBER_SELECTIONS[0])
        if ensemble.selection == PRETRAIN
        else ensemble,
    )
    some = "" if given is None else f"{given}_given_"
    folder = output / f"{split.name or 'all'}_{some}seed_{seed}"
    fold = make_fold(settings, windows, split, folder, like=None if like is None else like.fold)
    prefix = f"seed {seed}, {'' if given is None else f'{given} given, '}"
    label = f"{prefix}{split.name + ', ' if split.name else ''}"
    same_effort = _training_of_member(fold.jobs[0])
    train = fold.subsets["train"]
    single: dict[str, Job] = {}
    if "weighted" in methods:
        single["weighted"] = _single(fold, same_effort, train, "weighted", f"{label}weighted network")
    for method in OF_MINORITY:
        if method in methods and fold.minority is None:
            raise SettingError("method", method, f"{fold.sentence}; name a minority or leave it out")
    if PRETRAIN in methods and fold.minority is not None:
        first = pretrain_job(
            dataclasses.replace(settings, training=same_effort), fold.subsets, fold.minority, folder
        )
        job = _single(fold, same_effort, train, PRETRAIN, f"{label}{first.label}")
        single[PRETRAIN] = dataclasses.replace(job, watched=first.watched, weights=first.weights)
    is_minority = train.of_cohort(str(fold.minority))
    patients = train.select(is_minority)
    if "adapt" in methods:
        others = train.select(~is_minority)
        job = _single(fold, same_effort, others, "adapt", f"{label}majority, adapted")
        answer = partial(
            answer_adapted,
            majority=others,
            minority=patients,
            aligned=fold.alignment is not None,
            settings=_adaptation(job.training),
        )
        single["adapt"] = dataclasses.replace(job, answer=answer)
    if "minority" in methods:
        single["minority"] = _single(fold, same_effort, patients, "minority", f"{label}{fold.minority} alone")
    members = [dataclasses.replace(job, label=f"{prefix}{job.label}") for job in fold.jobs]
    return Run(
        fold=fold, seed=seed, given=given, members=members if "ensemble" in methods else [], single=single
    )


def _training_of_member(member: Job) -> FitSettings:
    """Return settings with the steps and batches of a member, whatever the number of windows."""
    if member.training.steps_per_epoch is not None:
        return member.training
    steps, windows = epoch_size(len(member.train), member.training)
    return dataclasses.replace(member.training, steps_per_epoch=steps, batch_size=-(-windows // steps))


def _adaptation(training: FitSettings) -> FitSettings:
    """Return the settings of `adapt`; a network that was trained with fewer steps is adapted with as few."""
    least = min(REHEARSAL_SETTINGS.least_steps_per_epoch, training.epochs * (training.steps_per_epoch or 1))
    return dataclasses.replace(REHEARSAL_SETTINGS, least_steps_per_epoch=least, seed=training.seed)


def _single(fold: Fold, training: FitSettings, train: WindowSet, name: str, label: str) -> Job:
    member = fold.jobs[0]
    validation = fold.subsets["validation"]
    return dataclasses.replace(
        member,
        place=member.place.with_name(f"member_{name}"),
        label=label,
        training=dataclasses.replace(training, seed=job_seed(training.seed, _SEED_OF[name])),
        train=train,
        watched=validation.select(validation.of_cohort(str(fold.minority))) if name == "minority" else None,
        weights=balanced_weights(train.action, train.cohort) if name == "weighted" else None,
    )


def score_networks(run: Run, score: Score) -> Iterator[tuple[str, dict[str, Any]]]:
    """Test the trained networks of a run.

    Parameters
    ----------
    run : Run
        With every job finished.
    score : callable
        Scores probabilities.

    Yields
    ------
    name : str
        ``ensemble-minority`` and the other selections, or ``network`` where one network was trained on
        everything; ``weighted``, ``pretrain``, ``adapt``, ``minority``.
    score : dict
        As of :func:`~emg_recognition.training.comparison_table.score_run`, with the ``seed``, ``seconds`` of
        training, the number of ``networks``, the ``steps`` of each and, for a selection, which member is
        ``selected``.
    """
    test, minority = run.fold.subsets["test"], run.fold.minority
    answers = [job.test_answers() for job in run.members]
    records: list[dict[str, Any]] = [
        {**job.record(), "test_accuracy": float((found.argmax(axis=1) == test.action).mean())}
        for job, found in zip(run.members, answers, strict=True)
    ]
    effort: dict[str, Any] = {
        "seed": run.seed,
        "seconds": sum(record["seconds"] for record in records),
        "networks": len(records),
        "steps": max((record["steps"] for record in records), default=0),
    }
    if len(records) == 1:
        yield "network", {**score(answers[0], test, minority), **effort}
    elif records:
        for selection in MEMBER_SELECTIONS:
            chosen = select_member(records, selection)
            kept = np.mean(answers, axis=0) if chosen is None else answers[chosen]
            member = None if chosen is None else chosen + 1
            yield f"ensemble-{selection}", {**score(kept, test, minority), **effort, "selected": member}
    for name, job in run.single.items():
        record = job.record()
        effort = {"seed": run.seed, "seconds": record["seconds"], "networks": 1, "steps": record["steps"]}
        yield name, {**score(job.test_answers(), test, minority), **effort}


def score_classical(
    run: Run, methods: Sequence[str], score: Score, *, first: bool
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Fit and test the classical methods; LDA, which is the same for every seed, with the first one.

    Parameters
    ----------
    run : Run
        Its windows and seed are used.
    methods : sequence of str
        Which of ``lda`` and ``balanced-bagging``.
    score : callable
        Scores probabilities.
    first : bool
        Whether this is the first seed.

    Yields
    ------
    name : str
        The method.
    score : dict
        As of :func:`score_networks`, without a seed for LDA.
    """
    train, test = run.fold.subsets["train"], run.fold.subsets["test"]
    for method in methods:
        if method == "balanced-bagging" or (method == "lda" and first):
            begin = time.perf_counter()
            predictor = fit_lda(train) if method == "lda" else fit_bagging(train, run.seed)
            effort = {"seconds": time.perf_counter() - begin, "networks": 0, "steps": 0}
            seed = None if method == "lda" else run.seed
            yield method, {"seed": seed, **score(predictor(test), test, run.fold.minority), **effort}
