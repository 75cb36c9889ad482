"""The accuracy–rejection curve against counting at every threshold."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emg_recognition.evaluation.confidence import THRESHOLDS, rejection


def answers(confidences):
    values = np.asarray(confidences)
    return np.stack([values, 1 - values], axis=1)


# Few different values, so that ties are the rule.
PAIRS = st.lists(
    st.tuples(st.sampled_from([0.5, 0.6, 0.75, 0.9, 0.99, 1.0]), st.booleans()), min_size=1, max_size=30
)


@given(PAIRS)
def test_every_point_is_what_its_threshold_gives(pairs):
    confidences, right = (np.array(column) for column in zip(*pairs, strict=True))
    found = rejection(answers(confidences), np.where(right, 0, 1))
    assert len(found["curve"]) == len(np.unique(confidences))
    assert found["curve"][0]["coverage"] == 1.0
    assert [point["threshold"] for point in found["thresholds"]] == list(THRESHOLDS)
    for point in found["curve"] + found["thresholds"]:
        kept = confidences >= point["threshold"]
        assert point["coverage"] == pytest.approx(kept.mean())
        assert point["accuracy"] == (pytest.approx(right[kept].mean()) if kept.any() else None)
    json.dumps(found, allow_nan=False)


@given(PAIRS, st.integers(0, 2**32 - 1))
def test_the_area_is_the_mean_over_the_orders_of_tied_windows(pairs, seed):
    confidences, right = (np.array(column) for column in zip(*pairs, strict=True))
    found = rejection(answers(confidences), np.where(right, 0, 1))["area"]
    generator = np.random.default_rng(seed)
    areas = []
    for _ in range(300):
        order = np.lexsort((generator.random(len(right)), -confidences))
        areas.append(np.mean(np.cumsum(right[order]) / np.arange(1, len(right) + 1)))
    # Five standard errors of the mean, and what rounding leaves.
    assert found == pytest.approx(np.mean(areas), abs=5 * np.std(areas) / np.sqrt(300) + 1e-9)
    shuffled = generator.permutation(len(right))
    again = rejection(answers(confidences[shuffled]), np.where(right[shuffled], 0, 1))["area"]
    assert again == pytest.approx(found)


def test_a_confidence_that_sorts_well_has_the_larger_area():
    truth = np.array([0] * 8 + [1] * 2)
    sorted_well = rejection(answers(np.linspace(1, 0.55, 10)), truth)["area"]
    sorted_badly = rejection(answers(np.linspace(0.55, 1, 10)), truth)["area"]
    assert sorted_badly < 0.8 < sorted_well < 1
    assert rejection(answers([0.9, 0.6]), [0, 0])["area"] == 1


def test_a_long_curve_is_thinned_but_keeps_both_ends(rng):
    confidences = np.sort(rng.uniform(0.5, 1, 5000))
    curve = rejection(answers(confidences), np.zeros(5000, int))["curve"]
    assert len(curve) == 100
    assert (curve[0]["coverage"], curve[-1]["coverage"]) == (1.0, 1 / 5000)
