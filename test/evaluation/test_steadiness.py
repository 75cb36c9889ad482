"""Rates and delays of decisions, counted by hand; intervals against what they must contain."""

from __future__ import annotations

import numpy as np
import pytest

from emg_recognition.evaluation import intervals
from emg_recognition.evaluation.steadiness import decide_segments, score_steadiness

ACTIONS = ("rest", "flexion", "extension")
STRIDE, WINDOW = 0.1, 0.2


def segments(streams, rest="rest"):
    """Return the segments of streams, each the performed action and what was recognised in each window."""
    truth = np.concatenate([[performed] * len(found) for performed, found in streams])
    number = np.concatenate([[k] * len(found) for k, (_, found) in enumerate(streams)])
    begin = np.concatenate([np.arange(len(found)) * 20 for _, found in streams])
    answers = np.eye(3)[np.concatenate([found for _, found in streams])]
    mixed = np.random.default_rng(0).permutation(len(truth))  # the order of windows must not count
    return decide_segments(
        answers[mixed],
        truth[mixed],
        ACTIONS,
        segment=number[mixed],
        begin=begin[mixed],
        stride=STRIDE,
        window=WINDOW,
        rest=rest,
    )


def test_counted_by_hand():
    found = score_steadiness(
        segments(
            [
                # Three votes; the majority of the newest three decides.
                (1, [1, 1, 1, 2, 2, 2, 1, 1, 1, 1]),  # right after 3 windows, once wrong
                (1, [2, 2, 2, 2, 1, 1, 1, 1, 1, 1]),  # wrong at once, right after the 6th
                (2, [0] * 10),  # never; but nothing moves
                (0, [0, 0, 0, 1, 1, 0, 0, 0, 2, 2]),  # two activations
            ]
        )
    )
    assert found.wrong_movements_per_minute == pytest.approx(2 / (30 * STRIDE / 60))
    assert found.false_activations_per_minute == pytest.approx(2 / (10 * STRIDE / 60))
    delay = found.decision_delay_ms
    assert (delay.measured, delay.missed) == (2, 1)
    first, second = 1000 * (WINDOW + 2 * STRIDE), 1000 * (WINDOW + 5 * STRIDE)
    assert delay.median == pytest.approx((first + second) / 2)
    assert delay.p90 == pytest.approx(first + 0.9 * (second - first))
    assert set(found.intervals.values()) == {None}  # too few segments


def test_an_action_that_stays_decided_is_one_movement():
    steady = segments([(1, [2] * 20)])
    assert steady.movements.tolist() == [1]
    scattered = segments([(1, [2, 2, 2, 1, 1, 1] * 4)])
    assert scattered.movements.tolist() == [4]


def test_without_rest_there_are_no_false_activations():
    found = score_steadiness(segments([(0, [0, 0, 0, 1, 1, 1]), (1, [1] * 6)], rest=None))
    assert found.false_activations_per_minute is None
    assert found.wrong_movements_per_minute == pytest.approx(1 / (12 * STRIDE / 60))
    assert found.decision_delay_ms.measured == 2  # of every action, also the one that is called rest


def test_rest_alone_has_no_delay():
    found = score_steadiness(segments([(0, [0] * 5)] * 3))
    assert found.wrong_movements_per_minute is None
    assert found.decision_delay_ms.median is None
    assert found.intervals["false_activations_per_minute"] == (0, 0)
    assert found.intervals["decision_delay_ms"] is None


def test_the_intervals_contain_the_numbers_and_narrow_with_more_segments(rng):
    def study(repetitions):
        streams = []
        for _ in range(repetitions):
            for performed in range(3):
                wrong = rng.integers(0, 3)
                late = rng.integers(0, 6)
                streams.append((performed, [wrong] * late + [performed] * (20 - late)))
        return score_steadiness(segments(streams))

    few, many = study(5), study(100)
    for found in (few, many):
        low, high = found.intervals["wrong_movements_per_minute"]
        assert low <= found.wrong_movements_per_minute <= high
        low, high = found.intervals["false_activations_per_minute"]
        assert low <= found.false_activations_per_minute <= high
        low, high = found.intervals["decision_delay_ms"]
        assert low <= found.decision_delay_ms.median <= high
    width = [np.diff(found.intervals["wrong_movements_per_minute"])[0] for found in (few, many)]
    assert 0 < width[1] < 0.5 * width[0]
    assert study(4).intervals.keys() == few.intervals.keys()


def test_the_same_segments_give_the_same_intervals(rng):
    decided = segments([(1, rng.integers(0, 3, 20)) for _ in range(8)])
    assert score_steadiness(decided) == score_steadiness(decided)


def test_intervals_do_not_depend_on_how_many_segments_are_drawn_at_once(rng, monkeypatch):
    decided = segments([(performed, rng.integers(0, 3, 20)) for performed in (0, 1, 2) for _ in range(9)])
    once = score_steadiness(decided)
    monkeypatch.setattr(intervals, "_AT_ONCE", 1000)
    assert score_steadiness(decided) == once


def test_pooled_segments_are_those_of_both():
    one, other = segments([(1, [1] * 5)]), segments([(0, [0] * 7)])
    pooled = one + other
    assert pooled.minutes.tolist() == pytest.approx([5 * STRIDE / 60, 7 * STRIDE / 60])
    assert pooled.resting.tolist() == [False, True]
