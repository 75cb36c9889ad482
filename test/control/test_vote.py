from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emg_recognition.control.decision import NO_ACTION, Ballot, Vote

BALLOTS = st.lists(st.builds(Ballot, st.sampled_from(["a", "b", NO_ACTION]), st.floats(0, 4)), max_size=30)


def after(votes: int, ballots: list[Ballot]) -> Vote:
    vote = Vote(votes)
    for ballot in ballots:
        vote.add(ballot)
    return vote


@settings(deadline=None)
@given(st.integers(1, 15), BALLOTS)
def test_the_newest_ballots_count_and_those_for_nothing_stand_nowhere(
    votes: int, ballots: list[Ballot]
) -> None:
    newest = [action for action, _ in ballots[-votes:]]
    expected = {action: newest.count(action) for action in ("a", "b") if action in newest}
    vote = after(votes, ballots)
    assert vote.counts() == expected
    assert vote.full is (len(ballots) >= votes)


def test_the_activation_is_the_mean_over_the_ballots_of_an_action() -> None:
    vote = after(3, [Ballot("a", 9.0), Ballot("a", 1.0), Ballot(NO_ACTION, 5.0), Ballot("a", 2.0)])
    assert vote.activation("a") == pytest.approx(1.5)
    assert math.isnan(vote.activation("b"))


def test_clear_asks_for_a_full_new_vote() -> None:
    vote = after(3, [Ballot("a", 1.0)] * 3)
    assert vote.full
    vote.clear()
    assert not vote.full
    assert vote.counts() == {}
