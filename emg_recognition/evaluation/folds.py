"""The results of several folds together: each fold tests another model on other recordings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import Any

import numpy as np

from emg_recognition.evaluation.metrics import MEAN_METRICS, Scores, to_json
from emg_recognition.evaluation.performance import Performance, Results


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
class PooledFolds(Results):
    """The windows of all folds counted together; a subject of several folds is one subject.

    Attributes
    ----------
    over_folds : OverFolds
        Means in which each fold counts equally.
    """

    over_folds: OverFolds

    def to_json(self) -> dict[str, Any]:
        """Return the results as ``metrics.json`` holds them."""
        return {
            "actions": list(self.scores.actions),
            **self.over_folds.mean,
            "over_folds": to_json(self.over_folds),
            "pooled": {name: getattr(self.scores, name) for name in MEAN_METRICS},
            **super().to_json(),
        }


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
    decided = [fold.baseline_decided for fold in folds if fold.baseline_decided is not None]
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
        decided=reduce(add, [fold.decided for fold in folds]),
        baseline=reduce(add, baselines) if len(baselines) == len(folds) else None,
        baseline_decided=reduce(add, decided) if len(decided) == len(folds) else None,
    )


def _pool(groups: Sequence[Mapping[str, Scores]]) -> dict[str, Scores]:
    """Count the windows of each group in all folds together."""
    names = sorted({name for fold in groups for name in fold})
    return {name: reduce(add, [fold[name] for fold in groups if name in fold]) for name in names}
