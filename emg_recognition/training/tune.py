"""Settings for a new device: searched on validation only, fold by fold, then trained and tested once."""

from __future__ import annotations

import dataclasses
import json
import math
import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emg_recognition.errors import SettingError
from emg_recognition.evaluation.report import render_tuning
from emg_recognition.evaluation.style import pdf, png
from emg_recognition.evaluation.tuning_figures import history_figure, values_figure
from emg_recognition.files import write_file
from emg_recognition.recordings.recordings import Recordings
from emg_recognition.tasks import Executor
from emg_recognition.training.alignment import align_subsets
from emg_recognition.training.configuration import configuration_text
from emg_recognition.training.ensemble import LEAKING, member_jobs
from emg_recognition.training.experiment import TrainingResult, make_folds, train_folds
from emg_recognition.training.fold import Fold, make_fold
from emg_recognition.training.jobs import CRITERION, KERAS, TIE_BREAK, Job, OnEvent, train_jobs
from emg_recognition.training.output import MEMBERS, TRIALS
from emg_recognition.training.prepare import Prepared, prepare, windows_for
from emg_recognition.training.search import (
    BATCH,
    Search,
    Space,
    Values,
    at_the_same_moments,
    check_optuna,
    configured_values,
    controller_delay_of,
    key_of,
    make_space,
    with_values,
)
from emg_recognition.training.settings import ExperimentSettings
from emg_recognition.training.windows import WindowSet

RESULT, REPORT, CHOSEN = "tuning.json", "tuning.html", "chosen.yaml"


@dataclass(frozen=True, eq=False)
class Tuning:
    """The result of a search for settings.

    Attributes
    ----------
    training : TrainingResult
        Of the training with the chosen settings.
    result_file, report : Path
        ``tuning.json`` and ``tuning.html``.
    result : dict
        The content of ``tuning.json``; ``docs/reference/metrics-json.md`` describes it.
    """

    training: TrainingResult
    result_file: Path
    report: Path
    result: dict[str, Any] = dataclasses.field(repr=False)


def run_tuning(
    settings: ExperimentSettings,
    recordings: Recordings,
    output: Path,
    *,
    trials: int,
    executor: Executor,
    cache: Path | None = None,
    on_event: OnEvent = lambda event: None,
) -> Tuning:
    """Search for each fold's settings, train with the best ones, and test once.

    :func:`emg_recognition.tune` describes parameters, result and errors. A trial is one network on all
    training windows of its fold, with the fold's first seed, scored on the fold's validation segments at
    moments that are the same for all trials.
    """
    if settings.split.name == "random-windows":
        remedy = (
            "windows of one repetition would train and validate, at other moments in each trial; use another"
        )
        raise SettingError("split", settings.split.name, remedy)
    if settings.ensemble.selection in LEAKING:
        remedy = "the test would choose too; use another selection"
        raise SettingError("ensemble.selection", settings.ensemble.selection, remedy)
    search = {"search": dataclasses.asdict(settings.search), "optuna": check_optuna()}
    identity = {"settings": settings.to_mapping(), "tuning": search}
    prepared = prepare(settings, recordings, output, identity=identity, cache=cache)
    planned = make_folds(settings, prepared)
    space = make_space(settings, prepared)
    prepared.claim_output()
    on_event(prepared.event())
    trials = min(trials, space.size)
    folds = [FoldTrials(settings, prepared, fold, space, trials) for fold in planned]
    number = len(folds) * trials + sum(len(fold.jobs) for fold in planned)
    on_event(
        {
            "event": "start",
            "message": f"{trials} trials{f' in each of {len(folds)} folds' if len(folds) > 1 else ''}:"
            f" {', '.join(space.values)}, on validation only; {planned[0].sentence}",
            "jobs": number,
            "epochs": settings.training.epochs,
            "windows_per_cohort": planned[0].subsets["train"].count("cohort"),
            "path": str(output),
        }
    )
    ended = 0
    while batch := [(fold, values) for fold in folds for values in fold.search.ask()]:
        jobs = [fold.job(values) for fold, values in batch]
        labels = [
            f"{job.label}, {_words(values, space)}" for job, (_, values) in zip(jobs, batch, strict=True)
        ]
        records = train_jobs(
            jobs, executor=executor, on_event=_numbered(on_event, ended, len(jobs), number, labels)
        )
        for (fold, values), job, record in zip(batch, jobs, records, strict=True):
            fold.note(values, record)
            (job.place / KERAS).unlink(missing_ok=True)  # only the score counts
        for fold in folds:
            fold.tell()
        ended += len(jobs)
    best = [with_values(settings, fold.best["values"]) for fold in folds]
    final = []
    for one, plan in zip(best, planned, strict=True):
        _write_chosen(plan.folder, one)
        final.append((one, make_fold(one, windows_for(one, prepared), plan.split, plan.folder)))
    rest = number - len(folds) * trials
    training = train_folds(
        prepared,
        final,
        executor=executor,
        on_event=_numbered(on_event, len(folds) * trials, rest, number),
    )
    result = _result(settings, prepared, space, trials, folds, training)
    images = {"history": history_figure(result), "values": values_figure(result)}
    for name, figure in images.items():
        write_file(output / "figures" / f"tuning_{name}.png", png(figure))
        write_file(output / "figures" / f"tuning_{name}.pdf", pdf(figure))
    page = render_tuning(result, {name: png(figure) for name, figure in images.items()})
    write_file(output / REPORT, page.encode())
    write_file(output / RESULT, json.dumps(result, indent=1, allow_nan=False).encode())
    return Tuning(training, output / RESULT, output / REPORT, result)


