"""What several folds say together: each tests other recordings with a model of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from emg_recognition.evaluation.comparison_figures import subject_figure
from emg_recognition.evaluation.figures import confusion_figure
from emg_recognition.evaluation.metrics import MEAN_METRICS, over_subjects, per_class, scores_of
from emg_recognition.evaluation.report import leaks_of, render, settings_text
from emg_recognition.evaluation.style import png

TEST = (*(f"test_{name}" for name in MEAN_METRICS), "test_loss")


def pool_folds(folds: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Put the results of folds together.

    Parameters
    ----------
    folds : sequence of mapping
        The content of each fold's ``metrics.json``; at least one, all with the same actions.

    Returns
    -------
    dict
        The four ``test_…`` numbers: means in which each fold counts alike, with ``over_folds`` (``mean`` and
        ``deviation``, population, of each); ``seconds`` of all folds. The windows of all folds together give
        ``confusion``, ``per_class``, ``per_class_recall``, ``per_cohort`` and ``per_subject``; each subject
        counts alike in ``over_subjects``. ``actions`` are those of the folds.

    Raises
    ------
    ValueError
        Without a fold, or if their actions differ.
    """
    if not folds:
        raise ValueError("there is no fold to take a mean over")
    actions = list(folds[0]["actions"])
    if any(list(fold["actions"]) != actions for fold in folds):
        raise ValueError(f"the folds have different actions: {[list(fold['actions']) for fold in folds]}")
    table = {name: np.array([fold[name] for fold in folds]) for name in TEST}
    confusion = np.sum([np.asarray(fold["confusion"], np.int64) for fold in folds], axis=0)
    subjects = _pool([fold["per_subject"] for fold in folds], actions)
    cohorts: dict[str, dict[str, None]] = {}  # an ordered set of the cohorts of each subject
    for fold in folds:
        for name, found in fold["per_subject"].items():
            cohorts.setdefault(name, {}).update(dict.fromkeys(found["cohort"].split(", ")))
    mean = {name: float(values.mean()) for name, values in table.items()}
    return {
        "actions": actions,
        **mean,
        "over_folds": {
            "mean": mean,
            "deviation": {name: float(values.std()) for name, values in table.items()},
        },
        "seconds": sum(fold["seconds"] for fold in folds),
        "confusion": confusion.tolist(),
        "per_class": per_class(confusion, actions),
        "per_class_recall": scores_of(confusion, actions)["per_class_recall"],
        "per_cohort": _pool([fold["per_cohort"] for fold in folds], actions),
        "per_subject": {
            name: {"cohort": ", ".join(cohorts[name]), **found} for name, found in subjects.items()
        },
        "over_subjects": over_subjects(subjects),
    }


def fold_figures(pooled: Mapping[str, Any]) -> dict[str, Figure]:
    """Draw ``confusion`` and, with more than one subject, ``subjects`` of :func:`pool_folds`."""
    figures = {"confusion": confusion_figure(pooled["confusion"], pooled["actions"])}
    if len(pooled["per_subject"]) > 1:
        figures["subjects"] = subject_figure(pooled["per_subject"])
    return figures


def render_folds(summary: Mapping[str, Any]) -> str:
    """Write the report of an experiment of several folds as one HTML page.

    Parameters
    ----------
    summary : mapping
        ``source``, ``created``, ``settings``, ``versions``, ``data``, ``split`` (``rule`` and ``leaking``)
        and ``folds``: for each its ``name`` and ``metrics``. Its own report is expected at
        ``folds/<name>/report.html``.

    Returns
    -------
    str
        The page.
    """
    folds = summary["folds"]
    pooled = pool_folds([fold["metrics"] for fold in folds])
    figures = {name: png(figure) for name, figure in fold_figures(pooled).items()}
    return render(
        "folds.html.j2",
        figures,
        m={**summary, **pooled},
        cohorts=sorted(pooled["per_cohort"]),
        # The folds were made alike: what one was chosen by, all were.
        leaks=leaks_of(summary["split"], folds[0]["metrics"]["selection"]),
        settings=settings_text(summary["settings"]),
    )


def _pool(groups: Sequence[Mapping[str, Any]], actions: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Score each group by its windows in all folds: they are counted together, not averaged."""
    names = sorted({name for fold in groups for name in fold})
    return {
        name: scores_of(
            np.sum(
                [np.asarray(fold[name]["confusion"], np.int64) for fold in groups if name in fold], axis=0
            ),
            actions,
        )
        for name in names
    }
