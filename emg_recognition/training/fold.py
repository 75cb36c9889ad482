"""One fold of an experiment: its windows and jobs before training, its bundle and result afterwards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emg_recognition.errors import SettingError
from emg_recognition.evaluation.metrics import score_windows
from emg_recognition.evaluation.performance import Performance, cross_entropy, measure
from emg_recognition.models.runtime import ActionModel
from emg_recognition.recordings.inspect import FEWEST_WINDOWS
from emg_recognition.signal.settings import PipelineSettings
from emg_recognition.tasks import used_machines
from emg_recognition.training.alignment import Alignment, align_subsets, describe_turned
from emg_recognition.training.comparators import fit_lda
from emg_recognition.training.ensemble import (
    LEAKING,
    choose_minority,
    count_voters,
    describe_selection,
    member_jobs,
    select_member,
)
from emg_recognition.training.jobs import Job, OnEvent, summary
from emg_recognition.training.output import BUNDLE, MEMBERS
from emg_recognition.training.results import experiment_bundle, write_report
from emg_recognition.training.settings import SUBSETS, ExperimentSettings
from emg_recognition.training.split import Split
from emg_recognition.training.windows import WindowSet


@dataclass(frozen=True, eq=False, kw_only=True)
class Fold:
    """What one split of the recordings trains and tests on.

    Attributes
    ----------
    split : Split
        The split.
    subsets : dict of str to WindowSet
        The windows of ``train``, ``validation`` and ``test``.
    minority : str or None
        The cohort that every member sees completely.
    sentence : str
        The choice of the minority, in words.
    folder : Path
        Where the results go.
    jobs : list of Job
        The members.
    alignment : Alignment or None
        How the armbands of the training sessions sat, if the windows are aligned.
    """

    split: Split
    subsets: dict[str, WindowSet]
    minority: str | None
    sentence: str
    folder: Path
    jobs: list[Job]
    alignment: Alignment | None = None


def make_fold(
    settings: ExperimentSettings, windows: WindowSet, split: Split, folder: Path, *, like: Fold | None = None
) -> Fold:
    """Divide the windows as the split says, and make the members' jobs.

    Parameters
    ----------
    settings : ExperimentSettings
        Network, training and ensemble.
    windows : WindowSet
        All windows of the recordings.
    split : Split
        Which segments train, validate and test.
    folder : Path
        Where the results will go; nothing is written yet.
    like : Fold, optional
        One of the same windows, split and settings, but for the seed: its subsets need not be made again.

    Returns
    -------
    Fold
        Ready to be trained.

    Raises
    ------
    SettingError
        If a subset lacks what it is needed for, or the minority cannot be used.
    """
    prefix = f"{split.name}, " if split.name else ""
    if like is not None:
        jobs = member_jobs(settings, like.subsets, like.minority, folder / MEMBERS, prefix=prefix)
        return replace(like, folder=folder, jobs=jobs)
    subsets = split.cut(windows)
    minority, sentence = choose_minority(
        settings.ensemble.minority,
        subsets["train"].count("cohort"),
        voters=count_voters(settings.ensemble),
    )
    _check_subsets(subsets, split, minority, settings.ensemble.members)
    alignment = align_subsets(settings.orientation, subsets)
    if alignment is not None:
        subsets = {name: alignment.apply(part) for name, part in subsets.items()}
    jobs = member_jobs(settings, subsets, minority, folder / MEMBERS, prefix=prefix)
    return Fold(
        split=split,
        subsets=subsets,
        minority=minority,
        sentence=sentence,
        folder=folder,
        jobs=jobs,
        alignment=alignment,
    )


def finish_fold(
    settings: ExperimentSettings,
    fold: Fold,
    pipeline: PipelineSettings,
    facts: Mapping[str, Any],
    *,
    on_event: OnEvent,
) -> tuple[dict[str, Any], Performance]:
    """Choose among the trained members, test, and write bundle, metrics and report.

    Only the selection ``test``, the paper's, lets the test decide. With the others, the members are tested
    after the choice, for Table I.

    Parameters
    ----------
    settings : ExperimentSettings
        As for :func:`make_fold`.
    fold : Fold
        With every job finished.
    pipeline : PipelineSettings
        The signal path.
    facts : mapping
        What is known about the whole experiment (settings, data, versions, source, created, warnings).
    on_event : callable
        Called when a member is selected, and with warnings.

    Returns
    -------
    metrics : dict
        The content of the fold's ``metrics.json``.
    performance : Performance
        The results on the test windows.
    """
    selection = settings.ensemble.selection
    test = fold.subsets["test"]
    members = [{"member": number, **summary(job.record())} for number, job in enumerate(fold.jobs, start=1)]
    if selection in LEAKING:
        members = _tested(members, fold.jobs, test)
    chosen = select_member(members, selection)
    on_event({"event": "selected", "member": None if chosen is None else chosen + 1, "members": len(members)})
    if selection not in LEAKING:
        members = _tested(members, fold.jobs, test)
    kept = members if chosen is None else [members[chosen]]
    warnings = _few_windows(fold.split, test)
    if fold.alignment is not None:
        warnings += describe_turned(fold.alignment, test)
    metrics: dict[str, Any] = {
        **facts,
        "actions": list(test.actions),
        "split": {
            "name": fold.split.name,
            "rule": fold.split.rule,
            "leaking": fold.split.leaking,
            "values": {subset: list(values) for subset, values in fold.split.values.items()},
        },
        "windows_per_cohort": fold.subsets["train"].count("cohort"),
        "windows": {subset: fold.subsets[subset].count("cohort") for subset in SUBSETS},
        "window_table": [
            {"subset": subset, "cohort": cohort, "action": action, "windows": number}
            for subset in SUBSETS
            for (cohort, action), number in fold.subsets[subset].count_by("cohort", "action").items()
        ],
        "warnings": [*facts["warnings"], *warnings],
        "minority": fold.minority,
        "minority_choice": fold.sentence,
        "members": members,
        "selection": {
            "name": selection,
            "leaking": selection in LEAKING,
            "sentence": describe_selection(selection, fold.minority),
        },
        "selected": None if chosen is None else chosen + 1,
        "seconds": sum(member["seconds"] for member in members),
        "machines": used_machines(members),
        **{f"train_{name}": float(np.mean([m[name] for m in kept])) for name in ("accuracy", "loss")},
        "pipeline": pipeline.fingerprint(),
        "orientation": None if fold.alignment is None else fold.alignment.to_json(test.actions),
    }
    for warning in warnings:
        on_event({"event": "warning", "message": warning})
    bundle = experiment_bundle(
        fold.folder / BUNDLE,
        fold.jobs,
        chosen,
        metrics,
        pipeline,
        settings.live,
        reference=None if fold.alignment is None else fold.alignment.reference,
        train=fold.subsets["train"],
    )
    performance = measure(
        predict(ActionModel(bundle.info, bundle.tflite), test),
        test.action,
        actions=test.actions,
        subject=test.subject,
        cohort=test.cohort,
        segment=test.segment,
        begin=test.begin,
        stride=settings.stride_samples(pipeline.rate) / pipeline.rate,
        window=pipeline.window,
        rest=settings.rest_among(test.actions),
        baseline=_baseline(fold) if settings.baseline else None,
    )
    metrics.update(performance.to_json())
    # First: whatever keeps a figure from being drawn, the model is there.
    bundle.write(performance.headline())
    write_report(fold.folder, metrics, performance, [job.record()["epochs"] for job in fold.jobs])
    return metrics, performance


def predict(model: ActionModel, windows: WindowSet) -> NDArray[np.float32]:
    """Return the probabilities of the actions for each window, shape (windows, actions), as they are live."""
    found = np.empty((len(windows), len(model.info.actions)), np.float32)
    place = 0
    for batch in windows.batches():
        for window in batch:
            found[place] = model.predict(window)
            place += 1
    return found


def _baseline(fold: Fold) -> NDArray[np.floating[Any]] | None:
    """Return LDA's probabilities for the test windows; None with too few windows to fit it."""
    train = fold.subsets["train"]
    if len(train) <= len(train.actions):
        return None
    return fit_lda(train)(fold.subsets["test"])


