"""Confidence intervals: Wilson's against published values, the bootstrap against its coverage."""

from __future__ import annotations

import numpy as np
import pytest

from emg_recognition.evaluation import intervals
from emg_recognition.evaluation.intervals import count_segments, mean_interval, score_intervals, wilson


def test_wilson_gives_the_values_of_newcombe():
    # Newcombe, Two-sided confidence intervals for the single proportion, 1998, table I, method 3.
    for hits, total, low, high in ((81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0, 0.1611)):
        assert wilson(hits, total) == (pytest.approx(low, abs=1e-4), pytest.approx(high, abs=1e-4))
    assert wilson(29, 29) == (pytest.approx(0.8830, abs=1e-4), 1.0)


def study(rng, segments, windows=40, spread=0.15):
    """Windows of two actions; the accuracies of the segments vary around 0.8."""
    truth = np.repeat(np.arange(2 * segments) % 2, windows)
    segment = np.repeat(np.arange(2 * segments), windows)
    share = np.clip(rng.normal(0.8, spread, 2 * segments), 0, 1)
    right = rng.random(len(truth)) < share[segment]
    return truth, np.where(right, truth, 1 - truth), 2, segment


def test_the_bootstrap_is_wider_than_windows_alone_and_covers_the_truth(rng):
    covered = too_narrow = 0
    for _ in range(100):
        truth, predicted, classes, segment = study(rng, 15)
        found = score_intervals(count_segments(truth, predicted, classes, segment))
        low, high = found.accuracy
        assert found.method == "bootstrap"
        assert low < (truth == predicted).mean() < high
        # The expected accuracy is a little below 0.8, because shares above 1 are cut off.
        covered += low <= 0.793 <= high
        naive = wilson(int((truth == predicted).sum()), len(truth))
        too_narrow += not naive[0] <= 0.793 <= naive[1]
    assert covered >= 86
    assert too_narrow > 20


def test_the_same_input_gives_the_same_interval(rng):
    windows = study(rng, 5)
    assert score_intervals(count_segments(*windows)) == score_intervals(count_segments(*windows))


def test_the_name_of_a_segment_does_not_matter(rng):
    truth, predicted, classes, segment = study(rng, 5)
    named = np.array([f"segment {k:02d}" for k in range(10)])[segment]
    assert score_intervals(count_segments(truth, predicted, classes, named)) == score_intervals(
        count_segments(truth, predicted, classes, segment)
    )


def test_segments_that_agree_have_no_width():
    truth = np.repeat([0, 1, 0, 1, 0, 1], 10)
    predicted = np.where(np.tile(np.arange(10) < 8, 6), truth, 1 - truth)
    found = score_intervals(count_segments(truth, predicted, 2, np.repeat(np.arange(6), 10)))
    assert found.accuracy == found.balanced_accuracy == (pytest.approx(0.8), pytest.approx(0.8))
    assert found.segments == 6


def test_too_few_segments_fall_back_to_wilson(rng):
    truth, predicted, classes, segment = study(rng, 2)
    found = score_intervals(count_segments(truth, predicted, classes, segment))
    assert found.method == "wilson"
    assert found.accuracy == wilson(int((truth == predicted).sum()), len(truth))
    assert found.balanced_accuracy is found.macro_f1 is None


def test_without_a_window_there_is_no_interval():
    with pytest.raises(ValueError, match="at least one window"):
        score_intervals(count_segments([], [], 2, []))


def test_segments_of_two_sets_are_put_together(rng):
    truth, predicted, classes, segment = study(rng, 4)
    whole = score_intervals(count_segments(truth, predicted, classes, segment))
    half = segment < 4
    parts = [count_segments(truth[p], predicted[p], classes, segment[p]) for p in (half, ~half)]
    assert score_intervals(parts[0] + parts[1]) == whole


def test_a_segment_with_two_actions_counts_for_both():
    found = count_segments([0, 0, 1], [0, 1, 1], 2, ["a", "a", "a"])
    assert found.action.tolist() == [0, 1]
    assert found.counts.tolist() == [[1, 1], [0, 1]]


def test_the_interval_of_a_mean_needs_three_values():
    assert mean_interval([0.5, 0.6]) is None
    low, high = mean_interval(np.linspace(0.5, 0.9, 30))
    # The normal approximation: 0.7 +- 1.96 * 0.1194 / sqrt(30).
    assert (low, high) == (pytest.approx(0.657, abs=0.004), pytest.approx(0.743, abs=0.004))


def test_the_interval_does_not_depend_on_how_many_segments_are_drawn_at_once(rng, monkeypatch):
    counts = count_segments(*study(rng, 15))
    once = score_intervals(counts)
    monkeypatch.setattr(intervals, "_AT_ONCE", 1000)
    assert score_intervals(counts) == once
