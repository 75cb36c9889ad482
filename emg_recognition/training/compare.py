"""The ensemble beside other methods: same data, same split, same gradient steps, several seeds."""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from emg_recognition.errors import SettingError
from emg_recognition.evaluation.report import render_comparison
from emg_recognition.evaluation.score_figures import MethodRuns, comparison_figure
from emg_recognition.evaluation.style import pdf, png
from emg_recognition.files import write_file
from emg_recognition.models import layers  # noqa: F401  (Keras needs the layers to load a network)
from emg_recognition.recordings.recordings import Recordings
from emg_recognition.training.batches import epoch_size
from emg_recognition.training.comparators import balanced_weights, check_bagging, fit_bagging, fit_lda
from emg_recognition.training.comparison_table import TITLES, average_runs, score_run
from emg_recognition.training.ensemble import choose_minority, job_seed, select_member
from emg_recognition.training.fold import Fold, make_fold
from emg_recognition.training.jobs import KERAS, Job, OnEvent, predict_windows, train_jobs
from emg_recognition.training.output import FOLDS
from emg_recognition.training.prepare import prepare
from emg_recognition.training.results import REPORT
from emg_recognition.training.settings import METHODS, SELECTIONS, ExperimentSettings, FitSettings
from emg_recognition.training.split import Split
from emg_recognition.training.windows import WindowSet

RESULT = "compare.json"

# Numbers that no member has, so that each of these networks has different initial weights.
_SEED_OF = {"weighted": 1001, "minority": 1002}


@dataclass(frozen=True, eq=False)
class Comparison:
    """The result of a comparison.

    Attributes
    ----------
    result_file, report : Path
        ``compare.json`` and ``report.html``.
    result : dict
        The content of ``compare.json``; ``docs/reference/metrics-json.md`` describes it.
    """

    result_file: Path
    report: Path
    result: dict[str, Any] = dataclasses.field(repr=False)


@dataclass(frozen=True, eq=False, kw_only=True)
class Run:
    """The networks of one fold and one seed.

    Attributes
    ----------
    fold : Fold
        The windows of each subset.
    seed : int
        Decides the parts of the majority, initial weights and order.
    members : list of Job
        The ensemble's members; one network on everything if there is no minority; empty if not asked for.
    single : dict of str to Job
        The single networks: ``weighted``, ``minority``.
    """

    fold: Fold
    seed: int
    members: list[Job]
    single: dict[str, Job]


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
) -> Comparison:
    """Train and test every method on every fold with every seed.

    :func:`emg_recognition.compare` describes parameters, result and errors. All methods are fitted on the
    training subset and tested on all windows of the test subset; validation only chooses among the members.
    LDA involves no chance and runs once per fold.
    """
    asked = _check_request(methods, seeds)
    # Whatever the seeds: a later run may add seeds.
    training = dataclasses.replace(settings.training, seed=0)
    decides = {"comparison": True, "settings": dataclasses.replace(settings, training=training).to_mapping()}
    prepared = prepare(settings, recordings, output, identity=decides, cache=cache)
    windows, splits = prepared.windows, prepared.splits
    if methods is None and choose_minority(settings.ensemble.minority, windows.count("cohort"))[0] is None:
        asked.remove("minority")
    runs = [plan_run(settings, windows, split, seed, asked, output) for split in splits for seed in seeds]
    minority = _only_minority(runs)
    prepared.claim_output()
    on_event(prepared.event())
    jobs = [job for run in runs for job in (*run.members, *run.single.values())]
    message = f"{len(splits)} fold(s), seeds {', '.join(map(str, seeds))}: {len(jobs)} networks; "
    on_event(
        {
            "event": "start",
            "message": message + runs[0].fold.sentence,
            "jobs": len(jobs),
            "epochs": settings.training.epochs,
            "windows_per_cohort": windows.count("cohort"),
            "path": str(output),
        }
    )
    train_jobs(jobs, workers=workers, on_event=on_event)
    scores: dict[str, list[dict[str, Any]]] = {}
    for run in runs:
        for name, score in (*score_networks(run), *_score_classical(run, asked, first=run.seed == seeds[0])):
            scores.setdefault(name, []).append({"fold": run.fold.split.name, **score})
            on_event({"event": "judged", "method": name, **scores[name][-1]})
    leaking = splits[0].leaking
    result = {
        **prepared.facts,
        "seeds": list(seeds),
        "split": {"rule": splits[0].rule, "leaking": leaking, "folds": [split.name for split in splits]},
        "minority": minority,
        "minority_choice": runs[0].fold.sentence,
        "methods": [
            average_runs(
                scores[name],
                method=name,
                title=title,
                group=group,
                leaking=leaking or name.endswith("-test"),
            )
            for name, (group, title) in TITLES.items()
            if name in scores
        ],
    }
    _write(output, result)
    return Comparison(output / RESULT, output / REPORT, result)


