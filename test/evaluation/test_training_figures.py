"""Curves over the epochs show what they are given."""

from __future__ import annotations

import pytest
from matplotlib.figure import Figure

from emg_recognition.evaluation.style import png
from emg_recognition.evaluation.training_figures import learning_curves, member_curves


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


def test_where_all_are_kept_all_are_drawn_in_the_same_way():
    figure = learning_curves([history(4), history(4)], None)
    assert len({line.get_linewidth() for line in figure.axes[0].lines}) == 1
    assert legend(figure) == ["training, each member", "validation, each member"]


def test_a_single_member_needs_no_number():
    assert legend(learning_curves([history(3)], 0)) == ["training", "validation"]


def test_a_missing_validation_leaves_its_curve_out():
    figure = learning_curves([history(3, validated=False)], 0)
    assert len(figure.axes[0].lines) == 1
    png(figure)


def steep(factor):
    return [
        {
            "epoch": k,
            "loss": factor / k,
            "accuracy": 1 - 0.5 / k,
            "val_loss": 1.2 / k,
            "val_accuracy": 0.4 if k == 1 else None,
        }
        for k in (1, 2, 3)
    ]


@pytest.mark.parametrize("members", [1, 3, 5])
def test_each_member_has_two_panels(members):
    figure = member_curves([steep(1 + i) for i in range(members)], 0)
    assert len(figure.axes) == 2 * members
    titles = {axes.get_title(loc="left") for axes in figure.axes} - {""}
    assert titles == {"Member 1 (kept)", *(f"Member {i}" for i in range(2, members + 1))}
    assert png(figure, dpi=40).startswith(b"\x89PNG")


def test_the_highest_loss_fits_on_the_common_axis():
    figure = member_curves([steep(1), steep(7)], None)
    losses = [axes for axes in figure.axes if axes.get_title(loc="left")]
    assert [axes.get_ylim() for axes in losses] == [(0, pytest.approx(1.04 * 7))] * 2
    assert losses[1].lines[0].get_ydata().tolist() == [7, 7 / 2, 7 / 3]


def test_values_that_were_not_measured_are_not_drawn():
    figure = member_curves([steep(1)], None)
    assert figure.axes[1].lines[1].get_xdata().tolist() == [1]
