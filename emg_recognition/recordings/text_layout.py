"""How a text file is laid out: delimiter, decimal sign, lines before the data, names and units of columns."""

from __future__ import annotations

import csv
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from emg_recognition.errors import RecordingError
from emg_recognition.recordings.text_lines import read_head
from emg_recognition.text import nfc

#: In order of preference; a space stands for any white space.
_DELIMITERS = ("\t", ";", "|", ",", " ")
_COMMENTS = ("%", "#")
#: The end of the head tells what a row of data looks like.
_SAMPLE_LINES = 200
#: More rows with a fault than this below the names are no data.
_FAULTS = 4
#: Rows that must look alike for the data to begin with the first of them.
_ALIKE = 8

_NUMBERS = {
    ".": re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?"),
    ",": re.compile(r"[+-]?([0-9]+|[0-9]*,[0-9]+)([eE][+-]?[0-9]+)?"),
}
_MISSING = re.compile(r"(nan|na|n/a|-?inf|null|none|-)?", re.IGNORECASE)
_QUANTITY = re.compile(r"([0-9]+[.,]?[0-9]*) ?([a-zµμ%/^0-9]{1,6})?", re.IGNORECASE)

VOLTS = {
    "v": 1.0,
    "mv": 1e3,
    "uv": 1e6,
    "nv": 1e9,
    "volt": 1.0,
    "volts": 1.0,
    "millivolts": 1e3,
    "microvolts": 1e6,
}
"""Units of a voltage in lower case, in numbers per volt."""

SECONDS = {
    "s": "s",
    "sec": "s",
    "secs": "s",
    "second": "s",
    "seconds": "s",
    "ms": "ms",
    "msec": "ms",
    "us": "us",
    "ns": "ns",
}
"""Units of time in lower case, as ``time_unit`` has them."""

_UNITS = {
    *VOLTS, *SECONDS, "g", "mg", "m/s^2", "m/s2", "deg/s", "°/s", "dps", "rad/s", "ut", "t", "gauss", "deg",
    "°", "rad", "hz", "%", "n", "nm", "c", "°c", "ohm", "kohm", "mmhg", "us/cm", "count", "counts", "a.u.",
    "au", "raw", "bit", "bits", "adc", "lsb", "sample", "samples", "-", "n/a", "none", "int", "integer",
    "bool", "label", "string", "text", "date", "h:m:s",
}  # fmt: skip


