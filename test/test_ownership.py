"""The first valid publisher of a topic is followed until it is gone."""

import pytest

from emg_recognition.ownership import GONE_AFTER, Owner, same_process

A, B, C = b"a" * 16, b"b" * 16, b"c" * 16


def test_others_change_nothing_and_are_counted():
    owner = Owner()
    assert owner.follows(A, 0.0)
    assert not owner.follows(B, 0.1)
    assert owner.follows(A, 0.2)
    assert not owner.follows(B, 0.3)
    assert (owner.owner, owner.foreign, owner.others(0.3)) == (A, 2, [B])
    assert owner.others(0.4 + GONE_AFTER) == []


def test_a_silent_owner_gives_way_when_another_speaks_and_does_not_get_the_topic_back():
    owner = Owner()
    owner.follows(A, 0.0)
    assert not owner.follows(B, GONE_AFTER)
    assert owner.follows(B, GONE_AFTER + 0.01)
    assert not owner.follows(A, GONE_AFTER + 0.02)
    assert owner.others(GONE_AFTER + 0.02) == [A]


def test_alone_it_may_be_silent_for_any_time():
    owner = Owner()
    assert owner.follows(A, 0.0)
    assert owner.follows(A, 1000.0)


def test_the_owner_of_a_latched_topic_keeps_it_while_it_is_there():
    owner = Owner(gone_after=None)
    owner.follows(A, 0.0)
    assert not owner.follows(B, 1000.0)
    owner.release()
    assert owner.follows(B, 1002.0)
    assert owner.others(1002.0) == []


def test_a_flood_of_publishers_does_not_fill_the_memory():
    owner = Owner()
    owner.follows(A, 0.0)
    for number in range(1000):
        owner.follows(number.to_bytes(16, "big"), 0.1)
    assert len(owner.others(0.1)) == 16
    assert owner.foreign == 1000


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (A, A, True),
        (A, A[:12] + b"zzzz", True),
        (A, B, False),
        (b"", b"", False),
        (b"short", b"short", False),
    ],
)
def test_publishers_of_one_process(one, other, same):
    assert same_process(one, other) is same
