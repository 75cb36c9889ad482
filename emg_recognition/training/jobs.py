"""Networks as independent jobs, trained here, in processes or on a cluster; finished ones are kept."""

from __future__ import annotations

import contextlib
import io
import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from emg_recognition.errors import EmgRecognitionError
from emg_recognition.evaluation.metrics import score_windows, scores_by_group
from emg_recognition.files import replace_directory
from emg_recognition.models.export import to_keras_file
from emg_recognition.models.settings import NetworkSettings
from emg_recognition.models.statistics import window_statistics
from emg_recognition.resources import this_machine
from emg_recognition.tasks import Executor, Report, run_tasks
from emg_recognition.training.batches import Weights
from emg_recognition.training.fit import FitResult, fit_network
from emg_recognition.training.settings import FitSettings
from emg_recognition.training.windows import WindowSet

CRITERION = "val_balanced_accuracy"
"""Balanced accuracy over the minority cohort's validation windows (over all of them without a minority)."""

TIE_BREAK = "val_balanced_accuracy_all"
"""Balanced accuracy over all validation windows; decides between members equal on the minority."""

HISTORY = "history.json"
KERAS = "model.keras"
ANSWERS = "test.npy"
_AT_ONCE = 256
OnEvent = Callable[[dict[str, Any]], None]


def predict_windows(model: keras.Model, windows: WindowSet) -> NDArray[np.float32]:
    """Return the probabilities of the actions for each window, shape (windows, actions), by whole batches.

    LiteRT, which takes one window at a time, adds in another order: the last digits differ.
    """
    # Keras's own predict() would first build a graph for each model.
    answers = [model(batch, training=False).numpy() for batch in windows.batches(_AT_ONCE)]
    found: NDArray[np.float32] = np.concatenate(answers)
    return found


@dataclass(frozen=True, eq=False, kw_only=True)
class Job:
    """One network to be trained.

    Attributes
    ----------
    place : Path
        Folder of the result: ``model.keras``, ``history.json`` and perhaps ``test.npy``, written in one step.
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
    weights : ndarray, shape (train windows,) or (epochs, train windows), CohortWeights or None
        How often each training window is drawn, relative to the others; ``None``: all equally often.
    minority : str or None
        The cohort whose validation windows give the score to choose by; ``None``: all validation windows.
    test : WindowSet or None
        Windows whose probabilities are kept beside the network, so that they are computed where it was
        trained. Nothing looks at them before the choice among the networks.
    answer : callable
        Returns these probabilities for a finished network and the test windows.
    """

    place: Path
    label: str
    network: NetworkSettings
    training: FitSettings
    train: WindowSet
    validation: WindowSet | None = None
    watched: WindowSet | None = None
    weights: Weights | None = None
    minority: str | None = None
    test: WindowSet | None = None
    answer: Callable[[keras.Model, WindowSet], NDArray[np.float32]] = predict_windows

    @property
    def is_finished(self) -> bool:
        """Whether it has been trained, by this run or an earlier one."""
        return (self.place / HISTORY).exists()

    def record(self) -> dict[str, Any]:
        """Return the record of a finished job, as in its ``history.json``."""
        record: dict[str, Any] = json.loads((self.place / HISTORY).read_text(encoding="utf-8"))
        return record

    def test_answers(self) -> NDArray[np.float32]:
        """Return the finished network's probabilities for its test windows, shape (windows, actions)."""
        assert self.test is not None
        with contextlib.suppress(FileNotFoundError):  # written by an earlier version
            found: NDArray[np.float32] = np.load(self.place / ANSWERS, allow_pickle=False)
            return found
        return self.answer(keras.saving.load_model(self.place / KERAS, compile=False), self.test)


