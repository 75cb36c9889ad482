"""One page that tells what was trained, on what, and how good it is; it needs no other file."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import yaml
from matplotlib.figure import Figure

from emg_recognition.evaluation.confidence_figures import rejection_figure, reliability_figure
from emg_recognition.evaluation.figures import confusion_figure, learning_curves
from emg_recognition.evaluation.member_curves import member_curves
from emg_recognition.evaluation.page import render
from emg_recognition.evaluation.subject_figure import subject_figure

SIDES = {"train": "Training", "validation": "Validation", "test": "Test"}


def experiment_figures(
    metrics: Mapping[str, Any], histories: Sequence[Sequence[Mapping[str, Any]]]
) -> dict[str, Figure]:
    """Draw every figure of an experiment.

    Parameters
    ----------
    metrics : mapping
        The content of ``metrics.json``; ``docs/report.md`` tells what it means.
    histories : sequence of sequence of mapping
        The epochs of each member.

    Returns
    -------
    dict of str to Figure
        By name: ``learning_curves``, ``members`` (with more than one), ``confusion``, ``reliability``,
        ``rejection`` and ``subjects`` (with more than one).
    """
    selected = None if metrics["selected"] is None else metrics["selected"] - 1
    figures = {
        "learning_curves": learning_curves(histories, selected),
        "confusion": confusion_figure(metrics["confusion"], metrics["actions"]),
        "reliability": reliability_figure(metrics["calibration"]),
        "rejection": rejection_figure(metrics["rejection"]),
    }
    if len(histories) > 1:
        figures["members"] = member_curves(histories, selected)
    if len(metrics["per_subject"]) > 1:
        figures["subjects"] = subject_figure(metrics["per_subject"])
    return figures


def render_report(metrics: Mapping[str, Any], figures: Mapping[str, bytes]) -> str:
    """Write the report of an experiment, or of one of its folds, as one HTML page.

    Parameters
    ----------
    metrics : mapping
        The content of ``metrics.json``.
    figures : mapping of str to bytes
        PNG images of :func:`experiment_figures`; they become part of the page.

    Returns
    -------
    str
        The page.
    """
    selected = metrics["selected"]
    kept = metrics["members"] if selected is None else [metrics["members"][selected - 1]]
    return render(
        "report.html.j2",
        figures,
        m=metrics,
        cohorts=sorted({row["cohort"] for row in metrics["window_table"]} | metrics["per_cohort"].keys()),
        kept_seconds=sum(member["seconds"] for member in kept),
        leaks=leaks_of(metrics["split"], metrics["selection"]),
        sides=SIDES,
        windows={
            (row["side"], row["cohort"], row["action"]): row["windows"] for row in metrics["window_table"]
        },
        settings=settings_text(metrics["settings"]),
    )


def settings_text(settings: Mapping[str, Any]) -> str:
    """Write the settings as they would stand in a configuration file."""
    plain = json.loads(json.dumps(settings))  # YAML's safe writer knows lists but no tuples
    return yaml.safe_dump(plain, sort_keys=False, default_flow_style=None, width=100)


def leaks_of(split: Mapping[str, Any], selection: Mapping[str, Any]) -> list[str]:
    """Say why a result flatters, if it does; both mappings are those of ``metrics.json``."""
    leaks = []
    if split["leaking"]:
        leaks.append("windows of one repetition stand on several sides, and overlap from side to side")
    if selection["leaking"]:
        leaks.append("the member was chosen by its result on the test windows")
    return leaks
