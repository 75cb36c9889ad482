"""Score a replay, in the same way offline and online."""

from __future__ import annotations

import datetime
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from emg_recognition.actions import REST
from emg_recognition.control.decision import DecisionSettings
from emg_recognition.control.states import State
from emg_recognition.evaluation.decisions import UNDECIDED, Decisions, Delay, changes, moving
from emg_recognition.evaluation.intervals import Interval, count_segments, score_intervals
from emg_recognition.evaluation.metrics import (
    Scores,
    confusion_matrix,
    over_subjects,
    score_windows,
    scores_by_group,
)
from emg_recognition.evaluation.steadiness import DecidedSegments, score_steadiness
from emg_recognition.recordings.labels import LabelInterval, window_labels
from emg_recognition.replay.decisions import decide, delays
from emg_recognition.replay.estimates import compare
from emg_recognition.replay.replay import Replay
from emg_recognition.replay.scores import RecordedScores, ReplayScores, SignalSummary, WindowCounts
from emg_recognition.resources import versions

# What the steadiness calls them, and what they are called here.
_INTERVALS = {
    "wrong_movements_per_minute": "wrong_movements_per_minute",
    "false_activations_per_minute": "false_activations_per_minute",
    "decision_delay_ms": "onset_delay_ms",
}


def score(
    replay: Replay, *, decisions: DecisionSettings | None = None, mode: str = "offline"
) -> ReplayScores:
    """Score a replay.

    Parameters
    ----------
    replay : Replay
        Signals and estimates.
    decisions : DecisionSettings, optional
        How estimates become decisions; by default as in the bridge.
    mode : str
        ``offline`` or ``online``: whether the estimates were computed here or by live nodes.

    Returns
    -------
    ReplayScores
        The scores.
    """
    estimates, actions = replay.estimates, replay.estimates.actions
    number = _label_of(replay)
    settings = decisions or DecisionSettings()
    truth = _look_up(_known(replay.labels, replay.model.actions), number)
    scored = truth >= 0
    guess = estimates.action
    per_group = {
        name: _scores_of(replay, name, truth, number)
        for name in ("subject", "cohort", "session", "repetition")
    }
    windows = WindowCounts(
        expected=replay.stream.windows,
        estimated=len(estimates),
        missing=max(0, replay.stream.windows - len(estimates)),
        settling=replay.stream.settling_windows,
        labelled=int(scored.sum()),
    )
    unknown = _unknown(replay, number)
    segments = count_segments(truth[scored], guess[scored], len(actions), number[scored])
    return ReplayScores(
        source=replay.source,
        mode=mode,
        created=datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        model=replay.model,
        bundle=replay.bundle or None,
        signal=_signal(replay),
        stride=replay.stride,
        windows=windows,
        confidence_threshold=replay.confidence_threshold,
        decisions=settings,
        labels=len(replay.labels),
        unknown_labels=unknown,
        scores=score_windows(truth[scored], guess[scored], actions) if scored.any() else None,
        intervals=score_intervals(segments) if scored.any() else None,
        accepted_accuracy=_share((guess == truth)[scored & estimates.accepted]),
        rejected=_share(~estimates.accepted),
        **_decision_scores(replay, decide(estimates, settings), truth, number),
        per_subject=per_group["subject"],
        per_cohort=per_group["cohort"],
        per_session=per_group["session"],
        per_repetition=per_group["repetition"],
        over_subjects=over_subjects(per_group["subject"]) if per_group["subject"] else None,
        recorded=_recorded(replay),
        faults=_faults(replay),
        problems=(*replay.problems, *_notes(len(replay.labels), windows, unknown)),
        versions=versions("numpy", "scipy", "ai-edge-litert", "rosbags"),
    )


def _label_of(replay: Replay, recorded: bool = False) -> np.ndarray:
    """Return the number of each window's label, -1 where it has none."""
    estimates = replay.recorded if recorded and replay.recorded is not None else replay.estimates
    margin = round(replay.margin * replay.model.rate)
    return window_labels(replay.labels, estimates.run, estimates.first_index, estimates.last_index, margin)


