"""The labels within a file: from annotations or markers, or from a channel."""

from __future__ import annotations

import itertools
import re
import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from emg_recognition.recordings.formats.take import FormatError, Span, Wanted, place_of

#: Time (s) from the first sample, duration (s) if there is one, and text.
Mark = tuple[float, float | None, str]

_BEGIN = re.compile(r"(?i)(?:start|begin|onset)(?:[\s_:/-]+(?:of[\s_]+)?(.+))?")
_BEGINS = re.compile(r"(?i)(.+?)[\s_:/-]+(?:start|begin|onset)")
#: ``boundary`` and ``New Segment`` are where EEGLAB and BrainVision join what was recorded apart.
_END = re.compile(
    r"(?i)(?:end|stop|offset|finish)(?:[\s_:/-]+.*)?|.+[\s_:/-](?:end|stop|offset|finish)"
    r"|boundary|new segment/?"
)
#: What recorders note about themselves.
_NO_LABEL = re.compile(
    r"(?i)rec(?:ord(?:ing)?)?(?:[\s_-]+(?:start(?:s|ed)?|begins?|ends?|stop(?:s|ped)?|continue[sd]?|pause[sd]?))?"
)
#: Longest label, characters.
_LONGEST = 200
#: Names of channels whose value is a label.
_LABEL_CHANNEL = re.compile(r"(?i)(?:re)?stim(?:ulus)?|labels?|class|gesture|action|movement")
#: A channel with more different values than this holds no labels.
_MOST_VALUES = 1000


def labels_of(
    marks: Iterable[Mark],
    rate: float,
    count: int,
    wanted: Wanted,
    *,
    names: Sequence[str] = (),
    values: Callable[[int], np.ndarray] | None = None,
) -> tuple[Span, ...] | None:
    """Return the labels of continuous samples.

    Parameters
    ----------
    marks : iterable of Mark
        The annotations or markers, in any order.
    rate : float
        Sampling rate, Hz.
    count : int
        Number of samples.
    wanted : Wanted
        May name the channel that labels the samples.
    names : sequence of str
        All channels of the file.
    values : callable, optional
        Returns the samples of the channel at a place in `names`, shape (count,).

    Returns
    -------
    tuple of Span or None
        By the channel asked for; else by the marks; else by the one channel that is called like a label, such
        as ``stimulus``. None if there is nothing of these.

    Raises
    ------
    FormatError
        If the channel asked for is not there, or holds no labels.
    """
    given = wanted.marker_channel if wanted.label_channel is None else wanted.label_channel
    if given is not None and values is not None:
        numbers = _numbers(values(place_of(names, given))[:count], str(given))
        return _held(numbers) if wanted.label_channel is None else _levels(numbers)
    found = spans_of(marks, rate, count)
    if found is not None or values is None:
        return found
    called = [i for i, name in enumerate(names) if _LABEL_CHANNEL.fullmatch(name.strip())]
    return _levels(_numbers(values(called[0])[:count], names[called[0]])) if len(called) == 1 else None


def _numbers(values: np.ndarray, name: str) -> np.ndarray:
    numbers = np.nan_to_num(np.asarray(values, np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    if (np.abs(numbers) >= 2**53).any() or len(np.unique(np.rint(numbers))) > _MOST_VALUES:
        raise FormatError(f"its channel {name} has too many values for labels", "name another one")
    return np.rint(numbers).astype(np.int64)


def _levels(numbers: np.ndarray) -> tuple[Span, ...]:
    return tuple(Span(first, last, str(numbers[first])) for first, last in runs_of(numbers))


def _held(numbers: np.ndarray) -> tuple[Span, ...]:
    """Each value but 0 begins a label, which holds until the next."""
    begins = [first for first, _ in runs_of(numbers) if numbers[first]]
    return tuple(
        Span(first, last, str(numbers[first])) for first, last in itertools.pairwise([*begins, len(numbers)])
    )


def spans_of(marks: Iterable[Mark], rate: float, count: int) -> tuple[Span, ...] | None:
    """Turn markers into spans.

    Parameters
    ----------
    marks : iterable of Mark
        In any order.
    rate : float
        Sampling rate, Hz.
    count : int
        Number of samples.

    Returns
    -------
    tuple of Span or None
        A marker with a duration labels that time. One without holds until the next marker, or the end; then
        texts such as ``end``, ``stop fist`` or ``fist end`` end a label, and ``start fist`` and
        ``fist start`` begin ``fist``. None if there are no markers.
    """
    # At one time an end comes before a beginning.
    ordered = sorted(
        (time, length > 0 or not _END.fullmatch(text), length, text) for time, length, text in _plain(marks)
    )
    times = [time for time, *_ in ordered]
    spans = []
    for time, begins, length, text in ordered:
        match = None if length > 0 else _BEGIN.fullmatch(text) or _BEGINS.fullmatch(text)
        label = (match[1] or text) if match else text
        if not begins or not label:
            continue
        following = bisect_right(times, time)
        end = times[following] if following < len(times) else np.inf
        if length > 0:
            end = time + length
        first, last = (round(min(max(at * rate, 0), count)) for at in (time, end))
        if last > first:
            spans.append(Span(first, last, label))
    return tuple(spans) if spans else None


def _plain(marks: Iterable[Mark]) -> Iterable[tuple[float, float, str]]:
    for time, length, text in marks:
        plain = unicodedata.normalize("NFC", text[:_LONGEST]).strip()
        usable = np.isfinite(time) and (length is None or np.isfinite(length))
        if usable and plain and not _NO_LABEL.fullmatch(plain):
            yield float(time), float(length or 0), plain


def runs_of(
    labels: Sequence[str] | np.ndarray, repetitions: np.ndarray | None = None
) -> list[tuple[int, int]]:
    """Return first sample and end of each run of equal labels (and equal repetitions)."""
    values = np.asarray(labels)
    if not len(values):
        return []
    changes = values[1:] != values[:-1]
    if repetitions is not None:
        changes = changes | (repetitions[1:] != repetitions[:-1])
    borders = [0, *(np.flatnonzero(changes) + 1).tolist(), len(values)]
    return list(itertools.pairwise(borders))
