"""From a replay to the content of ``metrics.json``: one layout, offline and online."""

from __future__ import annotations

import datetime
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from emg_recognition.actions import REST
from emg_recognition.control.decision import DecisionSettings
from emg_recognition.evaluation import metrics
from emg_recognition.recordings.labels import LabelInterval, window_labels
from emg_recognition.replay.decisions import UNDECIDED, Decisions, active, decide, delay, false_activations
from emg_recognition.replay.estimates import Estimates, compare
from emg_recognition.replay.replay import Replay
from emg_recognition.resources import versions

FORMAT = "emg_recognition replay 1"

SCORES = (
    "accuracy",
    "balanced_accuracy",
    "macro_f1",
    "accepted_accuracy",
    "decided_accuracy",
    "decided_balanced_accuracy",
)
"""Shares at the top level of the metrics of which more is better: what a threshold can be set for."""

_GROUPS = ("subject", "cohort", "session", "repetition")


def score(
    replay: Replay, *, decisions: DecisionSettings | None = None, mode: str = "offline"
) -> dict[str, Any]:
    """Score a replay.

    Parameters
    ----------
    replay : Replay
        What was heard and said.
    decisions : DecisionSettings, optional
        How estimates become decisions; by default as in the bridge.
    mode : str
        ``offline`` or ``online``: who has computed the estimates.

    Returns
    -------
    dict
        As JSON can hold it: what is not known is None, and nothing is NaN.
        ``docs/reference/metrics-json.md`` lists it.
    """
    estimates = replay.estimates
    number = window_labels(
        replay.labels,
        estimates.run,
        estimates.first_index,
        estimates.last_index,
        round(replay.margin * replay.model.rate),
    )
    settings = decisions or DecisionSettings()
    decided = decide(estimates, settings)
    known = _known(replay.labels, replay.model.actions)
    truth = _look_up(known, number)
    scored = truth >= 0
    problems = list(replay.problems)
    result: dict[str, Any] = {
        "format": FORMAT,
        "source": replay.source,
        "mode": mode,
        "created": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "model": {
            "id": replay.model.model,
            "sha256": replay.model.sha256,
            "actions": list(replay.model.actions),
            "fingerprint": replay.model.fingerprint,
            "path": replay.model.path or None,
        },
        "signal": _signal(replay),
        "step": replay.step,
        "windows": {
            "expected": replay.stream.windows,
            "estimated": len(estimates),
            "missing": max(0, replay.stream.windows - len(estimates)),
            "settling": replay.stream.settling_windows,
            "labelled": int(scored.sum()),
        },
        "confidence_threshold": replay.confidence_threshold,
        "votes": settings.votes,
        "decisions": {
            "votes": settings.votes,
            "enter_votes": settings.enter,
            "keep_votes": settings.keep,
            "dwell": settings.dwell,
        },
        "labels": len(replay.labels),
        "unknown_labels": _unknown(replay, number),
        **_window_scores(estimates, truth),
        "rejected": _share(~estimates.accepted),
        **_decision_scores(replay, decided, truth, number),
        **_groups(replay, truth, number),
        "recorded": _recorded(replay),
        "problems": problems,
        "versions": versions("numpy", "scipy", "ai-edge-litert", "rosbags"),
    }
    problems += _notes(result)
    return dict(_plain(result))


def _known(labels: Sequence[LabelInterval], actions: Sequence[str]) -> np.ndarray:
    """Return the number of each label's action in the model, -1 where it has none."""
    place = {action: i for i, action in enumerate(actions)}
    return np.array([place.get(label.action, -1) for label in labels], dtype=np.int64)


def _look_up(values: np.ndarray, number: np.ndarray) -> np.ndarray:
    """Return the label's value for each window, -1 where the window has no label."""
    return np.where(number >= 0, np.append(values, -1)[number], -1)


def _signal(replay: Replay) -> dict[str, Any]:
    stream, model = replay.stream, replay.model
    return {
        "device": replay.device or None,
        "frame_id": replay.frame_id or None,
        "rate": model.rate,
        "channels": model.channels,
        "unit": model.unit,
        "seconds": stream.samples / model.rate,
        "samples": stream.samples,
        "starts": stream.starts,
        "gaps": stream.gaps,
        "missing_samples": stream.missing_samples,
        "dropped_by_device": stream.dropped_by_device,
        "refused_chunks": stream.refused_chunks,
    }


def _unknown(replay: Replay, number: np.ndarray) -> dict[str, int]:
    """Count the windows of each performed action that the model does not know."""
    found = [label.action for label in replay.labels]
    windows = np.bincount(number[number >= 0], minlength=len(found))
    return {
        action: int(windows[[name == action for name in found]].sum())
        for action in sorted(set(found) - set(replay.model.actions))
    }


