"""One experiment: from recordings and settings to model bundles and their results."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emg_recognition.recordings.recordings import Recordings
from emg_recognition.tasks import Executor
from emg_recognition.training.fold import Fold, finish_fold, make_fold
from emg_recognition.training.jobs import OnEvent, train_jobs
from emg_recognition.training.output import BUNDLE, FOLDS
from emg_recognition.training.prepare import Prepared, prepare
from emg_recognition.training.results import METRICS, REPORT, write_folds
from emg_recognition.training.settings import ExperimentSettings


@dataclass(frozen=True, eq=False)
class TrainingResult:
    """The result of a training.

    Attributes
    ----------
    bundle : Path or None
        The model bundle; ``None`` for a split with several folds, where each fold's folder has one.
    metrics_file, report : Path
        ``metrics.json`` and ``report.html``.
    metrics : dict
        The content of ``metrics.json``; ``docs/reference/metrics-json.md`` describes it.
    """

    bundle: Path | None
    metrics_file: Path
    report: Path
    metrics: dict[str, Any] = dataclasses.field(repr=False)


def run_experiment(
    settings: ExperimentSettings,
    recordings: Recordings,
    output: Path,
    *,
    executor: Executor,
    cache: Path | None = None,
    on_event: OnEvent = lambda event: None,
) -> TrainingResult:
    """Train the ensemble of every fold, keep the best member, and test it once.

    :func:`emg_recognition.train` describes parameters, result and errors. The test windows go through the
    network of the bundle one at a time, as live windows do.
    """
    identity = {"settings": settings.to_mapping()}
    prepared = prepare(settings, recordings, output, identity=identity, cache=cache)
    folds = make_folds(settings, prepared)
    prepared.claim_output()
    on_event(prepared.event())
    return train_folds(prepared, [(settings, fold) for fold in folds], executor=executor, on_event=on_event)


def make_folds(settings: ExperimentSettings, prepared: Prepared) -> list[Fold]:
    """Make the fold of every split; the results of several go to folders of their own."""
    single, output = len(prepared.splits) == 1, prepared.output
    return [
        make_fold(settings, prepared.windows, split, output if single else output / FOLDS / split.name)
        for split in prepared.splits
    ]


def train_folds(
    prepared: Prepared,
    planned: Sequence[tuple[ExperimentSettings, Fold]],
    *,
    executor: Executor,
    on_event: OnEvent,
) -> TrainingResult:
    """Train the ensemble of every fold, each with its settings, keep the best member, and test it once.

    Parameters
    ----------
    prepared : Prepared
        The recordings, with the output claimed.
    planned : sequence of (ExperimentSettings, Fold)
        The folds, in the order of the splits.
    executor, on_event
        As for :func:`run_experiment`, from the event ``start`` on.

    Returns
    -------
    TrainingResult
        The result.
    """
    folds = [fold for _, fold in planned]
    single, output, source = len(folds) == 1, prepared.output, prepared.recordings
    jobs = [job for fold in folds for job in fold.jobs]
    sentence = folds[0].sentence
    on_event(
        {
            "event": "start",
            "message": sentence if single else f"{len(folds)} folds; in the first, {sentence}",
            "jobs": len(jobs),
            "epochs": planned[0][0].training.epochs,
            "windows_per_cohort": folds[0].subsets["train"].count("cohort"),
            "path": str(output),
        }
    )
    train_jobs(jobs, executor=executor, on_event=on_event)
    found = [
        finish_fold(
            settings,
            fold,
            settings.pipeline_for(rate=source.rate, channels=source.channels, unit=source.unit),
            {**prepared.facts, "settings": settings.to_mapping()},
            on_event=on_event,
        )
        for settings, fold in planned
    ]
    metrics = found[0][0] if single else write_folds(output, prepared.splits, found, prepared.facts)
    bundle = output / BUNDLE if single else None
    result = TrainingResult(bundle, output / METRICS, output / REPORT, metrics)
    headline = {name: metrics[name] for name in metrics if name in found[0][1].headline()}
    on_event(
        {
            "event": "done",
            "path": str(bundle or output),
            "report": str(result.report),
            "metrics": str(result.metrics_file),
            "seconds": metrics["seconds"],
            **headline,
        }
    )
    return result
