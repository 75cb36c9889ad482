"""Numbers and lists as people read them."""

from __future__ import annotations

import pytest

from emg_recognition.evaluation.report import listed


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ([], ""),
        ([4], "4"),
        ([1, 2], "1, 2"),
        ([1, 2, 3, 5, 7, 8, 9], "1–3, 5, 7–9"),
        (["b", "a", "c"], "b, a, c"),
        (("s1", 2, 3, 4, "s5"), "s1, 2–4, s5"),
    ],
)
def test_whole_numbers_in_a_row_become_a_span(values, text):
    assert listed(values) == text