def _known(labels: Sequence[LabelInterval], actions: Sequence[str]) -> np.ndarray:
    """Return the index of each label's action in the model, -1 where the model does not know it."""
    place = {action: i for i, action in enumerate(actions)}
    return np.array([place.get(label.action, -1) for label in labels], dtype=np.int64)


def _look_up(values: np.ndarray, number: np.ndarray) -> np.ndarray:
    """Return the label's value for each window, -1 where the window has no label."""
    return np.where(number >= 0, np.append(values, -1)[number], -1)


def _signal(replay: Replay) -> SignalSummary:
    stream, model = replay.stream, replay.model
    return SignalSummary(
        device=replay.device or None,
        frame_id=replay.frame_id or None,
        rate=model.rate,
        channels=model.channels,
        unit=model.unit,
        seconds=stream.samples / model.rate,
        samples=stream.samples,
        starts=stream.starts,
        gaps=stream.gaps,
        missing_samples=stream.missing_samples,
        dropped_by_device=stream.dropped_by_device,
        refused_chunks=stream.refused_chunks,
    )


def _unknown(replay: Replay, number: np.ndarray) -> dict[str, int]:
    """Count the windows of each performed action that the model does not know."""
    found = [label.action for label in replay.labels]
    windows = np.bincount(number[number >= 0], minlength=len(found))
    return {
        action: int(windows[[name == action for name in found]].sum())
        for action in sorted(set(found) - set(replay.model.actions))
    }


def _decision_scores(
    replay: Replay, decisions: Decisions, truth: np.ndarray, number: np.ndarray
) -> dict[str, Any]:
    """Score the decisions from the first full vote on."""
    actions, decided = replay.estimates.actions, decisions.action
    scored = (truth >= 0) & decisions.full
    # "No decision" is an additional class behind the actions, so that it counts as wrong.
    choice = np.where(decided == UNDECIDED, len(actions), decided)
    found = Scores((*actions, ""), confusion_matrix(truth[scored], choice[scored], len(actions) + 1))
    resting = _look_up(np.array([label.action == REST for label in replay.labels], np.int64), number) == 1
    performing = (truth >= 0) & ~resting
    active = moving(decided, actions)
    # An action that was decided before the rest, or the next action, began is a late release and no mistake.
    begins = changes(decided) & active
    return {
        "decided_accuracy": _finite(found.accuracy),
        "decided_balanced_accuracy": _finite(found.balanced_accuracy),
        "undecided": _share(decided[scored] == UNDECIDED),
        "false_activations_per_minute": _per_minute(begins, resting, replay),
        "wrong_movements_per_minute": _per_minute(begins & (decided != truth), performing, replay),
        "active_at_rest": _share(active[resting]),
        "onset_delay_ms": _delay(replay, decided, rest=False),
        "release_delay_ms": _delay(replay, decided, rest=True),
        "rate_intervals": _rate_intervals(
            replay, begins & (resting | (performing & (decided != truth))), number, decided
        ),
    }


def _per_minute(events: np.ndarray, among: np.ndarray, replay: Replay) -> float | None:
    """Return how often something happens a minute of some windows; None without such windows."""
    minutes = among.sum() * replay.stride / replay.model.rate / 60
    return float((events & among).sum() / minutes) if minutes else None


def _delay(replay: Replay, decided: np.ndarray, *, rest: bool) -> Delay | None:
    """Measure how long it takes until an action, or rest, is decided."""
    known = [label for label in replay.labels if label.action in replay.model.actions]
    labels = [label for label in known if (label.action == REST) is rest]
    # The segments of an archive are cut out of the movement: they do not contain its start.
    if not labels or replay.margin == 0:
        return None
    times = delays(replay.estimates, decided, labels, replay.model.rate)
    measured = times[np.isfinite(times)]
    return Delay.of(measured, len(times) - len(measured))


