"""One experiment: from recordings and settings to a model bundle and what it is worth."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from emg_recognition.actions import PAPER_ACTION_NAMES
from emg_recognition.errors import SettingError
from emg_recognition.models.bundle_writer import write_bundle
from emg_recognition.models.runtime import ActionModel
from emg_recognition.recordings.recordings import Recordings
from emg_recognition.signal.settings import PipelineSettings
from emg_recognition.training import output as folders
from emg_recognition.training.cohorts import choose_minority
from emg_recognition.training.ensemble import Ensemble, OnEvent, count, summary, train_members
from emg_recognition.training.provenance import data_fingerprint, versions
from emg_recognition.training.results import METRICS, REPORT, bundle_contents, write_report
from emg_recognition.training.selection import select_member
from emg_recognition.training.settings import ExperimentSettings
from emg_recognition.training.splits import Split, split_by_repetition
from emg_recognition.training.trial import predict, trial_metrics
from emg_recognition.training.windows import WindowSet, windows_from_recordings


@dataclass(frozen=True, eq=False)
class ExperimentResult:
    """What an experiment leaves.

    Attributes
    ----------
    bundle, metrics_file, report : Path
        The model bundle, ``metrics.json`` and ``report.html``.
    metrics : dict
        The content of ``metrics.json``; ``docs/training.md`` lists it.
    """

    bundle: Path
    metrics_file: Path
    report: Path
    metrics: dict[str, Any]


def run_experiment(
    settings: ExperimentSettings,
    recordings: Recordings,
    output: Path,
    *,
    train: Sequence[int] | None = None,
    validation: Sequence[int] | None = None,
    test: Sequence[int] | None = None,
    workers: int = 0,
    on_event: OnEvent = lambda event: None,
) -> ExperimentResult:
    """Train the ensemble, keep the best member, and test it once.

    The test windows go through the finished bundle, one at a time, as live windows do.

    Parameters
    ----------
    settings : ExperimentSettings
        Signal path, network, training and ensemble.
    recordings : Recordings
        Labelled segments.
    output : Path
        Folder for the results. The same experiment continues there where it was interrupted; anything
        else that stands there is refused.
    train, validation, test : sequence of int or None
        Repetitions, see :func:`~emg_recognition.training.splits.split_by_repetition`.
    workers : int
        Processes that train members at the same time, see
        :func:`~emg_recognition.training.ensemble.train_members`; 0 for none but this one. A script that
        asks for some needs the usual ``if __name__ == "__main__":``.
    on_event : callable
        Told of the progress in mappings whose key ``event`` is ``start``, ``epoch``, ``member``,
        ``selected`` or ``done``.

    Returns
    -------
    ExperimentResult
        Where everything is, and the metrics.

    Raises
    ------
    EmgRecognitionError
        If the split, the minority, the recordings or the output folder cannot be used; nothing has been
        written then.
    """
    split = split_by_repetition(recordings, train=train, validation=validation, test=test)
    pipeline = settings.pipeline_for(rate=recordings.rate, channels=recordings.channels, unit=recordings.unit)
    experiment = {
        "settings": settings.to_mapping(),
        "split": {"rule": split.rule, **split.repetitions},
        "data": {"sha256": data_fingerprint(recordings)},
        "versions": versions(),
    }
    folders.refuse_foreign(output, experiment)
    sides = _cut(settings, recordings, pipeline, split)
    windows_per_cohort = count(sides["train"].cohort)
    minority, sentence = choose_minority(settings.ensemble.minority, windows_per_cohort)
    _check_sides(sides, split, minority, settings.ensemble.members)
    folders.claim(output, experiment)
    on_event(
        {
            "event": "start",
            "message": sentence,
            "members": settings.ensemble.members if minority is not None else 1,
            "epochs": settings.training.epochs,
            "windows_per_cohort": windows_per_cohort,
            "path": str(output),
        }
    )
    ensemble = Ensemble(
        settings, sides["train"], sides["validation"], minority, folder=output / folders.MEMBERS
    )
    members = train_members(ensemble, workers=workers, on_event=on_event)
    chosen = select_member(members)
    on_event({"event": "selected", "member": chosen + 1, "members": len(members)})
    metrics: dict[str, Any] = {
        "source": Path(recordings.source).name,
        "created": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "actions": list(sides["train"].actions),
        "windows_per_cohort": windows_per_cohort,
        "windows": {side: count(windows.cohort) for side, windows in sides.items()},
        "minority": minority,
        "minority_choice": sentence,
        "members": [summary(member) for member in members],
        "selected": chosen + 1,
        "seconds": sum(member["seconds"] for member in members),
        "train_accuracy": members[chosen]["accuracy"],
        "train_loss": members[chosen]["loss"],
        "pipeline": pipeline.fingerprint(),
        **experiment,
    }
    contents = bundle_contents(output, members[chosen], metrics, pipeline)
    scratch = output / folders.SCRATCH
    write_bundle(scratch, **contents, metrics={})
    metrics.update(trial_metrics(predict(ActionModel.load(scratch), sides["test"]), sides["test"]))
    shutil.rmtree(scratch)
    result = ExperimentResult(output / folders.BUNDLE, output / METRICS, output / REPORT, metrics)
    write_report(output, metrics, [member["epochs"] for member in members])
    # Last, so that where a bundle stands, all that belongs to it stands, too.
    write_bundle(result.bundle, **contents, metrics={name: metrics[name] for name in _IN_BUNDLE})
    on_event(
        {
            "event": "done",
            "path": str(result.bundle),
            "report": str(result.report),
            "metrics": str(result.metrics_file),
            **{name: metrics[name] for name in ("selected", "seconds", *_IN_BUNDLE)},
        }
    )
    return result


_IN_BUNDLE = ("test_accuracy", "test_balanced_accuracy", "test_macro_f1", "test_loss")


def _cut(
    settings: ExperimentSettings, recordings: Recordings, pipeline: PipelineSettings, split: Split
) -> dict[str, WindowSet]:
    """Windows of each side; those of the test, too, so that useless recordings fail before training."""
    # The paper's order puts like beside like (rest, wrist, elbow); other labels follow sorted.
    actions = [name for name in PAPER_ACTION_NAMES if name in recordings.actions]
    actions += [name for name in recordings.actions if name not in actions]
    step = settings.step_samples(recordings.rate)
    return {
        side: windows_from_recordings(recordings.select(segments), pipeline, step, actions=actions)
        for side, segments in (("train", split.train), ("validation", split.validation), ("test", split.test))
    }


def _check_sides(sides: dict[str, WindowSet], split: Split, minority: str | None, members: int) -> None:
    """Refuse what would only show after the training, or never."""
    train, repetitions = sides["train"], split.repetitions
    for index, action in enumerate(train.actions):
        if index not in train.action:
            remedy = f"their segments of {action!r} are too short for a window; take more"
            raise SettingError("train repetitions", repetitions["train"], remedy)
    if minority is None:
        return
    if minority not in sides["validation"].cohort:
        remedy = f"they have no window of the minority cohort {minority}; take others"
        raise SettingError("validation repetitions", repetitions["validation"], remedy)
    majority = int((train.cohort != minority).sum())
    if members > majority:
        remedy = f"the majority has only {majority} training windows; choose fewer members"
        raise SettingError("ensemble.members", members, remedy)
