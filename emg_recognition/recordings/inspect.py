"""What recordings hold, and what in them looks wrong, before anything is trained."""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

import numpy as np

from emg_recognition.actions import REST
from emg_recognition.errors import RecordingError, SettingError
from emg_recognition.recordings.cache import release
from emg_recognition.recordings.inspection import Inspection, listed
from emg_recognition.recordings.recordings import Recordings
from emg_recognition.recordings.suspicious import Suspicion, find_suspicious, suspicion_warnings
from emg_recognition.recordings.windows import STRIDE
from emg_recognition.signal.batch import window_starts
from emg_recognition.signal.quality_measures import saturated, smallest_step
from emg_recognition.signal.settings import stride_samples, suited_settings

#: An accuracy from fewer windows of an action in a repetition says little.
FEWEST_WINDOWS = 20
#: A channel is clipped in a segment if more of its samples than this share lie on a flat top.
_CLIPPED = 0.01
#: Samples that are looked through at a time.
_PIECE = 1 << 16
#: Rows that are compared at once.
_BESIDE = 64
#: Usual lengths of a performed action, s; a median outside suggests a wrong rate.
_USUAL_LENGTHS = (0.5, 60.0)


def inspect(recordings: Recordings) -> Inspection:
    """Look through recordings once.

    Parameters
    ----------
    recordings : Recordings
        Labelled segments.

    Returns
    -------
    Inspection
        What they hold, and what looks wrong.

    Raises
    ------
    RecordingError
        If there are no segments.
    """
    if not len(recordings):
        raise RecordingError(recordings.source, "no segment is left", "select other subjects or actions")
    actions = recordings.actions
    repetitions = tuple(np.unique(recordings.repetition).tolist())
    counted = Counter(zip(recordings.label.tolist(), recordings.repetition.tolist(), strict=True))
    lengths = recordings.length / recordings.rate
    warnings: list[str] = []
    errors: list[str] = []
    if len(actions) < 2:
        errors.append(
            f"it has one action, {actions[0]}; record at least two actions, for example rest as well"
        )
    window_warnings, window_errors = _check_windows(recordings)
    errors += window_errors
    warnings += _check_lengths(lengths, recordings.rate)
    warnings += window_warnings
    warnings += _check_samples(recordings)
    warnings += _check_overlap(recordings)
    warnings += _check_names("label", recordings.label)
    warnings += _check_names("subject", recordings.subject)
    warnings += _check_cohorts(recordings)
    warnings += _check_repetitions(recordings)
    suspicious = _suspicious(recordings)
    warnings += suspicion_warnings(suspicious)
    return Inspection(
        source=recordings.source,
        sources=recordings.sources,
        segments=len(recordings),
        lengths=(float(lengths.min()), float(np.median(lengths)), float(lengths.max())),
        duration=recordings.duration,
        channels=recordings.channels,
        rate=recordings.rate,
        unit=recordings.unit,
        ring=recordings.ring,
        subjects=recordings.subjects,
        cohorts=recordings.cohorts,
        sessions=recordings.sessions,
        actions=actions,
        repetitions=repetitions,
        table=tuple(tuple(counted[action, number] for number in repetitions) for action in actions),
        problems=recordings.problems,
        warnings=tuple(warnings),
        suspicious=tuple(suspicious),
        errors=tuple(errors),
    )


def _suspicious(recordings: Recordings) -> list[Suspicion]:
    """Look for labels and channels that look wrong; without filters that suit the rate, nothing is found."""
    try:
        pipeline = suited_settings(rate=recordings.rate, channels=recordings.channels, unit=recordings.unit)
    except SettingError:
        return []  # said by _check_windows
    return find_suspicious(recordings, pipeline)


def _check_lengths(lengths: np.ndarray, rate: float) -> Iterator[str]:
    median = float(np.median(lengths))
    if not _USUAL_LENGTHS[0] <= median <= _USUAL_LENGTHS[1]:
        yield (
            f"at {rate:g} Hz half of the segments are {'shorter' if median < 1 else 'longer'} than "
            f"{median:.3g} s; if the actions took a usual time, the rate is wrong"
        )


