"""Every member has its own pair of panels, on common axes."""

from __future__ import annotations

import pytest

from emg_recognition.evaluation.figures import member_curves
from emg_recognition.evaluation.style import png


def history(factor):
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
def test_two_panels_a_member(members):
    figure = member_curves([history(1 + i) for i in range(members)], 0)
    assert len(figure.axes) == 2 * members
    titles = {axes.get_title(loc="left") for axes in figure.axes} - {""}
    assert titles == {"Member 1 (kept)", *(f"Member {i}" for i in range(2, members + 1))}
    assert png(figure, dpi=40).startswith(b"\x89PNG")


def test_the_highest_loss_fits_on_the_common_axis():
    figure = member_curves([history(1), history(7)], None)
    losses = [axes for axes in figure.axes if axes.get_title(loc="left")]
    assert [axes.get_ylim() for axes in losses] == [(0, pytest.approx(1.04 * 7))] * 2
    assert losses[1].lines[0].get_ydata().tolist() == [7, 7 / 2, 7 / 3]


def test_what_was_not_measured_is_not_drawn():
    figure = member_curves([history(1)], None)
    assert figure.axes[1].lines[1].get_xdata().tolist() == [1]
