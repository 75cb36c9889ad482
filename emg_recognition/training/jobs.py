"""Networks as independent jobs, trained in this process or in several; finished ones are kept."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from emg_recognition.evaluation.metrics import score_windows, scores_by_group
from emg_recognition.files import replace_directory
from emg_recognition.models.export import to_keras_file
from emg_recognition.models.settings import NetworkSettings
from emg_recognition.models.statistics import window_statistics
from emg_recognition.training.fit import FitResult, fit_network
from emg_recognition.training.settings import FitSettings
from emg_recognition.training.windows import WindowSet
from emg_recognition.training.workers import run_in_processes

CRITERION = "val_balanced_accuracy"
"""Balanced accuracy over the minority cohort's validation windows (over all of them without a minority)."""

TIE_BREAK = "val_balanced_accuracy_all"
"""Balanced accuracy over all validation windows; decides between members equal on the minority."""

HISTORY = "history.json"
KERAS = "model.keras"
_AT_ONCE = 256
OnEvent = Callable[[dict[str, Any]], None]


@dataclass(frozen=True, eq=False, kw_only=True)
class Job:
    """One network to be trained.

    Attributes
    ----------
    place : Path
        Folder of the result: ``model.keras`` and ``history.json``, written in one step.
    label : str
        Its name in progress events, for example ``member 3``.
    network, training : NetworkSettings, FitSettings
        What is trained, and how; the seed is this job's own.
    train : WindowSet
        Windows to fit.
    validation : WindowSet or None
        Windows to score the finished network on; ``None``: it is not scored.
    watched : WindowSet or None
        Windows to report on after each epoch; ``None``: those of validation.
    weights : ndarray, shape (train windows,) or (epochs, train windows), or None
        How often each training window is drawn, relative to the others; ``None``: all equally often.
    minority : str or None
        The cohort whose validation windows give the score to choose by; ``None``: all validation windows.
    """

    place: Path
    label: str
    network: NetworkSettings
    training: FitSettings
    train: WindowSet
    validation: WindowSet | None = None
    watched: WindowSet | None = None
    weights: NDArray[np.float64] | None = None
    minority: str | None = None

    @property
    def is_finished(self) -> bool:
        """Whether it has been trained, by this run or an earlier one."""
        return (self.place / HISTORY).exists()

    def record(self) -> dict[str, Any]:
        """Return the record of a finished job, as in its ``history.json``."""
        record: dict[str, Any] = json.loads((self.place / HISTORY).read_text(encoding="utf-8"))
        return record


def train_jobs(jobs: Sequence[Job], *, workers: int, on_event: OnEvent) -> list[dict[str, Any]]:
    """Train every job that is not finished yet.

    Nothing but its own fields decides a job: the result does not depend on the jobs before or beside it.

    Parameters
    ----------
    jobs : sequence of Job
        The networks.
    workers : int
        Processes that train at the same time, each on one core; 0: train in this process. The networks are
        the same for any number of processes, to the bit; in this process TensorFlow may use more threads,
        and the last digits may differ.
    on_event : callable
        Called with an ``epoch`` event after each epoch and a ``job`` event after each job. The events of
        several workers alternate; ``done`` is the share of all epochs.

    Returns
    -------
    list of dict
        The jobs' records, in their order.
    """
    epochs = [0] * len(jobs)
    total = sum(job.training.epochs for job in jobs)

    def report(event: dict[str, Any]) -> None:
        index = event["job"] - 1
        epochs[index] = event["epoch"] if event["event"] == "epoch" else jobs[index].training.epochs
        on_event({**event, "jobs": len(jobs), "done": sum(epochs) / total})

    missing = [index for index, job in enumerate(jobs) if not job.is_finished]
    for index, job in enumerate(jobs):
        if index not in missing:
            report(_finished(index, job, resumed=True))
    if workers > 0 and missing:
        run_in_processes(jobs, missing, workers, report)
    else:
        for index in missing:
            train_job(index, jobs[index], report)
    return [job.record() for job in jobs]


def train_job(index: int, job: Job, on_event: OnEvent) -> None:
    """Train one network and write it to its folder.

    Parameters
    ----------
    index : int
        Its number among all jobs, from 0.
    job : Job
        What to train.
    on_event : callable
        As for :func:`train_jobs`.
    """
    result = fit_network(
        job.network,
        job.training,
        job.train,
        job.validation if job.watched is None else job.watched,
        weights=job.weights,
        on_epoch=partial(_report_epoch, on_event, index, job),
    )
    record = {
        "label": job.label,
        "windows": job.train.count("cohort"),
        **_last_epoch(result),
        **({} if job.validation is None else _validate(result.model, job.validation, job.minority)),
        "seconds": result.seconds,
        "steps": result.steps,
        "statistics": window_statistics(job.train.batches()),
        "epochs": result.history,
    }
    replace_directory(
        job.place, {KERAS: to_keras_file(result.model), HISTORY: json.dumps(record, indent=1).encode()}
    )
    on_event(_finished(index, job, resumed=False))


def summary(record: dict[str, Any]) -> dict[str, Any]:
    """Return a job's record without its epochs and statistics."""
    return {name: value for name, value in record.items() if name not in ("epochs", "statistics")}


def predict_windows(model: keras.Model, windows: WindowSet) -> NDArray[np.float32]:
    """Return the probabilities of the actions for each window, shape (windows, actions), by whole batches.

    LiteRT, which takes one window at a time, adds in another order: the last digits differ.
    """
    # Keras's own predict() would first build a graph for each model.
    answers = [model(batch, training=False).numpy() for batch in windows.batches(_AT_ONCE)]
    return np.concatenate(answers)


def _finished(index: int, job: Job, *, resumed: bool) -> dict[str, Any]:
    event = {"event": "job", "job": index + 1, "resumed": resumed, "path": str(job.place)}
    return {**event, **summary(job.record())}


def _report_epoch(on_event: OnEvent, index: int, job: Job, entry: dict[str, Any]) -> None:
    on_event({"event": "epoch", "job": index + 1, "label": job.label, **entry})


def _last_epoch(result: FitResult) -> dict[str, Any]:
    names = ("loss", "accuracy", "val_loss", "val_accuracy")
    return {name: result.history[-1][name] for name in names}


def _validate(model: keras.Model, validation: WindowSet, minority: str | None) -> dict[str, Any]:
    """Return the scores on all validation windows and on those of each cohort."""
    predicted = predict_windows(model, validation).argmax(axis=1)
    truth, actions = validation.action, validation.actions
    whole = score_windows(truth, predicted, actions)
    cohorts = scores_by_group(truth, predicted, actions, validation.cohort)
    criterion = whole if minority is None else cohorts[minority]
    return {
        CRITERION: criterion.balanced_accuracy,
        TIE_BREAK: whole.balanced_accuracy,
        "val_accuracy_all": whole.accuracy,
        "val_per_cohort": {name: cohort.balanced_accuracy for name, cohort in cohorts.items()},
    }