class FoldTrials:
    """The trials of one fold: they see its training and validation windows only.

    Parameters
    ----------
    settings : ExperimentSettings
        The configuration.
    prepared : Prepared
        The recordings.
    fold : Fold
        The fold with the configured settings.
    space : Space
        What is searched.
    trials : int
        Trials of the fold.
    """

    def __init__(
        self, settings: ExperimentSettings, prepared: Prepared, fold: Fold, space: Space, trials: int
    ) -> None:
        self.name = fold.split.name
        self.search = Search(space, trials=trials, seed=settings.training.seed)
        self.history: list[dict[str, Any]] = []
        self._settings, self._prepared, self._fold, self._trials = settings, prepared, fold, trials
        self._planned = self._told = 0
        self._subsets: dict[tuple[float, float], dict[str, WindowSet]] = {}
        longest = max(space.values.get("window", (settings.window,)))
        everything = windows_for(with_values(settings, {"window": longest}), prepared)
        self._moments = everything.of_segments(fold.split.validation)

    @property
    def best(self) -> dict[str, Any]:
        """The best entry of the history; the earlier one of two that are equal in everything."""

        def merit(one: dict[str, Any]) -> tuple[float, float, float]:
            return one["score"], one["score_all"], -math.inf if one["loss"] is None else -one["loss"]

        return max(self.history, key=merit)

    def job(self, values: Values) -> Job:
        """Return the network that tries a combination of values."""
        chosen = with_values(self._settings, values)
        alone = dataclasses.replace(chosen.ensemble, members=1)
        folder = self._prepared.output / TRIALS / (self.name or "all")
        (job,) = member_jobs(
            dataclasses.replace(chosen, ensemble=alone), self._cut(chosen), self._fold.minority, folder
        )
        self._planned += 1
        label = f"{f'{self.name}, ' if self.name else ''}trial {self._planned}/{self._trials}"
        return dataclasses.replace(job, place=folder / key_of(values), label=label)

    def _cut(self, chosen: ExperimentSettings) -> dict[str, WindowSet]:
        """Return the training windows, and the validation windows at the moments of all trials."""
        key = chosen.window, chosen.stride
        if key not in self._subsets:
            windows = windows_for(chosen, self._prepared)
            subsets = {
                "train": windows.of_segments(self._fold.split.train),
                "validation": at_the_same_moments(windows, self._moments),
            }
            alignment = align_subsets("none" if self._fold.alignment is None else "align", subsets)
            if alignment is not None:
                subsets = {name: alignment.apply(part) for name, part in subsets.items()}
            self._subsets[key] = subsets
        return self._subsets[key]

    def note(self, values: Values, record: dict[str, Any]) -> None:
        """Add a finished trial to the history."""
        loss = record["val_loss"]
        self.history.append(
            {
                "trial": len(self.history) + 1,
                "values": values,
                "score": record[CRITERION],
                "score_all": record[TIE_BREAK],
                "loss": loss if math.isfinite(loss) else None,
                "seconds": record["seconds"],
                "steps": record["steps"],
            }
        )

    def tell(self) -> None:
        """Tell the search the scores that are new, in the order of the trials."""
        self.search.tell([one["score"] for one in self.history[self._told :]])
        self._told = len(self.history)


