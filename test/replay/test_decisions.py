"""Decisions over a whole recording are those of the bridge; delays against numbers worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from emg_recognition.control.decision import NO_ACTION, Decider, DecisionSettings
from emg_recognition.control.inputs import Instant, SignalWatch
from emg_recognition.evaluation.decisions import UNDECIDED, Delay
from emg_recognition.recordings.labels import LabelInterval
from emg_recognition.replay.decisions import decide, delays
from emg_recognition.replay.estimates import EstimateLog

ACTIONS = ("rest", "elbow_flexion", "elbow_extension")
MAJORITY = DecisionSettings()
SINGLE = DecisionSettings(votes=1)


def estimates(actions, *, accepted=None, stride=25, stamps=None, runs=0):
    """One estimate every `stride` samples; `stamps` in ms."""
    count = len(actions)
    log = EstimateLog(ACTIONS, 100)
    stamps = np.arange(count) * stride if stamps is None else np.asarray(stamps)
    log.add(
        run=runs,
        first_index=stamps if np.ndim(runs) == 0 else np.arange(count) * stride,
        stamp=stamps * 1_000_000,
        accepted=np.ones(count, bool) if accepted is None else accepted,
        probabilities=np.eye(len(ACTIONS), dtype=np.float32)[np.asarray(actions)],
    )
    return log.estimates()


def by_the_bridge(found, settings):
    """Decide with the bridge's own parts, one estimate after the other."""
    watch, decider, decided = SignalWatch(0.12), Decider(settings), []
    for stamp, last, accepted, action, confidence in zip(
        found.stamp, found.last_index, found.accepted, found.action, found.confidence, strict=True
    ):
        seconds = float(stamp) * 1e-9
        receipt = watch.receive(seconds, int(last), Instant(seconds, seconds), may_restart=True)
        assert receipt in (receipt.FRESH, receipt.FIRST)
        if receipt is receipt.FIRST:
            decider.clear()
        decider.add(ACTIONS[action], float(confidence), 1.0, bool(accepted), seconds)
        decided.append(decider.decide(seconds).action)
    return [UNDECIDED if name == NO_ACTION else ACTIONS.index(name) for name in decided]


@pytest.mark.parametrize(
    "settings",
    [
        MAJORITY,
        SINGLE,
        DecisionSettings(),
        DecisionSettings(votes=2),
        DecisionSettings(votes=5, enter_votes=4, keep_votes=2),
        DecisionSettings(dwell=0.05),
        DecisionSettings(votes=15, dwell=0.1),
    ],
)
def test_it_decides_as_the_bridge_does(settings):
    rng = np.random.default_rng(settings.votes)
    actions = np.repeat(rng.integers(0, 3, 300), rng.integers(1, 15, 300))
    stamps = np.cumsum(rng.choice([25] * 20 + [50, 119, 121, 500], len(actions)))
    found = estimates(actions, accepted=rng.random(len(actions)) > 0.15, stamps=stamps)
    expected = by_the_bridge(found, settings)
    assert len(set(expected)) == 4
    assert decide(found, settings).action.tolist() == expected


def test_more_than_half_decide_and_with_hysteresis_fewer_keep():
    found = estimates([1, 1, 2, 1, 2, 2, 0, 1])
    assert decide(found, MAJORITY).action.tolist() == [-1, -1, 1, 1, 2, 2, 2, -1]
    hysteresis = DecisionSettings(keep_votes=1)
    assert decide(found, hysteresis).action.tolist() == [-1, -1, 1, 1, 2, 2, 2, 2]
    assert decide(found, SINGLE).action.tolist() == [1, 1, 2, 1, 2, 2, 0, 1]
    two = DecisionSettings(votes=2, keep_votes=2)
    assert decide(estimates([1, 2, 1, 1]), two).action.tolist() == [-1, -1, -1, 1]


def test_a_rejected_estimate_votes_for_nothing():
    found = estimates([1, 1, 1, 1, 1], accepted=[True, True, False, False, True])
    assert decide(found, MAJORITY).action.tolist() == [-1, -1, 1, -1, -1]


def test_motion_starts_after_its_dwell_and_rest_at_once():
    found = estimates([1, 1, 1, 1, 0, 0, 0])
    dwelling = DecisionSettings(votes=1, dwell=0.05)
    assert decide(found, dwelling).action.tolist() == [-1, -1, 1, 1, 0, 0, 0]