def plan_run(
    settings: ExperimentSettings,
    windows: WindowSet,
    split: Split,
    seed: int,
    methods: Sequence[str],
    output: Path,
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
        Which of ``ensemble``, ``weighted`` and ``minority`` to train.
    output : Path
        Folder of the comparison.

    Returns
    -------
    Run
        The plan.

    Raises
    ------
    SettingError
        As :func:`~emg_recognition.training.fold.make_fold`, or if ``minority`` is asked for without one.
    """
    training = dataclasses.replace(settings.training, seed=seed)
    name = f"{split.name or 'all'}_seed_{seed}"
    fold = make_fold(dataclasses.replace(settings, training=training), windows, split, output / FOLDS / name)
    label = f"seed {seed}, {split.name + ', ' if split.name else ''}"
    same_effort = _training_of_member(fold.jobs[0])
    train = fold.subsets["train"]
    single: dict[str, Job] = {}
    if "weighted" in methods:
        single["weighted"] = _single(fold, same_effort, train, "weighted", f"{label}weighted network")
    if "minority" in methods:
        if fold.minority is None:
            raise SettingError("method", "minority", f"{fold.sentence}; name a minority or leave it out")
        patients = train.select(train.cohort == fold.minority)
        single["minority"] = _single(fold, same_effort, patients, "minority", f"{label}{fold.minority} alone")
    members = [dataclasses.replace(job, label=f"seed {seed}, {job.label}") for job in fold.jobs]
    return Run(fold=fold, seed=seed, members=members if "ensemble" in methods else [], single=single)


def _training_of_member(member: Job) -> FitSettings:
    """Return settings with the steps and batches of a member, whatever the number of windows."""
    if member.training.steps_per_epoch is not None:
        return member.training
    steps, windows = epoch_size(len(member.train), member.training)
    return dataclasses.replace(member.training, steps_per_epoch=steps, batch_size=-(-windows // steps))


def _single(fold: Fold, training: FitSettings, train: WindowSet, name: str, label: str) -> Job:
    member = fold.jobs[0]
    validation = fold.subsets["validation"]
    return dataclasses.replace(
        member,
        place=member.place.with_name(f"member_{name}"),
        label=label,
        training=dataclasses.replace(training, seed=job_seed(training.seed, _SEED_OF[name])),
        train=train,
        watched=validation.select(validation.cohort == fold.minority) if name == "minority" else None,
        weights=balanced_weights(train.action, train.cohort) if name == "weighted" else None,
    )


def score_networks(run: Run) -> Iterator[tuple[str, dict[str, Any]]]:
    """Test the trained networks of a run.

    Parameters
    ----------
    run : Run
        With every job finished.

    Yields
    ------
    name : str
        ``ensemble-minority`` and the other selections, or ``network`` where one network was trained on
        everything; ``weighted``, ``minority``.
    score : dict
        As of :func:`~emg_recognition.training.comparison_table.score_run`, with the ``seed``, ``seconds`` of
        training, the number of ``networks``, the ``steps`` of each and, for a selection, which member is
        ``selected``.
    """
    test, minority = run.fold.subsets["test"], run.fold.minority
    answers = [_answers(job, test) for job in run.members]
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
        yield "network", {**score_run(answers[0], test, minority), **effort}
    elif records:
        for selection in SELECTIONS:
            chosen = select_member(records, selection)
            kept = np.mean(answers, axis=0) if chosen is None else answers[chosen]
            member = None if chosen is None else chosen + 1
            yield f"ensemble-{selection}", {**score_run(kept, test, minority), **effort, "selected": member}
    for name, job in run.single.items():
        record = job.record()
        effort = {"seed": run.seed, "seconds": record["seconds"], "networks": 1, "steps": record["steps"]}
        yield name, {**score_run(_answers(job, test), test, minority), **effort}


def _answers(job: Job, test: WindowSet) -> NDArray[np.float32]:
    return predict_windows(keras.saving.load_model(job.place / KERAS, compile=False), test)


def _score_classical(
    run: Run, methods: Sequence[str], *, first: bool
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Fit and test the classical methods; LDA, which is the same for every seed, with the first one."""
    train, test = run.fold.subsets["train"], run.fold.subsets["test"]
    for method in methods:
        if method == "balanced-bagging" or (method == "lda" and first):
            begin = time.perf_counter()
            predictor = fit_lda(train) if method == "lda" else fit_bagging(train, run.seed)
            effort = {"seconds": time.perf_counter() - begin, "networks": 0, "steps": 0}
            seed = None if method == "lda" else run.seed
            yield method, {"seed": seed, **score_run(predictor(test), test, run.fold.minority), **effort}


def _check_request(methods: Sequence[str] | None, seeds: Sequence[int]) -> list[str]:
    asked = list(METHODS if methods is None else methods)
    for method in asked:
        if method not in METHODS:
            raise SettingError("method", method, f"use some of {', '.join(METHODS)}")
    if not seeds or len(set(seeds)) < len(seeds) or min(seeds) < 0:
        raise SettingError("seeds", list(seeds), "give whole numbers from 0, each once")
    if "balanced-bagging" in asked:
        check_bagging()
    return asked


def _only_minority(runs: Sequence[Run]) -> str | None:
    """Return the minority, which must be the same in all folds."""
    found = {run.fold.minority for run in runs}
    if len(found) > 1:
        fold = next(run.fold for run in runs if run.fold.minority is None)
        remedy = f"in the fold {fold.split.name}, {fold.sentence}; choose folds that all train on a minority"
        raise SettingError("split", fold.split.rule, remedy)
    return found.pop()


def _write(output: Path, result: dict[str, Any]) -> None:
    """Write ``compare.json``, the figure and ``report.html``, each file completely or not at all."""
    names = ("group", "leaking", "values", "minority")
    rows = [MethodRuns(name=row["title"], **{name: row[name] for name in names}) for row in result["methods"]]
    figure = comparison_figure(rows)
    image = png(figure)
    write_file(output / "figures" / "comparison.png", image)
    write_file(output / "figures" / "comparison.pdf", pdf(figure))
    write_file(output / REPORT, render_comparison(result, {"comparison": image}).encode())
    write_file(output / RESULT, json.dumps(result, indent=1, allow_nan=False).encode())
