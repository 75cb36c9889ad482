"""The ensemble beside other methods: same data, same split, same gradient steps, several seeds."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from emg_recognition.errors import SettingError
from emg_recognition.evaluation.comparison_figures import MethodRuns, comparison_figure, curve_figure
from emg_recognition.evaluation.report import render_comparison
from emg_recognition.evaluation.style import pdf, png
from emg_recognition.files import write_file
from emg_recognition.recordings.recordings import Recordings
from emg_recognition.tasks import Executor, used_machines
from emg_recognition.training.comparators import check_bagging
from emg_recognition.training.comparison_runs import (
    OF_MINORITY,
    Run,
    Score,
    plan_run,
    score_classical,
    score_networks,
)
from emg_recognition.training.comparison_table import TITLES, average_runs, score_run
from emg_recognition.training.ensemble import choose_minority
from emg_recognition.training.jobs import OnEvent, train_jobs
from emg_recognition.training.learning_curve import CURVE_METHODS, check_curve, shortened
from emg_recognition.training.output import FOLDS
from emg_recognition.training.prepare import Prepared, prepare
from emg_recognition.training.results import REPORT
from emg_recognition.training.settings import METHODS, ExperimentSettings
from emg_recognition.training.split import Split

RESULT = "compare.json"


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


def run_comparison(
    settings: ExperimentSettings,
    recordings: Recordings,
    output: Path,
    *,
    seeds: Sequence[int],
    methods: Sequence[str] | None = None,
    learning_curve: Sequence[int] = (),
    executor: Executor,
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
        asked = [method for method in asked if method not in OF_MINORITY]
    runs = _plan(settings, prepared, splits, seeds, asked)
    minority = _only_minority(runs)
    most = check_curve(learning_curve, splits, windows.segments, minority) if learning_curve else None
    for given in sorted(learning_curve):
        fewer = [shortened(split, windows.segments, str(minority), given) for split in splits]
        chosen = [method for method in asked if method in CURVE_METHODS]
        runs += _plan(settings, prepared, fewer, seeds, chosen, given)
    prepared.claim_output()
    on_event(prepared.event())
    jobs = [job for run in runs for job in run.jobs]
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
    records = train_jobs(jobs, executor=executor, on_event=on_event)
    score = partial(
        score_run,
        stride=settings.stride_samples(prepared.pipeline.rate) / prepared.pipeline.rate,
        window=prepared.pipeline.window,
        rest=settings.rest_among(windows.actions),
    )
    leaking = splits[0].leaking
    rows = {
        given: _rows(
            [run for run in runs if run.given == given], asked, seeds[0], score, leaking, on_event=on_event
        )
        for given in (*sorted(learning_curve), None)
    }
    result = {
        **prepared.facts,
        "seeds": list(seeds),
        "split": {"rule": splits[0].rule, "leaking": leaking, "folds": [split.name for split in splits]},
        "minority": minority,
        "minority_choice": runs[0].fold.sentence,
        "machines": used_machines(records),
        "methods": rows[None],
        "learning_curve": [
            {"repetitions": most if given is None else given, "methods": _of_curve(found)}
            for given, found in rows.items()
            if most is not None
        ],
    }
    _write(output, result)
    return Comparison(output / RESULT, output / REPORT, result)


def _plan(
    settings: ExperimentSettings,
    prepared: Prepared,
    splits: Sequence[Split],
    seeds: Sequence[int],
    methods: Sequence[str],
    given: int | None = None,
) -> list[Run]:
    """Plan a run for each fold and seed; the windows of a fold are the same for all seeds."""
    runs = []
    for split in splits:
        like = None
        for seed in seeds:
            like = plan_run(
                settings,
                prepared.windows,
                split,
                seed,
                methods,
                prepared.output / FOLDS,
                given=given,
                like=like,
            )
            runs.append(like)
    return runs


def _rows(
    runs: Sequence[Run],
    methods: Sequence[str],
    first_seed: int,
    score: Score,
    leaking: bool,
    *,
    on_event: OnEvent,
) -> list[dict[str, Any]]:
    """Test the finished runs; return the rows of the table."""
    scores: dict[str, list[dict[str, Any]]] = {}
    for run in runs:
        classical = [method for method in methods if run.given is None or method in CURVE_METHODS]
        for name, found in (
            *score_networks(run, score),
            *score_classical(run, classical, score, first=run.seed == first_seed),
        ):
            scores.setdefault(name, []).append({"fold": run.fold.split.name, **found})
            given = {} if run.given is None else {"repetitions": run.given}
            on_event({"event": "judged", "method": name, **given, **scores[name][-1]})
    return [
        average_runs(
            scores[name],
            method=name,
            title=title,
            group=group,
            leaking=leaking or name.endswith("-test"),
        )
        for name, (group, title) in TITLES.items()
        if name in scores
    ]


def _of_curve(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the rows that a learning curve has: no method that leaks or that only the whole has."""
    return [row for row in rows if not row["leaking"] and row["method"] != "balanced-bagging"]


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
    """Write ``compare.json``, the figures and ``report.html``, each file completely or not at all."""
    names = ("group", "leaking", "values", "minority")
    rows = [MethodRuns(name=row["title"], **{name: row[name] for name in names}) for row in result["methods"]]
    figures = {"comparison": comparison_figure(rows)}
    if result["learning_curve"]:
        figures["learning_curve"] = curve_figure(result["learning_curve"], result["minority"])
    images = {name: png(figure) for name, figure in figures.items()}
    for name, figure in figures.items():
        write_file(output / "figures" / f"{name}.png", images[name])
        write_file(output / "figures" / f"{name}.pdf", pdf(figure))
    write_file(output / REPORT, render_comparison(result, images).encode())
    write_file(output / RESULT, json.dumps(result, indent=1, allow_nan=False).encode())