def _tested(members: list[dict[str, Any]], jobs: Sequence[Job], test: WindowSet) -> list[dict[str, Any]]:
    """Add the results on the test windows to the records of the members."""
    found = []
    for member, job in zip(members, jobs, strict=True):
        probabilities = job.test_answers()
        result = {
            "test_accuracy": score_windows(test.action, probabilities.argmax(axis=1), test.actions).accuracy,
            "test_loss": cross_entropy(probabilities, test.action),
        }
        found.append({**member, **result})
    return found


def _few_windows(split: Split, test: WindowSet) -> list[str]:
    """Warn of actions with too few test windows for a score that means something."""
    counts = test.count("action")
    few = [
        f"{name} has {counts.get(name, 0)}" for name in test.actions if counts.get(name, 0) < FEWEST_WINDOWS
    ]
    if not few:
        return []
    where = f" in {split.name}" if split.name else ""
    return [
        f"too few test windows{where} to judge an accuracy, fewer than {FEWEST_WINDOWS}: {', '.join(few)};"
        " test on more or longer segments"
    ]


def _check_subsets(subsets: dict[str, WindowSet], split: Split, minority: str | None, members: int) -> None:
    """Refuse what would show only after the training, or never."""
    where = f"split {split.name}".rstrip()
    for subset in SUBSETS:
        if not len(subsets[subset]):
            remedy = f"its {subset} subset has no window; give it more or longer segments"
            raise SettingError(where, split.rule, remedy)
    train = subsets["train"]
    known = train.count("action")
    for action in train.actions:
        if action not in known:
            remedy = f"its training segments of {action!r} give no window; add more or longer ones"
            raise SettingError(where, split.rule, remedy)
    if minority is None:
        return
    if minority not in subsets["validation"].count("cohort"):
        remedy = f"its validation subset has no window of the minority cohort {minority}; choose others"
        raise SettingError(where, split.rule, remedy)
    majority = len(train) - train.count("cohort")[minority]
    if members > majority:
        remedy = f"the majority has only {majority} training windows; choose fewer members"
        raise SettingError("ensemble.members", members, remedy)
