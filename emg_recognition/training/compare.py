"""The ensemble beside what a reviewer asks for: same data, same split, same gradient steps, several seeds."""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from emg_recognition.actions import ordered
from emg_recognition.errors import SettingError
from emg_recognition.evaluation.comparison_figures import comparison_figure
from emg_recognition.evaluation.metrics import score_windows, scores_by_group
from emg_recognition.evaluation.style import pdf, png
from emg_recognition.files import write_file
from emg_recognition.models import layers  # noqa: F401  (Keras finds the layers of a saved network by it)
from emg_recognition.recordings.recordings import Recordings
from emg_recognition.resources import versions
from emg_recognition.training import output as folders
from emg_recognition.training.batches import Batches
from emg_recognition.training.comparators import balanced_weights, check_bagging, fit_bagging, fit_lda
from emg_recognition.training.ensemble import choose_minority, job_seed
from emg_recognition.training.fit import FitSettings
from emg_recognition.training.fold import Fold, make_fold
from emg_recognition.training.jobs import KERAS, Job, OnEvent, predict_windows, train_jobs
from emg_recognition.training.output import LIBRARIES, data_fingerprint
from emg_recognition.training.selection import SELECTIONS, select_member
from emg_recognition.training.settings import ExperimentSettings
from emg_recognition.training.split import Split
from emg_recognition.training.splits import make_splits, split_fingerprint
from emg_recognition.training.windows import WindowSet, windows_from_recordings

MEASURES = ("accuracy", "balanced_accuracy", "minority", "worst", "seconds")
"""What is averaged over the runs of a method."""


def judge(probabilities: NDArray[np.float32], test: WindowSet, minority: str | None) -> dict[str, Any]:
    """Judge one model by the test windows.

    Parameters
    ----------
    probabilities : ndarray, shape (windows, actions)
        What the model answered.
    test : WindowSet
        The test windows, with what was really performed.
    minority : str or None
        The cohort whose subjects are looked at one by one; ``None``, or one that is not tested: all subjects.

    Returns
    -------
    dict
        ``accuracy`` and ``balanced_accuracy`` over all windows; ``per_subject``, the accuracy of each subject
        of the minority (of all subjects where there is none); ``minority``, the mean of these, ``None``
        without a minority; ``worst`` and ``worst_subject``.
    """
    predicted, truth, cohort = probabilities.argmax(axis=1), test.action, test.cohort
    whole = score_windows(truth, predicted, test.actions)
    there = minority is not None and minority in cohort
    looked = cohort == minority if there else np.ones(len(test), dtype=bool)
    groups = scores_by_group(truth[looked], predicted[looked], test.actions, test.subject[looked])
    per_subject = {name: group.accuracy for name, group in groups.items()}
    worst = min(per_subject, key=lambda name: per_subject[name])
    return {
        "accuracy": whole.accuracy,
        "balanced_accuracy": whole.balanced_accuracy,
        "minority": float(np.mean(list(per_subject.values()))) if there else None,
        "worst": per_subject[worst],
        "worst_subject": worst,
        "per_subject": per_subject,
    }


def row_of(runs: Sequence[Mapping[str, Any]], **facts: Any) -> dict[str, Any]:
    """Put the runs of a method together.

    Parameters
    ----------
    runs : sequence of mapping
        What :func:`judge` says of each, and its ``seconds``; at least one.
    **facts : Any
        What else is known about the method.

    Returns
    -------
    dict
        `facts`, the ``runs``; ``mean`` and ``deviation`` of each of `MEASURES` over those runs that have
        it (the deviation is that of a sample, divided by n - 1; ``None`` for a single run);
        ``per_subject``, the mean over the runs that tested the subject; and ``values`` and ``minority``, the
        runs' accuracies for
        :func:`~emg_recognition.evaluation.comparison_figures.comparison_figure`.
    """
    table = {name: [run[name] for run in runs if run[name] is not None] for name in MEASURES}
    tested = sorted({subject for run in runs for subject in run["per_subject"]})
    return {
        **facts,
        "mean": {name: float(np.mean(found)) if found else None for name, found in table.items()},
        "deviation": {
            name: float(np.std(found, ddof=1)) if len(found) > 1 else None for name, found in table.items()
        },
        "per_subject": {
            subject: float(
                np.mean([run["per_subject"][subject] for run in runs if subject in run["per_subject"]])
            )
            for subject in tested
        },
        "values": table["accuracy"],
        "minority": table["minority"],
        "runs": list(runs),
    }


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
        As of :func:`~emg_recognition.training.compare.judge`, with the ``seed``, ``seconds`` of training, the
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


