"""Write recordings as EDF+ or BDF+, which most programs for biosignals open."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from emg_recognition.errors import RecordingError
from emg_recognition.recordings.recordings import Recordings

#: The largest count of each format.
_BOUNDS = {".edf": (1 << 15) - 1, ".bdf": (1 << 23) - 1}
#: A data record lasts about this long, s.
_RECORD = 1.0
#: Longest name of a subject in the header; all names stand in annotations as well.
_CODE = 20


def save_edf(path: str | os.PathLike[str], recordings: Recordings) -> float:
    """Write one session as EDF+ (16 bits, ``.edf``) or BDF+ (24 bits, ``.bdf``), whole or not at all.

    The segments follow each other; annotations with a duration label them. What the format has no field for
    stands in annotations of the form ``name=value``, from which
    :func:`~emg_recognition.open_recordings` gets back the same segments.

    Parameters
    ----------
    path : path
        The file to write; an existing one is replaced once the new one is complete.
    recordings : Recordings
        Segments of one subject and session.

    Returns
    -------
    float
        The step, in the unit, to which the samples were rounded; 0 for whole numbers that fit as they are.

    Raises
    ------
    RecordingError
        If there are several sessions, a label cannot be written, or the file cannot be written.
    """
    import edfio

    target = Path(path)
    check_session(recordings, target)
    bdf = target.suffix.lower() == ".bdf"
    counts, scale, step = _counts(recordings, _BOUNDS[target.suffix.lower()])
    per_record, duration = _record(recordings.rate)
    padded = -(-len(counts) // per_record) * per_record
    digital = np.zeros((padded, counts.shape[1]), np.int32 if bdf else np.int16)
    digital[: len(counts)] = counts
    bound = _BOUNDS[target.suffix.lower()]
    dimension, factor = _dimension(recordings.unit, scale, bound)
    signal: Any = edfio.BdfSignal if bdf else edfio.EdfSignal
    make: Any = edfio.Bdf if bdf else edfio.Edf
    signals = [
        signal.from_digital(
            np.ascontiguousarray(digital[:, i]),
            per_record / duration,
            label=f"EMG {i + 1}",
            physical_dimension=dimension,
            physical_range=(_eight(-(bound + 1) / scale * factor), _eight(bound / scale * factor)),
            digital_range=(-bound - 1, bound),
        )
        for i in range(counts.shape[1])
    ]
    subject = str(recordings.subject[0])
    code = subject if subject.isascii() and subject.isalnum() and len(subject) <= _CODE else "X"
    file = make(
        signals,
        patient=edfio.Patient(code=code),
        data_record_duration=duration,
        annotations=[edfio.EdfAnnotation(*one) for one in _annotations(recordings, scale, len(counts))],
    )
    temporary = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        file.write(temporary)
        os.replace(temporary, target)
    except OSError as error:
        problem = f"it cannot be written ({error.strerror or error})"
        raise RecordingError(str(target), problem, "choose an existing, writable folder") from error
    finally:
        temporary.unlink(missing_ok=True)
    return step


def check_session(recordings: Recordings, target: Path) -> None:
    """Raise a RecordingError if one EDF file cannot hold these segments."""
    who = sorted(
        {
            *zip(
                recordings.subject.tolist(),
                recordings.session.tolist(),
                recordings.cohort.tolist(),
                strict=True,
            )
        }
    )
    if len(who) != 1:
        raise RecordingError(
            recordings.source,
            f"it holds {len(who)} sessions, and {target.name} one",
            "write a file for each, for example --output 'edf/{subject}_{session}.edf'",
        )
    for label in (*recordings.actions, *who[0]):
        if any(sign in label for sign in "\x00\x14\x15") or label != label.strip():
            raise RecordingError(
                recordings.source,
                f"the name {label!r} cannot be written as EDF",
                "rename it, or write an archive",
            )


def _counts(recordings: Recordings, bound: int) -> tuple[np.ndarray, float, float]:
    """Return the segments one after the other as whole numbers, their counts per unit, and the rounding."""
    pieces = [recordings.raw_segment(i) for i in range(len(recordings))]
    if recordings.counts.dtype.kind in "iu" and all(
        int(piece.min()) >= -bound - 1 and int(piece.max()) <= bound for piece in pieces
    ):
        return np.concatenate(pieces), recordings.scale, 0.0
    pieces = [recordings.segment(i) for i in range(len(recordings))]
    scale = bound / (max(float(np.abs(piece).max()) for piece in pieces) or 1.0)
    rounded = [np.rint(piece.astype(np.float64) * scale).astype(np.int32) for piece in pieces]
    return np.concatenate(rounded), scale, 1 / scale


def _dimension(unit: str, scale: float, bound: int) -> tuple[str, float]:
    """Return the unit in the header and how many make up one of ours: microvolts, as usual, if they fit."""
    if unit != "V":
        return "", scale
    units = (("uV", 1e6), ("mV", 1e3), ("V", 1.0))
    return next((one for one in units if bound / scale * one[1] < 1e7), units[-1])


def _record(rate: float) -> tuple[int, float]:
    """Return samples and duration (s) of a data record; the header has 8 characters for the latter."""
    samples = max(round(rate * _RECORD), 1)
    return samples, _eight(samples / rate)


def _eight(value: float) -> float:
    """Return the nearest number that takes at most 8 characters without an exponent."""
    for digits in range(7, -1, -1):
        text = f"{value:.{digits}f}"
        short = text.rstrip("0").rstrip(".") if "." in text else text
        if len(short) <= 8:
            return float(short)
    raise RecordingError("(to write)", f"the value {value:g} does not fit into EDF", "write an archive")


def _annotations(recordings: Recordings, scale: float, count: int) -> list[tuple[float, float | None, str]]:
    facts = {
        "subject": recordings.subject[0],
        "cohort": recordings.cohort[0],
        "session": recordings.session[0],
        "scale": repr(float(scale)),
        "rate": repr(float(recordings.rate)),
        "samples": count,
    }
    found: list[tuple[float, float | None, str]] = [
        (0.0, None, f"{name}={value}") for name, value in facts.items()
    ]
    begin = 0
    for length, label, number in zip(
        recordings.length.tolist(), recordings.label.tolist(), recordings.repetition.tolist(), strict=True
    ):
        onset = begin / recordings.rate
        found += [(onset, length / recordings.rate, label), (onset, None, f"repetition={number}")]
        begin += length
    return found