def plain_unit(text: str) -> str:
    """Return a unit in lower case and ASCII, without brackets."""
    return unicodedata.normalize("NFKC", text).strip(" ()[]").lower().replace("μ", "u").replace("µ", "u")


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
    sample = [lines[i] for i in body[-_SAMPLE_LINES:]]
    delimiter, decimal = _delimiter(sample, delimiter, decimal)
    cells = {i: split(lines[i], delimiter) for i in body}
    start = _start(body, cells, decimal, header)
    before = [i for i in body if i < start]
    width = _width(body, cells, start)
    names_line, below = _names(before, cells, width, header, exact=skip is not None)
    # A row with names above it and numbers in it is data with a fault, which the reader must name.
    faults = [
        i for i in below if any(is_number(cell, decimal) for cell in cells[i]) and not _is_below(cells[i])
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
    units, has_units, rates = _below(below, cells, width, units_row)
    rows = tuple(tuple(cells[i]) for i in body if i >= start)[:_SAMPLE_LINES]
    return Layout(
        encoding=encoding,
        delimiter=delimiter,
        decimal=decimal,
        comment=mark,
        data_line=start,
        names_line=names_line,
        names=tuple(names),
        units=tuple(unit or _unit_in(name) for unit, name in zip(units, names, strict=True)),
        units_row=has_units,
        rates=rates,
        preamble=(*comments, *preamble),
        headers=headers,
        rows=rows,
    )


def split(line: str, delimiter: str) -> list[str]:
    """Split a line into its cells, without spaces around them."""
    if delimiter == " ":
        return line.split()
    if '"' not in line:
        return [cell.strip() for cell in line.split(delimiter)]
    try:
        return [cell.strip() for cell in next(csv.reader([line], delimiter=delimiter, skipinitialspace=True))]
    except (csv.Error, StopIteration):
        return [cell.strip() for cell in line.split(delimiter)]


def is_number(cell: str, decimal: str) -> bool:
    """Return whether a cell is a finite number."""
    return cell != "" and _NUMBERS[decimal].fullmatch(cell) is not None


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
            cells = [cell for row in rows for cell in row if not _MISSING.fullmatch(cell)]
            numbers = sum(is_number(cell, sign) for cell in cells) / max(len(cells), 1)
            score = (round(numbers * alike, 3), count, -rank)
            if best is None or score > best:
                best, found = score, (one, sign)
    if best is not None and best[0] == 0 and delimiter is None:  # only names
        text = sample[-1]
        found = (max(_DELIMITERS, key=lambda one: (text.count(one) * (one != " "), one == ",")), found[1])
    return found


def _start(body: Sequence[int], cells: dict[int, list[str]], decimal: str, header: bool | None) -> int:
    """Return the first line of the data: from it on, the rows are alike."""
    tail = [cells[i] for i in body[-_SAMPLE_LINES:]]
    width = Counter(map(len, reversed(tail))).most_common(1)[0][0]
    tail = [row for row in tail if len(row) == width]
    numeric = [
        column
        for column in range(width)
        if (filled := [row[column] for row in tail if not _MISSING.fullmatch(row[column])])
        and sum(is_number(cell, decimal) for cell in filled) * 2 > len(filled)
    ]

    def is_data(i: int) -> bool:
        row = cells[i]
        values = [row[column] for column in numeric if column < len(row)]
        bad = sum(not is_number(cell, decimal) and not _MISSING.fullmatch(cell) for cell in values)
        good = sum(is_number(cell, decimal) for cell in values)
        return good > 0 and bad == 0 and len(row) * 2 > width

    if not numeric:
        return (
            body[1] if len(body) > 1 and header is not False else body[0] if header is False else body[-1] + 1
        )
    for at, i in enumerate(body):
        following = body[at : at + _ALIKE]
        if is_data(i) and sum(map(is_data, following)) * 2 >= len(following):
            after = body[at + 1 : at + 2]
            if (
                header is not False
                and after
                and _counts_columns(cells[i])
                and not _counts_columns(cells[after[0]])
            ):
                return after[0]
            return i
    return body[-1] + 1 if len(body) == 1 or header else body[1]


def _counts_columns(row: Sequence[str]) -> bool:
    """Return whether a row has the numbers 0, 1, 2… or 1, 2, 3…, as data frames without names have."""
    filled = [cell for cell in row if cell]
    return len(filled) > 2 and filled in (
        [str(i) for i in range(len(filled))],
        [str(i + 1) for i in range(len(filled))],
    )


def _width(body: Sequence[int], cells: dict[int, list[str]], start: int) -> int:
    counts = Counter(len(cells[i]) for i in body if i >= start)
    return counts.most_common(1)[0][0] if counts else 0


def _names(
    before: Sequence[int], cells: dict[int, list[str]], width: int, header: bool | None, *, exact: bool
) -> tuple[int | None, list[int]]:
    """Find the line of the names, and the rows of units and rates between it and the data."""
    if header is False:
        return None, []
    if exact and before:
        return before[0], list(before[1:])
    below: list[int] = []
    for i in reversed(before):
        row = cells[i]
        filled = [cell for cell in row if cell]
        fits = abs(len(row) - width) <= 1 or not width or (len(row) < width and len(filled) * 2 > width)
        if fits and _could_be_names(filled) and not _is_below(row):
            return i, below
        if not _is_below(row) and (not fits or len(below) >= _FAULTS):
            break
        below.insert(0, i)
    if header and before:
        return before[0], list(before[1:])
    # Units and rates without names above them.
    return None, []


def _could_be_names(filled: Sequence[str]) -> bool:
    """Return whether cells may be names: texts, or texts and the numbers of channels."""
    numbers = [cell for cell in filled if is_number(cell, ".") or is_number(cell, ",")]
    if len(numbers) == len(filled):
        return False
    first = int(numbers[0]) if numbers and numbers[0] in ("0", "1") else 0
    return numbers == [str(first + i) for i in range(len(numbers))] if numbers else True


def _is_below(row: Sequence[str]) -> bool:
    """Return whether a row holds units or quantities and nothing else."""
    filled = [cell for cell in row if cell]
    return bool(filled) and all(_unit(cell) or _quantity(cell) for cell in filled)


def _unit(cell: str) -> str:
    unit = plain_unit(cell)
    return unit if unit in _UNITS else ""


def _quantity(cell: str) -> tuple[float, str] | None:
    match = _QUANTITY.fullmatch(cell)
    return (float(match[1].replace(",", ".")), (match[2] or "").lower()) if match else None


def _below(
    below: Sequence[int], cells: dict[int, list[str]], width: int, units_row: bool | None
) -> tuple[list[str], bool, tuple[float, ...]]:
    units, rates, has_units = [""] * width, [0.0] * width, False
    for i in below:
        row = [*cells[i], *[""] * width][:width]
        if any(_unit(cell) for cell in row) or units_row:
            has_units = True
            units = [plain_unit(cell) for cell in row]
        for column, cell in enumerate(row):
            quantity = _quantity(cell) if cell else None
            if quantity and quantity[1] == "hz":
                rates[column] = quantity[0]
    return units, has_units, tuple(rates)


def _unit_in(name: str) -> str:
    """Return the unit that a name has in brackets, or after its last space or underscore."""
    for found in (*re.findall(r"[(\[]([^()\[\]]*)[)\]]", name)[::-1], *re.findall(r"[ _]([^ _]+)$", name)):
        if unit := _unit(found):
            return unit if unit not in ("none", "-") else ""
    return ""


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
