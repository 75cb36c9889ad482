"""The decisions over a whole recording are those of the bridge."""

from __future__ import annotations

import numpy as np
import pytest

from emg_recognition.control.decision import NO_ACTION, Decider, DecisionSettings
from emg_recognition.control.inputs import Instant, SignalWatch
from emg_recognition.replay.decisions import UNDECIDED, decide
from emg_recognition.replay.estimates import EstimateLog

ACTIONS = ("rest", "elbow_flexion", "elbow_extension")
MAJORITY = DecisionSettings()
SINGLE = DecisionSettings(votes=1)


def estimates(actions, *, accepted=None, step=25, stamps=None, runs=0):
    """One estimate a step; `stamps` in ms."""
    count = len(actions)
    log = EstimateLog(ACTIONS, 100)
    stamps = np.arange(count) * step if stamps is None else np.asarray(stamps)
    log.add(
        run=runs,
        first_index=stamps if np.ndim(runs) == 0 else np.arange(count) * step,
        stamp=stamps * 1_000_000,
        accepted=np.ones(count, bool) if accepted is None else accepted,
        probabilities=np.eye(len(ACTIONS), dtype=np.float32)[np.asarray(actions)],
    )
    return log.estimates()


def by_the_bridge(found, settings):
    """Decide with the bridge's own parts, an estimate at a time as it comes in."""
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


def test_motion_begins_after_its_dwell_and_rest_at_once():
    found = estimates([1, 1, 1, 1, 0, 0, 0])
    dwelling = DecisionSettings(votes=1, dwell=0.05)
    assert decide(found, dwelling).action.tolist() == [-1, -1, 1, 1, 0, 0, 0]


def test_after_a_break_the_vote_begins_anew():
    found = estimates([1, 1, 1, 1, 1, 1], stamps=[0, 25, 50, 171, 196, 221])
    assert decide(found, MAJORITY).action.tolist() == [-1, -1, 1, -1, -1, 1]
    found = estimates([1, 1, 1, 1, 1, 1], stamps=[0, 25, 50, 170, 195, 220])
    assert decide(found, MAJORITY).action.tolist() == [-1, -1, 1, 1, 1, 1]


def test_a_new_run_and_a_clock_that_goes_back_begin_anew():
    found = estimates([1] * 6, runs=np.array([0, 0, 0, 1, 1, 1]))
    assert decide(found, MAJORITY).action.tolist() == [-1, -1, 1, -1, -1, 1]
    found = estimates([1] * 5, stamps=[1000, 1025, 1050, 10, 35])
    assert decide(found, MAJORITY).action.tolist() == [-1, -1, 1, -1, -1]


def test_without_estimates_nothing_is_decided():
    found = decide(EstimateLog(ACTIONS, 100).estimates(), MAJORITY)
    assert found.action.tolist() == found.full.tolist() == []


def test_the_vote_is_full_when_as_many_as_vote_have_come_in():
    found = estimates([1] * 6, accepted=[False] * 6, stamps=[0, 25, 50, 171, 196, 221])
    assert decide(found, MAJORITY).full.tolist() == [False, False, True, False, False, True]
    assert decide(found, SINGLE).full.all()


def test_today_is_as_good_a_time_as_the_epoch():
    """Nanoseconds of these years, as floating point seconds, are rounded; the dwell must not show it."""
    early = estimates([1, 1, 1, 1, 0, 2, 2, 2] * 50)
    columns = {name: getattr(early, name) for name in ("run", "first_index", "accepted", "probabilities")}
    late = type(early)(actions=ACTIONS, length=100, stamp=early.stamp + 1_800_000_000_123_456_789, **columns)
    settings = DecisionSettings(dwell=0.05)
    assert decide(late, settings).action.tolist() == decide(early, settings).action.tolist()
