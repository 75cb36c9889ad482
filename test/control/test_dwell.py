from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from emg_recognition.control.decision import NO_ACTION, Dwell

ACTIONS = st.sampled_from(["a", "b", "rest", NO_ACTION])


def test_a_moving_decision_waits_and_leaving_it_is_at_once() -> None:
    dwell = Dwell(0.05, still={"rest"})
    assert dwell.update("a", 10.0) == NO_ACTION
    assert dwell.update("a", 10.049) == NO_ACTION
    assert dwell.update("a", 10.05) == "a"
    assert dwell.update(NO_ACTION, 10.06) == NO_ACTION
    assert dwell.update("a", 10.07) == NO_ACTION


def test_rest_takes_effect_at_once() -> None:
    dwell = Dwell(0.05, still={"rest"})
    dwell.update("a", 0.0)
    assert dwell.update("a", 1.0) == "a"
    assert dwell.update("rest", 1.0) == "rest"


def test_another_motion_waits_anew() -> None:
    dwell = Dwell(0.05)
    dwell.update("a", 0.0)
    assert dwell.update("a", 1.0) == "a"
    assert dwell.update("b", 1.0) == NO_ACTION
    assert dwell.update("b", 1.05) == "b"


def test_a_dwell_of_two_steps_is_two_steps_in_ros_time_too() -> None:
    # As floating point numbers the two moments lie less than 50 ms apart.
    begin = 1_800_000_000.0
    dwell = Dwell(0.05)
    for step in range(200):
        time = begin + step * 0.025
        dwell.update(NO_ACTION, time)
        dwell.update("a", time)
        assert dwell.update("a", time + 0.025) == NO_ACTION
        assert dwell.update("a", time + 0.05) == "a"


@settings(deadline=None)
@given(st.lists(ACTIONS, max_size=30))
def test_none_is_no_dwell(decided: list[str]) -> None:
    dwell = Dwell(0.0)
    assert [dwell.update(action, 0.0) for action in decided] == decided


@settings(deadline=None)
@given(st.floats(0.0, 1.0), st.lists(st.tuples(ACTIONS, st.integers(0, 500)), max_size=30))
def test_what_takes_effect_is_decided_and_has_stood_long_enough(
    seconds: float, course: list[tuple[str, int]]
) -> None:
    dwell, time, since, before = Dwell(seconds, still={"rest"}), 0.0, 0.0, NO_ACTION
    for decided, pause in course:
        time += pause / 1000
        since = time if decided != before else since
        before = decided
        found = dwell.update(decided, time)
        assert found == dwell.update(decided, time)
        assert found in (decided, NO_ACTION)
        if decided in ("a", "b") and found == decided:
            assert time - since >= seconds - 2e-6
        if decided == "rest":
            assert found == "rest"
