"""The figures show what they are given, and nothing is drawn through pyplot."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from matplotlib.figure import Figure

from emg_recognition.evaluation.figures import confusion_figure, learning_curves
from emg_recognition.evaluation.style import png


def history(epochs, validated=True):
    return [
        {
            "epoch": k,
            "loss": 1 / k,
            "accuracy": 1 - 0.5 / k,
            "val_loss": 1.2 / k if validated else None,
            "val_accuracy": 1 - 0.6 / k if validated else None,
        }
        for k in range(1, epochs + 1)
    ]


def legend(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.legends[0].get_texts()]


def test_curves_of_every_member_and_the_kept_one_strongest():
    figure = learning_curves([history(4), history(4), history(4)], 1)
    loss, accuracy = figure.axes
    assert [axes.get_title(loc="left") for axes in (loss, accuracy)] == ["Loss", "Accuracy"]
    assert len(loss.lines) == len(accuracy.lines) == 6
    assert loss.lines[-2].get_linewidth() > loss.lines[0].get_linewidth()
    assert loss.lines[-2].get_ydata().tolist() == [1, 1 / 2, 1 / 3, 1 / 4]
    assert accuracy.lines[-1].get_ydata()[0] == pytest.approx(0.4)
    assert legend(figure) == ["training, member 2 (kept)", "validation, member 2 (kept)", "the other members"]


def test_where_all_are_kept_all_are_drawn_alike():
    figure = learning_curves([history(4), history(4)], None)
    assert len({line.get_linewidth() for line in figure.axes[0].lines}) == 1
    assert legend(figure) == ["training, each member", "validation, each member"]


def test_a_single_member_needs_no_number():
    assert legend(learning_curves([history(3)], 0)) == ["training", "validation"]


def test_a_missing_validation_leaves_its_curve_out():
    figure = learning_curves([history(3, validated=False)], 0)
    assert len(figure.axes[0].lines) == 1
    png(figure)


def test_counts_and_shares_stand_in_the_cells():
    figure = confusion_figure([[1999, 1], [0, 0]], ["rest", "elbow_flexion"])
    counts, shares = ([text.get_text() for text in axes.texts] for axes in figure.axes)
    assert counts == ["1\u202f999", "1"]
    assert shares == ["100", "<1"]
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["rest", "elbow flexion"]
    assert figure.axes[0].get_ylabel() == "Performed"


@pytest.mark.parametrize("classes", [1, 2, 6, 12])
def test_all_text_is_inside_the_figure(classes):
    names = [f"wrist_internal_rotation_{k}" for k in range(classes)]
    figure = confusion_figure(np.full((classes, classes), 12345), names)
    image = png(figure, dpi=50)
    assert image.startswith(b"\x89PNG")
    width, height = figure.canvas.get_width_height()
    for axes in figure.axes:
        texts = [
            axes.title,
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


def test_pyplot_stays_out():
    code = (
        "import sys; from emg_recognition.evaluation import figures, style;"
        "style.png(figures.confusion_figure([[1]], ['rest']));"
        "assert 'matplotlib.pyplot' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
