"""Figures of scores show what they are given, and nothing is drawn through pyplot."""

from __future__ import annotations

import itertools
import subprocess
import sys

import numpy as np
import pytest
from matplotlib.text import Text

from emg_recognition.evaluation.confidence import calibration, rejection
from emg_recognition.evaluation.metrics import Scores
from emg_recognition.evaluation.score_figures import (
    confusion_figure,
    rejection_figure,
    reliability_figure,
    subject_figure,
)
from emg_recognition.evaluation.style import png


def test_the_cells_hold_counts_and_shares():
    figure = confusion_figure(Scores(("rest", "elbow_flexion"), np.array([[1999, 1], [0, 0]])))
    counts, shares = ([text.get_text() for text in axes.texts] for axes in figure.axes)
    assert counts == ["1\u202f999", "1"]
    assert shares == ["100", "<1"]
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["rest", "elbow flexion"]
    assert figure.axes[0].get_ylabel() == "Performed"


@pytest.mark.parametrize("classes", [1, 2, 4, 6, 12])
def test_all_text_is_inside_the_confusion_matrix(classes):
    names = tuple(f"wrist_internal_rotation_{k}" for k in range(classes))
    figure = confusion_figure(Scores(names, np.full((classes, classes), 12345)))
    image = png(figure, dpi=50)
    assert image.startswith(b"\x89PNG")
    width, height = figure.canvas.get_width_height()
    for axes in figure.axes:
        texts = [
            *(child for child in axes.get_children() if isinstance(child, Text)),
            axes.xaxis.label,
            axes.yaxis.label,
            *axes.get_xticklabels(),
            *axes.get_yticklabels(),
        ]
        for text in filter(lambda text: text.get_text(), texts):
            box = text.get_window_extent()
            assert box.x0 >= 0, text
            assert box.y0 >= 0, text
            assert box.x1 <= width, text
            assert box.y1 <= height, text


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


def subjects(**cohorts):
    """Balanced accuracies and cohorts by subject."""
    pairs = [
        (f"{cohort}_{i}", value, cohort)
        for cohort, values in cohorts.items()
        for i, value in enumerate(values)
    ]
    return {name: value for name, value, _ in pairs}, {name: cohort for name, _, cohort in pairs}


def names(axes):
    return [label.get_text() for label in axes.get_yticklabels()]


def test_best_first_in_each_cohort():
    healthy, patient = subject_figure(*subjects(patient=[0.6, 0.7], healthy=[0.8, 0.95, 0.9])).axes
    assert names(healthy) == ["healthy 1", "healthy 2", "healthy 0"]
    assert names(patient) == ["patient 1", "patient 0"]
    dots = next(line for line in healthy.lines if line.get_marker() == "o")
    assert dots.get_xdata().tolist() == [0.95, 0.9, 0.8]
    assert "88.3" in healthy.get_title(loc="left")


def test_every_dot_is_within_the_axes():
    for values in ([0.0, 1.0], [0.97], [0.3] * 41):
        (axes,) = subject_figure(*subjects(all=values)).axes
        low, high = axes.get_xlim()
        assert low <= min(values) <= max(values) < high
        bottom, top = axes.get_ylim()
        assert (bottom, top) == (pytest.approx(len(values) - 0.4), -0.6)


def test_names_of_many_subjects_do_not_overlap():
    figure = subject_figure(*subjects(left_arm=np.linspace(0.5, 1, 38), right_arm=[0.6, 0.7, 0.8]))
    png(figure, dpi=100)
    boxes = sorted(
        (label.get_window_extent() for axes in figure.axes for label in axes.get_yticklabels()),
        key=lambda box: box.y0,
    )
    assert len(boxes) == 41
    assert all(lower.y1 <= upper.y0 for lower, upper in itertools.pairwise(boxes))


def test_a_thousand_subjects_take_no_more_paper_than_a_hundred():
    figure = subject_figure(*subjects(healthy=np.linspace(0.5, 1, 1300), patient=[0.6] * 3))
    png(figure, dpi=50)
    assert figure.get_figheight() < 20
    assert [names(axes) for axes in figure.axes] == [[], []]
    dots = next(line for line in figure.axes[0].lines if line.get_marker() == "o")
    assert len(dots.get_xdata()) == 1300


def test_subjects_without_a_cohort():
    (axes,) = subject_figure({"": 0.5}, {"": ""}).axes
    assert names(axes) == ["(unnamed)"]
    assert axes.get_title(loc="left").startswith("Subjects")


def test_pyplot_stays_out():
    code = (
        "import sys; from emg_recognition.evaluation import report, timeline;"
        "assert 'matplotlib.pyplot' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
