"""The members of the ensemble, trained one after the other and kept as soon as each is finished."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
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

HISTORY = "history.json"
KERAS = "model.keras"
_AT_ONCE = 256
OnEvent = Callable[[dict[str, Any]], None]


def train_members(
    settings: ExperimentSettings,
    train: WindowSet,
    validation: WindowSet,
    *,
    minority: str | None,
    folder: Path,
    on_event: OnEvent,
) -> list[dict[str, Any]]:
    """Train every member that is not yet in the folder.

    Member k is seeded with the experiment's seed and k alone: it comes out the same whichever members were
    trained before it in this process.

    Parameters
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
    on_event : callable
        Called with an ``epoch`` event after each epoch and a ``member`` event after each member.

    Returns
    -------
    list of dict
        The members' records, as in their ``history.json``.
    """
    members = settings.ensemble.members if minority is not None else 1
    seed = settings.training.seed
    fit_on = member_windows(train.action, train.cohort == minority, members, seed)
    watch = member_windows(validation.action, validation.cohort == minority, members, seed)
    records = []
    for number, (fitted, watched) in enumerate(zip(fit_on, watch, strict=True), start=1):
        place = folder / f"member_{number:02d}"
        resumed = (place / HISTORY).exists()
        if not resumed:
            chosen = train.select(fitted)
            result = fit_network(
                settings.network,
                dataclasses.replace(settings.training, seed=_member_seed(seed, number)),
                chosen,
                validation.select(watched),
                on_epoch=partial(_tell_epoch, on_event, number, members),
            )
            scored = _validate(result.model, validation, minority)
            record = {"member": number, "windows": count(chosen.cohort), **_last_epoch(result), **scored}
            record |= {
                "seconds": result.seconds,
                "statistics": window_statistics(chosen.windows),
                "epochs": result.history,
            }
            files = {KERAS: to_keras_file(result.model), HISTORY: json.dumps(record, indent=1).encode()}
            replace_directory(place, files)
        record = json.loads((place / HISTORY).read_text(encoding="utf-8"))
        records.append(record)
        event = {"event": "member", "members": members, "resumed": resumed, "path": str(place)}
        on_event({**event, **summary(record)})
    return records


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
