"""The reports: HTML pages that need no other file."""

from __future__ import annotations

import base64
import json
import re
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2
import yaml
from markupsafe import Markup
from matplotlib.figure import Figure

from emg_recognition.evaluation.folds import PooledFolds
from emg_recognition.evaluation.intervals import Interval, mean_interval
from emg_recognition.evaluation.metrics import MEAN_METRICS
from emg_recognition.evaluation.performance import Performance
from emg_recognition.evaluation.score_figures import (
    confusion_figure,
    rejection_figure,
    reliability_figure,
    subject_figure,
)
from emg_recognition.evaluation.style import words
from emg_recognition.evaluation.training_figures import Histories, learning_curves, member_curves

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
        Further names for the template.

    Returns
    -------
    str
        The page.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        # Names of cohorts, subjects and actions come from recordings: they must never become markup.
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        percent=percent,
        interval=interval,
        thousands=thousands,
        name=words,
        moment=moment,
        seconds=seconds,
        number=number,
        sentence=sentence,
        listed=listed,
        mean=statistics.fmean,
        mean_interval=lambda values: mean_interval(list(values)),
    )
    sections: list[tuple[str, str]] = []

    def section(title: str) -> Markup:
        """Write the heading of a section, and add it to the list of contents."""
        anchor = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
        sections.append((anchor, title))
        return Markup('<h2 id="{}">{}</h2>').format(anchor, title)

    environment.globals.update(section=section, sections=sections)
    embedded = {key: "data:image/png;base64," + base64.b64encode(png).decode() for key, png in images.items()}
    return environment.get_template(template).render(images=embedded, **values)


def percent(share: float | None) -> str:
    """Write a share as a percentage with one decimal; a dash for None."""
    return "–" if share is None else f"{100 * share:.1f}\u202f%"


def thousands(number: int) -> str:
    """Write a whole number in groups of three digits."""
    return f"{number:,}".replace(",", "\u202f")


def interval(ends: Interval) -> str:
    """Write an interval of a share in per cent."""
    low, high = ends
    return f"{100 * low:.1f}–{100 * high:.1f}\u202f%"


def moment(created: str) -> str:
    """Write an ISO date and time in words."""
    return created.replace("T", " ").replace("+00:00", " UTC")


def seconds(duration: float) -> str:
    """Write a duration in seconds, or in minutes where it is long."""
    minutes, rest = divmod(round(duration), 60)
    return f"{minutes}\u202fmin {rest:02d}\u202fs" if minutes else f"{duration:.1f}\u202fs"


def number(value: float | None, digits: int = 1) -> str:
    """Write a number with a fixed number of decimals; a dash for None."""
    return "–" if value is None else f"{value:.{digits}f}"


def listed(values: Sequence[object]) -> str:
    """List values; three or more consecutive whole numbers become a range."""
    words: list[str] = []
    run: list[object] = []
    for value in [*values, None]:
        if run and not (isinstance(value, int) and isinstance(run[-1], int) and value == run[-1] + 1):
            words += [f"{run[0]}–{run[-1]}"] if len(run) > 2 else [str(one) for one in run]
            run = []
        run.append(value)
    return ", ".join(words)


def sentence(text: str) -> str:
    """Write an entry of a list of problems as a sentence."""
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith('.') else '.'}"


_SUBSETS = {"train": "Training", "validation": "Validation", "test": "Test"}


def experiment_figures(
    performance: Performance, histories: Histories, selected: int | None
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
    figures = {"confusion": confusion_figure(found.scores)}
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
        subsets=_SUBSETS,
        whole={name: metrics[f"test_{name}"] for name in MEAN_METRICS},
        windows={
            (row["subset"], row["cohort"], row["action"]): row["windows"] for row in metrics["window_table"]
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
        # All folds select their member in the same way.
        leaks=leaks_of(metrics["split"], metrics["folds"][0]["metrics"]["selection"]),
        settings=settings_text(metrics["settings"]),
    )


def settings_text(settings: Mapping[str, Any]) -> str:
    """Write the settings as in a configuration file."""
    plain = json.loads(json.dumps(settings))  # YAML's safe writer knows lists but no tuples
    return yaml.safe_dump(plain, sort_keys=False, default_flow_style=None, width=100)


def leaks_of(split: Mapping[str, Any], selection: Mapping[str, Any]) -> list[str]:
    """Say why a result is too good, if it is; both mappings are those of ``metrics.json``."""
    leaks = []
    if split["leaking"]:
        leaks.append("windows of one repetition are in several subsets, and overlap")
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
        # An archive has no margin and no onsets, because its segments are cut out of the movement.
        margin=metrics["onset_delay_ms"] is not None,
    )


def render_comparison(result: Mapping[str, Any], figures: Mapping[str, bytes]) -> str:
    """Write the report of a comparison of methods as one HTML page.

    Parameters
    ----------
    result : mapping
        The content of ``compare.json``.
    figures : mapping of str to bytes
        The PNG image ``comparison``; it becomes part of the page.

    Returns
    -------
    str
        The page.
    """
    honest = [row for row in result["methods"] if not row["leaking"]]
    return render(
        "comparison.html.j2",
        figures,
        m=result,
        best=max(honest, key=lambda row: row["mean"]["accuracy"], default=None),
        settings=settings_text(result["settings"]),
    )


def render_tuning(result: Mapping[str, Any], figures: Mapping[str, bytes]) -> str:
    """Write the report of a search for settings as one HTML page.

    Parameters
    ----------
    result : mapping
        The content of ``tuning.json``. The report of the training is expected beside the page.
    figures : mapping of str to bytes
        The PNG images ``history`` and ``values``; they become part of the page.

    Returns
    -------
    str
        The page.
    """
    return render("tuning.html.j2", figures, m=result, settings=settings_text(result["settings"]))