RESULT = "compare.json"
METHODS = ("ensemble", "weighted", "minority", "lda", "balanced-bagging")
"""What can be compared; all of it by default."""

TITLES = {
    "ensemble-minority": ("ensemble", "Ensemble, best on the minority"),
    "ensemble-overall": ("ensemble", "Ensemble, best on all"),
    "ensemble-soft-vote": ("ensemble", "Ensemble, soft vote"),
    "ensemble-test": ("ensemble", "Ensemble, best on the test data"),
    "network": ("network", "One network, all data"),
    "weighted": ("network", "One network, weighted"),
    "minority": ("network", "One network, minority alone"),
    "lda": ("classical", "LDA, Hudgins' features"),
    "balanced-bagging": ("classical", "Balanced bagging, same features"),
}
"""The rows of the table: group and name of each."""


def run_comparison(
    settings: ExperimentSettings,
    recordings: Recordings,
    output: Path,
    *,
    seeds: Sequence[int],
    methods: Sequence[str] | None = None,
    workers: int = 0,
    cache: Path | None = None,
    on_event: OnEvent = lambda event: None,
) -> dict[str, Any]:
    """Train and test every method on every fold with every seed.

    All methods are fitted on the training side and judged by all windows of the test side; validation
    chooses among the members and serves nothing else. LDA knows no chance and runs once a fold.

    Parameters
    ----------
    settings : ExperimentSettings
        Signal path, network, training, ensemble and split; `seeds` take the place of its seed.
    recordings : Recordings
        Labelled segments.
    output : Path
        Folder for ``compare.json``, the figure and the networks. A comparison of the same settings and data
        goes on there, with other seeds and methods, too; finished networks are not trained again.
    seeds : sequence of int
        At least one.
    methods : sequence of str or None
        Some of `METHODS`; ``None``: all of them, without those that need a minority where there is none.
    workers, cache, on_event
        As for :func:`~emg_recognition.training.experiment.run_experiment`.

    Returns
    -------
    dict
        The content of ``compare.json``, see ``docs/reference/metrics-json.md``.

    Raises
    ------
    EmgRecognitionError
        If settings, recordings, methods or the folder cannot be used; nothing has been written then.
    """
    asked = _checked(methods, seeds)
    recordings = settings.choose_actions(recordings)
    splits = make_splits(recordings, settings.split)
    pipeline = settings.pipeline_for(rate=recordings.rate, channels=recordings.channels, unit=recordings.unit)
    facts: dict[str, Any] = {
        "comparison": True,
        "settings": _without_seed(settings),
        "data": {"sha256": data_fingerprint(recordings)},
        "sides": {"sha256": split_fingerprint(splits)},
        "versions": versions(*LIBRARIES),
    }
    folders.refuse_foreign(output, facts)
    windows = windows_from_recordings(
        recordings,
        pipeline,
        settings.stride_samples(recordings.rate),
        actions=ordered(recordings.actions),
        warm_up=settings.warm_up,
        cache=cache,
    )
    if methods is None and choose_minority(settings.ensemble.minority, windows.count("cohort"))[0] is None:
        asked.remove("minority")
    rounds = [make_round(settings, windows, split, seed, asked, output) for split in splits for seed in seeds]
    minority = _one_minority(rounds)
    folders.claim(output, facts)
    jobs = [job for one in rounds for job in (*one.members, *one.alone.values())]
    message = f"{len(splits)} fold(s), seeds {', '.join(map(str, seeds))}: {len(jobs)} networks; "
    on_event(
        {
            "event": "start",
            "message": message + rounds[0].fold.sentence,
            "jobs": len(jobs),
            "epochs": settings.training.epochs,
            "windows_per_cohort": windows.count("cohort"),
            "path": str(output),
        }
    )
    train_jobs(jobs, workers=workers, on_event=on_event)
    runs: dict[str, list[dict[str, Any]]] = {}
    for one in rounds:
        for name, run in (*judged_networks(one), *_judged_classical(one, asked, first=one.seed == seeds[0])):
            runs.setdefault(name, []).append({"fold": one.fold.split.name, **run})
            on_event({"event": "judged", "method": name, **runs[name][-1]})
    leaking = splits[0].leaking
    result = {
        "source": Path(recordings.source).name,
        "created": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        **facts,
        "seeds": list(seeds),
        "split": {"rule": splits[0].rule, "leaking": leaking, "folds": [split.name for split in splits]},
        "minority": minority,
        "minority_choice": rounds[0].fold.sentence,
        "methods": [
            row_of(
                runs[name], method=name, title=title, group=group, leaking=leaking or name.endswith("-test")
            )
            for name, (group, title) in TITLES.items()
            if name in runs
        ],
    }
    _write(output, result)
    return result