def _rate_intervals(
    replay: Replay, mistakes: np.ndarray, number: np.ndarray, decided: np.ndarray
) -> dict[str, Interval | None]:
    """Return the confidence intervals of both rates and of the onset delay, over the labels."""
    labels = [
        (place, label)
        for place, label in enumerate(replay.labels)
        if label.action in replay.model.actions or label.action == REST
    ]
    if not labels:
        return dict.fromkeys(_INTERVALS.values())
    windows, wrong = (
        np.bincount(number[number >= 0], weights=weights, minlength=len(replay.labels))
        for weights in (None, mistakes[number >= 0].astype(np.float64))
    )
    scored = np.array([place for place, _ in labels if windows[place]], np.int64)
    chosen = [replay.labels[place] for place in scored]
    known = {action: place for place, action in enumerate(replay.model.actions)}
    found = DecidedSegments(
        resting=np.array([label.action == REST for label in chosen], np.bool_),
        action=np.array([known.get(label.action, -1) for label in chosen], np.int64),
        minutes=windows[scored] * replay.stride / replay.model.rate / 60,
        movements=wrong[scored].astype(np.int64),
        delay=_onsets(replay, decided, chosen),
    )
    intervals = score_steadiness(found).intervals
    return {ours: intervals[theirs] for theirs, ours in _INTERVALS.items()}


def _onsets(replay: Replay, decided: np.ndarray, labels: Sequence[LabelInterval]) -> np.ndarray:
    known = np.array([label.action in replay.estimates.actions for label in labels], np.bool_)
    found = np.full(len(labels), np.nan)
    if replay.margin:
        measured = [label for label, there in zip(labels, known, strict=True) if there]
        found[known] = delays(replay.estimates, decided, measured, replay.model.rate)
    return found


def _scores_of(replay: Replay, group: str, truth: np.ndarray, number: np.ndarray) -> dict[str, Scores]:
    """Score each subject, cohort, session or repetition, if the labels name them."""
    scored = truth >= 0
    names = np.array([str(getattr(label, group)) for label in replay.labels] or [""])
    found = scores_by_group(
        truth[scored], replay.estimates.action[scored], replay.estimates.actions, names[number[scored]]
    )
    unnamed = {"0"} if group == "repetition" else {""}
    if found.keys() <= unnamed:
        return {}
    return {name: found[name] for name in sorted(found, key=int)} if group == "repetition" else found


def _recorded(replay: Replay) -> RecordedScores | None:
    """Compare the estimates recorded with the signals with those of the replay."""
    recorded = replay.recorded
    if recorded is None or not len(recorded):
        return None
    found = compare(replay.estimates, recorded)
    model = replay.recorded_model
    truth = _look_up(_known(replay.labels, recorded.actions), _label_of(replay, recorded=True))
    scored = truth >= 0
    scores = score_windows(truth[scored], recorded.action[scored], recorded.actions)
    return RecordedScores(
        model=model.model if model else None,
        sha256=(model.sha256 or None) if model else None,
        same_model=model.sha256 == replay.model.sha256 if model and model.sha256 else None,
        estimates=len(recorded),
        **vars(found),
        accuracy=_finite(scores.accuracy),
        balanced_accuracy=_finite(scores.balanced_accuracy),
    )


def _faults(replay: Replay) -> int | None:
    if replay.bridge is None:
        return None
    faulted = replay.bridge.state == State.FAULT
    return int(np.count_nonzero(faulted & ~np.append(False, faulted[:-1])))


def _notes(labels: int, windows: WindowCounts, unknown: Mapping[str, int]) -> list[str]:
    """Say in sentences what the scores leave out."""
    notes = []
    if not labels:
        notes.append("there are no labels, so there is no accuracy")
    elif not windows.labelled:
        notes.append("no window lies inside a label of an action that the model knows: there is no accuracy")
    for action, number in unknown.items():
        notes.append(f"the model does not know {action!r}: {number} windows of it are not scored")
    if windows.missing:
        notes.append(f"{windows.missing} of {windows.expected} windows have no estimate")
    return notes


def _share(hits: np.ndarray) -> float | None:
    return float(np.mean(hits)) if len(hits) else None


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
