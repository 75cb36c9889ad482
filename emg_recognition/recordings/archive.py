"""The archive: recordings in one compressed NumPy file (``.npz``), without pickle.

========== ========================================================================
key        content
========== ========================================================================
x          samples, shape (samples, channels): integers or finite floats
start      first sample of each segment in ``x``, shape (segments,)
length     number of samples of each segment
scale      counts per unit, one number
fs         sampling rate in Hz, one number
subject    who was recorded, a string for each segment
cohort     the group the subject belongs to (e.g. healthy, patient)
session    the session of the subject
label      the action performed
rep        the number of the repetition, an integer
unit       optional: ``V`` or ``count``; ``count`` if it is missing
ring       optional: how many channels, the first ones, are electrodes in a ring; 0: placed on muscles
========== ========================================================================

Other keys, such as a licence or a note, are ignored.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from emg_recognition.errors import RecordingError
from emg_recognition.recordings.cache import release
from emg_recognition.recordings.npz import read_arrays
from emg_recognition.recordings.recordings import Recordings
from emg_recognition.signal.settings import LARGEST_SAMPLE
from emg_recognition.text import nfc, readable, steers
from emg_recognition.types import RATES, UNITS

_REQUIRED = ("x", "start", "length", "scale", "fs", "subject", "cohort", "session", "label", "rep")
_TEXTS = ("subject", "cohort", "session", "label")
_KEYS = (*_REQUIRED, "unit", "ring")
#: Samples checked at once: they may be mapped from a large file.
_CHECKED_ROWS = 1 << 16
#: No study comes near these numbers.
_MOST_CHANNELS, _MOST_SEGMENTS, _MOST_OVERLAP = 4096, 200_000, 20
_SCALES = (1e-30, 1e30)


def from_arrays(arrays: Mapping[str, Any], source: str) -> Recordings:
    """Make recordings from the arrays of an archive, after checking them.

    Parameters
    ----------
    arrays : mapping of str to array_like
        The keys of :mod:`emg_recognition.recordings.archive`; others are ignored.
    source : str
        Where the arrays come from, for messages and reports.

    Returns
    -------
    Recordings
        The segments.

    Raises
    ------
    RecordingError
        If a key is missing or a value cannot be used.
    """
    _check_keys(arrays, source)
    counts = np.asarray(arrays["x"])
    if counts.dtype.kind not in "iuf" or counts.ndim != 2 or not 1 <= counts.shape[1] <= _MOST_CHANNELS:
        raise RecordingError(
            source,
            f"x is {counts.dtype} of shape {counts.shape}",
            f"store numbers of shape (samples, channels), with up to {_MOST_CHANNELS} channels",
        )
    start = _whole(arrays, "start", source)
    segments = len(start)
    if segments == 0:
        raise RecordingError(source, "it has 0 segments", "record at least one labelled segment")
    if segments > _MOST_SEGMENTS:
        problem, remedy = f"it has {segments} segments", f"store up to {_MOST_SEGMENTS} in an archive"
        raise RecordingError(source, problem, remedy)
    length, repetition = (_whole(arrays, key, source, segments) for key in ("length", "rep"))
    texts = {key: _text(arrays, key, source, segments) for key in _TEXTS}
    _check_ranges(start, length, len(counts), source)
    scale = _number(arrays, "scale", "the counts per unit", _SCALES, source)
    rate = _number(arrays, "fs", "the sampling rate in Hz", RATES, source)
    _check_samples(counts, scale, start, length, source)
    return Recordings(
        counts=counts,
        start=start,
        length=length,
        scale=scale,
        rate=rate,
        unit=_unit(arrays, source),
        subject=texts["subject"],
        cohort=texts["cohort"],
        session=texts["session"],
        label=texts["label"],
        repetition=repetition,
        source=source,
        ring=_ring(arrays, counts.shape[1], source),
    )


def _check_keys(arrays: Mapping[str, Any], source: str) -> None:
    missing = [key for key in _REQUIRED if key not in arrays]
    if missing == ["label"]:
        raise RecordingError(
            source,
            "it has no labels (key label is missing)",
            "store the action of each segment under label; training needs it",
        )
    if missing:
        raise RecordingError(
            source,
            f"key{'s' * (len(missing) > 1)} {', '.join(missing)} missing",
            f"store all of {', '.join(_REQUIRED)}",
        )


def _entries(arrays: Mapping[str, Any], key: str, source: str, segments: int | None) -> np.ndarray:
    values = np.asarray(arrays[key])
    if values.ndim != 1 or (segments is not None and len(values) != segments):
        found = f"{len(values)} entries" if values.ndim == 1 else f"the shape {values.shape}"
        wanted = "" if segments is None else f", start has {segments}"
        raise RecordingError(source, f"{key} has {found}{wanted}", "store one entry for each segment")
    return values


def _whole(arrays: Mapping[str, Any], key: str, source: str, segments: int | None = None) -> np.ndarray:
    values = _entries(arrays, key, source, segments)
    if values.dtype.kind not in "iu" and len(values):
        raise RecordingError(source, f"{key} is of type {values.dtype}", "store whole numbers")
    return values.astype(np.int64)


def _text(arrays: Mapping[str, Any], key: str, source: str, segments: int) -> np.ndarray:
    values = _entries(arrays, key, source, segments)
    if values.dtype.kind not in "Uiu":
        raise RecordingError(source, f"{key} is of type {values.dtype}", "store a string for each segment")
    texts = values.astype(np.str_)
    if texts.size and texts.dtype.itemsize and texts.view(np.uint32).max() > sys.maxunicode:
        raise RecordingError(source, f"{key} holds characters that do not exist", "store text in Unicode")
    known = {text: nfc(readable(text)) for text in np.unique(texts).tolist()}
    for name in known.values():
        if steers(name):
            remedy = "store names without control characters"
            raise RecordingError(source, f"{key} holds the name {name!r}", remedy)
    texts = np.array([known[text] for text in texts.tolist()], np.str_)
    if key == "label" and (texts == "").any():
        raise RecordingError(
            source, f"segment {int(np.argmax(texts == ''))} has no label", "store the action of every segment"
        )
    return texts


def _check_ranges(start: np.ndarray, length: np.ndarray, samples: int, source: str) -> None:
    # Compared without adding the two, which could overflow.
    bad = (start < 0) | (length < 1) | (start > samples) | (length > samples - start)
    if bad.any():
        i = int(np.argmax(bad))
        raise RecordingError(
            source,
            f"segment {i} has start {start[i]} and length {length[i]}, but x has {samples} samples",
            "store segments that lie within x",
        )
    together = int(length.sum())
    if together > _MOST_OVERLAP * samples:
        raise RecordingError(
            source,
            f"its segments have {together} samples together, but x has {samples}",
            f"store segments that overlap less than {_MOST_OVERLAP} times",
        )


def _check_samples(
    counts: np.ndarray, scale: float, start: np.ndarray, length: np.ndarray, source: str
) -> None:
    """Refuse samples that are not finite, or absurdly large in the unit."""
    kind = counts.dtype
    largest = float(np.finfo(kind).max) if kind.kind == "f" else float(np.iinfo(kind).max)
    limit = min(LARGEST_SAMPLE * scale, largest)
    if kind.kind != "f" and limit == largest:
        return
    found = []
    for begin in range(0, len(counts), _CHECKED_ROWS):
        part = counts[begin : begin + _CHECKED_ROWS]
        usable = (part <= limit) & (part >= -limit)
        if not usable.all():
            found.append(begin + np.flatnonzero(~usable.all(axis=1)))
        release(counts)
    bad_rows = np.concatenate([*found, np.empty(0, np.int64)])
    # The first bad row at or after each start; bad rows outside all segments do not matter.
    position = np.searchsorted(bad_rows, start)
    rows = np.append(bad_rows, np.iinfo(np.int64).max)[position]
    hit = rows < start + length
    if hit.any():
        i = int(np.argmax(hit))
        row = int(rows[i])
        channel = int(np.argmin((counts[row] <= limit) & (counts[row] >= -limit)))
        raise RecordingError(
            source,
            f"segment {i}, sample {row - start[i]}, channel {channel} is {counts[row, channel]}",
            "remove such segments",
        )


def _number(
    arrays: Mapping[str, Any], key: str, what: str, allowed: tuple[float, float], source: str
) -> float:
    value = np.asarray(arrays[key])
    low, high = allowed
    if value.size != 1 or value.dtype.kind not in "iuf" or not ((value >= low) & (value <= high)).all():
        remedy = f"store {what} as one number from {low:g} to {high:g}"
        raise RecordingError(source, f"{key} is {_shown(value)}", remedy)
    return float(value.item())


def _ring(arrays: Mapping[str, Any], channels: int, source: str) -> int | None:
    if "ring" not in arrays:
        return None
    ring = np.asarray(arrays["ring"]).tolist()
    if isinstance(ring, bool):
        return channels if ring else 0
    if not isinstance(ring, int) or not 0 <= ring <= channels:
        remedy = f"store how many of the {channels} channels, the first ones, are in a ring, or 0"
        raise RecordingError(source, f"ring is {ring!r}", remedy)
    return ring


def _shown(value: np.ndarray) -> str:
    return repr(value.tolist()) if value.size <= 4 else f"an array of shape {value.shape}"


def _unit(arrays: Mapping[str, Any], source: str) -> str:
    unit = np.asarray(arrays.get("unit", "count"))
    if unit.ndim or unit.item() not in UNITS:
        raise RecordingError(
            source, f"unit is {_shown(unit)}", "store V with the scale in counts per volt, or count"
        )
    return str(unit.item())


def load_archive(path: str | os.PathLike[str], counts: Path | None = None) -> Recordings:
    """Read an archive.

    Parameters
    ----------
    path : path
        The ``.npz`` file.
    counts : Path, optional
        A ``.npy`` file to write the samples to and map them from, if they may be larger than the memory.

    Returns
    -------
    Recordings
        Its segments.

    Raises
    ------
    RecordingError
        If there is no such file, it is not an archive, lacks a key, or holds a value that cannot be used.
    OSError
        With `counts`: if the archive cannot be read or `counts` cannot be written.
    """
    source = os.fspath(path)
    try:
        arrays = read_arrays(path, _KEYS, {} if counts is None else {"x": counts})
    except (FileNotFoundError, IsADirectoryError) as error:
        raise RecordingError(source, "there is no such file", "give the path of an .npz archive") from error
    except OSError as error:
        if counts is not None:
            raise  # perhaps the disk is full: the archive may be fine
        raise _unreadable(source, error) from error
    except ValueError as error:
        raise _unreadable(source, error) from error
    return from_arrays(arrays, source)


def _unreadable(source: str, error: Exception) -> RecordingError:
    return RecordingError(
        source,
        f"it is not a readable .npz archive ({getattr(error, 'strerror', None) or error})",
        "write it with numpy.savez_compressed from arrays of numbers and strings",
    )


def save_archive(
    path: str | os.PathLike[str], recordings: Recordings, *, notes: Mapping[str, str] | None = None
) -> None:
    """Write an archive, whole or not at all.

    Parameters
    ----------
    path : path
        The file to write; an existing one is replaced once the new one is complete.
    recordings : Recordings
        What to write. All of ``counts`` is written, including samples outside the segments.
    notes : mapping of str to str, optional
        Further texts by key, such as a licence; readers ignore them.

    Raises
    ------
    RecordingError
        If the file cannot be written.
    """
    target = Path(path)
    texts: dict[str, Any] = {key: np.str_(text) for key, text in (notes or {}).items()}
    said: dict[str, Any] = {} if recordings.ring is None else {"ring": np.int64(recordings.ring)}
    # In the same folder, so that the rename stays within one file system.
    temporary = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with open(temporary, "wb") as file:
            np.savez_compressed(
                file,
                x=recordings.counts,
                start=recordings.start,
                length=recordings.length,
                scale=np.float64(recordings.scale),
                fs=np.float64(recordings.rate),
                unit=np.str_(recordings.unit),
                **said,
                subject=recordings.subject.astype(np.str_),
                cohort=recordings.cohort.astype(np.str_),
                session=recordings.session.astype(np.str_),
                label=recordings.label.astype(np.str_),
                rep=recordings.repetition,
                **texts,
            )
        os.replace(temporary, target)
    except OSError as error:
        raise RecordingError(
            str(target),
            f"it cannot be written ({error.strerror or error})",
            "choose an existing, writable folder",
        ) from error
    finally:
        temporary.unlink(missing_ok=True)