def _checked(methods: Sequence[str] | None, seeds: Sequence[int]) -> list[str]:
    asked = list(METHODS if methods is None else methods)
    for method in asked:
        if method not in METHODS:
            raise SettingError("method", method, f"choose from {', '.join(METHODS)}")
    if not seeds or len(set(seeds)) < len(seeds) or min(seeds) < 0:
        raise SettingError("seeds", list(seeds), "give whole numbers from 0 on, each once")
    if "balanced-bagging" in asked:
        check_bagging()
    return asked


def _one_minority(rounds: Sequence[Round]) -> str | None:
    """Return the minority of all folds."""
    found = {one.fold.minority for one in rounds}
    if len(found) > 1:
        lacking = next(one.fold for one in rounds if one.fold.minority is None)
        remedy = (
            f"in the fold {lacking.split.name} {lacking.sentence}; choose folds that all train on a minority"
        )
        raise SettingError("split", lacking.split.rule, remedy)
    return found.pop()


def _without_seed(settings: ExperimentSettings) -> dict[str, Any]:
    """Return what decides a comparison, whatever the seeds: two runs may add seeds to each other."""
    return dataclasses.replace(settings, training=dataclasses.replace(settings.training, seed=0)).to_mapping()


def _judged_classical(
    one: Round, methods: Sequence[str], *, first: bool
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Fit and test the classical methods; LDA, which is the same for every seed, with the first one."""
    train, test = one.fold.sides["train"], one.fold.sides["test"]
    for method in methods:
        if method == "balanced-bagging" or (method == "lda" and first):
            begin = time.perf_counter()
            predictor = fit_lda(train) if method == "lda" else fit_bagging(train, one.seed)
            effort = {"seconds": time.perf_counter() - begin, "networks": 0, "steps": 0}
            seed = None if method == "lda" else one.seed
            yield method, {"seed": seed, **judge(predictor(test), test, one.fold.minority), **effort}


def _write(output: Path, result: dict[str, Any]) -> None:
    """Write ``compare.json`` and the figure, each file as a whole."""
    rows = [{**row, "method": row["title"]} for row in result["methods"]]
    figure = comparison_figure(rows)
    write_file(output / "figures" / "comparison.png", png(figure))
    write_file(output / "figures" / "comparison.pdf", pdf(figure))
    write_file(output / RESULT, json.dumps(result, indent=1, allow_nan=False).encode())
