"""One experiment: from recordings and settings to model bundles and what they are worth."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from emg_recognition.actions import ordered
from emg_recognition.recordings.recordings import Recordings
from emg_recognition.resources import versions
from emg_recognition.training import output as folders
from emg_recognition.training.fold import IN_BUNDLE, finish_fold, make_fold
from emg_recognition.training.jobs import OnEvent, train_jobs
from emg_recognition.training.output import LIBRARIES, data_fingerprint
from emg_recognition.training.results import METRICS, REPORT, write_folds
from emg_recognition.training.settings import ExperimentSettings
from emg_recognition.training.splits import make_splits, split_fingerprint
from emg_recognition.training.windows import windows_from_recordings


@dataclass(frozen=True, eq=False)
class ExperimentResult:
    """What an experiment leaves.

    Attributes
    ----------
    bundle : Path or None
        The model bundle; ``None`` for an experiment of several folds, which has one in each fold's folder.
    metrics_file, report : Path
        ``metrics.json`` and ``report.html``.
    metrics : dict
        The content of ``metrics.json``; ``docs/reference/metrics-json.md`` lists it.
    """

    bundle: Path | None
    metrics_file: Path
    report: Path
    metrics: dict[str, Any]


def run_experiment(
    settings: ExperimentSettings,
    recordings: Recordings,
    output: Path,
    *,
    workers: int = 0,
    cache: Path | None = None,
    on_event: OnEvent = lambda event: None,
) -> ExperimentResult:
    """Train the ensemble of every fold, keep the best member, and test it once.

    The test windows go through the finished bundle, one at a time, as live windows do.

    Parameters
    ----------
    settings : ExperimentSettings
        Signal path, network, training, ensemble and split.
    recordings : Recordings
        Labelled segments.
    output : Path
        Folder for the results. The same experiment continues there where it was interrupted; anything
        else that stands there is refused.
    workers : int
        Processes that train at the same time, see :func:`~emg_recognition.training.jobs.train_jobs`; 0 for
        none but this one. A script that asks for some needs the usual ``if __name__ == "__main__":``.
    cache : Path or None
        Folder for the filtered signal, which is mapped from there; ``None`` keeps it in memory.
    on_event : callable
        Told of the progress in mappings whose key ``event`` is ``start``, ``epoch``, ``job``,
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
    recordings = settings.choose_actions(recordings)
    splits = make_splits(recordings, settings.split)
    pipeline = settings.pipeline_for(rate=recordings.rate, channels=recordings.channels, unit=recordings.unit)
    experiment = {
        "settings": settings.to_mapping(),
        "sides": {"sha256": split_fingerprint(splits)},
        "data": {"sha256": data_fingerprint(recordings)},
        "versions": versions(*LIBRARIES),
    }
    folders.refuse_foreign(output, experiment)
    windows = windows_from_recordings(
        recordings,
        pipeline,
        settings.stride_samples(recordings.rate),
        actions=ordered(recordings.actions),
        warm_up=settings.warm_up,
        cache=cache,
    )
    single = len(splits) == 1
    folds = [
        make_fold(settings, windows, split, output if single else output / folders.FOLDS / split.name)
        for split in splits
    ]
    folders.claim(output, experiment)
    jobs = [job for fold in folds for job in fold.jobs]
    on_event(
        {
            "event": "start",
            "message": folds[0].sentence
            if single
            else f"{len(folds)} folds; in the first {folds[0].sentence}",
            "jobs": len(jobs),
            "epochs": settings.training.epochs,
            "windows_per_cohort": folds[0].sides["train"].count("cohort"),
            "path": str(output),
        }
    )
    train_jobs(jobs, workers=workers, on_event=on_event)
    facts = {
        "source": Path(recordings.source).name,
        "created": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        **experiment,
    }
    found = [finish_fold(settings, fold, pipeline, facts, on_event=on_event) for fold in folds]
    metrics = found[0][0] if single else write_folds(output, splits, found, facts)
    bundle = output / folders.BUNDLE if single else None
    result = ExperimentResult(bundle, output / METRICS, output / REPORT, metrics)
    on_event(
        {
            "event": "done",
            "path": str(bundle or output),
            "report": str(result.report),
            "metrics": str(result.metrics_file),
            **{name: metrics[name] for name in ("seconds", *IN_BUNDLE)},
        }
    )
    return result
