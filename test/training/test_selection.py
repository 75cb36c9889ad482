"""The member kept is best for the minority, whatever it does for the majority."""

from __future__ import annotations

import pytest

from emg_recognition.training.selection import select_member


@pytest.mark.parametrize(
    ("scores", "best"),
    [
        ([(0.7, 0.99), (0.9, 0.50), (0.8, 0.98)], 1),
        ([(0.9, 0.50), (0.9, 0.60), (0.9, 0.55)], 1),
        ([(0.9, 0.60), (0.9, 0.60)], 0),
        ([(0.1, 0.1)], 0),
    ],
)
def test_minority_first_then_all_then_the_earlier(scores, best):
    members = [
        {"val_balanced_accuracy": minority, "val_balanced_accuracy_all": whole} for minority, whole in scores
    ]
    assert select_member(members) == best
