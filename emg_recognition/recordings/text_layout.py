"""How a text file is laid out: delimiter, decimal sign, lines before the data, names and units of columns."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from emg_recognition.errors import RecordingError
from emg_recognition.recordings.text_cells import is_missing, is_number, split, unit_in
from emg_recognition.recordings.text_head import (
    SAMPLE_LINES,
    drop_titles,
    find_names,
    find_start,
    is_below,
    read_below,
    titles_of,
    width_of,
)
from emg_recognition.recordings.text_lines import read_head
from emg_recognition.text import nfc

#: In order of preference; a space stands for any white space.
_DELIMITERS = ("\t", ";", "|", ",", " ")
_COMMENTS = ("%", "#")


@dataclass(frozen=True, kw_only=True)
class Layout:
    """The layout of a text file.

    Attributes
    ----------
    encoding, delimiter, decimal : str
        How numbers are written. A space as delimiter stands for any white space.
    comment : str or None
        Character that begins comment lines.
    data_line : int
        Number of lines before the data.
    names_line : int or None
        Number of lines before that of the names; None for a file without names.
    names : tuple of str
        The name of each column, in NFC; empty where unknown.
    units : tuple of str
        The unit of each column as :func:`plain_unit` writes it; empty where unknown.
    units_row : bool
        A row of units is below the names.
    rates : tuple of float
        Sampling rate of each column, Hz, from a row of rates; 0 where unknown.
    preamble : tuple of str
        The lines before the names, without comment marks.
    headers : tuple of mapping
        JSON objects of the preamble.
    titles : tuple of str
        What the preamble says about each column besides its name, such as the sensor; empty where nothing.
    rows : tuple of tuple of str
        The cells of the first rows of data.
    """

    encoding: str
    delimiter: str
    decimal: str
    comment: str | None
    data_line: int
    names_line: int | None
    names: tuple[str, ...]
    units: tuple[str, ...] = ()
    units_row: bool = False
    rates: tuple[float, ...] = ()
    preamble: tuple[str, ...] = ()
    headers: tuple[dict[str, Any], ...] = ()
    titles: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = field(default=(), repr=False)

    @property
    def width(self) -> int:
        """Number of columns."""
        return len(self.names)


def find_layout(
    path: Path,
    *,
    encoding: str | None = None,
    delimiter: str | None = None,
    decimal: str | None = None,
    comment: str | None = None,
    skip: int | None = None,
    header: bool | None = None,
    units_row: bool | None = None,
) -> Layout:
    """Find out the layout of a text file by its first lines; what is given is not sought.

    Parameters
    ----------
    path : Path
        The file.
    encoding, delimiter, decimal, comment : str, optional
        As in :class:`Layout`.
    skip : int, optional
        Lines before the names, or before the data of a file without names.
    header : bool, optional
        Whether a line names the columns.
    units_row : bool, optional
        Whether a row of units is below the names.

    Raises
    ------
    RecordingError
        If it cannot be read or is empty.
    """
    lines, encoding = read_head(path, encoding)
    mark = comment or _comment(lines)
    first = min(skip or 0, len(lines))
    body = [i for i in range(first, len(lines)) if lines[i].strip() and not _commented(lines[i], mark)]
    if not body:
        raise RecordingError(str(path), "it holds no rows", "give a file of numbers in lines")
    sample = [lines[i] for i in body[-SAMPLE_LINES:]]
    delimiter, decimal = _delimiter(sample, delimiter, decimal)
    cells = {i: split(lines[i], delimiter) for i in body}
    start = find_start(body, cells, decimal, header)
    before = [i for i in body if i < start]
    width = width_of(body, cells, start)
    drop_titles(before, cells, width)
    names_line, below = find_names(before, cells, width, header, exact=skip is not None)
    # A row with names above it and numbers in it is data with a fault, which the reader must name.
    faults = [
        i for i in below if any(is_number(cell, decimal) for cell in cells[i]) and not is_below(cells[i])
    ]
    if faults:
        start, below = faults[0], [i for i in below if i < faults[0]]
    if names_line is not None and start <= names_line:  # a header of numbers that was taken for data
        start = next((i for i in body if i > names_line), len(lines))
    names = [nfc(cell.strip()) for cell in cells[names_line]] if names_line is not None else []
    if names and width > len(names) and any(any(cells[i][len(names) :]) for i in body if i >= start):
        raise RecordingError(
            str(path),
            f"its lines have {width} cells, the line of names has {len(names)}",
            "write a name for each column, or describe the columns by number with header: false",
        )
    comments = [
        lines[i].strip().lstrip(mark or "").strip() for i in range(start) if _commented(lines[i], mark)
    ]
    ahead = start if names_line is None else names_line
    preamble = [line for line in lines[:ahead] if line.strip() and not _commented(line, mark)]
    headers = _json(comments)
    if names_line is None:
        names = _commented_names(comments, headers, delimiter, width)
        if header is False:
            names = names if headers else []
    width = max(width, len(names)) if names_line is not None or not width else width
    names = [*names, *[""] * width][:width]
    units, has_units, rates = read_below(below, cells, width, units_row)
    titles = titles_of(headers, preamble, names)
    said = [
        unit or unit_in(name) or unit_in(title)
        for unit, name, title in zip(units, names, titles, strict=True)
    ]
    rows = tuple(tuple(cells[i]) for i in body if i >= start)[:SAMPLE_LINES]
    return Layout(
        encoding=encoding,
        delimiter=delimiter,
        decimal=decimal,
        comment=mark,
        data_line=start,
        names_line=names_line,
        names=tuple(names),
        units=tuple(said),
        units_row=has_units,
        rates=rates,
        preamble=(*comments, *preamble),
        headers=headers,
        titles=tuple(titles),
        rows=rows,
    )


def _commented(line: str, mark: str | None) -> bool:
    return mark is not None and line.lstrip().startswith(mark)


def _comment(lines: Sequence[str]) -> str | None:
    for line in lines:
        text = line.strip()
        if text.startswith(_COMMENTS):
            return text[0]
    return None


def _delimiter(sample: Sequence[str], delimiter: str | None, decimal: str | None) -> tuple[str, str]:
    """Choose what turns the lines into the most numbers in the most columns."""
    best: tuple[float, int, int] | None = None
    found = (delimiter or ",", decimal or ".")
    for rank, one in enumerate(_DELIMITERS if delimiter is None else (delimiter,)):
        rows = [split(line, one) for line in sample]
        count = Counter(map(len, rows)).most_common(1)[0][0]
        if count == 1 and delimiter is None and one != ",":
            continue
        alike = sum(len(row) == count for row in rows) / len(rows)
        for sign in (".", ",") if decimal is None else (decimal,):
            if sign == one and '"' not in sample[-1]:
                continue
            cells = [cell for row in rows for cell in row if not is_missing(cell)]
            numbers = sum(is_number(cell, sign) for cell in cells) / max(len(cells), 1)
            score = (round(numbers * alike, 3), count, -rank)
            if best is None or score > best:
                best, found = score, (one, sign)
    if best is not None and best[0] == 0 and delimiter is None:  # only names
        text = sample[-1]
        found = (max(_DELIMITERS, key=lambda one: (text.count(one) * (one != " "), one == ",")), found[1])
    return found


def _json(comments: Sequence[str]) -> tuple[dict[str, Any], ...]:
    found = []
    for text in comments:
        if text.startswith("{"):
            try:
                document = json.loads(text)
            except (ValueError, RecursionError):
                continue
            if isinstance(document, dict):
                found.append(document)
    return tuple(found)


def _commented_names(
    comments: Sequence[str], headers: Sequence[dict[str, Any]], delimiter: str, width: int
) -> list[str]:
    """Return names that stand in comments: the columns of OpenSignals, or a comment of the right width."""
    columns: list[str] = []
    for header in headers:
        for device in header.values():
            if isinstance(device, dict) and isinstance(device.get("column"), list):
                columns += [nfc(str(name)) for name in device["column"]]
    if columns and abs(len(columns) - width) <= 1:
        return columns
    if comments and width > 1:
        last = [nfc(cell) for cell in split(comments[-1], delimiter)]
        if len(last) == width and not any(is_number(cell, ".") for cell in last):
            return last
    return []