def _window_scores(estimates: Estimates, truth: np.ndarray) -> dict[str, Any]:
    """Score the most probable action of each labelled window, also of the rejected ones."""
    scored = truth >= 0
    names = ("accuracy", "balanced_accuracy", "macro_f1", "per_class_recall", "confusion")
    if not scored.any():
        return {**dict.fromkeys(names), "accepted_accuracy": None}
    found = metrics.scores(truth[scored], estimates.action[scored], estimates.actions)
    right = estimates.action == truth
    return {
        **{name: found[name] for name in names},
        "accepted_accuracy": _share(right[scored & estimates.accepted]),
    }


def _decision_scores(
    replay: Replay, decisions: Decisions, truth: np.ndarray, number: np.ndarray
) -> dict[str, Any]:
    """Score what the vote decides, once it is full; a window without a decision counts as wrong."""
    estimates, actions = replay.estimates, replay.estimates.actions
    decided = decisions.action
    scored = (truth >= 0) & decisions.full
    # No decision has a column of its own behind the actions.
    choice = np.where(decided == UNDECIDED, len(actions), decided)
    confusion = metrics.confusion_matrix(truth[scored], choice[scored], len(actions) + 1)
    resting = _look_up(np.array([label.action == REST for label in replay.labels], np.int64), number) == 1
    minutes = resting.sum() * replay.step / replay.model.rate / 60
    began = false_activations(estimates, decided, resting)
    return {
        "decided_accuracy": metrics.accuracy(confusion),
        "decided_balanced_accuracy": metrics.balanced_accuracy(confusion),
        "undecided": _share(decided[scored] == UNDECIDED),
        "false_activations_per_minute": began / minutes if minutes else None,
        "active_at_rest": _share(active(estimates, decided)[resting]),
        **_delays(replay, decided),
    }


def _delays(replay: Replay, decided: np.ndarray) -> dict[str, Any]:
    """Return how long it takes until an action, or rest, is decided."""
    known = [label for label in replay.labels if label.action in replay.model.actions]
    result: dict[str, Any] = {}
    for name, rest in (("onset_delay_ms", False), ("release_delay_ms", True)):
        labels = [label for label in known if (label.action == REST) is rest]
        # The segments of an archive are cut out of the movement: they have no beginning.
        told = bool(labels) and replay.margin > 0
        result[name] = delay(replay.estimates, decided, labels, replay.model.rate) if told else None
    return result


def _groups(replay: Replay, truth: np.ndarray, number: np.ndarray) -> dict[str, Any]:
    """Score each subject, cohort, session and repetition that the labels name."""
    scored = truth >= 0
    result: dict[str, Any] = {}
    for group in _GROUPS:
        names = np.array([str(getattr(label, group)) for label in replay.labels] or [""])
        found = metrics.scores_by_group(
            truth[scored], replay.estimates.action[scored], replay.estimates.actions, names[number[scored]]
        )
        unnamed = {"0"} if group == "repetition" else {""}
        order = sorted(found, key=int) if group == "repetition" else list(found)
        result[f"per_{group}"] = {} if found.keys() <= unnamed else {name: found[name] for name in order}
    subjects = result["per_subject"]
    result["over_subjects"] = metrics.over_subjects(subjects) if subjects else None
    return result


def _recorded(replay: Replay) -> dict[str, Any] | None:
    """Compare the estimates recorded with the signals with those of this model."""
    if replay.recorded is None or not len(replay.recorded):
        return None
    found = compare(replay.estimates, replay.recorded)
    model = replay.recorded_model
    number = window_labels(
        replay.labels,
        replay.recorded.run,
        replay.recorded.first_index,
        replay.recorded.last_index,
        round(replay.margin * replay.model.rate),
    )
    theirs = _window_scores(replay.recorded, _look_up(_known(replay.labels, replay.recorded.actions), number))
    return {
        "model": model.model if model else None,
        "sha256": (model.sha256 or None) if model else None,
        "same_model": model.sha256 == replay.model.sha256 if model and model.sha256 else None,
        "estimates": len(replay.recorded),
        "compared": found["compared"],
        "same_action": found["same_action"],
        "identical_probabilities": found["identical_probabilities"],
        "largest_difference": found["largest_difference"],
        "missing": found["only_in_first"],
        "extra": found["only_in_second"],
        "accuracy": theirs["accuracy"],
        "balanced_accuracy": theirs["balanced_accuracy"],
    }


def _notes(result: dict[str, Any]) -> list[str]:
    """Say in sentences what the numbers leave out."""
    notes = []
    if not result["labels"]:
        notes.append("there are no labels: nothing tells what was performed, so there is no accuracy")
    elif not result["windows"]["labelled"]:
        notes.append("no window lies inside a label of an action that the model knows: there is no accuracy")
    for action, windows in result["unknown_labels"].items():
        notes.append(f"the model does not know {action!r}: {windows} windows of it are not scored")
    missing = result["windows"]["missing"]
    if missing:
        notes.append(f"{missing} of {result['windows']['expected']} windows have no estimate")
    return notes


def _share(hits: np.ndarray) -> float | None:
    return float(np.mean(hits)) if len(hits) else None


def _plain(value: Any) -> Any:
    """Replace what JSON cannot hold: NaN by None."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
