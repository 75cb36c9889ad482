"""One page that tells what was trained, on what, and how good it is; it needs no other file."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2
import yaml
from matplotlib.figure import Figure

from emg_recognition.evaluation.comparison_figures import rejection_figure, reliability_figure, subject_figure
from emg_recognition.evaluation.figures import confusion_figure, learning_curves, member_curves
from emg_recognition.evaluation.folds import PooledFolds
from emg_recognition.evaluation.performance import Performance

_TEMPLATES = Path(__file__).parent


def render(template: str, images: Mapping[str, bytes], **values: Any) -> str:
    """Fill in a template.

    Parameters
    ----------
    template : str
        Name of a template beside this file.
    images : mapping of str to bytes
        PNG images by name; they become part of the page as ``images``.
    **values : Any
        What the template names.

    Returns
    -------
    str
        The page.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        # Names of cohorts, subjects and actions come from recordings: they are text, never markup.
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        percent=percent,
        thousands=thousands,
        name=name,
        seconds=seconds,
        number=number,
        sentence=sentence,
        listed=listed,
    )
    embedded = {key: "data:image/png;base64," + base64.b64encode(png).decode() for key, png in images.items()}
    return environment.get_template(template).render(images=embedded, **values)


def percent(share: float | None) -> str:
    """Write a share as a percentage with one decimal; a dash for None."""
    return "–" if share is None else f"{100 * share:.1f}\u202f%"


def thousands(number: int) -> str:
    """Write a whole number in groups of three digits."""
    return f"{number:,}".replace(",", "\u202f")


def name(text: str) -> str:
    """Write a name of a recording as words."""
    return text.replace("_", " ") or "(unnamed)"


def seconds(duration: float) -> str:
    """Write a time in seconds, in minutes where it is long."""
    minutes, rest = divmod(round(duration), 60)
    return f"{minutes}\u202fmin {rest:02d}\u202fs" if minutes else f"{duration:.1f}\u202fs"


def number(value: float | None, digits: int = 1) -> str:
    """Write a number with so many decimals; a dash for None."""
    return "–" if value is None else f"{value:.{digits}f}"


def listed(values: Sequence[object]) -> str:
    """Write values in a row; three whole numbers and more that follow each other as a span."""
    words: list[str] = []
    run: list[object] = []
    for value in [*values, None]:
        if run and not (isinstance(value, int) and isinstance(run[-1], int) and value == run[-1] + 1):
            words += [f"{run[0]}–{run[-1]}"] if len(run) > 2 else [str(one) for one in run]
            run = []
        run.append(value)
    return ", ".join(words)


def sentence(text: str) -> str:
    """Write what stands in a list of problems as a sentence."""
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith('.') else '.'}"


SIDES = {"train": "Training", "validation": "Validation", "test": "Test"}


def experiment_figures(
    performance: Performance, histories: Sequence[Sequence[Mapping[str, Any]]], selected: int | None
) -> dict[str, Figure]:
    """Draw every figure of an experiment.

    Parameters
    ----------
    performance : Performance
        Results on the test windows.
    histories : sequence of sequence of mapping
        The epochs of each member.
    selected : int or None
        Index of the kept member; ``None`` if all are kept.

    Returns
    -------
    dict of str to Figure
        By name: ``learning_curves``, ``members`` (with more than one), ``confusion``, ``reliability``,
        ``rejection`` and ``subjects`` (with more than one).
    """
    figures = {
        "learning_curves": learning_curves(histories, selected),
        "reliability": reliability_figure(performance.calibration),
        "rejection": rejection_figure(performance.rejection),
        **score_figures(performance),
    }
    if len(histories) > 1:
        figures["members"] = member_curves(histories, selected)
    return figures


def score_figures(found: Performance | PooledFolds) -> dict[str, Figure]:
    """Draw ``confusion`` and, with more than one subject, ``subjects``."""
    figures = {"confusion": confusion_figure(found.scores.confusion, found.scores.actions)}
    if len(found.per_subject) > 1:
        accuracies = {name: scores.balanced_accuracy for name, scores in found.per_subject.items()}
        figures["subjects"] = subject_figure(accuracies, found.cohorts)
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


def render_folds(metrics: Mapping[str, Any], figures: Mapping[str, bytes]) -> str:
    """Write the report of an experiment of several folds as one HTML page.

    Parameters
    ----------
    metrics : mapping
        The content of the experiment's ``metrics.json``. The report of each fold is expected at
        ``folds/<name>/report.html``.
    figures : mapping of str to bytes
        PNG images of :func:`score_figures`; they become part of the page.

    Returns
    -------
    str
        The page.
    """
    return render(
        "folds.html.j2",
        figures,
        m=metrics,
        cohorts=sorted(metrics["per_cohort"]),
        # Every fold was made in the same way: what selected the member of one selected that of all.
        leaks=leaks_of(metrics["split"], metrics["folds"][0]["metrics"]["selection"]),
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


def render_replay_report(metrics: Mapping[str, Any], figures: Mapping[str, bytes]) -> str:
    """Write the report of an evaluation as one HTML page.

    Parameters
    ----------
    metrics : mapping
        The content of ``metrics.json``; ``docs/reference/metrics-json.md`` lists it.
    figures : mapping of str to bytes
        PNG images ``timeline`` and, where something was scored, ``confusion``; they become part of the page.

    Returns
    -------
    str
        The page.
    """
    return render(
        "replay_report.html.j2",
        figures,
        m=metrics,
        scored=metrics["accuracy"] is not None,
        # An archive has no onsets, because its segments have no borders: see the scoring.
        margin=metrics["onset_delay_ms"] is not None,
    )
