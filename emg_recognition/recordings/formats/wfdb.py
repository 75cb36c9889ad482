"""Records of PhysioNet (WFDB: a header ``.hea`` with signals beside it), read with wfdb.

Annotations beside the record (``.atr``, ``.ann``) are the labels. Sets such as GRABMyo have none: the name
of the record tells the label.

Source: physionet.org/physiotools/wag, header(5), signal(5) and annot(5).
"""

from __future__ import annotations

import re
from pathlib import Path

from emg_recognition.files import read_limited
from emg_recognition.recordings.formats.labels import Mark, labels_of
from emg_recognition.recordings.formats.take import (
    FormatError,
    Take,
    Wanted,
    checked_rate,
    choose,
    in_unit,
)

LIBRARY = "wfdb"
_ANNOTATIONS = ("atr", "ann")
#: A file, or a record with its number of segments.
_PLAIN = re.compile(r"(?!\.)[\w.~-]+(/[0-9]+)?")


def read(path: Path, wanted: Wanted) -> list[Take]:
    """Read the record of a header.

    Raises
    ------
    FormatError
        If the header names files elsewhere, or its signals cannot be used.
    """
    import wfdb

    _refuse_elsewhere(path)
    name = str(path.with_suffix("").absolute())
    record = wfdb.rdrecord(name)
    signals, names = record.p_signal, list(record.sig_name or [])
    if signals is None or not len(signals):
        raise FormatError("it holds no samples", "give the header of a record with signals")
    units = [str(unit) for unit in record.units]
    chosen = choose(names, wanted, units=units)
    rate = checked_rate(float(record.fs), wanted)
    samples, unit = in_unit((signals[:, i] for i in chosen), [units[i] for i in chosen], wanted, len(signals))
    marks: list[Mark] = []
    for extension in _ANNOTATIONS:
        if path.with_suffix(f".{extension}").is_file():
            found = wfdb.rdann(name, extension)
            notes = found.aux_note or [""] * len(found.sample)
            for sample, note, symbol in zip(found.sample, notes, found.symbol, strict=True):
                marks.append((float(sample) / rate, None, note.strip("\x00 ") or symbol))
    spans = labels_of(marks, rate, len(samples), wanted, names=names, values=lambda i: signals[:, i])
    return [Take(samples, rate, unit, spans, channels=tuple(names[i] for i in chosen))]


def files_of(path: Path) -> list[Path]:
    """Return the header, the files it names, and those with annotations."""
    named = [path.with_name(name.partition("/")[0]) for name in _names(path) if _PLAIN.fullmatch(name)]
    segments = [one.with_name(f"{one.name}{ending}") for one in named for ending in (".hea", ".dat")]
    notes = [path.with_suffix(f".{extension}") for extension in _ANNOTATIONS]
    found = [one for one in (*named, *segments, *notes) if one.is_file()]
    return list(dict.fromkeys([path, *found]))


def _names(path: Path) -> list[str]:
    """Return the first word of each line: the record, its signal files or its segments."""
    lines = read_limited(path).decode("latin-1").splitlines()
    return [words[0] for line in lines if (words := line.partition("#")[0].split())]


def _refuse_elsewhere(path: Path) -> None:
    """Refuse names of other folders and of servers: the library would follow them."""
    for name in _names(path):
        if not _PLAIN.fullmatch(name):
            raise FormatError(f"its header names the file {name!r}", "keep the files of a record together")
