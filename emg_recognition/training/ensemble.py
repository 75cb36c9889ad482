"""The members of the ensemble, each kept as soon as it is finished."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import keras
import numpy as np

from emg_recognition.evaluation.metrics import scores, scores_by_group
from emg_recognition.models.export import to_keras_file
from emg_recognition.models.replace import replace_directory
from emg_recognition.models.statistics import window_statistics
from emg_recognition.training.fit import FitResult, fit_network
from emg_recognition.training.partition import member_windows
from emg_recognition.training.selection import CRITERION, TIE_BREAK
from emg_recognition.training.settings import ExperimentSettings
from emg_recognition.training.windows import WindowSet
from emg_recognition.training.workers import train_in_processes

HISTORY = "history.json"
KERAS = "model.keras"
_AT_ONCE = 256
OnEvent = Callable[[dict[str, Any]], None]


@dataclass(frozen=True, eq=False)
class Ensemble:
    """What the members are made from.

    Attributes
    ----------
    settings : ExperimentSettings
        Network, training and number of members (1 where there is no minority).
    train, validation : WindowSet
        Windows to fit and windows to choose with.
    minority : str or None
        The cohort that every member sees whole.
    folder : Path
        Each finished member is put there at once, in one step, as ``member_01/model.keras`` and
        ``history.json``.
    """

    settings: ExperimentSettings
    train: WindowSet
    validation: WindowSet
    minority: str | None
    folder: Path

    @property
    def members(self) -> int:
        """Number of members."""
        return self.settings.ensemble.members if self.minority is not None else 1

    def place(self, number: int) -> Path:
        """Return the folder of a member."""
        return self.folder / f"member_{number:02d}"

    def is_finished(self, number: int) -> bool:
        """Tell whether a member has been trained, by this run or an earlier one."""
        return (self.place(number) / HISTORY).exists()

    def record(self, number: int) -> dict[str, Any]:
        """Return the record of a finished member, as in its ``history.json``."""
        record: dict[str, Any] = json.loads((self.place(number) / HISTORY).read_text(encoding="utf-8"))
        return record


def train_members(ensemble: Ensemble, *, workers: int, on_event: OnEvent) -> list[dict[str, Any]]:
    """Train every member that is not finished yet.

    Member k is seeded with the experiment's seed and k alone: it comes out the same whichever members were
    trained before or beside it.

    Parameters
    ----------
    ensemble : Ensemble
        What the members are made from.
    workers : int
        Processes that train members at the same time; 0 for none but this one. The members are the same
        for any number of processes, to the bit; in this process TensorFlow uses more threads, and the
        last digits may differ.
    on_event : callable
        Called with an ``epoch`` event after each epoch and a ``member`` event after each member. With several
        workers those of different members alternate; ``done`` is the share of all epochs.

    Returns
    -------
    list of dict
        The members' records.
    """
    numbers = range(1, ensemble.members + 1)
    missing = [number for number in numbers if not ensemble.is_finished(number)]
    epochs = dict.fromkeys(numbers, 0)

    def tell(event: dict[str, Any]) -> None:
        total = ensemble.settings.training.epochs
        epochs[event["member"]] = event["epoch"] if event["event"] == "epoch" else total
        on_event({**event, "done": sum(epochs.values()) / (total * len(epochs))})

    for number in numbers:
        if number not in missing:
            tell(member_event(ensemble, number, resumed=True))
    if workers > 0 and missing and ensemble.members > 1:
        train_in_processes(ensemble, missing, workers, tell)
    else:
        for number in missing:
            train_member(ensemble, number, tell)
    return [ensemble.record(number) for number in numbers]


def train_member(ensemble: Ensemble, number: int, on_event: OnEvent) -> None:
    """Train one member and put it into its folder.

    Parameters
    ----------
    ensemble : Ensemble
        What the members are made from.
    number : int
        Number of the member, from 1.
    on_event : callable
        As for :func:`train_members`.
    """
    settings, minority = ensemble.settings, ensemble.minority
    seed = settings.training.seed
    fitted, watched = (
        side.select(member_windows(side.action, side.cohort == minority, ensemble.members, seed)[number - 1])
        for side in (ensemble.train, ensemble.validation)
    )
    result = fit_network(
        settings.network,
        dataclasses.replace(settings.training, seed=_member_seed(seed, number)),
        fitted,
        watched,
        on_epoch=partial(_tell_epoch, on_event, number, ensemble.members),
    )
    scored = _validate(result.model, ensemble.validation, minority)
    record = {"member": number, "windows": count(fitted.cohort), **_last_epoch(result), **scored}
    record |= {
        "seconds": result.seconds,
        "statistics": window_statistics(fitted.windows),
        "epochs": result.history,
    }
    files = {KERAS: to_keras_file(result.model), HISTORY: json.dumps(record, indent=1).encode()}
    replace_directory(ensemble.place(number), files)
    on_event(member_event(ensemble, number, resumed=False))


def member_event(ensemble: Ensemble, number: int, *, resumed: bool) -> dict[str, Any]:
    """Return the event of a finished member."""
    event = {"event": "member", "members": ensemble.members, "resumed": resumed}
    return {**event, "path": str(ensemble.place(number)), **summary(ensemble.record(number))}


def _tell_epoch(on_event: OnEvent, number: int, members: int, entry: dict[str, Any]) -> None:
    on_event({"event": "epoch", "member": number, "members": members, **entry})


def _last_epoch(result: FitResult) -> dict[str, Any]:
    names = ("loss", "accuracy", "val_loss", "val_accuracy")
    return {name: result.history[-1][name] for name in names}


def summary(record: dict[str, Any]) -> dict[str, Any]:
    """Return a member's record without its epochs and statistics."""
    return {name: value for name, value in record.items() if name not in ("epochs", "statistics")}


def _member_seed(seed: int, number: int) -> int:
    """Seed of a member; mixed, so that member 2 of seed 0 is not member 1 of seed 1."""
    return int(np.random.SeedSequence([seed, number]).generate_state(1)[0] >> 1)


def _validate(model: keras.Model, validation: WindowSet, minority: str | None) -> dict[str, Any]:
    """Scores of a member on all validation windows, in each cohort apart."""
    # Called batch by batch: Keras's own predict() would build a graph for each member first.
    batches = np.array_split(validation.windows, -(-len(validation) // _AT_ONCE))
    predicted = np.concatenate([np.argmax(model(batch, training=False), axis=1) for batch in batches])
    whole = scores(validation.action, predicted, validation.actions)
    cohorts = scores_by_group(validation.action, predicted, validation.actions, validation.cohort)
    criterion = whole if minority is None else cohorts[minority]
    return {
        CRITERION: criterion["balanced_accuracy"],
        TIE_BREAK: whole["balanced_accuracy"],
        "val_per_cohort": {name: cohort["balanced_accuracy"] for name, cohort in cohorts.items()},
    }


def count(names: np.ndarray) -> dict[str, int]:
    """Return how often each name occurs."""
    values, counts = np.unique(names, return_counts=True)
    return dict(zip(values.tolist(), counts.tolist(), strict=True))
