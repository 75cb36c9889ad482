"""The whole way from estimates to what takes effect, and the promises of its parts together."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from emg_recognition.control.decision import NO_ACTION, Decider, Decision, DecisionSettings
from emg_recognition.replay.decisions import decide
from emg_recognition.replay.estimates import EstimateLog

STEP = 0.025
NOTHING = Decision(NO_ACTION, 0.0)


class Said(NamedTuple):
    """An estimate."""

    action: str
    confidence: float = 0.9
    activation: float = 1.0
    accepted: bool = True


@st.composite
def all_settings(draw: st.DrawFn, **fixed: object) -> DecisionSettings:
    votes = draw(st.integers(1, 7))
    enter = draw(st.integers(votes // 2 + 1, votes))
    keep = draw(st.integers(1, enter))
    chosen: dict[str, object] = {
        "dwell": draw(st.sampled_from([0.0, 0.025, 0.06])),
        "proportional": draw(st.booleans()),
        **fixed,
    }
    return DecisionSettings(votes=votes, enter_votes=enter, keep_votes=keep, **chosen)


ESTIMATES = st.lists(
    st.builds(
        Said,
        st.sampled_from(["a", "b", "rest"]),
        st.sampled_from([0.4, 0.6, 0.9, math.nan]),
        st.sampled_from([0.0, 0.5, 2.0, math.nan, math.inf]),
        st.sampled_from([True, True, True, False]),
    ),
    max_size=40,
)


def course(settings: DecisionSettings, estimates: list[Said], **options: object) -> list[Decision]:
    """Return what takes effect right after each estimate."""
    decider, found = Decider(settings, **options), []
    for number, said in enumerate(estimates):
        decider.add(*said, time=number * STEP)
        found.append(decider.decide(number * STEP))
    return found


def actions(settings: DecisionSettings, spoken: str) -> str:
    """Return the decided actions of a line of one-letter actions, ``.`` for nothing and for rejected."""
    said = [Said("rest" if c == "r" else c, accepted=c != ".") for c in spoken]
    return "".join(d.action[:1] or "." for d in course(settings, said))


@pytest.mark.parametrize(
    ("settings", "spoken", "decided"),
    [
        ({"keep_votes": 2}, "aabaaabb", "..aaaaab"),
        ({"keep_votes": 2}, "aaabca", "..aa.."),
        ({"keep_votes": 1}, "aaabc.", "..aaa."),
        ({"keep_votes": 1}, "aaa...", "..aaa."),
        ({"keep_votes": 1}, "aaarrr", "..aarr"),
        ({"enter_votes": 3, "keep_votes": 2}, "aabaaab", ".....aa"),
        ({"dwell": 0.05, "keep_votes": 2}, "aaaaarr", "....aar"),
        ({"dwell": 0.05, "keep_votes": 2}, "aaaaabbbbb", "....aa..bb"),
    ],
)
def test_courses_worked_out_by_hand(settings: dict[str, float], spoken: str, decided: str) -> None:
    assert actions(DecisionSettings(**settings), spoken) == decided


@hypothesis_settings(deadline=None)
@given(all_settings(), ESTIMATES)
def test_an_action_is_decided_only_with_its_ballots_in_a_full_vote(
    settings: DecisionSettings, estimates: list[Said]
) -> None:
    thresholds = {"a": 0.7}
    for number, decision in enumerate(course(settings, estimates, thresholds=thresholds)):
        newest = estimates[: number + 1][-settings.votes :]
        votes_for = [
            said
            for said in newest
            if said.accepted
            and said.action == decision.action
            and said.confidence >= thresholds.get(said.action, 0.0)
        ]
        if decision.action != NO_ACTION:
            assert len(newest) == settings.votes
            assert len(votes_for) >= settings.keep


@hypothesis_settings(deadline=None)
@given(all_settings(), ESTIMATES, st.sampled_from(["b", "rest", "rejected"]))
def test_a_decision_ends_with_the_last_of_too_few_ballots(
    settings: DecisionSettings, estimates: list[Said], other: str
) -> None:
    """An action goes once so many other ballots came that `keep` of it are no longer in the vote."""
    ends = settings.votes - settings.keep + 1
    others = [Said("a", accepted=False) if other == "rejected" else Said(other)] * ends
    assert course(settings, [*estimates, *others])[-1].action != "a"


@hypothesis_settings(deadline=None)
@given(all_settings(), ESTIMATES)
def test_to_ask_changes_nothing(settings: DecisionSettings, estimates: list[Said]) -> None:
    often, seldom = Decider(settings), Decider(settings)
    for number, said in enumerate(estimates):
        time = number * STEP
        often.add(*said, time=time)
        seldom.add(*said, time=time)
        for tick in range(5):
            assert often.decide(time + tick * STEP / 5) == often.decide(time + tick * STEP / 5)
    end = len(estimates) * STEP
    assert often.decide(end) == seldom.decide(end)


@hypothesis_settings(deadline=None)
@given(all_settings(proportional=False), ESTIMATES)
def test_without_proportional_the_speed_is_full_or_none(
    settings: DecisionSettings, estimates: list[Said]
) -> None:
    for decision in course(settings, estimates):
        assert decision.speed == (0.0 if decision.action == NO_ACTION else 1.0)


@hypothesis_settings(deadline=None)
@given(all_settings(proportional=True), ESTIMATES)
def test_the_speed_is_a_share_and_nothing_has_none(settings: DecisionSettings, estimates: list[Said]) -> None:
    for decision in course(settings, estimates):
        assert 0.0 <= decision.speed <= 1.0
        if decision.action == NO_ACTION:
            assert decision == NOTHING


@hypothesis_settings(deadline=None)
@given(all_settings(), ESTIMATES)
def test_after_clear_it_is_as_new(settings: DecisionSettings, estimates: list[Said]) -> None:
    decider = Decider(settings)
    for said in estimates:
        decider.add(*said, time=-1.0)
    decider.clear()
    assert not decider.full
    assert decider.decide(0.0) == NOTHING
    found = []
    for number, said in enumerate(estimates):
        decider.add(*said, time=number * STEP)
        found.append(decider.decide(number * STEP))
    assert found == course(settings, estimates)


@hypothesis_settings(deadline=None)
@given(st.integers(1, 7), ESTIMATES)
def test_to_keep_as_to_enter_is_a_plain_majority(votes: int, estimates: list[Said]) -> None:
    settings = DecisionSettings(votes=votes, keep_votes=votes // 2 + 1)
    for number, decision in enumerate(course(settings, estimates)):
        newest = [
            s.action if s.accepted and s.confidence >= 0 else NO_ACTION for s in estimates[: number + 1]
        ][-votes:]
        winners = [name for name in ("a", "b", "rest") if 2 * newest.count(name) > votes]
        assert decision.action == (winners[0] if winners and len(newest) == votes else NO_ACTION)


def test_a_motion_waits_for_its_dwell_between_estimates_too() -> None:
    decider = Decider(DecisionSettings(votes=1, dwell=0.05))
    decider.add("a", 0.9, 1.0, True, 10.0)
    assert decider.decide(10.045) == NOTHING
    assert decider.decide(10.055) == Decision("a", 1.0)


def test_rest_and_what_moves_nothing_take_effect_without_dwell() -> None:
    decider = Decider(DecisionSettings(votes=1, dwell=1.0), still=["fist"])
    for action in ("rest", "fist"):
        decider.add(action, 0.9, 1.0, True, 0.0)
        assert decider.decide(0.0).action == action


def test_the_speed_follows_the_ballots_for_the_action_alone() -> None:
    decider = Decider(DecisionSettings(proportional=True, activation_low=0.0, activation_full=2.0))
    for action, activation in (("a", 1.0), ("b", 9.0), ("a", 2.0)):
        decider.add(action, 0.9, activation, True, 0.0)
    assert decider.decide(0.0) == Decision("a", 0.75)
    decider.add("a", 0.9, math.nan, True, 0.0)
    assert decider.decide(0.0) == Decision("a", 0.0)


@pytest.mark.parametrize(
    "settings", [{}, {"keep_votes": 2}, {"votes": 5, "enter_votes": 4}, {"dwell": 0.05}, {"votes": 1}]
)
def test_the_bridge_carries_out_what_replay_decides(
    make_rig: Callable[..., Any], settings: dict[str, float]
) -> None:
    """A whole bridge, armed, against the replay of the same estimates with the same pauses."""
    names = ("rest", "bend", "drop", "reach")
    rng = np.random.default_rng(7)
    rig = make_rig(decisions=settings).armed()
    log, carried_out = EstimateLog(names, 200), []
    for action in np.repeat(rng.integers(0, 4, 60), rng.integers(1, 10, 60)).tolist():
        if rng.random() < 0.02:
            rig.run(0.15, mute=True)
        accepted = bool(rng.random() > 0.15)
        rig.run(0.025, names[action] if accepted else None)
        log.add(
            run=0,
            first_index=rig.index,
            stamp=round(rig.time * 1e9),
            accepted=accepted,
            probabilities=np.where(np.arange(4) == action, 0.9, 0.033),
        )
        carried_out.append(rig.bridge.action)
    decided = decide(log.estimates(), rig.settings.decisions).action
    assert carried_out == [(*names, NO_ACTION)[number] for number in decided]
    assert set(carried_out) == {*names, NO_ACTION}
