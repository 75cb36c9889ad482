"""What an experiment writes: the content of the bundle, metrics, figures and report."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import keras

from emg_recognition.evaluation.folds import pool_folds
from emg_recognition.evaluation.performance import Performance
from emg_recognition.evaluation.report import experiment_figures, render_folds, render_report, score_figures
from emg_recognition.evaluation.style import pdf, png
from emg_recognition.files import write_file
from emg_recognition.models import layers  # noqa: F401  (Keras needs the layers to load a member)
from emg_recognition.models.bundle_writer import UnwrittenBundle, make_bundle
from emg_recognition.models.export import pool_statistics, soft_vote, to_keras_file, to_tflite
from emg_recognition.models.reference import Reference
from emg_recognition.signal.filters import design
from emg_recognition.signal.settings import PipelineSettings
from emg_recognition.tasks import used_machines
from emg_recognition.training.heads import learn_heads
from emg_recognition.training.jobs import KERAS, Job
from emg_recognition.training.settings import BundleLiveSettings
from emg_recognition.training.split import Split
from emg_recognition.training.windows import WindowSet

METRICS = "metrics.json"
REPORT = "report.html"
_PROVENANCE = (
    "source",
    "created",
    "minority",
    "selection",
    "selected",
    "windows_per_cohort",
    "split",
    "data",
    "settings",
    "versions",
)


def experiment_bundle(
    path: Path,
    jobs: Sequence[Job],
    chosen: int | None,
    metrics: Mapping[str, Any],
    pipeline: PipelineSettings,
    live: BundleLiveSettings,
    *,
    reference: Reference | None,
    train: WindowSet,
) -> UnwrittenBundle:
    """Put the bundle together, without the result of the test.

    Parameters
    ----------
    path : Path
        Where it will be written.
    jobs : sequence of Job
        The members, finished.
    chosen : int or None
        Index of the member that is kept; ``None``: all vote.
    metrics : mapping
        What is known about the experiment so far.
    pipeline : PipelineSettings
        The signal path.
    live : BundleLiveSettings
        How the model is used live.
    reference : Reference or None
        What the population's armbands look like, if they were aligned; it gets the heads of the networks.
    train : WindowSet
        What the members were trained on.

    Returns
    -------
    UnwrittenBundle
        The bundle.
    """
    kept = list(jobs) if chosen is None else [jobs[chosen]]
    models = [keras.saving.load_model(job.place / KERAS, compile=False) for job in kept]
    model = soft_vote(models) if chosen is None else models[0]
    if reference is not None:
        reference = dataclasses.replace(reference, heads=learn_heads(model, train))
    return make_bundle(
        path,
        keras_model=to_keras_file(model) if chosen is None else kept[0].place / KERAS,
        tflite=to_tflite(model),
        actions=tuple(metrics["actions"]),
        pipeline=pipeline.to_mapping(),
        fingerprint=pipeline.fingerprint(),
        sections=design(pipeline),
        live=dataclasses.asdict(live),
        statistics=pool_statistics([job.record()["statistics"] for job in kept]),
        provenance={name: metrics[name] for name in _PROVENANCE},
        reference=None if reference is None else reference.to_bytes(),
    )


def write_report(
    output: Path,
    metrics: Mapping[str, Any],
    performance: Performance,
    histories: Sequence[Sequence[Mapping[str, Any]]],
) -> None:
    """Write ``figures/``, ``metrics.json`` and ``report.html``, each file completely or not at all.

    Parameters
    ----------
    output : Path
        The fold's folder.
    metrics : mapping
        The content of ``metrics.json``.
    performance : Performance
        The results on the test windows.
    histories : sequence of sequence of mapping
        The epochs of each member.
    """
    write_file(output / METRICS, json.dumps(metrics, indent=1, allow_nan=False).encode())
    images = {}
    selected = None if metrics["selected"] is None else metrics["selected"] - 1
    for name, figure in experiment_figures(performance, histories, selected).items():
        images[name] = png(figure)
        write_file(output / "figures" / f"{name}.png", images[name])
        write_file(output / "figures" / f"{name}.pdf", pdf(figure))
    write_file(output / REPORT, render_report(metrics, images).encode())


def write_folds(
    output: Path,
    splits: Sequence[Split],
    found: Sequence[tuple[Mapping[str, Any], Performance]],
    facts: Mapping[str, Any],
) -> dict[str, Any]:
    """Write ``metrics.json`` and ``report.html`` of an experiment with several folds.

    Parameters
    ----------
    output : Path
        The experiment's folder.
    splits : sequence of Split
        The folds.
    found : sequence of (mapping, Performance)
        The metrics of each fold, and its results on the test windows.
    facts : mapping
        What is known about the whole experiment.

    Returns
    -------
    dict
        The content of ``metrics.json``.
    """
    pooled = pool_folds([performance for _, performance in found])
    metrics = {
        **facts,
        **pooled.to_json(),
        "seconds": sum(one["seconds"] for one, _ in found),
        "machines": used_machines([member for one, _ in found for member in one["members"]]),
        "split": {"rule": splits[0].rule, "leaking": splits[0].leaking},
        "folds": [
            {"name": split.name, "metrics": one} for split, (one, _) in zip(splits, found, strict=True)
        ],
    }
    write_file(output / METRICS, json.dumps(metrics, indent=1, allow_nan=False).encode())
    images = {name: png(figure) for name, figure in score_figures(pooled).items()}
    write_file(output / REPORT, render_folds(metrics, images).encode())
    return metrics
