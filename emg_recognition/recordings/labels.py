"""Turn labels into intervals of samples, and assign windows to them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from emg_recognition.recordings.events import LabelEvent
from emg_recognition.recordings.sample_clock import SampleClock

MARGIN = 0.1
"""Nothing within this time (s) of a border is scored or trained, because a change of action takes time."""

#: If the stamps of a label and of its sample differ by more than this (ns), the index is from an earlier run.
_STALE = 1_000_000_000


@dataclass(frozen=True)
class LabelInterval:
    """One performance of an action.

    Attributes
    ----------
    run : int
        Run of the samples.
    first, last : int
        Index of its first and its last sample.
    action, subject, cohort, session : str
        Who performed what.
    repetition : int
        Number of the repetition.
    """

    run: int
    first: int
    last: int
    action: str
    subject: str
    cohort: str
    session: str
    repetition: int


def label_intervals(events: Iterable[LabelEvent], clock: SampleClock) -> list[LabelInterval]:
    """Turn labels into intervals.

    START begins an interval that lasts until END, the next START or the last sample of its run. DISCARD
    removes the current interval and, if it names an action and a repetition that are not the current ones,
    also the last interval with these. If it names no action and there is no current interval, it removes the
    interval that ended last.

    Parameters
    ----------
    events : iterable of LabelEvent
        In the order in which they were received.
    clock : SampleClock
        The clock of all samples; it finds the sample of a label that only has a stamp.

    Returns
    -------
    list of LabelInterval
        Sorted, without overlap, within the recorded samples; empty if there are no samples.
    """
    located = [(*_locate(event, clock), event) for event in events if clock.range_of(event.run) is not None]
    located.sort(key=lambda entry: entry[:2])
    intervals: list[LabelInterval] = []
    running: LabelInterval | None = None
    previous: LabelEvent | None = None
    for run, index, event in located:
        if event == previous:
            continue  # a recorder that reconnects receives the latched label again
        previous = event
        if event.event == "discard":
            intervals, running = _discard(intervals, running, event), None
            continue
        intervals += _closed(running, run, index, clock)
        running = None
        if event.event == "start":
            running = LabelInterval(
                run=run,
                first=index,
                last=index,
                action=event.action,
                subject=event.subject,
                cohort=event.cohort,
                session=event.session,
                repetition=event.repetition,
            )
    return intervals + _closed(running, -1, 0, clock)


def _locate(event: LabelEvent, clock: SampleClock) -> tuple[int, int]:
    """Return run and index from which a label is valid."""
    if event.index is not None:
        expected = clock.stamp_at(event.run, event.index)
        if event.stamp == 0 or expected is None or abs(expected - event.stamp) <= _STALE:
            return event.run, event.index
    return clock.index_at(event.stamp)


def _closed(running: LabelInterval | None, run: int, index: int, clock: SampleClock) -> list[LabelInterval]:
    """End the current interval before a sample and limit it to the recorded samples; it may become empty."""
    if running is None:
        return []
    samples = clock.range_of(running.run)
    assert samples is not None
    first, last = max(running.first, samples[0]), samples[1]
    if run == running.run:
        last = min(last, index - 1)
    return [replace(running, first=first, last=last)] if last >= first else []


def _discard(
    intervals: list[LabelInterval], running: LabelInterval | None, event: LabelEvent
) -> list[LabelInterval]:
    if event.action:
        named = [
            i
            for i, interval in enumerate(intervals)
            if (interval.action, interval.repetition) == (event.action, event.repetition)
        ]
        if running is not None and (running.action, running.repetition) == (event.action, event.repetition):
            named = []
        return [interval for i, interval in enumerate(intervals) if i not in named[-1:]]
    return intervals if running is not None else intervals[:-1]


def window_labels(
    intervals: Sequence[LabelInterval], run: ArrayLike, first: ArrayLike, last: ArrayLike, margin_samples: int
) -> np.ndarray:
    """Find the interval that contains all samples of each window.

    Parameters
    ----------
    intervals : sequence of LabelInterval
        As :func:`label_intervals` returns them.
    run, first, last : array_like
        Integers, shape (n,): run, first and last sample of each window.
    margin_samples : int
        A window that is closer to a border than this belongs to no interval.

    Returns
    -------
    numpy.ndarray
        int64, shape (n,): position in `intervals`; -1 for none.
    """
    run, first, last = (np.asarray(values, dtype=np.int64) for values in (run, first, last))
    found = np.full(len(first), -1)
    for number in {interval.run for interval in intervals}:
        numbers = np.array([i for i, interval in enumerate(intervals) if interval.run == number])
        begins = np.array([intervals[i].first for i in numbers])
        ends = np.array([intervals[i].last for i in numbers])
        order = np.argsort(begins)
        here = np.flatnonzero(run == number)
        at = np.searchsorted(begins[order], first[here], side="right") - 1
        candidate = order[np.maximum(at, 0)]
        inside = (first[here] >= begins[candidate] + margin_samples) & (
            last[here] <= ends[candidate] - margin_samples
        )
        found[here[inside]] = numbers[candidate[inside]]
    return found
