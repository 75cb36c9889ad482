"""However many windows and spans there are, columns show them."""

from __future__ import annotations

import numpy as np
from emg_recognition.evaluation.lanes import EMPTY, Row, Spans, count, envelope, paint

ROW = Row(10.0, 20.0, 10)


def spans(*entries):
    begin, end, value = np.array(entries, dtype=float).T
    return Spans(begin=begin, end=end, value=value.astype(np.int64))


def test_spans_fill_their_columns_and_the_later_one_wins():
    found = paint(ROW, spans((8, 11, 1), (12.5, 15, 2), (14, 16, 3), (19, 30, 4)))
    assert found.tolist() == [1, EMPTY, 2, 2, 3, 3, EMPTY, EMPTY, EMPTY, 4]


def test_a_span_shorter_than_a_column_is_seen():
    assert paint(ROW, spans((13.2, 13.3, 7))).tolist().index(7) == 3


def test_what_lies_outside_the_row_is_left_out():
    assert set(paint(ROW, spans((0, 10, 1), (20, 21, 2), (3, 5, 3))).tolist()) == {EMPTY}


def test_windows_are_counted_in_their_column_with_their_weight():
    times = np.array([9.99, 10.0, 10.5, 11.5, 19.99, 20.0])
    found = count(ROW, times, np.array([0, 0, 1, 1, 0, 0]), 2, np.array([1, 1, 0.5, 1, 1, 1]))
    assert found.shape == (2, 10)
    assert found[:, 0].tolist() == [1, 0.5]
    assert found[:, 1].tolist() == [0, 1]
    assert found.sum() == 3.5


def test_the_envelope_spans_what_a_column_holds():
    low, mean, high = envelope(ROW, np.array([12.1, 12.9, 15.0, 25.0]), np.float32([0.25, 0.75, 0.5, 9]))
    assert (low[2], mean[2], high[2]) == (0.25, 0.5, 0.75)
    assert (low[5], mean[5], high[5]) == (0.5, 0.5, 0.5)
    assert np.isnan(np.concatenate([low, mean, high])).sum() == 3 * 8