def _words(values: Values, space: Space) -> str:
    """Return in which values a trial differs from the configuration."""
    changed = [f"{name} {value:g}" for name, value in values.items() if value != space.configured[name]]
    return ", ".join(changed) or "as configured"


def _numbered(
    on_event: OnEvent, before: int, count: int, total: int, labels: Sequence[str] | None = None
) -> OnEvent:
    """Return a receiver of the events of a part of the work, which numbers its networks as part of all."""

    def show(event: dict[str, Any]) -> None:
        if "job" in event:
            if labels is not None and event["event"] == "job":
                event = {**event, "label": labels[event["job"] - 1]}
            done = (before + event["done"] * count) / total
            event = {**event, "job": before + event["job"], "jobs": total, "done": done}
        on_event(event)

    return show


def _write_chosen(folder: Path, chosen: ExperimentSettings) -> None:
    """Write the settings; networks that an earlier search trained with others are removed."""
    text = (
        "# Chosen by `emg-recognition tune`; `emg-recognition train --config` takes this file as it is.\n"
        + configuration_text(chosen)
    ).encode()
    path = folder / CHOSEN
    if (folder / MEMBERS).exists() and not (path.exists() and path.read_bytes() == text):
        shutil.rmtree(folder / MEMBERS)
    write_file(path, text)


def _result(
    settings: ExperimentSettings,
    prepared: Prepared,
    space: Space,
    trials: int,
    folds: Sequence[FoldTrials],
    training: TrainingResult,
) -> dict[str, Any]:
    """Return the content of ``tuning.json``."""
    metrics = training.metrics
    each = [metrics] if len(folds) == 1 else [one["metrics"] for one in metrics["folds"]]
    rows = []
    for fold, found in zip(folds, each, strict=True):
        delay = controller_delay_of(with_values(settings, fold.best["values"]))
        rows.append(
            {
                "name": fold.name,
                "chosen": fold.best["values"],
                "score": fold.best["score"],
                "configured_score": fold.history[0]["score"],
                "delay_ms": 1000 * delay,
                **{name: found[name] for name in ("test_accuracy", "test_balanced_accuracy", "minority")},
                "trials": fold.history,
            }
        )
    counts = {name: Counter(row["chosen"][name] for row in rows) for name in space.values}
    return {
        **prepared.facts,
        "split": {"rule": prepared.splits[0].rule, "leaking": prepared.splits[0].leaking},
        "trials": trials,
        "batch": BATCH,
        "configured": configured_values(settings),
        "space": {name: list(values) for name, values in space.values.items()},
        "left_out": space.left_out,
        "chosen": {
            name: [{"value": value, "folds": counts[name][value]} for value in values if counts[name][value]]
            for name, values in space.values.items()
        },
        "folds": rows,
    }
