"""How the runs of a comparison are judged and put together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emg_recognition.evaluation.metrics import scores, scores_by_group
from emg_recognition.training.windows import WindowSet

MEASURES = ("accuracy", "balanced_accuracy", "minority", "worst", "seconds")
"""What is averaged over the runs of a method."""


def judge(probabilities: NDArray[np.float32], test: WindowSet, minority: str | None) -> dict[str, Any]:
    """Judge one model by the test windows.

    Parameters
    ----------
    probabilities : ndarray, shape (windows, actions)
        What the model answered.
    test : WindowSet
        The test windows, with what was really performed.
    minority : str or None
        The cohort whose subjects are looked at one by one; ``None``, or one that is not tested: all subjects.

    Returns
    -------
    dict
        ``accuracy`` and ``balanced_accuracy`` over all windows; ``per_subject``, the accuracy of each subject
        of the minority (of all subjects where there is none); ``minority``, the mean of these, ``None``
        without a minority; ``worst`` and ``worst_subject``.
    """
    predicted, truth, cohort = probabilities.argmax(axis=1), test.action, test.cohort
    whole = scores(truth, predicted, test.actions)
    there = minority is not None and minority in cohort
    looked = cohort == minority if there else np.ones(len(test), dtype=bool)
    groups = scores_by_group(truth[looked], predicted[looked], test.actions, test.subject[looked])
    per_subject = {name: group["accuracy"] for name, group in groups.items()}
    worst = min(per_subject, key=lambda name: per_subject[name])
    return {
        "accuracy": whole["accuracy"],
        "balanced_accuracy": whole["balanced_accuracy"],
        "minority": float(np.mean(list(per_subject.values()))) if there else None,
        "worst": per_subject[worst],
        "worst_subject": worst,
        "per_subject": per_subject,
    }


def row_of(runs: Sequence[Mapping[str, Any]], **facts: Any) -> dict[str, Any]:
    """Put the runs of a method together.

    Parameters
    ----------
    runs : sequence of mapping
        What :func:`judge` says of each, and its ``seconds``; at least one.
    **facts : Any
        What else is known about the method.

    Returns
    -------
    dict
        `facts`, the ``runs``; ``mean`` and ``deviation`` of each of `MEASURES` over those runs that have
        it (the deviation is that of a sample, divided by n - 1; ``None`` for a single run);
        ``per_subject``, the mean over the runs that tested the subject; and ``values`` and ``minority``, the
        runs' accuracies for
        :func:`~emg_recognition.evaluation.comparison.comparison_figure`.
    """
    table = {name: [run[name] for run in runs if run[name] is not None] for name in MEASURES}
    tested = sorted({subject for run in runs for subject in run["per_subject"]})
    return {
        **facts,
        "mean": {name: float(np.mean(found)) if found else None for name, found in table.items()},
        "deviation": {
            name: float(np.std(found, ddof=1)) if len(found) > 1 else None for name, found in table.items()
        },
        "per_subject": {
            subject: float(
                np.mean([run["per_subject"][subject] for run in runs if subject in run["per_subject"]])
            )
            for subject in tested
        },
        "values": table["accuracy"],
        "minority": table["minority"],
        "runs": list(runs),
    }
