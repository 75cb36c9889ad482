"""Reliability diagram and accuracy–rejection curve show what they are given."""

from __future__ import annotations

import numpy as np
import pytest

from emg_recognition.evaluation.comparison_figures import rejection_figure, reliability_figure
from emg_recognition.evaluation.confidence import calibration, rejection
from emg_recognition.evaluation.style import png


@pytest.fixture
def answers(rng):
    confidence = rng.uniform(0.4, 1, 400)
    truth = np.where(rng.random(400) < confidence, 0, 1)
    return np.stack([confidence, 1 - confidence], axis=1), truth


def test_a_bar_for_each_bin_that_holds_a_window(answers):
    found = calibration(*answers)
    filled = [entry for entry in found.bins if entry.windows]
    upper, lower = reliability_figure(found).axes
    assert [bar.get_height() for bar in upper.patches] == [entry.accuracy for entry in filled]
    assert sum(bar.get_height() for bar in lower.patches) == pytest.approx(1)
    assert f"{100 * found.ece:.1f}" in upper.get_title(loc="left")


def test_the_curve_goes_from_nothing_rejected(answers):
    found = rejection(*answers)
    (axes,) = rejection_figure(found).axes
    rejected, right = axes.lines[0].get_data()
    assert rejected[0] == 0
    assert right[0] == pytest.approx((answers[0].argmax(axis=1) == answers[1]).mean())
    assert [text.get_text() for text in axes.texts] == ["≥ 0.5", "≥ 0.9", "≥ 0.99"]


def test_a_model_that_is_always_right_can_be_drawn():
    sure = np.array([[1.0, 0.0]] * 3)
    for figure in (
        reliability_figure(calibration(sure, [0, 0, 0])),
        rejection_figure(rejection(sure, [0, 0, 0])),
    ):
        assert png(figure, dpi=40).startswith(b"\x89PNG")


def test_a_threshold_that_leaves_nothing_is_not_marked():
    (axes,) = rejection_figure(rejection(np.array([[0.7, 0.3]] * 3), [0, 0, 1])).axes
    assert [text.get_text() for text in axes.texts] == ["≥ 0.5"]
