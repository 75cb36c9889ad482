"""The figures of a comparison show every run."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from emg_recognition.evaluation.comparison_figures import MethodRuns, comparison_figure, curve_figure
from emg_recognition.evaluation.style import png


def row(method, values, minority=(), *, group="ensemble", leaking=False):
    return MethodRuns(name=method, group=group, leaking=leaking, values=list(values), minority=list(minority))


ROWS = [
    row("best on the minority", [0.9, 0.92, 0.94], [0.8, 0.8, 0.9]),
    row("best on the test data", [0.95, 0.96, 0.97], [0.9, 0.9, 0.9], leaking=True),
    row("LDA", [0.7], [0.6], group="classical"),
]


def dots(axes):
    return [sorted(line.get_xdata().tolist()) for line in axes.lines if line.get_marker() == "o"]


def test_runs_are_dots_and_their_mean_a_bar():
    everyone, minority = comparison_figure(ROWS).axes
    assert dots(everyone) == [[0.9, 0.92, 0.94], [0.95, 0.96, 0.97], [0.7]]
    assert dots(minority) == [[0.8, 0.8, 0.9], [0.9, 0.9, 0.9], [0.6]]
    bars = [line.get_xdata()[0] for line in everyone.lines if line.get_marker() != "o"]
    assert bars == pytest.approx([0.92, 0.96, 0.7])
    assert [text.get_text() for text in everyone.texts] == ["92.0", "96.0", "70.0"]


def test_leaking_methods_are_named_on_the_axis_and_in_the_legend():
    figure = comparison_figure(ROWS)
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == [
        "best on the minority",
        "best on the test data (leaking)",
        "LDA",
    ]
    legend = [text.get_text() for text in figure.legends[0].get_texts()]
    assert legend == ["ensemble", "classical", "leaking: has seen test data", "mean of the runs"]


def test_without_a_minority_there_is_one_panel():
    assert len(comparison_figure([row("LDA", [0.7], group="classical")]).axes) == 1


@pytest.mark.parametrize("with_minority", [True, False])
def test_all_text_is_inside_the_comparison(with_minority):
    rows = [
        row(f"a method with a long name, number {k}", [0.5 + 0.04 * k, 0.6], ROWS[0].minority)
        for k in range(9)
    ]
    rows += [
        row("x", [1.0], [1.0], group=group, leaking=leak)
        for group, leak in (("network", False), ("classical", True))
    ]
    if not with_minority:
        rows = [dataclasses.replace(one, minority=[]) for one in rows]
    figure = comparison_figure(rows)
    png(figure, dpi=50)
    width, height = figure.canvas.get_width_height()
    texts = [
        label for axes in figure.axes for label in (*axes.get_yticklabels(), *axes.texts, axes.xaxis.label)
    ]
    boxes = [text.get_window_extent() for text in texts if text.get_text() and text.get_visible()]
    boxes.append(figure.legends[0].get_window_extent())
    corners = np.array([(box.x0, box.y0, width - box.x1, height - box.y1) for box in boxes])
    assert (corners >= -0.5).all()


def point(repetitions, **methods):
    """Return a point of a learning curve: the accuracies of the people in each run of each method."""
    return {
        "repetitions": repetitions,
        "methods": [
            {
                "method": name,
                "title": name,
                "runs": [
                    {"fold": "", "seed": None if name == "lda" else seed, "per_subject": one}
                    for seed, one in enumerate(runs)
                ],
            }
            for name, runs in methods.items()
        ],
    }


CURVE = [
    point(
        1,
        pretrain=[{"a": 0.7, "b": 0.8}, {"a": 0.6, "b": 0.9}],
        minority=[{"a": 0.5, "b": 0.8}, {"a": 0.5, "b": 0.6}],
        lda=[{"a": 0.4, "b": 0.4}],
    ),
    point(9, pretrain=[{"a": 0.9, "b": 0.9}] * 2, minority=[{"a": 0.9, "b": 0.9}] * 2),
]


def test_a_learning_curve_has_the_means_and_each_difference():
    means, differences = curve_figure(CURVE, "patient").axes
    assert [label.get_text() for label in means.get_xticklabels()] == ["1", "9"]
    lines = [line.get_ydata().tolist() for line in means.lines]
    np.testing.assert_allclose(lines, [[0.75, 0.9], [0.6, 0.9], [0.4, np.nan]])
    found = [line.get_ydata().tolist() for line in differences.lines if line.get_marker() == "o"]
    # LDA is no network: what it lacks has nothing to do with other people's recordings.
    np.testing.assert_allclose(found, [[0.2, 0.0, 0.1, 0.3], [0.0] * 4], atol=1e-12)


def test_every_method_of_a_learning_curve_has_a_colour_of_its_own():
    methods = ("ensemble-minority", "ensemble-overall", "ensemble-soft-vote", "weighted", "pretrain", "adapt")
    every = {key: [{"a": 0.5}] for key in (*methods, "minority", "lda")}
    means, _ = curve_figure([point(1, **every), point(2, **every)], "patient").axes
    assert len({line.get_color() for line in means.lines}) == len(every)


def test_a_learning_curve_without_the_minority_alone_has_one_panel():
    assert len(curve_figure([point(1, lda=[{"a": 0.5}])], "patient").axes) == 1
