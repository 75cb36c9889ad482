"""Every score of a replay against a number worked out by hand."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

from emg_recognition.control.decision import DecisionSettings
from emg_recognition.evaluation.decisions import Delay
from emg_recognition.recordings.labels import LabelInterval
from emg_recognition.recordings.sample_clock import SampleClock
from emg_recognition.replay.estimates import EstimateLog
from emg_recognition.replay.live_path import StreamCounters, Stretch
from emg_recognition.replay.replay import Replay
from emg_recognition.replay.scores import FORMAT, SHARES, RecordedScores, WindowCounts
from emg_recognition.replay.scoring import score
from emg_recognition.types import Model

ACTIONS = ("rest", "elbow_flexion")
R, F = 0, 1
MAJORITY = DecisionSettings(keep_votes=2)
STRIDE, LENGTH, RATE = 25, 100, 1000.0


def estimates(actions, rejected=(), first=0, names=ACTIONS):
    """Windows at 0, 25, 50 …, with a probability of 0.75 for the action."""
    log = EstimateLog(names, LENGTH)
    begin = first + np.arange(len(actions)) * STRIDE
    other = 0.25 / (len(names) - 1)
    shares = np.where(np.eye(len(names))[np.asarray(actions, int)] > 0, 0.75, other).astype(np.float32)
    accepted = ~np.isin(np.arange(len(actions)), rejected)
    if len(actions):
        stamp = (begin + LENGTH - 1) * 1_000_000
        log.add(run=0, first_index=begin, stamp=stamp, accepted=accepted, probabilities=shares)
    return log.estimates()


def interval(first, last, action, **changes):
    fields = {"subject": "anna", "cohort": "patient", "session": "1", "repetition": 1, **changes}
    return LabelInterval(run=0, first=first, last=last, action=action, **fields)


def replay(actions, labels, *, rejected=(), **changes):
    clock = SampleClock()
    samples = len(actions) * STRIDE + LENGTH - STRIDE
    clock.add(0, 0, samples, 0, RATE)
    fields = {
        "source": "a bag",
        "model": Model(
            model="abc",
            sha256="abcdef",
            actions=ACTIONS,
            rate=RATE,
            channels=4,
            length=LENGTH,
            unit="V",
            pipeline="emg1: …",
        ),
        "bundle": "bundle",
        "stride": STRIDE,
        "confidence_threshold": 0.5,
        "estimates": estimates(actions, rejected),
        "clock": clock,
        "stream": StreamCounters(samples=samples, starts=1, windows=len(actions), settling_windows=3),
        "stretches": [Stretch(run=0, first=0, last=samples - 1)],
        "labels": labels,
        **changes,
    }
    return Replay(**fields)


@pytest.fixture
def simple():
    """Rest up to 999, flexion from 1000 to 1999; the scored windows start at 100-800 and 1100-1800."""
    said = np.array([R] * 40 + [F] * 40)
    said[[10, 11, 12]] = F  # these start at 250, 275, 300: a false activation
    said[[60, 61]] = R  # these start at 1500, 1525
    return replay(said, [interval(0, 999, "rest"), interval(1000, 1999, "elbow_flexion")], rejected=(61, 62))


def test_windows_within_the_margin_are_not_scored(simple):
    found = score(simple)
    # First sample at least 100 after the start, last one at least 100 before the end: 100 … 800.
    assert found.windows == WindowCounts(expected=80, estimated=80, missing=0, settling=3, labelled=29 + 29)
    assert found.scores.confusion.tolist() == [[26, 3], [2, 27]]


def test_the_windows_are_scored_by_the_most_probable_action(simple):
    found = score(simple)
    assert found.accuracy == pytest.approx(53 / 58)
    assert found.balanced_accuracy == pytest.approx((26 / 29 + 27 / 29) / 2)
    assert found.scores.per_class_recall == {
        "rest": pytest.approx(26 / 29),
        "elbow_flexion": pytest.approx(27 / 29),
    }
    f1 = [2 * 26 / (29 + 28), 2 * 27 / (29 + 30)]
    assert found.macro_f1 == pytest.approx(np.mean(f1))
    assert found.rejected == pytest.approx(2 / 80)
    # Window 61 was wrong, window 62 right; both are rejected.
    assert found.accepted_accuracy == pytest.approx(52 / 56)


def test_the_decisions_are_scored_and_none_counts_as_wrong(simple):
    found = score(simple, decisions=MAJORITY)
    # By three votes flexion is decided after windows 11, 12, 13 of rest. Windows 60 to 64 vote R, none, none,
    # F, F: nothing is decided after 61 (F R -), 62 (R - -) and 63 (- - F).
    assert found.to_json()["votes"] == 3
    assert found.to_json()["decisions"] == {"votes": 3, "enter_votes": 2, "keep_votes": 2, "dwell": 0.0}
    assert found.decided_accuracy == pytest.approx((26 + 26) / 58)
    assert found.decided_balanced_accuracy == pytest.approx((26 / 29 + 26 / 29) / 2)
    assert found.undecided == pytest.approx(3 / 58)
    # With hysteresis flexion stays decided after 61.
    keeping = score(simple, decisions=DecisionSettings(keep_votes=1))
    assert keeping.to_json()["decisions"] == {"votes": 3, "enter_votes": 2, "keep_votes": 1, "dwell": 0.0}
    assert keeping.undecided == pytest.approx(2 / 58)
    assert keeping.decided_accuracy == pytest.approx((26 + 27) / 58)
    single = score(simple, decisions=DecisionSettings(votes=1))
    assert single.decided_accuracy == pytest.approx(52 / 58)
    assert single.undecided == pytest.approx(2 / 58)


def test_rest_and_reactions(simple):
    found = score(simple, decisions=MAJORITY)
    minutes = 29 * 0.025 / 60
    assert found.false_activations_per_minute == pytest.approx(1 / minutes)
    assert found.active_at_rest == pytest.approx(3 / 29)
    # Flexion is recognised from the window at 1000 on and decided after the one at 1025, which ends at 1124.
    assert found.onset_delay_ms == Delay(measured=1, missed=0, median=125.0, p90=125.0)
    # Rest begins with the recording; after the third window, which ends with sample 149, it is decided.
    assert found.release_delay_ms.median == 150.0


def test_a_dwell_delays_the_onset_and_not_the_release(simple):
    found = score(simple, decisions=DecisionSettings(keep_votes=2, dwell=0.05))
    assert found.onset_delay_ms.median == 175.0
    assert found.release_delay_ms.median == 150.0
    # The false activation lasts for three windows; the dwell leaves the last of them.
    assert found.active_at_rest == pytest.approx(1 / 29)


def test_a_late_release_is_not_a_false_activation():
    labels = [interval(0, 999, "elbow_flexion"), interval(1000, 1999, "rest")]
    # Flexion until the window at 1225, and again in the middle of the rest.
    found = score(replay([F] * 50 + [R] * 10 + [F] * 3 + [R] * 17, labels))
    minutes = 29 * 0.025 / 60
    assert found.false_activations_per_minute == pytest.approx(1 / minutes)
    # Decided until the window at 1250, and after those at 1525, 1550 and 1575.
    assert found.active_at_rest == pytest.approx((7 + 3) / 29)


def test_a_wrong_movement_begins_while_an_action_is_performed():
    labels = [interval(0, 999, "rest"), interval(1000, 1999, "elbow_flexion")]
    names, extension = (*ACTIONS, "elbow_extension"), 2
    model = dataclasses.replace(replay([], labels).model, actions=names)

    def rate(*actions, labels=labels):
        found = replay([R] * 80, labels, model=model, estimates=estimates(actions, names=names))
        return score(found, decisions=MAJORITY).wrong_movements_per_minute

    minutes = 29 * 0.025 / 60
    # Extension at the end of the rest is a late release, for three windows of the flexion a mistake.
    wrong = rate(*[R] * 30 + [extension] * 13 + [F] * 17 + [extension] * 3 + [F] * 17)
    assert wrong == pytest.approx(1 / minutes)
    assert rate(*[R] * 80) == 0.0
    assert rate(*[R] * 80, labels=labels[:1]) is None


def test_without_rest_there_are_no_false_activations():
    found = score(replay([F] * 80, [interval(0, 1999, "elbow_flexion")]))
    assert found.false_activations_per_minute is None
    assert found.active_at_rest is None
    assert found.release_delay_ms is None


def test_actions_that_the_model_does_not_know_are_counted_and_named(simple):
    labels = [interval(0, 999, "rest"), interval(1000, 1999, "wrist_extension")]
    found = score(dataclasses.replace(simple, labels=labels))
    assert found.unknown_labels == {"wrist_extension": 29}
    assert found.windows.labelled == 29
    assert found.accuracy == pytest.approx(26 / 29)
    assert any("'wrist_extension'" in problem and "29 windows" in problem for problem in found.problems)


def test_without_labels_everything_else_is_there(simple):
    found = score(dataclasses.replace(simple, labels=[], problems=["the bag was cut off"]))
    for name in (*SHARES, "scores", "intervals", "onset_delay_ms", "over_subjects", "undecided"):
        assert getattr(found, name) is None, name
    assert found.to_json()["confusion"] is found.to_json()["per_class_recall"] is None
    assert found.per_subject == {}
    assert found.windows.estimated == 80
    assert found.rejected == pytest.approx(2 / 80)
    assert found.problems[0] == "the bag was cut off"
    assert "no labels" in found.problems[1]


def test_labels_too_short_for_a_window_give_no_accuracy(simple):
    found = score(dataclasses.replace(simple, labels=[interval(0, 250, "rest")]))
    assert found.accuracy is None
    assert "no window lies inside a label" in found.problems[0]


def test_without_a_window_nothing_is_known():
    found = score(replay([], [interval(0, 50, "rest")]))
    assert found.windows.estimated == 0
    assert found.accuracy is None
    assert found.rejected is None
    json.dumps(found.to_json(), allow_nan=False)


def test_groups_that_the_labels_name():
    labels = [
        interval(0, 999, "rest", subject="anna", repetition=2),
        interval(1000, 1999, "elbow_flexion", subject="ben", repetition=10),
    ]
    found = score(replay([R] * 80, labels))
    assert {name: scores.accuracy for name, scores in found.per_subject.items()} == {"anna": 1.0, "ben": 0.0}
    assert list(found.per_repetition) == ["2", "10"]
    assert found.per_cohort["patient"].windows == 58
    assert found.over_subjects.worst.subject == "ben"
    assert found.over_subjects.mean["accuracy"] == 0.5
    nameless = [dataclasses.replace(x, subject="", session="", cohort="", repetition=0) for x in labels]
    found = score(replay([R] * 80, nameless))
    assert found.per_subject == found.per_session == found.per_cohort == found.per_repetition == {}
    assert found.over_subjects is None


def test_an_archive_has_no_margin_and_no_onsets(simple):
    found = score(dataclasses.replace(simple, margin=0.0), decisions=MAJORITY)
    # Windows that start at 0 … 900 and 1000 … 1900.
    assert found.windows.labelled == 74
    assert found.onset_delay_ms is found.release_delay_ms is None
    # The vote is full from the third window on; the two before it do not count. Of rest
    # 3 of 35 are wrong, of flexion 3 have no decision and the first one is late.
    assert found.decided_accuracy == pytest.approx((35 - 3 + 37 - 4) / 72)


def test_recorded_estimates_are_compared(simple):
    assert score(simple).recorded is None
    recorded = estimates([R] * 20, first=100)
    model = simple.model
    found = score(dataclasses.replace(simple, recorded=recorded, recorded_model=model)).recorded
    # The windows at 250, 275 and 300 are flexion in the replay.
    assert found == RecordedScores(
        model="abc",
        sha256="abcdef",
        same_model=True,
        estimates=20,
        compared=20,
        same_action=17 / 20,
        identical_probabilities=17 / 20,
        largest_difference=0.5,
        missing=60,
        extra=0,
        accuracy=1.0,
        balanced_accuracy=1.0,
    )
    other = dataclasses.replace(model, model="xyz", sha256="123456")
    found = score(dataclasses.replace(simple, recorded=recorded, recorded_model=other)).recorded
    assert (found.model, found.same_model) == ("xyz", False)
    unknown = dataclasses.replace(model, sha256="")
    found = score(dataclasses.replace(simple, recorded=recorded, recorded_model=unknown)).recorded
    assert found.same_model is None


def test_missing_windows_are_reported(simple):
    stream = dataclasses.replace(simple.stream, windows=90)
    found = score(dataclasses.replace(simple, stream=stream), mode="online")
    assert found.mode == "online"
    assert found.windows.missing == 10
    assert "10 of 90 windows have no estimate" in found.problems


def test_metrics_json_says_where_it_comes_from(simple):
    found = score(dataclasses.replace(simple, device="EMG 8", frame_id="armband")).to_json()
    assert found["format"] == FORMAT
    assert found["source"] == "a bag"
    assert found["model"] == {
        "id": "abc",
        "sha256": "abcdef",
        "actions": list(ACTIONS),
        "fingerprint": "emg1: …",
        "path": "bundle",
    }
    assert found["signal"]["device"] == "EMG 8"
    assert found["signal"]["seconds"] == 80 * 0.025 + 0.075
    assert {"emg_recognition", "python", "numpy"} <= found["versions"].keys()
    assert json.loads(json.dumps(found, allow_nan=False)) == found


def test_the_layout_of_metrics_json_is_stable(simple):
    """Programs read these keys: removing or renaming one breaks them, and needs a new format."""
    recorded = dataclasses.replace(simple, recorded=simple.estimates, recorded_model=simple.model)
    found = score(recorded).to_json()
    assert set(found) == {
        "format",
        "source",
        "mode",
        "created",
        "model",
        "signal",
        "stride",
        "windows",
        "confidence_threshold",
        "votes",
        "decisions",
        "labels",
        "unknown_labels",
        "accuracy",
        "balanced_accuracy",
        "macro_f1",
        "per_class_recall",
        "confusion",
        "intervals",
        "accepted_accuracy",
        "rejected",
        "decided_accuracy",
        "decided_balanced_accuracy",
        "undecided",
        "false_activations_per_minute",
        "wrong_movements_per_minute",
        "active_at_rest",
        "onset_delay_ms",
        "release_delay_ms",
        "rate_intervals",
        "per_subject",
        "per_cohort",
        "per_session",
        "per_repetition",
        "over_subjects",
        "recorded",
        "faults",
        "problems",
        "versions",
    }
    assert set(found["signal"]) == {
        "device",
        "frame_id",
        "rate",
        "channels",
        "unit",
        "seconds",
        "samples",
        "starts",
        "gaps",
        "missing_samples",
        "dropped_by_device",
        "refused_chunks",
    }
    assert set(found["windows"]) == {"expected", "estimated", "missing", "settling", "labelled"}
    assert set(found["decisions"]) == {"votes", "enter_votes", "keep_votes", "dwell"}
    assert set(found["onset_delay_ms"]) == {"measured", "missed", "median", "p90"}
    assert set(found["recorded"]) == {
        "model",
        "sha256",
        "same_model",
        "estimates",
        "compared",
        "same_action",
        "identical_probabilities",
        "largest_difference",
        "missing",
        "extra",
        "accuracy",
        "balanced_accuracy",
    }


def test_intervals_need_several_labels_of_each_action(simple):
    assert score(simple).intervals.method == "wilson"
    labels = [
        interval(first, first + 499, action)
        for action, begin in (("rest", 0), ("elbow_flexion", 1500))
        for first in (begin, begin + 500, begin + 1000)
    ]
    found = score(replay([R] * 58 + [F] * 62, labels))
    assert (found.intervals.method, found.intervals.segments) == ("bootstrap", 6)
    low, high = found.intervals.accuracy
    assert low <= found.accuracy <= high


def test_the_rates_have_intervals_over_the_labels(simple):
    assert set(score(simple).rate_intervals.values()) == {None}  # fewer than three labels of an action
    # Half a second each: the second rest holds a movement, and the last movement is cut short.
    labels = [
        interval(first, first + 499, action)
        for action, begin in (("rest", 0), ("elbow_flexion", 1500))
        for first in (begin, begin + 500, begin + 1000)
    ]
    estimated = [R] * 28 + [F] * 4 + [R] * 28 + [F] * 40 + [R] * 20
    found = score(replay(estimated, labels))
    low, high = found.rate_intervals["false_activations_per_minute"]
    assert 0 == low < found.false_activations_per_minute < high
    assert found.rate_intervals["wrong_movements_per_minute"] == (0, 0)
    low, high = found.rate_intervals["onset_delay_ms"]
    assert low <= found.onset_median_ms <= found.onset_p90_ms
    assert found.onset_median_ms <= high