def test_after_a_pause_the_vote_starts_again():
    found = estimates([1, 1, 1, 1, 1, 1], stamps=[0, 25, 50, 171, 196, 221])
    assert decide(found, MAJORITY).action.tolist() == [-1, -1, 1, -1, -1, 1]
    found = estimates([1, 1, 1, 1, 1, 1], stamps=[0, 25, 50, 170, 195, 220])
    assert decide(found, MAJORITY).action.tolist() == [-1, -1, 1, 1, 1, 1]


def test_a_new_run_and_a_clock_that_goes_back_clear_the_vote():
    found = estimates([1] * 6, runs=np.array([0, 0, 0, 1, 1, 1]))
    assert decide(found, MAJORITY).action.tolist() == [-1, -1, 1, -1, -1, 1]
    found = estimates([1] * 5, stamps=[1000, 1025, 1050, 10, 35])
    assert decide(found, MAJORITY).action.tolist() == [-1, -1, 1, -1, -1]


def test_without_estimates_nothing_is_decided():
    found = decide(EstimateLog(ACTIONS, 100).estimates(), MAJORITY)
    assert found.action.tolist() == found.full.tolist() == []


def test_the_vote_is_full_once_enough_estimates_have_arrived():
    found = estimates([1] * 6, accepted=[False] * 6, stamps=[0, 25, 50, 171, 196, 221])
    assert decide(found, MAJORITY).full.tolist() == [False, False, True, False, False, True]
    assert decide(found, SINGLE).full.all()


def test_decisions_do_not_depend_on_the_date():
    """Today's date in floating point seconds is rounded; the dwell must not depend on that."""
    early = estimates([1, 1, 1, 1, 0, 2, 2, 2] * 50)
    columns = {name: getattr(early, name) for name in ("run", "first_index", "accepted", "probabilities")}
    late = type(early)(actions=ACTIONS, length=100, stamp=early.stamp + 1_800_000_000_123_456_789, **columns)
    settings = DecisionSettings(dwell=0.05)
    assert decide(late, settings).action.tolist() == decide(early, settings).action.tolist()


R, F = 0, 1


def windows(count, run=0):
    """Windows of 100 samples that start at 0, 25, 50 …"""
    log = EstimateLog(ACTIONS, 100)
    if count:
        first = np.arange(count) * 25
        shares = np.full((count, len(ACTIONS)), 0.5, np.float32)
        log.add(run=run, first_index=first, stamp=first, accepted=True, probabilities=shares)
    return log.estimates()


def interval(first, last, action, run=0):
    return LabelInterval(
        run=run, first=first, last=last, action=action, subject="", cohort="", session="", repetition=1
    )


def delay(estimates, decided, labels, rate):
    times = delays(estimates, decided, labels, rate)
    missed = np.isnan(times)
    return Delay.of(times[~missed], int(missed.sum()))


def test_the_delay_ends_with_the_deciding_window():
    decided = np.array([R, R, R, R, F, F, F, F])
    labels = [interval(150, 1000, "elbow_flexion")]
    # Window 4 covers 100 to 199: 50 samples after the start, at 500 Hz.
    assert delay(windows(8), decided, labels, 500.0) == Delay(measured=1, missed=0, median=100.0, p90=100.0)


def test_a_decision_before_the_start_does_not_count():
    decided = np.array([F, F, R, R, R, F, R, R])
    found = delay(windows(8), decided, [interval(160, 1000, "elbow_flexion")], 1000.0)
    assert found.median == 225 - 160


def test_a_decision_after_the_end_is_missed():
    decided = np.array([R, R, R, R, R, F, F, F])
    labels = [interval(0, 223, "elbow_flexion"), interval(0, 224, "elbow_extension")]
    found = delay(windows(8), decided, labels, 1000.0)
    assert (found.measured, found.missed) == (0, 2)
    assert found.median is None
    assert delay(windows(8), decided, [interval(0, 224, "elbow_flexion")], 1000.0).measured == 1


def test_another_run_is_another_time():
    decided = np.array([F] * 8)
    assert delay(windows(8, run=1), decided, [interval(0, 900, "elbow_flexion")], 1000.0).missed == 1
    assert delay(windows(8, run=1), decided, [interval(0, 900, "elbow_flexion", run=1)], 1000.0).missed == 0


def test_median_and_ninetieth_percentile():
    decided = np.array([R, F] * 20)
    labels = [interval(at, at + 99, "elbow_flexion") for at in (25, 120, 200)]
    # The windows of flexion end at 125, 175, 225 …
    found = delay(windows(40), decided, labels, 1000.0)
    assert found.measured == 3
    assert found.median == 25.0
    assert found.p90 == pytest.approx(np.percentile([100, 5, 25], 90))


def test_without_windows_everything_is_missed():
    assert delay(windows(0), np.zeros(0, int), [interval(0, 9, "rest")], 1000.0).missed == 1