def train_jobs(jobs: Sequence[Job], *, executor: Executor, on_event: OnEvent) -> list[dict[str, Any]]:
    """Train every job that is not finished yet.

    Nothing but its own fields decides a job: the result does not depend on the jobs before or beside it. What
    a job makes comes back to this process, which writes it to the job's place.

    Parameters
    ----------
    jobs : sequence of Job
        The networks.
    executor : Executor
        Where they are trained. The networks are the same wherever they are trained with one thread on
        processors of the same kind, to the bit; in this process TensorFlow may use more threads, and the last
        digits may differ.
    on_event : callable
        Called with an ``epoch`` event after each epoch and a ``job`` event after each job. The events of
        several workers alternate; ``done`` is the share of all epochs.

    Returns
    -------
    list of dict
        The jobs' records, in their order.

    Raises
    ------
    EmgRecognitionError
        If a job failed; the others are finished then.
    """
    epochs = [0] * len(jobs)
    total = sum(job.training.epochs for job in jobs)

    def report(index: int, event: dict[str, Any]) -> None:
        epochs[index] = event["epoch"] if event["event"] == "epoch" else jobs[index].training.epochs
        on_event({**event, "job": index + 1, "jobs": len(jobs), "done": sum(epochs) / total})

    missing = [index for index, job in enumerate(jobs) if not job.is_finished]
    for index, job in enumerate(jobs):
        if index not in missing:
            report(index, _finished(job, resumed=True))
    problems = []
    ended = run_tasks(
        _train_alone if executor.workers or executor.address else train_job,
        [jobs[index] for index in missing],
        executor,
        on_event=lambda number, event: report(missing[number], event),
    )
    with contextlib.closing(ended):
        for done in ended:
            job = jobs[missing[done.index]]
            if done.result is None:
                problems.append(f"{job.label} failed: {done.problem}")
                continue
            replace_directory(job.place, done.result)
            report(missing[done.index], _finished(job, resumed=False))
    if problems:
        others = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        raise EmgRecognitionError(f"{problems[0]}{others}; finished networks are kept, run again to continue")
    return [job.record() for job in jobs]


def train_job(job: Job, on_event: Report) -> dict[str, bytes]:
    """Train one network.

    Parameters
    ----------
    job : Job
        What to train.
    on_event : callable
        Called with an ``epoch`` event after each epoch.

    Returns
    -------
    dict of str to bytes
        The files for its folder.
    """
    machine = this_machine()
    result = fit_network(
        job.network,
        job.training,
        job.train,
        job.validation if job.watched is None else job.watched,
        weights=job.weights,
        on_epoch=partial(_report_epoch, on_event, job, machine["machine"]),
    )
    record = {
        "label": job.label,
        "windows": job.train.count("cohort"),
        **_last_epoch(result),
        **({} if job.validation is None else _validate(result.model, job.validation, job.minority)),
        "seconds": result.seconds,
        "steps": result.steps,
        **machine,
        "statistics": window_statistics(job.train.batches()),
        "epochs": result.history,
    }
    files = {KERAS: to_keras_file(result.model), HISTORY: json.dumps(record, indent=1).encode()}
    if job.test is not None:
        answers = io.BytesIO()
        np.save(answers, job.answer(result.model, job.test), allow_pickle=False)
        files[ANSWERS] = answers.getvalue()
    return files


def _train_alone(job: Job, on_event: Report) -> dict[str, bytes]:
    """Train one network in a process for nothing else."""
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    return train_job(job, on_event)


def summary(record: dict[str, Any]) -> dict[str, Any]:
    """Return a job's record without its epochs and statistics."""
    return {name: value for name, value in record.items() if name not in ("epochs", "statistics")}


def _finished(job: Job, *, resumed: bool) -> dict[str, Any]:
    return {"event": "job", "resumed": resumed, "path": str(job.place), **summary(job.record())}


def _report_epoch(on_event: Report, job: Job, machine: str, entry: dict[str, Any]) -> None:
    on_event({"event": "epoch", "label": job.label, "machine": machine, **entry})


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
