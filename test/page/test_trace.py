"""Columns of the live signals: nothing between two samples is lost, however the stream was cut."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from emg_recognition.page.trace import COLUMNS, Trace


def columns_of(samples, cuts, rate):
    trace = Trace()
    for part in np.split(samples, cuts):
        trace.add(part, rate)
    return trace.since(0)[0]


@given(
    st.integers(1, 5),
    st.sampled_from([60.0, 200.0, 1000.0, 2048.0]),
    st.lists(st.integers(0, 340), max_size=8),
    st.integers(0, 2**31),
)
def test_columns_do_not_depend_on_the_cuts_and_hold_the_extremes(channels, rate, cuts, seed):
    samples = np.random.default_rng(seed).normal(size=(340, channels)).astype(np.float32)
    whole = columns_of(samples, [], rate)
    np.testing.assert_array_equal(columns_of(samples, sorted(cuts), rate), whole)
    # Walk the samples again by hand: a column ends where its share of a 60th second is full.
    width, begin = rate / COLUMNS, 0
    for number, (low, high) in enumerate(whole, start=1):
        end = int(number * width + 1e-6)
        np.testing.assert_array_equal(low, samples[begin:end].min(axis=0))
        np.testing.assert_array_equal(high, samples[begin:end].max(axis=0))
        begin = end


def test_a_slow_device_has_a_column_for_each_sample():
    trace = Trace()
    trace.add(np.arange(10, dtype=np.float32)[:, np.newaxis], 10.0)
    assert trace.since(0)[0][:, 0, 0].tolist() == list(range(10))


def test_a_reader_gets_what_is_new_and_after_a_long_absence_what_is_kept():
    trace = Trace()
    trace.add(np.zeros((1000, 2)), 1000.0)
    seen = trace.count
    assert 59 <= seen <= 60
    assert len(trace.since(seen)[0]) == 0
    trace.add(np.ones((100, 2)), 1000.0)
    new, count = trace.since(seen)
    assert count - seen == len(new) >= 5
    for _ in range(30):
        trace.add(np.ones((1000, 2)), 1000.0)
    kept, _ = trace.since(seen)
    assert len(kept) == 360  # six seconds
    assert np.all(kept == 1)


def test_another_device_starts_anew():
    trace = Trace()
    trace.add(np.ones((500, 2)), 1000.0)
    trace.add(np.full((500, 3), 7.0), 1000.0)
    columns, _ = trace.since(0)
    assert columns.shape[1:] == (2, 3)
    assert np.all(columns == 7.0)
    # Columns of before a restart and after it do not mix.
    trace.add(np.full((5, 3), -1.0), 1000.0, restart=True)
    trace.add(np.full((50, 3), -1.0), 1000.0)
    assert trace.since(trace.count - 1)[0].tolist() == [[[-1.0] * 3] * 2]
