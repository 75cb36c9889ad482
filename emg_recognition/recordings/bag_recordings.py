"""Read the labelled segments of a bag, for training."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from emg_recognition.bags.reader import open_bag
from emg_recognition.errors import RecordingError
from emg_recognition.recordings.emg_bag import EmgBag
from emg_recognition.recordings.events import LabelEvent, SampleBlock
from emg_recognition.recordings.labels import MARGIN, LabelInterval, label_intervals
from emg_recognition.recordings.recordings import Recordings
from emg_recognition.recordings.sample_clock import SampleClock
from emg_recognition.recordings.segments import Segment, gather_segments
from emg_recognition.signal.settings import LARGEST_SAMPLE
from emg_recognition.types import RATE_TOLERANCE

#: A session of a day has some thousand.
_MOST_LABELS = 20_000
#: Stamps over a shorter time (s) say too little about the rate, because they jitter.
_SHORTEST_SPAN = 2.0


def read_bag(path: Path, namespace: str | None = None, counts: Path | None = None) -> Recordings:
    """Read the labelled segments of one armband.

    Each performance of an action is a segment without the first and the last
    :data:`~emg_recognition.recordings.labels.MARGIN`. Gaps, restarts and messages with impossible values
    split it into several segments. The bag is read twice because labels may come after their samples.

    Parameters
    ----------
    path : Path
        A folder, an ``.mcap`` or a ``.db3`` file.
    namespace : str, optional
        The armband to read; needed only if the bag holds several.
    counts : Path, optional
        The ``.npy`` file to write the samples to; by default they stay in memory.

    Returns
    -------
    Recordings
        Its segments, float32 in the unit. A label without a session gets the name of the bag as its session.

    Raises
    ------
    RecordingError
        If the path is not a bag, the armband cannot be chosen, there are no samples or no labels, or rate,
        channel count or unit change.
    OSError
        If `counts` cannot be written.
    """
    with open_bag(path) as bag:
        emg = EmgBag(bag, namespace)
        head, intervals, measured = _survey(emg, path)
        found = gather_segments(
            _segments(emg, intervals, round(MARGIN * head.rate), path.stem),
            channels=head.samples.shape[1],
            rate=head.rate,
            unit=head.unit,
            source=str(path),
            counts=counts,
        )
        problems = list(bag.problems)
        if abs(measured - head.rate) > RATE_TOLERANCE * head.rate:
            problems.append(
                f"{path.name}: the stamps of its samples give {measured:.6g} Hz, not {head.rate:g} Hz"
            )
        return dataclasses.replace(found, problems=tuple(problems))


def _survey(emg: EmgBag, path: Path) -> tuple[SampleBlock, list[LabelInterval], float]:
    """Return the first block (all others have its settings), the performed actions and the measured rate."""
    head: SampleBlock | None = None
    clock, labels = SampleClock(), []
    count, span = 0, 0.0
    for event in emg.events():
        if isinstance(event, LabelEvent):
            labels.append(event)
            if len(labels) > _MOST_LABELS:
                problem, remedy = f"it has more than {_MOST_LABELS} labels", "record each session in a bag"
                raise RecordingError(str(path), problem, remedy)
        elif isinstance(event, SampleBlock):
            if head is None:
                head = event
            for name, ours, theirs in (
                ("rate", head.rate, event.rate),
                ("channel count", head.samples.shape[1], event.samples.shape[1]),
                ("unit", head.unit, event.unit),
            ):
                if ours != theirs:
                    raise RecordingError(
                        str(path),
                        f"its {name} changes from {ours} to {theirs} at sample {event.first_index}",
                        "record each setting in a separate bag",
                    )
            clock.add(event.run, event.first_index, len(event.samples), event.stamp, event.rate)
            count += int(event.chunks[:-1].sum())
            span += event.span * 1e-9
    if head is None:
        raise RecordingError(str(path), "there are no samples in it", "record while the armband sends")
    if not labels:
        raise RecordingError(
            str(path),
            f"it has no labels (no message on {emg.namespace}/emg/label)",
            "publish ActionLabel while recording; training needs labels",
        )
    intervals = label_intervals(labels, clock)
    least = 2 * round(MARGIN * head.rate) + 1
    if all(interval.last - interval.first + 1 < least for interval in intervals):
        raise RecordingError(
            str(path),
            f"its {len(labels)} labels leave no action of {least} samples or more",
            f"label actions that last longer than {2 * MARGIN:g} s, and do not discard them all",
        )
    return head, intervals, count / span if span >= _SHORTEST_SPAN else head.rate


def _segments(emg: EmgBag, intervals: list[LabelInterval], margin: int, name: str) -> Iterator[Segment]:
    """Yield the samples of each interval, split where the stream is interrupted."""
    parts: list[np.ndarray] = []
    current: LabelInterval | None = None
    end = -1  # the index that continues `parts`; -1 after an interruption
    runs, firsts, lasts = (
        np.array([getattr(interval, name) for interval in intervals], np.int64)
        for name in ("run", "first", "last")
    )
    for run, index, samples in _usable_samples(emg):
        if samples is None:
            end = -1
            continue
        here = (runs == run) & (firsts + margin < index + len(samples)) & (lasts - margin >= index)
        for number in np.flatnonzero(here).tolist():
            interval = intervals[number]
            first = max(interval.first + margin, index)
            last = min(interval.last - margin, index + len(samples) - 1)
            if last < first:
                continue
            if parts and current is not None and (interval is not current or first != end):
                yield _segment(parts, current, name)
                parts = []
            parts.append(samples[first - index : last + 1 - index])
            current, end = interval, last + 1
    if parts and current is not None:
        yield _segment(parts, current, name)


def _segment(parts: list[np.ndarray], interval: LabelInterval, name: str) -> Segment:
    return Segment(
        np.concatenate(parts),
        interval.subject,
        interval.cohort,
        interval.session or name,
        interval.action,
        interval.repetition,
    )


def _usable_samples(emg: EmgBag) -> Iterator[tuple[int, int, np.ndarray | None]]:
    """Yield run, index and samples; None instead of the samples where the stream is interrupted."""
    for event in emg.events():
        if not isinstance(event, SampleBlock):
            continue
        if event.restart:
            yield event.run, event.first_index, None
        begin = 0
        usable = bool((np.abs(event.samples) <= LARGEST_SAMPLE).all())
        # As in the live path, only the message with the bad sample is lost.
        for count in [len(event.samples)] if usable else event.chunks.tolist():
            samples = event.samples[begin : begin + count]
            good = usable or bool((np.abs(samples) <= LARGEST_SAMPLE).all())
            yield event.run, event.first_index + begin, samples if good else None
            begin += count
