"""From estimates to what takes effect: the parts of a decision, and what they guarantee together."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from emg_recognition.control.decision import (
    NO_ACTION,
    NO_DECISION,
    Decider,
    Decision,
    DecisionSettings,
    next_action,
    speed_share,
)
from emg_recognition.replay.decisions import decide
from emg_recognition.replay.estimates import EstimateLog

STRIDE = 0.025


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


def decisions(settings: DecisionSettings, estimates: list[Said], **options: object) -> list[Decision]:
    """Return what takes effect right after each estimate."""
    decider, found = Decider(settings, **options), []
    for number, said in enumerate(estimates):
        decider.add(*said, time=number * STRIDE)
        found.append(decider.decide(number * STRIDE))
    return found


class TestRejection:
    @pytest.mark.parametrize(
        ("confidence", "accepted", "decided"),
        [(0.8, True, "a"), (0.79, True, NO_ACTION), (math.nan, True, NO_ACTION), (0.9, False, NO_ACTION)],
    )
    def test_an_action_is_rejected_below_its_own_threshold(
        self, confidence: float, accepted: bool, decided: str
    ) -> None:
        decider = Decider(DecisionSettings(votes=1), {"a": 0.8, "b": 0.1})
        decider.add("a", confidence, 1.0, accepted, 0.0)
        assert decider.decide(0.0).action == decided

    def test_rejected_is_not_rest(self) -> None:
        decider = Decider(DecisionSettings(votes=1))
        decider.add("rest", 0.9, 0.1, True, 0.0)
        assert decider.decide(0.0).action == "rest"
        decider.add("rest", 0.9, 0.1, False, 0.0)
        assert decider.decide(0.0).action == NO_ACTION


class TestHysteresis:
    @pytest.mark.parametrize(
        ("current", "counts", "expected"),
        [
            (NO_ACTION, {"a": 2}, NO_ACTION),
            (NO_ACTION, {"a": 3}, "a"),
            ("a", {"a": 2, "b": 2}, "a"),
            ("a", {"a": 1, "b": 2}, NO_ACTION),
            ("a", {"a": 2, "b": 3}, "b"),
            ("a", {}, NO_ACTION),
            (NO_ACTION, {}, NO_ACTION),
        ],
    )
    def test_three_of_five_decide_and_two_keep(
        self, current: str, counts: dict[str, int], expected: str
    ) -> None:
        assert next_action(current, counts, 3, 2) == expected

    @hypothesis_settings(deadline=None)
    @given(st.data(), st.integers(1, 15))
    def test_a_decided_action_has_the_votes_for_it(self, data: st.DataObject, votes: int) -> None:
        names = ["a", "b", "c", NO_ACTION]
        newest = data.draw(st.lists(st.sampled_from(names), min_size=votes, max_size=votes))
        counts = {name: newest.count(name) for name in ("a", "b", "c") if name in newest}
        enter = data.draw(st.integers(votes // 2 + 1, votes))
        keep = data.draw(st.integers(1, enter))
        current = data.draw(st.sampled_from(names))
        found = next_action(current, counts, enter, keep)
        strong = [name for name in counts if counts[name] >= enter]
        assert len(strong) <= 1
        if strong:
            assert found == strong[0]
        elif counts.get(current, 0) >= keep:
            assert found == current
        else:
            assert found == NO_ACTION


class TestDwell:
    @staticmethod
    def decider(dwell: float) -> Decider:
        return Decider(DecisionSettings(votes=1, dwell=dwell), no_motion=["fist"])

    def test_a_motion_waits_between_estimates_too(self) -> None:
        decider = self.decider(0.05)
        decider.add("a", 0.9, 1.0, True, 10.0)
        assert decider.decide(10.045) == NO_DECISION
        assert decider.decide(10.055) == Decision("a", 1.0)

    def test_a_motion_ends_at_once_and_waits_again(self) -> None:
        decider = self.decider(0.05)
        for time in (0.0, 0.04, 0.08):
            decider.add("a", 0.9, 1.0, True, time)
        assert decider.decide(0.08).action == "a"
        decider.add("b", 0.9, 1.0, True, 0.1)
        assert decider.decide(0.1) == NO_DECISION
        assert decider.decide(0.15).action == "b"
        decider.add("b", 0.9, 1.0, False, 0.16)
        assert decider.decide(1.0) == NO_DECISION

    def test_rest_and_actions_without_motion_take_effect_at_once(self) -> None:
        decider = self.decider(1.0)
        for action in ("rest", "fist"):
            decider.add(action, 0.9, 1.0, True, 0.0)
            assert decider.decide(0.0).action == action

    def test_a_dwell_of_two_strides_is_two_strides_in_ros_time_too(self) -> None:
        # In double precision the two times are less than 50 ms apart.
        begin, decider = 1_800_000_000.0, self.decider(0.05)
        for number in range(200):
            time = begin + number * STRIDE
            decider.add("rest", 0.9, 1.0, True, time)
            decider.add("a", 0.9, 1.0, True, time)
            assert decider.decide(time + STRIDE) == NO_DECISION
            assert decider.decide(time + 2 * STRIDE).action == "a"

    @hypothesis_settings(deadline=None)
    @given(
        st.floats(0.0, 1.0),
        st.lists(st.tuples(st.sampled_from(["a", "b", "rest", NO_ACTION]), st.integers(0, 500)), max_size=30),
    )
    def test_what_takes_effect_was_decided_long_enough(
        self, dwell: float, estimates: list[tuple[str, int]]
    ) -> None:
        decider, time, since, before = self.decider(dwell), 0.0, 0.0, NO_ACTION
        for decided, pause in estimates:
            time += pause / 1000
            since = time if decided != before else since
            before = decided
            decider.add(decided or "a", 0.9, 1.0, decided != NO_ACTION, time)
            found = decider.decide(time).action
            assert found in (decided, NO_ACTION)
            if decided in ("a", "b"):
                assert (found == decided) == (time - since >= dwell - 1e-6)
            else:
                assert found == decided


class TestSpeed:
    @pytest.mark.parametrize(
        ("activation", "share"), [(0.0, 0.0), (0.3, 0.0), (0.65, 0.5), (1.0, 1.0), (7.0, 1.0)]
    )
    def test_straight_line_between_two_activations(self, activation: float, share: float) -> None:
        assert speed_share(activation, 0.3, 1.0) == pytest.approx(share)

    @pytest.mark.parametrize("activation", [math.nan, math.inf, -math.inf])
    def test_an_activation_that_is_not_finite_moves_nothing(self, activation: float) -> None:
        assert speed_share(activation, 0.3, 1.0) == 0.0

    @hypothesis_settings(deadline=None)
    @given(
        st.tuples(st.floats(0, 9.9), st.floats(0.01, 10)).filter(lambda pair: pair[0] < pair[1]),
        st.floats(allow_nan=False, allow_infinity=False),
        st.floats(0, 1e300),
    )
    def test_more_activation_is_never_slower(
        self, limits: tuple[float, float], activation: float, more: float
    ) -> None:
        low, full = limits
        less, greater = sorted((activation, min(activation + more, 1e308)))
        assert 0.0 <= speed_share(less, low, full) <= speed_share(greater, low, full) <= 1.0

    def test_only_the_votes_for_the_action_count(self) -> None:
        decider = Decider(DecisionSettings(proportional=True, activation_low=0.0, activation_full=2.0))
        for action, activation in (("a", 1.0), ("b", 9.0), ("a", 2.0)):
            decider.add(action, 0.9, activation, True, 0.0)
        assert decider.decide(0.0) == Decision("a", 0.75)
        decider.add("a", 0.9, math.nan, True, 0.0)
        assert decider.decide(0.0) == Decision("a", 0.0)

    @hypothesis_settings(deadline=None)
    @given(all_settings(), ESTIMATES)
    def test_the_speed_is_a_share_and_zero_without_an_action(
        self, settings: DecisionSettings, estimates: list[Said]
    ) -> None:
        for decision in decisions(settings, estimates):
            assert 0.0 <= decision.speed <= 1.0
            if decision.action == NO_ACTION:
                assert decision == NO_DECISION
            elif not settings.proportional:
                assert decision.speed == 1.0


class TestTogether:
    @pytest.mark.parametrize(
        ("settings", "estimates", "decided"),
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
    def test_sequences_worked_out_by_hand(
        self, settings: dict[str, float], estimates: str, decided: str
    ) -> None:
        """Each letter is an action (r: rest); a dot is a rejected estimate, and no decision."""
        said = [Said("rest" if c == "r" else c, accepted=c != ".") for c in estimates]
        found = decisions(DecisionSettings(**settings), said)
        assert "".join(decision.action[:1] or "." for decision in found) == decided

    @hypothesis_settings(deadline=None)
    @given(all_settings(), ESTIMATES)
    def test_an_action_is_decided_only_with_enough_votes_of_a_full_vote(
        self, settings: DecisionSettings, estimates: list[Said]
    ) -> None:
        thresholds = {"a": 0.7}
        for number, decision in enumerate(decisions(settings, estimates, thresholds=thresholds)):
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
    def test_an_action_ends_when_too_few_votes_for_it_are_left(
        self, settings: DecisionSettings, estimates: list[Said], other: str
    ) -> None:
        ends = settings.votes - settings.keep + 1
        others = [Said("a", accepted=False) if other == "rejected" else Said(other)] * ends
        assert decisions(settings, [*estimates, *others])[-1].action != "a"

    @hypothesis_settings(deadline=None)
    @given(all_settings(), ESTIMATES)
    def test_asking_changes_nothing(self, settings: DecisionSettings, estimates: list[Said]) -> None:
        often, seldom = Decider(settings), Decider(settings)
        for number, said in enumerate(estimates):
            time = number * STRIDE
            often.add(*said, time=time)
            seldom.add(*said, time=time)
            for tick in range(5):
                often.decide(time + tick * STRIDE / 5)
        end = len(estimates) * STRIDE
        assert often.decide(end) == seldom.decide(end)

    @hypothesis_settings(deadline=None)
    @given(all_settings(), ESTIMATES)
    def test_clear_forgets_everything(self, settings: DecisionSettings, estimates: list[Said]) -> None:
        decider = Decider(settings)
        for said in estimates:
            decider.add(*said, time=-1.0)
        decider.clear()
        assert not decider.full
        assert decider.decide(0.0) == NO_DECISION
        found = []
        for number, said in enumerate(estimates):
            decider.add(*said, time=number * STRIDE)
            found.append(decider.decide(number * STRIDE))
            assert decider.full is (number + 1 >= settings.votes)
        assert found == decisions(settings, estimates)

    @hypothesis_settings(deadline=None)
    @given(st.integers(1, 7), ESTIMATES)
    def test_without_hysteresis_it_is_a_plain_majority(self, votes: int, estimates: list[Said]) -> None:
        settings = DecisionSettings(votes=votes, keep_votes=votes // 2 + 1)
        for number, decision in enumerate(decisions(settings, estimates)):
            newest = [
                s.action if s.accepted and s.confidence >= 0 else NO_ACTION for s in estimates[: number + 1]
            ][-votes:]
            winners = [name for name in ("a", "b", "rest") if 2 * newest.count(name) > votes]
            assert decision.action == (winners[0] if winners and len(newest) == votes else NO_ACTION)


@pytest.mark.parametrize(
    "settings", [{}, {"keep_votes": 2}, {"votes": 5, "enter_votes": 4}, {"dwell": 0.05}, {"votes": 1}]
)
def test_the_bridge_carries_out_what_replay_decides(
    make_rig: Callable[..., Any], settings: dict[str, float]
) -> None:
    """A whole armed bridge against the replay of the same estimates with the same pauses."""
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
