"""The results of several folds together: each fold tests another model on other recordings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import Any

import numpy as np

from emg_recognition.evaluation.intervals import Intervals, SegmentCounts, score_intervals
from emg_recognition.evaluation.metrics import MEAN_METRICS, OverSubjects, Scores, over_subjects, to_json
from emg_recognition.evaluation.performance import Performance


@dataclass(frozen=True)
class OverFolds:
    """Scores over folds, each of which counts equally.

    Attributes
    ----------
    mean, deviation : dict of str to float
        ``test_accuracy``, ``test_balanced_accuracy``, ``test_macro_f1`` and ``test_loss``: mean and
        population standard deviation over the folds.
    """

    mean: dict[str, float]
    deviation: dict[str, float]


@dataclass(frozen=True, eq=False, kw_only=True)
class PooledFolds:
    """The windows of all folds counted together.

    Attributes
    ----------
    over_folds : OverFolds
        Means in which each fold counts equally.
    scores : Scores
        Of all windows.
    segments : SegmentCounts
        The windows of each segment, for the confidence intervals.
    per_cohort, per_subject : dict of str to Scores
        Of each cohort and subject; a subject of several folds is one subject.
    cohorts : dict of str to str
        The cohort of each subject; several are separated by commas.
    baseline : Scores or None
        Of the simple method; ``None`` if a fold has none.
    """

    over_folds: OverFolds
    scores: Scores
    segments: SegmentCounts
    per_cohort: Mapping[str, Scores]
    per_subject: Mapping[str, Scores]
    cohorts: Mapping[str, str]
    baseline: Scores | None

    @property
    def intervals(self) -> Intervals:
        """Confidence intervals of the mean scores of all windows."""
        return score_intervals(self.segments)

    @property
    def over_subjects(self) -> OverSubjects:
        """Mean over the subjects of all folds, and the worst one."""
        return over_subjects(self.per_subject)

    def to_json(self) -> dict[str, Any]:
        """Return the results as ``metrics.json`` holds them."""
        found: dict[str, Any] = to_json(
            {
                "actions": self.scores.actions,
                **self.over_folds.mean,
                "over_folds": self.over_folds,
                "pooled": {name: getattr(self.scores, name) for name in MEAN_METRICS},
                "intervals": self.intervals,
                "baseline": self.baseline,
                "confusion": self.scores.confusion,
                "per_class": self.scores.per_class,
                "per_class_recall": self.scores.per_class_recall,
                "per_cohort": self.per_cohort,
                "per_subject": {
                    subject: {"cohort": self.cohorts[subject], **scores.to_json()}
                    for subject, scores in self.per_subject.items()
                },
                "over_subjects": self.over_subjects,
            }
        )
        return found


def pool_folds(folds: Sequence[Performance]) -> PooledFolds:
    """Combine the results of folds.

    Parameters
    ----------
    folds : sequence of Performance
        At least one, all with the same actions.

    Returns
    -------
    PooledFolds
        Means over the folds, and the scores of all windows.

    Raises
    ------
    ValueError
        Without a fold, or if their actions differ.
    """
    if not folds:
        raise ValueError("give at least one fold")
    headlines = [fold.headline() for fold in folds]
    table = {name: np.array([headline[name] for headline in headlines]) for name in headlines[0]}
    cohorts: dict[str, dict[str, None]] = {}  # of each subject; the inner one is an ordered set
    for fold in folds:
        for subject, names in fold.cohorts.items():
            cohorts.setdefault(subject, {}).update(dict.fromkeys(names.split(", ")))
    baselines = [fold.baseline for fold in folds if fold.baseline is not None]
    return PooledFolds(
        over_folds=OverFolds(
            mean={name: float(values.mean()) for name, values in table.items()},
            deviation={name: float(values.std()) for name, values in table.items()},
        ),
        scores=reduce(add, [fold.scores for fold in folds]),
        segments=reduce(add, [fold.segments for fold in folds]),
        per_cohort=_pool([fold.per_cohort for fold in folds]),
        per_subject=_pool([fold.per_subject for fold in folds]),
        cohorts={subject: ", ".join(names) for subject, names in cohorts.items()},
        baseline=reduce(add, baselines) if len(baselines) == len(folds) else None,
    )


def _pool(groups: Sequence[Mapping[str, Scores]]) -> dict[str, Scores]:
    """Count the windows of each group in all folds together."""
    names = sorted({name for fold in groups for name in fold})
    return {name: reduce(add, [fold[name] for fold in groups if name in fold]) for name in names}
