"""The vote over a whole recording is the vote of the bridge."""

from __future__ import annotations

import numpy as np
import pytest

from emg_recognition.control.freshness import SignalWatch
from emg_recognition.control.signals import Instant
from emg_recognition.control.vote import NO_ACTION, MajorityVote
from emg_recognition.replay.decisions import UNDECIDED, decide, is_full
from emg_recognition.replay.estimates import EstimateLog

ACTIONS = ("rest", "elbow_flexion", "elbow_extension")


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


def by_the_bridge(found, votes):
    """Decide with the bridge's own parts, an estimate at a time as it comes in."""
    watch, vote, decided = SignalWatch(0.12), MajorityVote(votes), []
    for stamp, last, accepted, action in zip(
        found.stamp, found.last_index, found.accepted, found.action, strict=True
    ):
        seconds = float(stamp) * 1e-9
        receipt = watch.receive(seconds, int(last), Instant(seconds, seconds), may_restart=True)
        assert receipt.usable
        if receipt is receipt.FIRST:
            vote.clear()
        vote.add(ACTIONS[action] if accepted else NO_ACTION)
        decided.append(vote.decided())
    return [UNDECIDED if name == NO_ACTION else ACTIONS.index(name) for name in decided]


@pytest.mark.parametrize("votes", [1, 2, 3, 5, 15])
def test_it_decides_as_the_bridge_does(votes):
    rng = np.random.default_rng(votes)
    actions = np.repeat(rng.integers(0, 3, 200), rng.integers(1, 9, 200))
    stamps = np.cumsum(rng.choice([25, 25, 25, 25, 25, 50, 119, 121, 500], len(actions)))
    found = estimates(actions, accepted=rng.random(len(actions)) > 0.15, stamps=stamps)
    expected = by_the_bridge(found, votes)
    assert len(set(expected)) == 4
    assert decide(found, votes).tolist() == expected


def test_more_than_half_decide():
    found = estimates([1, 1, 2, 1, 2, 2, 0])
    assert decide(found, 3).tolist() == [-1, -1, 1, 1, 2, 2, 2]
    assert decide(found, 1).tolist() == [1, 1, 2, 1, 2, 2, 0]
    assert decide(estimates([1, 2, 1, 1]), 2).tolist() == [-1, -1, -1, 1]


def test_a_rejected_estimate_votes_for_nothing():
    found = estimates([1, 1, 1, 1, 1], accepted=[True, True, False, False, True])
    assert decide(found, 3).tolist() == [-1, -1, 1, -1, -1]


def test_after_a_break_the_vote_begins_anew():
    found = estimates([1, 1, 1, 1, 1, 1], stamps=[0, 25, 50, 171, 196, 221])
    assert decide(found, 3).tolist() == [-1, -1, 1, -1, -1, 1]
    found = estimates([1, 1, 1, 1, 1, 1], stamps=[0, 25, 50, 170, 195, 220])
    assert decide(found, 3).tolist() == [-1, -1, 1, 1, 1, 1]


def test_a_new_run_and_a_clock_that_goes_back_begin_anew():
    found = estimates([1] * 6, runs=np.array([0, 0, 0, 1, 1, 1]))
    assert decide(found, 3).tolist() == [-1, -1, 1, -1, -1, 1]
    found = estimates([1] * 5, stamps=[1000, 1025, 1050, 10, 35])
    assert decide(found, 3).tolist() == [-1, -1, 1, -1, -1]


def test_without_estimates_nothing_is_decided():
    assert decide(EstimateLog(ACTIONS, 100).estimates(), 3).tolist() == []
    assert is_full(EstimateLog(ACTIONS, 100).estimates(), 3).tolist() == []


def test_the_vote_is_full_when_as_many_as_vote_have_come_in():
    found = estimates([1] * 6, accepted=[False] * 6, stamps=[0, 25, 50, 171, 196, 221])
    assert is_full(found, 3).tolist() == [False, False, True, False, False, True]
    assert is_full(found, 1).all()
