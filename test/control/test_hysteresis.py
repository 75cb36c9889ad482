from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emg_recognition.control.decision import NO_ACTION, next_action


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
def test_three_of_five_begin_and_two_keep(current: str, counts: dict[str, int], expected: str) -> None:
    assert next_action(current, counts, 3, 2) == expected


@settings(deadline=None)
@given(st.data(), st.integers(1, 15))
def test_what_is_decided_has_its_ballots(data: st.DataObject, votes: int) -> None:
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


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from("abc"), st.integers(1, 3)), st.sampled_from(["a", NO_ACTION]))
def test_to_keep_as_to_enter_is_the_plain_majority(counts: dict[str, int], current: str) -> None:
    votes = sum(counts.values())
    enter = votes // 2 + 1
    most = [name for name in counts if 2 * counts[name] > votes]
    assert next_action(current, counts, enter, enter) == (most[0] if most else NO_ACTION)
