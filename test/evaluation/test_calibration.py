"""The calibration error against a plain reading of its definition, and against what it must be."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emg_recognition.evaluation.confidence import BINS, calibration


def answers(confidences):
    """Probabilities of two actions, the first the more probable."""
    values = np.asarray(confidences)
    return np.stack([values, 1 - values], axis=1)


@given(st.lists(st.tuples(st.floats(0.5, 1.0), st.booleans()), min_size=1, max_size=50))
def test_it_is_the_weighted_gap_of_the_bins(pairs):
    confidences, right = (np.array(column) for column in zip(*pairs, strict=True))
    found = calibration(answers(confidences), np.where(right, 0, 1))
    gaps = 0.0
    for m in range(1, BINS + 1):  # equations 1 to 3 of Guo et al.
        inside = (confidences > (m - 1) / BINS) & (confidences <= m / BINS)
        entry = found["bins"][m - 1]
        assert entry["windows"] == inside.sum()
        if inside.any():
            # With confidence 0.5 both actions tie and the first is taken, as by argmax.
            assert entry["accuracy"] == pytest.approx(right[inside].mean())
            assert entry["confidence"] == pytest.approx(confidences[inside].mean())
            gaps += inside.mean() * abs(right[inside].mean() - confidences[inside].mean())
        else:
            assert entry["accuracy"] is entry["confidence"] is None
    assert found["ece"] == pytest.approx(gaps)
    json.dumps(found, allow_nan=False)


def test_an_honest_confidence_has_no_error_and_a_boastful_one_has():
    truth = np.array([0, 0, 0, 0, 1] * 20)  # four in five are right
    assert calibration(answers(np.full(100, 0.8)), truth)["ece"] == pytest.approx(0)
    assert calibration(answers(np.full(100, 1.0)), truth)["ece"] == pytest.approx(0.2)


def test_an_edge_belongs_to_the_bin_below_it():
    found = calibration(answers([0.6, 1.0]), [0, 0])
    assert [entry["windows"] for entry in found["bins"]] == [0] * 8 + [1] + [0] * 5 + [1]


def test_single_precision_is_enough_and_no_window_is_refused():
    assert calibration(answers([0.9, 0.7]).astype(np.float32), [0, 1])["ece"] == pytest.approx(0.4)
    with pytest.raises(ValueError, match="no window"):
        calibration(np.zeros((0, 2)), [])
