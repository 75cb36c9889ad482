from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emg_recognition.control.vote import NO_ACTION, MajorityVote


def decided(votes: int, ballots: list[str]) -> str:
    vote = MajorityVote(votes)
    for ballot in ballots:
        vote.add(ballot)
    return vote.decided()


@pytest.mark.parametrize(
    ("votes", "ballots", "expected"),
    [
        (3, ["a", "a"], NO_ACTION),
        (3, ["a", "b", "a"], "a"),
        (3, ["a", "b", "c"], NO_ACTION),
        (3, ["a", "a", "a", "b", "b"], "b"),
        (3, ["a", NO_ACTION, NO_ACTION], NO_ACTION),
        (3, ["a", NO_ACTION, "a"], "a"),
        (4, ["a", "a", "b", "b"], NO_ACTION),
        (1, ["a", "b"], "b"),
    ],
)
def test_more_than_half_of_the_newest_decide(votes: int, ballots: list[str], expected: str) -> None:
    assert decided(votes, ballots) == expected


def test_clear_asks_for_a_full_new_vote() -> None:
    vote = MajorityVote(3)
    for _ in range(3):
        vote.add("a")
    assert vote.full
    vote.clear()
    assert not vote.full
    vote.add("a")
    vote.add("a")
    assert vote.decided() == NO_ACTION


@settings(deadline=None)
@given(st.integers(1, 7), st.lists(st.sampled_from(["a", "b", NO_ACTION]), max_size=30))
def test_a_decided_action_has_more_than_half_of_all_votes(votes: int, ballots: list[str]) -> None:
    action = decided(votes, ballots)
    newest = ballots[-votes:]
    winners = [name for name in {"a", "b"} if newest.count(name) > votes / 2]
    assert action == (winners[0] if winners and len(newest) == votes else NO_ACTION)
