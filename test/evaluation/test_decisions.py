"""False activations, against the bridge's decisions taken window by window."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emg_recognition.control.decision import NO_ACTION, Decider, DecisionSettings
from emg_recognition.evaluation.decisions import THRESHOLD, changes, moving
from emg_recognition.evaluation.steadiness import decide_segments, rest_activity

ACTIONS = ("rest", "flexion", "extension")
SURE, UNSURE = 0.8, 0.4


def probabilities(guesses, confidences):
    rows = []
    for guess, confidence in zip(guesses, confidences, strict=True):
        row = np.full(3, (1 - confidence) / 2)
        row[guess] = confidence
        rows.append(row)
    return np.array(rows)


def activity(guesses, *, confidences=None, segment=None, begin=None, truth=None, rest="rest"):
    n = len(guesses)
    decided = decide_segments(
        probabilities(guesses, [SURE] * n if confidences is None else confidences),
        np.zeros(n, int) if truth is None else truth,
        ACTIONS,
        segment=np.zeros(n, int) if segment is None else segment,
        begin=10 * np.arange(n) if begin is None else begin,
        stride=0.05,
        window=0.2,
        rest=rest,
    )
    return rest_activity(decided)


WINDOW = st.tuples(st.integers(0, 2), st.sampled_from([SURE, UNSURE]), st.booleans())


@given(st.lists(WINDOW, min_size=1, max_size=40))
def test_it_counts_as_the_bridge_decides(windows):
    guesses, confidences, starts = (list(column) for column in zip(*windows, strict=True))
    segment = np.cumsum(starts)
    found = activity(guesses, confidences=confidences, segment=segment)
    decider, before, motions, active = Decider(DecisionSettings()), NO_ACTION, 0, 0
    for place, (guess, confidence) in enumerate(zip(guesses, confidences, strict=True)):
        if place == 0 or segment[place] != segment[place - 1]:
            decider.clear()
            before = NO_ACTION
        decider.add(ACTIONS[guess], confidence, 1.0, confidence >= THRESHOLD, 0.05 * place)
        decided = decider.decide(0.05 * place).action
        active_now = decided not in (NO_ACTION, "rest")
        motions += active_now and decided != before
        active += active_now
        before = decided
    assert found.voted.activations == motions
    assert found.voted.active == pytest.approx(active / len(guesses))
    assert found.votes == DecisionSettings().votes


def test_a_run_is_one_activation_and_another_action_is_another():
    found = activity([0, 1, 1, 0, 1, 2, 0, 0])
    assert found.single.activations == 3
    assert found.windows == 8
    assert found.minutes == pytest.approx(8 * 0.05 / 60)
    assert found.single.per_minute == pytest.approx(3 / (8 * 0.05 / 60))
    assert found.single.active == 0.5
    assert found.voted.activations == 1  # 0 1 1 and 1 1 0; then no other motion has a majority


def test_each_segment_is_a_stream_of_its_own():
    assert activity([1, 1, 1, 1], segment=[3, 3, 4, 4]).single.activations == 2
    assert activity([1, 1, 1, 1], segment=[3, 3, 4, 4]).voted.activations == 0


def test_a_missing_window_starts_a_new_stream():
    assert activity([1, 1, 1, 1], begin=[0, 10, 30, 40]).single.activations == 2
    assert activity([1, 1, 1], begin=[0, 10, 30]).voted.activations == 0


def test_order_of_windows_does_not_matter(rng):
    guesses, segment = rng.integers(0, 3, 60), np.repeat([7, 2, 5], 20)
    begin = 10 * np.arange(60)
    shuffled = rng.permutation(60)
    ordered = activity(guesses, segment=segment, begin=begin)
    assert activity(guesses[shuffled], segment=segment[shuffled], begin=begin[shuffled]) == ordered


def test_only_rest_counts_and_without_rest_there_is_nothing_to_count():
    assert activity([1, 1, 2, 0], truth=np.array([1, 1, 0, 0])).single.activations == 1
    assert activity([0, 0], truth=np.array([1, 1])) is None


def test_another_action_can_be_rest():
    assert activity([2, 2, 0, 2], truth=np.full(4, 2), rest="extension").single.activations == 1


def test_a_model_without_rest_moves_whenever_it_decides():
    assert moving(np.array([0, 1, -1]), ("flexion", "extension")).tolist() == [True, True, False]
    assert moving(np.array([0, 1, -1]), ("rest", "extension")).tolist() == [False, True, False]


def test_the_first_decision_is_a_change():
    assert changes(np.array([1, 1, 0])).tolist() == [True, False, True]
    assert changes(np.zeros(0, int)).tolist() == []
