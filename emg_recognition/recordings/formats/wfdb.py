"""Records of PhysioNet (WFDB: a header ``.hea`` with signals beside it), read with wfdb.

Annotations beside the record (``.atr``, ``.ann``) are the labels. Sets such as GRABMyo have none: the name
of the record tells the label.

Source: physionet.org/physiotools/wag, header(5), signal(5) and annot(5).
"""

from __future__ import annotations

import re
from pathlib import Path

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
    samples, unit = in_unit([signals[:, i] for i in chosen], [units[i] for i in chosen], wanted)
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
    """Return the header and all files beside it with the same stem."""
    return sorted(one for one in path.parent.glob(f"{glob_escape(path.stem)}.*") if one.is_file())


def glob_escape(text: str) -> str:
    """Return a text in which a pattern of :mod:`glob` has no special characters."""
    return re.sub(r"([*?[])", r"[\1]", text)


def _refuse_elsewhere(path: Path) -> None:
    """Refuse names of other folders and of servers: the library would follow them."""
    for line in path.read_text(encoding="latin-1").splitlines():
        first = line.split("#")[0].split()
        if not first:
            continue
        if not _PLAIN.fullmatch(first[0]):
            raise FormatError(
                f"its header names the file {first[0]!r}", "keep the files of a record together"
            )