def _check_windows(recordings: Recordings) -> tuple[list[str], list[str]]:
    """Count the windows that each action gets with the default settings; return warnings and errors."""
    try:
        pipeline = suited_settings(rate=recordings.rate, channels=recordings.channels, unit=recordings.unit)
    except SettingError as error:
        return [], [f"no filters suit a rate of {recordings.rate:g} Hz ({error}); check the rate"]
    stride = stride_samples(STRIDE, recordings.rate)
    of_length = {n: len(window_starts(n, pipeline, stride)) for n in set(recordings.length.tolist())}
    windows: Counter[tuple[str, int]] = Counter()
    empty = 0
    for label, number, length in zip(
        recordings.label.tolist(), recordings.repetition.tolist(), recordings.length.tolist(), strict=True
    ):
        windows[label, number] += of_length[length]
        empty += not of_length[length]
    needed = pipeline.settling + pipeline.window
    warnings, errors = [], []
    if empty:
        warnings.append(
            f"{empty} of {len(recordings)} segments give no window: they are shorter than {needed:g} s "
            f"({pipeline.settling:g} s for the filters to settle and a window of {pipeline.window:g} s)"
        )
    fewest: dict[str, tuple[int, int]] = {}
    for (label, repetition), count in sorted(windows.items()):
        fewest[label] = min(fewest.get(label, (count, repetition)), (count, repetition))
    few = [
        f"{action} has {count} in repetition {repetition}"
        for action, (count, repetition) in fewest.items()
        if count < FEWEST_WINDOWS
    ]
    if few:
        warnings.append(
            f"too few windows to judge an accuracy, fewer than {FEWEST_WINDOWS}: {listed(few)}; "
            "record longer or more"
        )
    usable = {label for (label, _), number in windows.items() if number}
    if len(usable) < 2 <= len(recordings.actions):
        errors.append(
            f"only {len(usable)} of its {len(recordings.actions)} actions have segments of {needed:g} s or "
            "more; record longer segments, or correct the rate"
        )
    return warnings, errors


def _check_samples(recordings: Recordings) -> Iterator[str]:
    """Read all samples once: copies, constant channels, clipping."""
    alike: dict[tuple[int, bytes, bytes], list[int]] = defaultdict(list)
    constant = np.zeros(recordings.channels, np.int64)
    clipped = np.zeros(recordings.channels, np.int64)
    worst = 0.0
    whole = recordings.counts.dtype.kind in "iu"
    for i in range(len(recordings)):
        values = recordings.raw_segment(i)
        pieces = [values[begin : begin + _PIECE] for begin in range(0, len(values), _PIECE)]
        # Both of a piece while it is in the processor's cache.
        both = [(_reduced(piece, np.maximum), _reduced(piece, np.minimum)) for piece in pieces]
        tops, bottoms = (np.array(extremes) for extremes in zip(*both, strict=True))
        top, bottom = tops.max(axis=0), bottoms.min(axis=0)
        constant += top == bottom
        if not (top == bottom).all():
            alike[len(values), top.tobytes(), bottom.tobytes()].append(i)
        share = _saturated(pieces, tops, bottoms, 0.0)
        if (share > _CLIPPED).any():  # it is less with the resolution, which takes longer to find
            steps = (1.0 if whole else smallest_step(piece.astype(np.float64)) for piece in pieces)
            share = _saturated(pieces, tops, bottoms, min(steps))
        clipped += share > _CLIPPED
        worst = max(worst, float(share.max()))
        release(recordings.counts)
    same = [
        copies for numbers in alike.values() if len(numbers) > 1 for copies in _copies(recordings, numbers)
    ]
    if same:
        first, second = same[0][:2]
        count = sum(len(numbers) - 1 for numbers in same)
        yield (
            f"the same data twice, in {count} of {len(recordings)} segments, for example "
            f"{_named(recordings, first)} and {_named(recordings, second)}; copies in the training and the "
            "test data make every result too good, so remove them"
        )
    if constant.any():
        yield (
            f"some channels are constant in some of the {len(recordings)} segments, perhaps not connected: "
            f"{_channels(constant)}"
        )
    if clipped.any():
        yield (
            f"some channels are clipped in some of the {len(recordings)} segments, up to {100 * worst:.0f} % "
            f"of the samples: {_channels(clipped)}; lower the gain of the amplifier"
        )


def _copies(recordings: Recordings, numbers: Sequence[int]) -> list[list[int]]:
    """Return the groups of equal segments among some."""
    found: dict[bytes, list[int]] = defaultdict(list)
    for i in numbers:
        values = np.ascontiguousarray(recordings.raw_segment(i))
        found[hashlib.blake2b(values.data, digest_size=16).digest()].append(i)
        release(recordings.counts)
    return [group for group in found.values() if len(group) > 1]


