"""One fold of an experiment: its windows and jobs before training, its bundle and result after it."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from emg_recognition.errors import SettingError
from emg_recognition.evaluation.metrics import score_windows
from emg_recognition.evaluation.performance import Performance, cross_entropy, measure
from emg_recognition.models import layers  # noqa: F401  (Keras finds the layers of a saved member by it)
from emg_recognition.models.bundle_writer import write_bundle
from emg_recognition.models.runtime import ActionModel
from emg_recognition.signal.settings import PipelineSettings
from emg_recognition.training import output as folders
from emg_recognition.training.ensemble import choose_minority, member_jobs
from emg_recognition.training.jobs import KERAS, Job, OnEvent, predict_windows, summary
from emg_recognition.training.results import bundle_contents, write_report
from emg_recognition.training.selection import LEAKING, describe, select_member
from emg_recognition.training.settings import ExperimentSettings
from emg_recognition.training.split import SIDES, Split
from emg_recognition.training.windows import WindowSet


def predict(model: ActionModel, windows: WindowSet) -> NDArray[np.float32]:
    """Probabilities of the actions for each window, shape (windows, actions)."""
    return np.stack([model.predict(window) for batch in windows.batches() for window in batch])


IN_BUNDLE = ("test_accuracy", "test_balanced_accuracy", "test_macro_f1", "test_loss")


@dataclass(frozen=True, eq=False, kw_only=True)
class Fold:
    """What one split of the recordings is trained and tested on.

    Attributes
    ----------
    split : Split
        The split.
    sides : dict of str to WindowSet
        Windows to train, to validate, to test.
    minority : str or None
        The cohort that every member sees whole.
    sentence : str
        The choice of the minority, in words.
    folder : Path
        Where the results go.
    jobs : list of Job
        The members.
    """

    split: Split
    sides: dict[str, WindowSet]
    minority: str | None
    sentence: str
    folder: Path
    jobs: list[Job]


def make_fold(settings: ExperimentSettings, windows: WindowSet, split: Split, folder: Path) -> Fold:
    """Cut the windows as the split says, and make the members' jobs.

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

    Returns
    -------
    Fold
        Ready to be trained.

    Raises
    ------
    SettingError
        If a side lacks what it is for, or the minority cannot be used.
    """
    sides = split.cut(windows)
    minority, sentence = choose_minority(settings.ensemble.minority, sides["train"].count("cohort"))
    _check_sides(sides, split, minority, settings.ensemble.members)
    prefix = f"{split.name}, " if split.name else ""
    jobs = member_jobs(settings, sides, minority, folder / folders.MEMBERS, prefix=prefix)
    return Fold(split=split, sides=sides, minority=minority, sentence=sentence, folder=folder, jobs=jobs)


def finish_fold(
    settings: ExperimentSettings,
    fold: Fold,
    pipeline: PipelineSettings,
    facts: Mapping[str, Any],
    *,
    on_event: OnEvent,
) -> tuple[dict[str, Any], Performance]:
    """Choose among the trained members, test, and write bundle, metrics and report.

    Only ``selection: test``, the paper's, lets the test decide; otherwise the members that are not chosen
    are tested after the choice, for Table I.

    Parameters
    ----------
    settings : ExperimentSettings
        As for :func:`make_fold`.
    fold : Fold
        With every job finished.
    pipeline : PipelineSettings
        The signal path.
    facts : mapping
        What is known about the whole experiment (settings, data, versions, source, created).
    on_event : callable
        Told which member is kept.

    Returns
    -------
    metrics : dict
        The content of the fold's ``metrics.json``.
    performance : Performance
        The results on the test windows.
    """
    selection = settings.ensemble.selection
    test = fold.sides["test"]
    members = [{"member": number, **summary(job.record())} for number, job in enumerate(fold.jobs, start=1)]
    if selection in LEAKING:
        members = _tested(members, fold.jobs, test)
    chosen = select_member(members, selection)
    on_event({"event": "selected", "member": None if chosen is None else chosen + 1, "members": len(members)})
    if selection not in LEAKING:
        members = _tested(members, fold.jobs, test)
    kept = members if chosen is None else [members[chosen]]
    metrics: dict[str, Any] = {
        **facts,
        "actions": list(test.actions),
        "split": {
            "name": fold.split.name,
            "rule": fold.split.rule,
            "leaking": fold.split.leaking,
            "values": {side: list(values) for side, values in fold.split.values.items()},
        },
        "windows_per_cohort": fold.sides["train"].count("cohort"),
        "windows": {side: fold.sides[side].count("cohort") for side in SIDES},
        "window_table": [
            {"side": side, "cohort": cohort, "action": action, "windows": number}
            for side in SIDES
            for (cohort, action), number in fold.sides[side].count_by("cohort", "action").items()
        ],
        "minority": fold.minority,
        "minority_choice": fold.sentence,
        "members": members,
        "selection": {
            "name": selection,
            "leaking": selection in LEAKING,
            "sentence": describe(selection, fold.minority),
        },
        "selected": None if chosen is None else chosen + 1,
        "seconds": sum(member["seconds"] for member in members),
        **{f"train_{name}": float(np.mean([m[name] for m in kept])) for name in ("accuracy", "loss")},
        "pipeline": pipeline.fingerprint(),
    }
    contents = bundle_contents(fold.jobs, chosen, metrics, pipeline)
    scratch = fold.folder / folders.SCRATCH
    write_bundle(scratch, **contents, metrics={})
    probabilities = predict(ActionModel.load(scratch), test)
    shutil.rmtree(scratch)
    stride = settings.stride_samples(pipeline.rate) / pipeline.rate
    performance = measure(
        probabilities,
        test.action,
        actions=test.actions,
        subject=test.subject,
        cohort=test.cohort,
        segment=test.segment,
        begin=test.begin,
        stride=stride,
        rest=settings.rest_of(test.actions),
    )
    metrics.update(performance.to_json())
    write_report(fold.folder, metrics, performance, [job.record()["epochs"] for job in fold.jobs])
    # Last, so that where a bundle stands, all that belongs to it stands, too.
    bundle = fold.folder / folders.BUNDLE
    write_bundle(bundle, **contents, metrics={name: metrics[name] for name in IN_BUNDLE})
    return metrics, performance


def _tested(members: list[dict[str, Any]], jobs: Sequence[Job], test: WindowSet) -> list[dict[str, Any]]:
    """Add to the records of members their results on the test windows."""
    found = []
    for member, job in zip(members, jobs, strict=True):
        probabilities = predict_windows(keras.saving.load_model(job.place / KERAS, compile=False), test)
        result = {
            "test_accuracy": score_windows(test.action, probabilities.argmax(axis=1), test.actions).accuracy,
            "test_loss": cross_entropy(probabilities, test.action),
        }
        found.append({**member, **result})
    return found


def _check_sides(sides: dict[str, WindowSet], split: Split, minority: str | None, members: int) -> None:
    """Refuse what would only show after the training, or never."""
    where = f"split{f' {split.name}' if split.name else ''}"
    for side in SIDES:
        if not len(sides[side]):
            remedy = f"its {side} side has no window; give it more or longer segments"
            raise SettingError(where, split.rule, remedy)
    train = sides["train"]
    known = train.count("action")
    for action in train.actions:
        if action not in known:
            remedy = f"its training segments of {action!r} give no window; take more or longer ones"
            raise SettingError(where, split.rule, remedy)
    if minority is None:
        return
    if minority not in sides["validation"].count("cohort"):
        remedy = f"its validation side has no window of the minority cohort {minority}; take others"
        raise SettingError(where, split.rule, remedy)
    majority = len(train) - train.count("cohort")[minority]
    if members > majority:
        remedy = f"the majority has only {majority} training windows; choose fewer members"
        raise SettingError("ensemble.members", members, remedy)
