from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emg_recognition.control.decision import NO_ACTION, Ballot, ballot


@pytest.mark.parametrize(
    ("confidence", "accepted", "action"),
    [(0.8, True, "a"), (0.79, True, NO_ACTION), (math.nan, True, NO_ACTION), (0.9, False, NO_ACTION)],
)
def test_below_its_own_threshold_an_action_is_rejected(
    confidence: float, accepted: bool, action: str
) -> None:
    assert ballot("a", confidence, 1.5, accepted, {"a": 0.8, "b": 0.1}) == Ballot(action, 1.5)


@settings(deadline=None)
@given(st.sampled_from(["a", "b", "rest"]), st.floats(), st.floats(), st.booleans(), st.floats(0, 1))
def test_a_ballot_is_for_the_estimated_action_or_for_nothing(
    action: str, confidence: float, activation: float, accepted: bool, threshold: float
) -> None:
    found = ballot(action, confidence, activation, accepted, {"a": threshold})
    wanted = accepted and confidence >= (threshold if action == "a" else 0.0)
    assert found.action == (action if wanted else NO_ACTION)


def test_rejected_is_not_rest() -> None:
    assert ballot("rest", 0.9, 0.1, True, {}).action == "rest"
    assert ballot("rest", 0.9, 0.1, False, {}).action == NO_ACTION
