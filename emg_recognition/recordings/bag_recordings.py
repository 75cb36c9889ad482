"""A bag with labels as recordings to train with."""

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

# As the live signal path refuses them: no electrode delivers more in any unit.
_LARGEST = 1e30


def read_bag(path: Path, namespace: str | None = None, counts: Path | None = None) -> Recordings:
    """Read the labelled segments of one armband.

    Each performance of an action is a segment, :data:`~emg_recognition.recordings.labels.MARGIN` inside
    its borders. Gaps, restarts and samples that no electrode delivers cut it into several. The bag is read
    twice, so that labels may come after their samples.

    Parameters
    ----------
    path : Path
        A folder, an ``.mcap`` or a ``.db3`` file.
    namespace : str, optional
        Which armband, where the bag has several.
    counts : Path, optional
        The ``.npy`` file to write the samples to; in memory by default.

    Returns
    -------
    Recordings
        Its segments, float32 in the unit. A label without a session belongs to that of the bag's name.

    Raises
    ------
    RecordingError
        If it is no bag, holds no labels, several armbands and none is chosen, or samples of different rates,
        channel counts or units.
    OSError
        If `counts` cannot be written.
    """
    with open_bag(path) as bag:
        emg = EmgBag(bag, namespace)
        head, intervals = _survey(emg, path)
        found = gather_segments(
            _segments(emg, intervals, round(MARGIN * head.rate), path.stem),
            channels=head.samples.shape[1],
            rate=head.rate,
            unit=head.unit,
            source=str(path),
            counts=counts,
        )
        return dataclasses.replace(found, problems=tuple(bag.problems))


def _survey(emg: EmgBag, path: Path) -> tuple[SampleBlock, list[LabelInterval]]:
    """Return the first samples, which all others must be like, and what was performed."""
    head: SampleBlock | None = None
    clock, labels = SampleClock(), []
    for event in emg.events():
        if isinstance(event, LabelEvent):
            labels.append(event)
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
                        "record each setting in a bag of its own",
                    )
            clock.add(event.run, event.first_index, len(event.samples), event.stamp, event.rate)
    if head is None:
        raise RecordingError(str(path), "there are no samples in it", "record while the armband sends")
    if not labels:
        raise RecordingError(
            str(path),
            f"it has no labels (no message on {emg.namespace}/emg/label)",
            "publish ActionLabel while recording; nothing can be learned without it",
        )
    intervals = label_intervals(labels, clock)
    least = 2 * round(MARGIN * head.rate) + 1
    if all(interval.last - interval.first + 1 < least for interval in intervals):
        raise RecordingError(
            str(path),
            f"its {len(labels)} labels leave no action of {least} samples or more",
            f"label actions that last longer than twice {MARGIN:g} s, and do not discard all",
        )
    return head, intervals


def _segments(emg: EmgBag, intervals: list[LabelInterval], margin: int, name: str) -> Iterator[Segment]:
    """Yield the samples of each interval, in as many pieces as the stream has breaks in it."""
    parts: list[np.ndarray] = []
    current: LabelInterval | None = None
    end = -1  # index that goes on with `parts`; -1 after a break
    for run, index, samples in _stretches(emg):
        if samples is None:
            end = -1
            continue
        for interval in intervals:
            first = max(interval.first + margin, index)
            last = min(interval.last - margin, index + len(samples) - 1)
            if interval.run != run or last < first:
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


def _stretches(emg: EmgBag) -> Iterator[tuple[int, int, np.ndarray | None]]:
    """Yield run, index and samples; None for the samples where the stream starts anew."""
    for event in emg.events():
        if not isinstance(event, SampleBlock):
            continue
        if event.restart:
            yield event.run, event.first_index, None
        begin = 0
        usable = bool((np.abs(event.samples) <= _LARGEST).all())
        # As live, the message with a bad sample is lost, and no other.
        for count in [len(event.samples)] if usable else event.chunks.tolist():
            samples = event.samples[begin : begin + count]
            good = usable or bool((np.abs(samples) <= _LARGEST).all())
            yield event.run, event.first_index + begin, samples if good else None
            begin += count
