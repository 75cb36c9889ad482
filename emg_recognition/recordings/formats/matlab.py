"""MATLAB files (version 5 to 7.2, read with SciPy): NinaPro, BioPatRec and EEGLAB.

Which it is, the names of the variables tell:

- NinaPro: ``emg`` with ``restimulus`` (else ``stimulus``) for each sample, 0 for rest;
- BioPatRec: a structure ``recSession`` with a movement in each slice of ``tdata``;
- EEGLAB: a structure ``EEG``, or its fields, with ``data``, ``srate`` and ``event``.

Sources: Atzori et al. 2014, doi 10.1038/sdata.2014.53; Ortiz-Catalan et al. 2013, doi 10.1186/1751-0473-8-11
and github.com/biopatrec/biopatrec/wiki/recSession; eeglab.org, 'EEGLAB's data structures'.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np

from emg_recognition.actions import REST
from emg_recognition.recordings.formats.labels import Mark, labels_of, runs_of
from emg_recognition.recordings.formats.take import (
    FormatError,
    Span,
    Take,
    Wanted,
    checked_rate,
    choose,
    in_unit,
)

LIBRARY = "scipy.io"
_NINAPRO = ("emg", "restimulus", "stimulus", "rerepetition", "repetition", "subject", "exercise", "frequency")
_NINAPRO_RATES = "; NinaPro DB1 has 100 Hz, DB5 200 Hz, DB8 1111 Hz, DB2, 3, 4, 6 and 7 have 2000 Hz"


def read(path: Path, wanted: Wanted) -> list[Take]:
    """Read a file.

    Raises
    ------
    FormatError
        If it is none of the three, or its signals cannot be used.
    """
    from scipy.io import whosmat

    names = {name for name, _, _ in whosmat(path)}
    if "recSession" in names:
        return _biopatrec(_load(path, ["recSession"])["recSession"], wanted)
    if "emg" in names and names & {"restimulus", "stimulus"}:
        return [_ninapro(_load(path, list(_NINAPRO)), wanted)]
    if "EEG" in names:
        return [_eeglab(path, _load(path, ["EEG"])["EEG"], wanted)]
    if {"data", "srate"} <= names:
        return [_eeglab(path, _load(path, None), wanted)]
    known = ", ".join(sorted(names)[:20]) or "nothing"
    raise FormatError(
        f"it is a MATLAB file with {known}, not one of NinaPro, BioPatRec or EEGLAB",
        "export it as CSV, or make Recordings.from_segments in a program",
    )


def _load(path: Path, names: list[str] | None) -> dict[str, Any]:
    from scipy.io import loadmat

    return loadmat(path, variable_names=names, simplify_cells=True)


def _fields(value: Any, what: str) -> dict[str, Any]:
    if isinstance(value, dict):
        return value
    raise FormatError(f"its {what} is no structure", "save it again in MATLAB with save -v7")


def _number(value: Any, what: str) -> float:
    found = np.asarray(value).ravel()
    if len(found) != 1 or found.dtype.kind not in "iuf" or not math.isfinite(found[0]):
        raise FormatError(f"its {what} is no number", "save it again in MATLAB with save -v7")
    return float(found[0])


def _matrix(value: Any, what: str, dimensions: tuple[int, ...] = (2,)) -> np.ndarray:
    found = np.asarray(value)
    if found.ndim not in dimensions or found.dtype.kind not in "iuf" or 0 in found.shape:
        raise FormatError(
            f"its {what} is {found.dtype} of shape {found.shape}, not a matrix of numbers",
            "save it again in MATLAB with save -v7",
        )
    return found


def _name(value: Any) -> str:
    """Return a subject or session, which may be a number or a text."""
    found = np.asarray(value).ravel()
    if len(found) != 1:
        return ""
    one = found[0]
    return f"{one:.12g}" if isinstance(one, np.number) else str(one)


def _ninapro(file: dict[str, Any], wanted: Wanted) -> Take:
    emg = _matrix(file["emg"], "emg")
    refined = "restimulus" in file
    labels = np.asarray(file["restimulus" if refined else "stimulus"]).ravel()
    numbers = np.asarray(file.get("rerepetition" if refined else "repetition", [])).ravel()
    if len(labels) != len(emg) or (len(numbers) and len(numbers) != len(emg)):
        raise FormatError(
            f"it has {len(emg)} samples, {len(labels)} labels and {len(numbers)} repetitions",
            "download the file again",
        )
    for values in (labels, numbers):
        if len(values) and (values.dtype.kind not in "iuf" or not np.isfinite(values).all()):
            raise FormatError("its labels are no numbers", "download the file again")
    rate = checked_rate(
        _number(file["frequency"], "frequency") if "frequency" in file else None, wanted, _NINAPRO_RATES
    )
    chosen = choose([f"channel {i + 1}" for i in range(emg.shape[1])], wanted)
    samples, unit = in_unit((emg[:, i] for i in chosen), [""] * len(chosen), wanted, len(emg))
    exercise = f"E{_name(file['exercise'])}_" if _name(file.get("exercise", [])) else ""
    counted = numbers.astype(np.int64) if len(numbers) else None
    spans: list[Span] = []
    for first, last in runs_of(labels, counted):
        number = None if counted is None or counted[first] < 1 else int(counted[first])
        label = f"{exercise}{int(labels[first]):02d}" if labels[first] else REST
        if number is None and spans and label == REST:
            # A rest belongs to the repetition of the movement before it, so that both are in one subset.
            number = spans[-1].repetition
        spans.append(Span(first, last, label, number))
    if spans and spans[0].repetition is None and len(spans) > 1 and counted is not None:
        spans[0] = Span(spans[0].first, spans[0].last, spans[0].label, spans[1].repetition)
    return Take(samples, rate, unit, tuple(spans), subject=_name(file.get("subject", [])))


def _biopatrec(session: Any, wanted: Wanted) -> list[Take]:
    session = _fields(session, "recSession")
    data = _matrix(session.get("tdata"), "recSession.tdata", (2, 3))
    data = data.reshape(*data.shape, 1) if data.ndim == 2 else data
    rate = checked_rate(_number(session.get("sF"), "recSession.sF"), wanted)
    contraction = _number(session.get("cT"), "recSession.cT")
    relaxation = _number(session.get("rT"), "recSession.rT")
    repetitions = int(_number(session.get("nR"), "recSession.nR"))
    movements = [str(one).strip() for one in np.asarray(session.get("mov"), object).ravel()]
    if len(movements) != data.shape[2] or contraction <= 0 or relaxation < 0:
        raise FormatError(
            f"it has {data.shape[2]} movements with {len(movements)} names, {contraction:g} s of contraction "
            f"and {relaxation:g} s of relaxation",
            "give a recSession as BioPatRec saves it",
        )
    period = (contraction + relaxation) * rate
    repetitions = min(repetitions, math.ceil(len(data) / period))
    chosen = choose([f"channel {i + 1}" for i in range(data.shape[1])], wanted)
    takes = []
    for place, label in enumerate(movements):
        samples, unit = in_unit((data[:, i, place] for i in chosen), [""] * len(chosen), wanted, len(data))
        spans = []
        for number in range(repetitions):
            begin, end = number * period, number * period + contraction * rate
            for since, until, name in ((begin, end, label), (end, (number + 1) * period, REST)):
                first, last = (min(round(at), len(samples)) for at in (since, until))
                if last > first:
                    spans.append(Span(first, last, name, number + 1))
        takes.append(Take(samples, rate, unit, tuple(spans)))
    return takes


def _eeglab(path: Path, eeg: Any, wanted: Wanted) -> Take:
    eeg = _fields(eeg, "EEG")
    rate = checked_rate(_number(eeg.get("srate"), "EEG.srate"), wanted)
    if _number(eeg.get("trials", 1), "EEG.trials") > 1:
        raise FormatError("it is cut into epochs", "give the continuous recording")
    data = _eeglab_data(path, eeg)
    places = eeg.get("chanlocs", [])
    places = [places] if isinstance(places, dict) else list(np.asarray(places, object).ravel())
    if len(places) != len(data) or not all(isinstance(one, dict) for one in places):
        places = [{}] * len(data)
    names = [_name(one.get("labels", [])) or f"channel {i + 1}" for i, one in enumerate(places)]
    chosen = choose(names, wanted, types=[_name(one.get("type", [])) for one in places])
    # EEGLAB keeps microvolts.
    samples, unit = in_unit((data[i] for i in chosen), ["uV"] * len(chosen), wanted, data.shape[1])
    events = eeg.get("event", [])
    events = [events] if isinstance(events, dict) else list(np.asarray(events, object).ravel())
    marks: list[Mark] = []
    for event in events:
        if isinstance(event, dict) and _name(event.get("type", [])):
            # The first sample has the latency 1; a duration of up to one sample means that there is none.
            latency = _number(event.get("latency"), "EEG.event.latency") - 1
            length = np.asarray(event.get("duration", [])).ravel()
            lasts = len(length) == 1 and length.dtype.kind in "iuf" and length[0] > 1
            marks.append((latency / rate, float(length[0]) / rate if lasts else None, _name(event["type"])))
    return Take(
        samples,
        rate,
        unit,
        labels_of(marks, rate, len(samples), wanted, names=names, values=lambda i: data[i]),
        _name(eeg.get("subject", [])),
        _name(eeg.get("group", [])),
        _name(eeg.get("session", [])),
        channels=tuple(names[i] for i in chosen),
    )


def _eeglab_data(path: Path, eeg: dict[str, Any]) -> np.ndarray:
    """Return the samples, shape (channels, n); they may be in a file beside."""
    data = eeg.get("data")
    if not isinstance(data, str):
        found = np.asarray(data)
        return _matrix(found.reshape(1, -1) if found.ndim == 1 else found, "EEG.data")
    channels = int(_number(eeg.get("nbchan"), "EEG.nbchan"))
    beside = path.with_suffix(".fdt")
    if not beside.is_file():
        raise FormatError(f"its samples are in {data!r}, which is missing", f"put {beside.name} beside it")
    if channels < 1:
        raise FormatError(f"it has {channels} channels", "save it again in EEGLAB")
    values = np.fromfile(beside, "<f4")
    return _matrix(values[: len(values) // channels * channels].reshape(-1, channels).T, "data")


def files_of(path: Path) -> list[Path]:
    """Return the file, and that with the samples if there is one beside it."""
    beside = path.with_suffix(".fdt")
    return [path, beside] if beside.is_file() else [path]
