"""What an evaluation says about a model: the content of ``metrics.json``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from emg_recognition.control.decision import DecisionSettings
from emg_recognition.evaluation.decisions import Delay
from emg_recognition.evaluation.intervals import Interval, Intervals
from emg_recognition.evaluation.metrics import OverSubjects, Scores, to_json
from emg_recognition.replay.estimates import Agreement
from emg_recognition.types import Model

FORMAT = "emg_recognition replay 2"
READABLE = ("emg_recognition replay 1", FORMAT)
"""Formats of folders that an evaluation may replace."""

SHARES = (
    "accuracy",
    "balanced_accuracy",
    "macro_f1",
    "accepted_accuracy",
    "decided_accuracy",
    "decided_balanced_accuracy",
)
"""Scores that are shares, of which more is better: a threshold can be set for each."""

RATES = ("false_activations_per_minute", "wrong_movements_per_minute")
"""Rates, of which less is better: a limit can be set for each."""

DELAYS = ("onset_median_ms", "onset_p90_ms")
"""Delays, of which less is better: a limit can be set for each."""


@dataclass(frozen=True, kw_only=True)
class SignalSummary:
    """The signal of a replay; the attributes of a stream are explained in ``StreamCounters``."""

    device: str | None
    frame_id: str | None
    rate: float
    channels: int
    unit: str
    seconds: float
    samples: int
    starts: int
    gaps: int
    missing_samples: int
    dropped_by_device: int
    refused_chunks: int


@dataclass(frozen=True, kw_only=True)
class WindowCounts:
    """Numbers of windows.

    Attributes
    ----------
    expected, estimated, missing : int
        Windows that the signal path makes, those with an estimate, and the difference.
    settling : int
        Windows left out because the filters had not settled.
    labelled : int
        Windows that are scored.
    """

    expected: int
    estimated: int
    missing: int
    settling: int
    labelled: int


@dataclass(frozen=True, kw_only=True)
class RecordedScores(Agreement):
    """Estimates that were recorded with the signals, and how far they agree with those of the replay.

    Attributes
    ----------
    model, sha256 : str or None
        The model that made them.
    same_model : bool or None
        Whether it is the model of the replay; ``None`` if the recording does not tell.
    estimates : int
        Number of recorded estimates.
    accuracy, balanced_accuracy : float or None
        Of the recorded estimates.
    """

    model: str | None
    sha256: str | None
    same_model: bool | None
    estimates: int
    accuracy: float | None
    balanced_accuracy: float | None


@dataclass(frozen=True, eq=False, kw_only=True)
class ReplayScores:
    """Everything that ``metrics.json`` says about a replay; what is not known is ``None``.

    Attributes
    ----------
    source, mode, created : str
        Where the signals come from; ``offline`` or ``online``; date and time (ISO 8601).
    model : Model
        The model that is scored.
    bundle : str or None
        Its directory.
    signal : SignalSummary
        The signal.
    stride : int
        Samples from one window to the next.
    windows : WindowCounts
        Numbers of windows.
    confidence_threshold : float
        Estimates with a lower confidence are rejected.
    decisions : DecisionSettings
        How estimates become decisions.
    labels : int
        Number of labels.
    unknown_labels : dict of str to int
        Windows of each performed action that the model does not know.
    scores : Scores or None
        Of the most probable action of every labelled window, including rejected ones.
    intervals : Intervals or None
        Confidence intervals of these scores.
    accepted_accuracy : float or None
        Accuracy of the labelled windows that are not rejected.
    rejected : float or None
        Share of all windows that are rejected.
    decided_accuracy, decided_balanced_accuracy : float or None
        Of the decisions, once enough estimates have arrived for a vote; no decision counts as wrong.
    undecided : float or None
        Share of these windows without a decision.
    false_activations_per_minute : float or None
        How often an action other than rest starts to be decided while the arm rests.
    wrong_movements_per_minute : float or None
        How often an action other than rest and than the one performed starts to be decided while an action
        is performed.
    active_at_rest : float or None
        Share of the windows of rest after which such an action is decided.
    onset_delay_ms, release_delay_ms : Delay or None
        From the start of an action, and of rest, until it is decided.
    rate_intervals : dict of str to tuple of float, or None
        95 % confidence intervals, by bootstrap over the labels, of ``wrong_movements_per_minute``,
        ``false_activations_per_minute`` and the median of ``onset_delay_ms``; ``None`` where an action has
        fewer than three labels.
    per_subject, per_cohort, per_session, per_repetition : dict of str to Scores
        Of each group that the labels name.
    over_subjects : OverSubjects or None
        Mean over the subjects, and the worst one.
    recorded : RecordedScores or None
        Estimates recorded with the signals.
    faults : int or None
        How often the command bridge faulted while the signals were recorded; None without its states.
    problems : tuple of str
        What the numbers leave out, one sentence each.
    versions : dict of str to str
        Of the package and of the libraries that decide the last bits.
    """

    source: str
    mode: str
    created: str
    model: Model
    bundle: str | None
    signal: SignalSummary
    stride: int
    windows: WindowCounts
    confidence_threshold: float
    decisions: DecisionSettings
    labels: int
    unknown_labels: Mapping[str, int]
    scores: Scores | None
    intervals: Intervals | None
    accepted_accuracy: float | None
    rejected: float | None
    decided_accuracy: float | None
    decided_balanced_accuracy: float | None
    undecided: float | None
    false_activations_per_minute: float | None
    wrong_movements_per_minute: float | None
    active_at_rest: float | None
    onset_delay_ms: Delay | None
    release_delay_ms: Delay | None
    rate_intervals: Mapping[str, Interval | None]
    per_subject: Mapping[str, Scores]
    per_cohort: Mapping[str, Scores]
    per_session: Mapping[str, Scores]
    per_repetition: Mapping[str, Scores]
    over_subjects: OverSubjects | None
    recorded: RecordedScores | None
    faults: int | None
    problems: tuple[str, ...]
    versions: Mapping[str, str]

    @property
    def accuracy(self) -> float | None:
        """Share of the labelled windows that were recognised."""
        return None if self.scores is None else self.scores.accuracy

    @property
    def balanced_accuracy(self) -> float | None:
        """Mean recall of the performed actions."""
        return None if self.scores is None else self.scores.balanced_accuracy

    @property
    def macro_f1(self) -> float | None:
        """Mean F1 score of the performed actions."""
        return None if self.scores is None else self.scores.macro_f1

    @property
    def onset_median_ms(self) -> float | None:
        """Median time from the start of an action until it is decided."""
        return None if self.onset_delay_ms is None else self.onset_delay_ms.median

    @property
    def onset_p90_ms(self) -> float | None:
        """90th percentile of this time."""
        return None if self.onset_delay_ms is None else self.onset_delay_ms.p90

    def to_json(self) -> dict[str, Any]:
        """Return the content of ``metrics.json``; ``docs/reference/metrics-json.md`` lists it."""
        settings = self.decisions
        names = ("accuracy", "balanced_accuracy", "macro_f1", "per_class_recall", "confusion")
        whole = dict.fromkeys(names) if self.scores is None else self.scores.to_json()
        fields = {name: value for name, value in vars(self).items() if name not in ("scores", "bundle")}
        found: dict[str, Any] = to_json(
            {
                "format": FORMAT,
                **fields,
                "model": {
                    "id": self.model.model,
                    "sha256": self.model.sha256,
                    "actions": self.model.actions,
                    "fingerprint": self.model.pipeline,
                    "path": self.bundle,
                },
                "votes": settings.votes,
                "decisions": {
                    "votes": settings.votes,
                    "enter_votes": settings.enter,
                    "keep_votes": settings.keep,
                    "dwell": settings.dwell,
                },
                **{name: whole[name] for name in names},
            }
        )
        return found
