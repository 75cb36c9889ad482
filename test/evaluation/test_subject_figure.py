"""Each subject a dot in the panel of its cohort."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from emg_recognition.evaluation.comparison_figures import subject_figure
from emg_recognition.evaluation.style import png


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


def test_subjects_without_a_cohort():
    (axes,) = subject_figure({"": 0.5}, {"": ""}).axes
    assert names(axes) == ["(unnamed)"]
    assert axes.get_title(loc="left").startswith("Subjects")
