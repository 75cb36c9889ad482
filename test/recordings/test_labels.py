"""A label is valid from START until END or the next START; a window has it only if all its samples do."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emg_recognition.recordings.events import LabelEvent
from emg_recognition.recordings.labels import LabelInterval, label_intervals, window_labels
from emg_recognition.recordings.sample_clock import SampleClock

SECOND = 1_000_000_000
T0 = 1_800_000_000 * SECOND


@pytest.fixture
def clock():
    """Return a clock with samples 0 to 9999 at 1 kHz and, after 10 s, a second run of 0 to 4999."""
    made = SampleClock()
    for i in range(0, 10_000, 1000):
        made.add(0, i, 1000, T0 + i * 1_000_000, 1000.0)
    for i in range(0, 5000, 1000):
        made.add(1, i, 1000, T0 + 20 * SECOND + i * 1_000_000, 1000.0)
    return made


def event(kind, at, action="", repetition=1, *, run=0, has_index=True, stamp=None):
    if stamp is None:
        stamp = T0 + at * 1_000_000 + run * 20 * SECOND
    return LabelEvent(kind, action, repetition, "s", "anna", "c", at if has_index else None, stamp, run)


def short(intervals):
    return [(i.run, i.first, i.last, i.action, i.repetition) for i in intervals]


@pytest.mark.parametrize("has_index", [True, False])
def test_start_is_valid_until_end_or_the_next_start(clock, has_index):
    events = [
        event("start", 100, "rest", has_index=has_index),
        event("start", 2000, "fist", has_index=has_index),
        event("end", 3000, "fist", has_index=has_index),
        event("start", 4000, "rest", 2, has_index=has_index),
    ]
    intervals = label_intervals(events, clock)
    assert short(intervals) == [
        (0, 100, 1999, "rest", 1),
        (0, 2000, 2999, "fist", 1),
        (0, 4000, 9999, "rest", 2),  # without an end, until the last sample of the run
    ]
    assert intervals[0] == LabelInterval(0, 100, 1999, "rest", "anna", "c", "s", 1)


A1, A2, B1 = ("start", 0, "a", 1), ("start", 500, "a", 2), ("start", 600, "b", 1)


@pytest.mark.parametrize(
    ("events", "left"),
    [
        ([A1, B1, ("discard", 1500)], [("a", 1)]),  # the current one
        ([A1, ("end", 400), B1, ("end", 700), ("discard", 1500)], [("a", 1)]),  # the one that ended last
        (
            [A1, A2, ("start", 700, "rest", 2), ("discard", 900, "a", 2)],
            [("a", 1)],
        ),  # named, while rest is current
        ([A1, A2, ("discard", 900, "a", 2)], [("a", 1)]),  # named and current
        ([A1, B1, ("start", 800, "a", 1), ("end", 900), ("discard", 950, "a", 1)], [("a", 1), ("b", 1)]),
        ([("discard", 10), ("start", 100, "a", 1)], [("a", 1)]),  # nothing to discard
        ([A1, ("discard", 500), B1], [("b", 1)]),
    ],
)
def test_discard_removes_a_performance(clock, events, left):
    found = label_intervals([event(*entry) for entry in events], clock)
    assert [(i.action, i.repetition) for i in found] == left


def test_after_discard_no_label_is_valid_until_the_next_start(clock):
    events = [event("start", 0, "a"), event("discard", 500), event("start", 600, "a"), event("end", 700)]
    assert short(label_intervals(events, clock)) == [(0, 600, 699, "a", 1)]


def test_each_run_has_its_own_intervals(clock):
    events = [event("start", 9000, "a"), event("start", 200, "b", run=1)]
    assert short(label_intervals(events, clock)) == [(0, 9000, 9999, "a", 1), (1, 200, 4999, "b", 1)]


def test_a_label_from_before_the_recording_is_valid_from_its_first_sample():
    clock = SampleClock()
    clock.add(0, 5000, 1000, T0 + 5 * SECOND, 1000.0)
    assert short(label_intervals([event("start", 4000, "a"), event("end", 5500)], clock)) == [
        (0, 5000, 5499, "a", 1)
    ]
    assert label_intervals([event("start", 100, "a"), event("end", 900)], clock) == []
    assert label_intervals([event("start", 7000, "a")], clock) == []


def test_a_latched_label_of_an_earlier_run_is_placed_by_its_stamp(clock):
    # Its index 3000 belongs to an earlier run; by its stamp it is older than all samples.
    stale = event("start", 3000, "old", stamp=T0 - 600 * SECOND)
    intervals = label_intervals([stale, event("start", 2000, "new")], clock)
    assert short(intervals) == [(0, 0, 1999, "old", 1), (0, 2000, 9999, "new", 1)]


def test_a_label_without_a_stamp_is_placed_by_its_index(clock):
    assert short(label_intervals([event("start", 3000, "a", stamp=0)], clock)) == [(0, 3000, 9999, "a", 1)]


def test_repeated_labels_count_once(clock):
    events = [event("start", 100, "a"), event("start", 900, "b")]
    assert short(label_intervals([*events, *events], clock)) == short(label_intervals(events, clock))


def test_without_samples_there_are_no_intervals():
    assert label_intervals([event("start", 0, "a")], SampleClock()) == []


@settings(max_examples=100)
@given(data=st.data())
def test_windows_get_the_label_of_all_their_samples(data):
    """Compare with a label for each sample."""
    margin, length = data.draw(st.integers(0, 4)), data.draw(st.integers(1, 6))
    truth = np.full((2, 80), -1)
    intervals = []
    for run in (0, 1):
        borders = sorted(data.draw(st.sets(st.integers(0, 80), max_size=9)))
        for first, end in itertools.pairwise(borders):
            if data.draw(st.booleans()):
                truth[run, first + margin : max(first, end - margin)] = len(intervals)
                intervals.append(LabelInterval(run, first, end - 1, "a", "", "", "", 1))
    runs = np.repeat([0, 1], 80 - length)
    first = np.tile(np.arange(80 - length), 2)
    expected = []
    for run, begin in zip(runs, first, strict=True):
        labels = set(truth[run, begin : begin + length])
        expected.append(labels.pop() if len(labels) == 1 else -1)
    found = window_labels(intervals, runs, first, first + length - 1, margin)
    assert found.tolist() == expected


def test_no_windows_and_no_intervals():
    assert window_labels([], [0], [5], [9], 0).tolist() == [-1]
    assert window_labels([LabelInterval(0, 0, 9, "a", "", "", "", 1)], [], [], [], 0).tolist() == []
