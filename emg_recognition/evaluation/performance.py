"""What a model is worth on test windows: every number that the training report shows of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from emg_recognition.actions import REST
from emg_recognition.evaluation.confidence import Calibration, Rejection, calibration, rejection
from emg_recognition.evaluation.intervals import Intervals, SegmentCounts, count_segments, score_intervals
from emg_recognition.evaluation.metrics import (
    MEAN_METRICS,
    OverSubjects,
    Scores,
    over_subjects,
    score_windows,
    scores_by_group,
    to_json,
)
from emg_recognition.evaluation.steadiness import (
    DecidedSegments,
    RestActivity,
    SegmentActivity,
    Steadiness,
    decide_segments,
    rest_activity,
    score_steadiness,
)


@dataclass(frozen=True, eq=False, kw_only=True)
class Results:
    """Scores of test windows, in total and for each group.

    Attributes
    ----------
    scores : Scores
        Of all windows.
    segments : SegmentCounts
        The windows of each segment, for the confidence intervals.
    per_cohort, per_subject : mapping of str to Scores
        Of the windows of each cohort and subject.
    cohorts : mapping of str to str
        The cohort of each subject; several are separated by commas.
    decided : DecidedSegments
        The decisions in each segment, for the steadiness.
    baseline : Scores or None
        Of a simple method on the same windows; ``None`` if there is none to compare with.
    baseline_decided : DecidedSegments or None
        Its decisions.
    """

    scores: Scores
    segments: SegmentCounts
    per_cohort: Mapping[str, Scores]
    per_subject: Mapping[str, Scores]
    cohorts: Mapping[str, str]
    decided: DecidedSegments
    baseline: Scores | None = None
    baseline_decided: DecidedSegments | None = None

    @property
    def intervals(self) -> Intervals:
        """Confidence intervals of the mean scores of all windows."""
        return score_intervals(self.segments)

    @property
    def steadiness(self) -> Steadiness:
        """Wrong movements a minute, and the time until the right decision."""
        return score_steadiness(self.decided)

    @property
    def baseline_steadiness(self) -> Steadiness | None:
        """The same of the baseline; ``None`` if there is none."""
        return None if self.baseline_decided is None else score_steadiness(self.baseline_decided)

    @property
    def over_subjects(self) -> OverSubjects:
        """Mean over the subjects, and the worst one."""
        return over_subjects(self.per_subject)

    def to_json(self) -> dict[str, Any]:
        """Return the results as ``metrics.json`` holds them."""
        found: dict[str, Any] = to_json(
            {
                "intervals": self.intervals,
                "baseline": self.baseline,
                "steadiness": self.steadiness,
                "baseline_steadiness": self.baseline_steadiness,
                "per_class_recall": self.scores.per_class_recall,
                "per_class": self.scores.per_class,
                "confusion": self.scores.confusion,
                "per_cohort": self.per_cohort,
                "per_subject": {
                    subject: {"cohort": self.cohorts[subject], **scores.to_json()}
                    for subject, scores in self.per_subject.items()
                },
                "over_subjects": self.over_subjects,
            }
        )
        return found


@dataclass(frozen=True, eq=False, kw_only=True)
class Performance(Results):
    """Results of one model.

    Attributes
    ----------
    loss : float
        Mean cross-entropy.
    calibration : Calibration
        How well confidence and accuracy agree.
    rejection : Rejection
        Accuracy over the share of rejected windows.
    rest : RestActivity or None
        False activations; ``None`` without windows of rest.
    """

    loss: float
    calibration: Calibration
    rejection: Rejection
    rest: RestActivity | None

    def headline(self) -> dict[str, float]:
        """Return ``test_accuracy``, ``test_balanced_accuracy``, ``test_macro_f1`` and ``test_loss``."""
        shares = {f"test_{name}": getattr(self.scores, name) for name in MEAN_METRICS}
        return {**shares, "test_loss": self.loss}

    def to_json(self) -> dict[str, Any]:
        """Return the results as ``metrics.json`` holds them."""
        own = {"calibration": self.calibration, "rejection": self.rejection, "rest": self.rest}
        return {**self.headline(), **super().to_json(), **to_json(own)}


def measure(
    probabilities: ArrayLike,
    truth: ArrayLike,
    *,
    actions: Sequence[str],
    subject: ArrayLike,
    cohort: ArrayLike,
    segment: ArrayLike,
    begin: ArrayLike,
    stride: float,
    window: float,
    rest: str | None = REST,
    baseline: ArrayLike | None = None,
) -> Performance:
    """Measure a model on test windows.

    Parameters
    ----------
    probabilities : array_like, shape (n, classes)
        What the model answered.
    truth : array_like of int, shape (n,)
        The performed actions, as indices into `actions`.
    actions : sequence of str
        Names of the classes.
    subject, cohort : array_like of str, shape (n,)
        Who performed each window, and the group they belong to.
    segment : array_like of int, shape (n,)
        The segment (repetition of an action) each window comes from.
    begin : array_like of int, shape (n,)
        First sample of each window, in any count that grows within a segment.
    stride, window : float
        Time from one window to the next, and length of a window, s.
    rest : str or None
        The action during which nothing must move; ``None`` if there is none.
    baseline : array_like, shape (n, classes), optional
        What a simple method answered to the same windows.

    Returns
    -------
    Performance
        The results.

    Raises
    ------
    ValueError
        Without a window, or if the arrays do not fit each other.
    """
    answers, performed = np.asarray(probabilities), np.asarray(truth)
    subjects, groups = np.asarray(subject), np.asarray(cohort)
    predicted = answers.argmax(axis=1)

    def decide(of: ArrayLike) -> SegmentActivity:
        return decide_segments(
            of, performed, actions, segment=segment, begin=begin, stride=stride, window=window, rest=rest
        )

    decided = decide(answers)
    return Performance(
        scores=score_windows(performed, predicted, actions),
        loss=cross_entropy(answers, performed),
        segments=count_segments(performed, predicted, len(actions), segment),
        per_cohort=scores_by_group(performed, predicted, actions, groups),
        per_subject=scores_by_group(performed, predicted, actions, subjects),
        cohorts=_cohorts(subjects, groups),
        calibration=calibration(answers, performed),
        rejection=rejection(answers, performed),
        rest=rest_activity(decided),
        decided=decided,
        baseline=None
        if baseline is None
        else score_windows(performed, np.asarray(baseline).argmax(axis=1), actions),
        baseline_decided=None if baseline is None else decide(baseline),
    )


def _cohorts(subject: NDArray[Any], cohort: NDArray[Any]) -> dict[str, str]:
    """Return the cohort of each subject, from those of the windows; several are separated by commas."""
    subjects, number = np.unique(subject, return_inverse=True)
    cohorts, group = np.unique(cohort, return_inverse=True)
    pairs = np.unique(number.ravel() * len(cohorts) + group.ravel())
    found: dict[str, list[str]] = {str(name): [] for name in subjects.tolist()}
    for pair in pairs.tolist():
        found[str(subjects[pair // len(cohorts)])].append(str(cohorts[pair % len(cohorts)]))
    return {name: ", ".join(those) for name, those in found.items()}


def cross_entropy(probabilities: NDArray[Any], truth: NDArray[Any]) -> float:
    """Return the mean cross-entropy of probabilities, shape (n, classes), and actions, shape (n,)."""
    of_truth = probabilities[np.arange(len(truth)), truth].astype(np.float64)
    # Keras's own bound: a softmax that rounds to 0 costs 16, not infinity.
    return float(-np.log(np.maximum(of_truth, 1e-7)).mean())
