"""What an experiment leaves behind: the content of the bundle, metrics, figures and report."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import keras

from emg_recognition.evaluation.figures import confusion_figure, learning_curves
from emg_recognition.evaluation.report import render_report
from emg_recognition.evaluation.style import png
from emg_recognition.files import write_file
from emg_recognition.models import layers  # noqa: F401  (Keras finds the layers of a saved member by it)
from emg_recognition.models.export import to_tflite
from emg_recognition.signal.settings import PipelineSettings
from emg_recognition.training import output as folders
from emg_recognition.training.ensemble import KERAS

METRICS = "metrics.json"
REPORT = "report.html"
_PROVENANCE = (
    "source",
    "created",
    "minority",
    "selected",
    "windows_per_cohort",
    "split",
    "data",
    "settings",
    "versions",
)


def bundle_contents(
    output: Path, member: Mapping[str, Any], metrics: Mapping[str, Any], pipeline: PipelineSettings
) -> dict[str, Any]:
    """Gather what the bundle of a member holds, apart from the result of the test.

    Parameters
    ----------
    output : Path
        The experiment's folder.
    member : mapping
        The member's record.
    metrics : mapping
        Of the experiment, as far as known.
    pipeline : PipelineSettings
        The signal path.

    Returns
    -------
    dict
        Arguments of :func:`~emg_recognition.models.bundle.write_bundle`.
    """
    file = output / folders.MEMBERS / f"member_{member['member']:02d}" / KERAS
    return {
        "keras_model": file,
        "tflite": to_tflite(keras.saving.load_model(file, compile=False)),
        "actions": tuple(metrics["actions"]),
        "pipeline": pipeline.to_mapping(),
        "fingerprint": pipeline.fingerprint(),
        "statistics": member["statistics"],
        "provenance": {name: metrics[name] for name in _PROVENANCE},
    }


def write_report(
    output: Path, metrics: Mapping[str, Any], histories: Sequence[Sequence[Mapping[str, Any]]]
) -> None:
    """Write ``figures/``, ``metrics.json`` and ``report.html``, each file as a whole.

    Parameters
    ----------
    output : Path
        The experiment's folder.
    metrics : mapping
        Everything that is known in the end.
    histories : sequence of sequence of mapping
        The epochs of each member.
    """
    figures = {
        "learning_curves": png(learning_curves(histories, metrics["selected"] - 1)),
        "confusion": png(confusion_figure(metrics["confusion"], metrics["actions"])),
    }
    for name, image in figures.items():
        write_file(output / "figures" / f"{name}.png", image)
    write_file(output / METRICS, json.dumps(metrics, indent=1, allow_nan=False).encode())
    write_file(output / REPORT, render_report(metrics, figures).encode())
