"""Calibration error and accuracy-rejection curve against their definitions."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emg_recognition.evaluation.confidence import BINS, THRESHOLDS, calibration, rejection
from emg_recognition.evaluation.metrics import to_json


def answers(confidences):
    """Probabilities of two actions, the first the more probable."""
    values = np.asarray(confidences)
    return np.stack([values, 1 - values], axis=1)


@given(st.lists(st.tuples(st.floats(0.5, 1.0), st.booleans()), min_size=1, max_size=50))
def test_the_error_is_the_weighted_gap_of_the_bins(pairs):
    confidences, right = (np.array(column) for column in zip(*pairs, strict=True))
    found = calibration(answers(confidences), np.where(right, 0, 1))
    gaps = 0.0
    for m in range(1, BINS + 1):  # equations 1 to 3 of Guo et al.
        inside = (confidences > (m - 1) / BINS) & (confidences <= m / BINS)
        entry = found.bins[m - 1]
        assert entry.windows == inside.sum()
        if inside.any():
            # With confidence 0.5 both actions tie and the first is taken, as by argmax.
            assert entry.accuracy == pytest.approx(right[inside].mean())
            assert entry.confidence == pytest.approx(confidences[inside].mean())
            gaps += inside.mean() * abs(right[inside].mean() - confidences[inside].mean())
        else:
            assert entry.accuracy is entry.confidence is None
    assert found.ece == pytest.approx(gaps)
    json.dumps(to_json(found), allow_nan=False)


def test_an_honest_confidence_has_no_error_and_an_overconfident_one_has():
    truth = np.array([0, 0, 0, 0, 1] * 20)  # four in five are right
    assert calibration(answers(np.full(100, 0.8)), truth).ece == pytest.approx(0)
    assert calibration(answers(np.full(100, 1.0)), truth).ece == pytest.approx(0.2)


def test_an_edge_belongs_to_the_bin_below_it():
    found = calibration(answers([0.6, 1.0]), [0, 0])
    assert [entry.windows for entry in found.bins] == [0] * 8 + [1] + [0] * 5 + [1]


def test_single_precision_is_enough():
    assert calibration(answers([0.9, 0.7]).astype(np.float32), [0, 1]).ece == pytest.approx(0.4)


def test_without_a_window_there_is_no_confidence():
    for function in (calibration, rejection):
        with pytest.raises(ValueError, match="at least one window"):
            function(np.zeros((0, 2)), [])


# Few different values, so that ties are frequent.
PAIRS = st.lists(
    st.tuples(st.sampled_from([0.5, 0.6, 0.75, 0.9, 0.99, 1.0]), st.booleans()), min_size=1, max_size=30
)


@given(PAIRS)
def test_every_point_is_what_its_threshold_gives(pairs):
    confidences, right = (np.array(column) for column in zip(*pairs, strict=True))
    found = rejection(answers(confidences), np.where(right, 0, 1))
    assert len(found.curve) == len(np.unique(confidences))
    assert found.curve[0].coverage == 1.0
    assert [point.threshold for point in found.thresholds] == list(THRESHOLDS)
    for point in found.curve + found.thresholds:
        kept = confidences >= point.threshold
        assert point.coverage == pytest.approx(kept.mean())
        assert point.accuracy == (pytest.approx(right[kept].mean()) if kept.any() else None)
    json.dumps(to_json(found), allow_nan=False)


@given(PAIRS, st.integers(0, 2**32 - 1))
def test_the_area_is_the_mean_over_the_orders_of_tied_windows(pairs, seed):
    confidences, right = (np.array(column) for column in zip(*pairs, strict=True))
    found = rejection(answers(confidences), np.where(right, 0, 1)).area
    generator = np.random.default_rng(seed)
    areas = []
    for _ in range(300):
        order = np.lexsort((generator.random(len(right)), -confidences))
        areas.append(np.mean(np.cumsum(right[order]) / np.arange(1, len(right) + 1)))
    # Five standard errors of the mean, and rounding.
    assert found == pytest.approx(np.mean(areas), abs=5 * np.std(areas) / np.sqrt(300) + 1e-9)
    shuffled = generator.permutation(len(right))
    again = rejection(answers(confidences[shuffled]), np.where(right[shuffled], 0, 1)).area
    assert again == pytest.approx(found)


def test_a_confidence_that_sorts_well_has_the_larger_area():
    truth = np.array([0] * 8 + [1] * 2)
    sorted_well = rejection(answers(np.linspace(1, 0.55, 10)), truth).area
    sorted_badly = rejection(answers(np.linspace(0.55, 1, 10)), truth).area
    assert sorted_badly < 0.8 < sorted_well < 1
    assert rejection(answers([0.9, 0.6]), [0, 0]).area == 1


def test_a_long_curve_is_thinned_but_keeps_both_ends(rng):
    confidences = np.sort(rng.uniform(0.5, 1, 5000))
    curve = rejection(answers(confidences), np.zeros(5000, int)).curve
    assert len(curve) == 100
    assert (curve[0].coverage, curve[-1].coverage) == (1.0, 1 / 5000)
