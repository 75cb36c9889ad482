"""Labels from markers and from channels."""

from __future__ import annotations

import numpy as np
import pytest

from emg_recognition.recordings.formats.labels import labels_of, spans_of
from emg_recognition.recordings.formats.take import FormatError, Span, Wanted


@pytest.mark.parametrize(
    ("marks", "found"),
    [
        ([], None),
        ([(1.0, 2.0, "fist")], [(10, 30, "fist")]),
        ([(1.0, None, "fist"), (2.0, 0.0, "rest")], [(10, 20, "fist"), (20, 50, "rest")]),
        ([(2.0, None, "rest"), (1.0, None, "fist")], [(10, 20, "fist"), (20, 50, "rest")]),
        ([(1.0, None, "start fist"), (3.0, None, "stop fist")], [(10, 30, "fist")]),
        (
            [(1.0, None, "fist_start"), (3.0, None, "fist_end"), (3.0, None, "rest start")],
            [(10, 30, "fist"), (30, 50, "rest")],
        ),
        ([(1.0, None, "Begin of fist"), (2.0, None, "end")], [(10, 20, "fist")]),
        ([(1.0, None, "begin"), (2.0, None, "end")], [(10, 20, "begin")]),
        (
            [(1.0, None, "fist"), (2.0, None, "boundary"), (3.0, None, "fist")],
            [(10, 20, "fist"), (30, 50, "fist")],
        ),
        (
            [
                (0.0, None, "Recording starts"),
                (0.0, None, "RECORD START"),
                (5.0, None, "rec"),
                (2.0, None, ""),
            ],
            None,
        ),
        ([(1.0, 1.0, "start fist")], [(10, 20, "start fist")]),
        ([(-3.0, 4.0, "fist"), (4.5, 9.0, "rest"), (7.0, 1.0, "late")], [(0, 10, "fist"), (45, 50, "rest")]),
        ([(float("nan"), None, "x"), (1.0, float("inf"), "y")], None),
        ([(1.0, None, "  gro\u0308\u00dfe ")], [(10, 50, "gr\u00f6\u00dfe")]),
    ],
)
def test_markers(marks, found):
    spans = spans_of(marks, 10.0, 50)
    assert spans == (None if found is None else tuple(Span(*one) for one in found))


VALUES = np.array([0, 0, 2, 2, 0, 0, 3, 0, 0, 2])
LEVELS = ["0", "2", "0", "3", "0", "2"]


@pytest.mark.parametrize(
    ("wanted", "names", "marks", "found"),
    [
        ({}, ["emg", "stimulus"], [], LEVELS),
        ({}, ["emg", "trigger"], [], None),
        ({}, ["label", "stimulus"], [], None),
        ({}, ["emg", "stimulus"], [(0.0, None, "fist")], ["fist"]),
        ({"label_channel": "trigger"}, ["emg", "trigger"], [(0.0, None, "fist")], LEVELS),
        ({"marker_channel": 2}, ["emg", "trigger"], [], ["2", "3", "2"]),
    ],
)
def test_channels(wanted, names, marks, found):
    spans = labels_of(marks, 1.0, 10, Wanted(**wanted), names=names, values=lambda i: VALUES if i else None)
    assert (None if spans is None else [one.label for one in spans]) == found


def test_a_marker_holds_until_the_next():
    spans = labels_of((), 1.0, 10, Wanted(marker_channel="t"), names=["t"], values=lambda _: VALUES)
    assert spans == (Span(2, 6, "2"), Span(6, 9, "3"), Span(9, 10, "2"))


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (np.arange(5000.0), "its channel t has too many values for labels"),
        (np.array([1e300]), "too many values"),
        (None, "it has no channel 'u', only t"),
    ],
)
def test_a_channel_that_holds_no_labels_is_refused(values, said):
    with pytest.raises(FormatError, match=said):
        labels_of(
            (),
            1.0,
            5000,
            Wanted(label_channel="t" if values is not None else "u"),
            names=["t"],
            values=lambda _: values,
        )