def _saturated(
    pieces: Sequence[np.ndarray], tops: np.ndarray, bottoms: np.ndarray, resolution: float
) -> np.ndarray:
    """Return what :func:`saturated` says of a segment, which may have millions of samples.

    Only rows near an extreme are looked at, and only pieces that have any are read again.
    """
    top, bottom = tops.max(axis=0).astype(np.float64), bottoms.min(axis=0).astype(np.float64)
    beside = np.maximum(5.0 * resolution, 0.02 * (top - bottom)) * (1.0 + 1e-6)
    moving = top > bottom
    high = np.where(moving, top - beside, np.inf)
    low = np.where(moving, bottom + beside, -np.inf)
    rows = []
    for piece, highest, lowest in zip(pieces, tops, bottoms, strict=True):
        if (highest >= high).any() or (lowest <= low).any():
            near = np.flatnonzero((piece >= high) | (piece <= low)) // piece.shape[1]
            rows.append(piece[np.unique(near)])
    if not rows:
        return np.zeros(len(top))
    found = np.concatenate(rows).astype(np.float64)
    return np.where(moving, saturated(found, resolution), 0.0) * (len(found) / sum(map(len, pieces)))


def _reduced(piece: np.ndarray, which: np.ufunc) -> np.ndarray:
    """Return the largest or smallest value of each channel; with many rows side by side NumPy is faster."""
    rows = len(piece) // _BESIDE
    if not rows or not piece.flags.c_contiguous:
        return np.asarray(which.reduce(piece, axis=0))
    wide = which.reduce(piece[: rows * _BESIDE].reshape(rows, -1), axis=0).reshape(_BESIDE, -1)
    return np.asarray(which.reduce(np.concatenate([wide, piece[rows * _BESIDE :]]), axis=0))


def _check_overlap(recordings: Recordings) -> Iterator[str]:
    order = np.argsort(recordings.start, kind="stable")
    end = np.maximum.accumulate((recordings.start + recordings.length)[order])
    overlapping = np.flatnonzero(recordings.start[order][1:] < end[:-1])
    if len(overlapping):
        at = int(overlapping[0])
        yield (
            f"overlap with the segment before, in {len(overlapping)} of {len(recordings)} segments, for "
            f"example {_named(recordings, int(order[at + 1]))}; shared samples in the training and the "
            "test data make every result too good"
        )


def _check_names(what: str, names: np.ndarray) -> Iterator[str]:
    """Find names that a person would read as the same."""
    alike: dict[str, list[str]] = defaultdict(list)
    for name in np.unique(names).tolist():
        alike[re.sub(r"[\s_-]+", "", name).casefold()].append(name)
    for group in alike.values():
        if len(group) > 1:
            yield f"these {what}s differ only in case, spaces or hyphens: {', '.join(map(repr, group))}"


def _check_cohorts(recordings: Recordings) -> Iterator[str]:
    of_subject: dict[str, set[str]] = defaultdict(set)
    for subject, cohort in zip(recordings.subject.tolist(), recordings.cohort.tolist(), strict=True):
        of_subject[subject].add(cohort)
    several = [
        f"{subject or '-'} in {', '.join(cohort or '-' for cohort in sorted(cohorts))}"
        for subject, cohorts in sorted(of_subject.items())
        if len(cohorts) > 1
    ]
    if several:
        yield f"some subjects are in more than one cohort: {listed(several, '; ')}"


def _check_repetitions(recordings: Recordings) -> Iterator[str]:
    performed: dict[tuple[str, str], dict[str, set[int]]] = defaultdict(lambda: defaultdict(set))
    columns = (recordings.subject, recordings.session, recordings.label, recordings.repetition)
    for subject, session, label, number in zip(*(column.tolist() for column in columns), strict=True):
        performed[subject, session][label].add(number)
    missing = []
    for (subject, session), of_action in performed.items():
        # Rest may be recorded more often than the other actions, so it does not count here.
        others = [numbers for action, numbers in of_action.items() if action != REST]
        counted = Counter(number for numbers in others for number in numbers)
        expected = {number for number, actions in counted.items() if 2 * actions >= len(others)}
        missing += [
            f"{_who(subject, session)}: {action} {', '.join(map(str, sorted(expected - numbers)))}"
            for action, numbers in of_action.items()
            if expected - numbers
        ]
    if missing:
        yield f"some actions lack repetitions that most others have: {listed(missing, '; ')}"
    there: dict[str, set[str]] = defaultdict(set)
    for (subject, _), of_action in performed.items():
        there[subject].update(of_action)
    actions = recordings.actions
    for subject in sorted(there):
        absent = [action for action in actions if action not in there[subject]]
        if absent:
            yield f"subject {subject or '(no name)'} has no segment of {', '.join(absent)}"


def _named(recordings: Recordings, i: int) -> str:
    who = _who(str(recordings.subject[i]), str(recordings.session[i]))
    return f"segment {i} ({recordings.label[i]}, repetition {recordings.repetition[i]}, {who})"


def _who(subject: str, session: str) -> str:
    return f"subject {subject or '-'}, session {session or '-'}"


def _channels(segments: np.ndarray) -> str:
    """List the channels, from 1, with the number of segments of each."""
    return listed([f"channel {i + 1} ({segments[i]})" for i in np.flatnonzero(segments).tolist()])
