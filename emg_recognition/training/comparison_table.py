"""The rows of a comparison: what can be compared, how one model is scored, and how runs are averaged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emg_recognition.evaluation.metrics import score_windows, scores_by_group, to_json
from emg_recognition.evaluation.steadiness import decide_segments, score_steadiness
from emg_recognition.training.windows import WindowSet

TITLES = {
    "ensemble-minority": ("ensemble", "Ensemble, best on the minority"),
    "ensemble-overall": ("ensemble", "Ensemble, best on all"),
    "ensemble-soft-vote": ("ensemble", "Ensemble, soft vote"),
    "ensemble-test": ("ensemble", "Ensemble, best on the test data"),
    "network": ("network", "One network, all data"),
    "weighted": ("network", "One network, weighted"),
    "pretrain": ("network", "One network, majority first"),
    "adapt": ("network", "Majority, adapted to each person"),
    "minority": ("network", "One network, minority alone"),
    "lda": ("classical", "LDA, Hudgins' features"),
    "balanced-bagging": ("classical", "Balanced bagging, same features"),
}
"""The rows of the table in order: group and title of each."""

STEADINESS = (
    "wrong_movements_per_minute",
    "false_activations_per_minute",
    "decision_delay_ms",
    "decision_delay_p90_ms",
)
"""How steady the decisions are; the delay is the median."""

MEASURES = ("accuracy", "balanced_accuracy", "minority", "worst", "seconds", *STEADINESS)
"""What is averaged over the runs of a method."""


def score_run(
    probabilities: NDArray[np.float32],
    test: WindowSet,
    minority: str | None,
    *,
    stride: float,
    window: float,
    rest: str | None,
) -> dict[str, Any]:
    """Score one model on the test windows.

    Parameters
    ----------
    probabilities : ndarray, shape (windows, actions)
        What the model answered.
    test : WindowSet
        The test windows.
    minority : str or None
        The cohort whose subjects are scored one by one; with ``None``, or a cohort without test windows,
        all subjects are.
    stride, window : float
        Time from one window to the next, and length of a window, s.
    rest : str or None
        The action that is rest; ``None`` if there is none.

    Returns
    -------
    dict
        ``accuracy`` and ``balanced_accuracy`` over all windows; ``per_subject``, the accuracy of each subject
        of the minority (of all subjects if there is none); ``minority``, the mean of these, ``None``
        without a minority; ``worst`` and ``worst_subject``; of the same subjects ``steadiness``, with its
        intervals, and each of `STEADINESS`.
    """
    predicted, truth, cohort = probabilities.argmax(axis=1), test.action, test.cohort
    whole = score_windows(truth, predicted, test.actions)
    is_tested = minority is not None and minority in cohort
    chosen = cohort == minority if is_tested else np.ones(len(test), dtype=bool)
    groups = scores_by_group(truth[chosen], predicted[chosen], test.actions, test.subject[chosen])
    per_subject = {name: group.accuracy for name, group in groups.items()}
    worst = min(per_subject, key=lambda name: per_subject[name])
    steadiness = score_steadiness(
        decide_segments(
            probabilities[chosen],
            truth[chosen],
            test.actions,
            segment=test.segment[chosen],
            begin=test.begin[chosen],
            stride=stride,
            window=window,
            rest=rest,
        )
    )
    return {
        "accuracy": whole.accuracy,
        "balanced_accuracy": whole.balanced_accuracy,
        "minority": float(np.mean(list(per_subject.values()))) if is_tested else None,
        "worst": per_subject[worst],
        "worst_subject": worst,
        "per_subject": per_subject,
        "wrong_movements_per_minute": steadiness.wrong_movements_per_minute,
        "false_activations_per_minute": steadiness.false_activations_per_minute,
        "decision_delay_ms": steadiness.decision_delay_ms.median,
        "decision_delay_p90_ms": steadiness.decision_delay_ms.p90,
        "steadiness": to_json(steadiness),
    }


def average_runs(runs: Sequence[Mapping[str, Any]], **facts: Any) -> dict[str, Any]:
    """Make the row of a method from its runs.

    Parameters
    ----------
    runs : sequence of mapping
        The result of :func:`score_run` for each run, and its ``seconds``; at least one.
    **facts : Any
        What else is known about the method.

    Returns
    -------
    dict
        `facts` and the ``runs``; ``mean`` and ``deviation`` of each of `MEASURES` over the runs that have it
        (the sample deviation, divided by n - 1; ``None`` for a single run); ``per_subject``, the mean over
        the runs that tested the subject; and ``values`` and ``minority``, the accuracies of the runs, for
        :func:`~emg_recognition.evaluation.comparison_figures.comparison_figure`.
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
