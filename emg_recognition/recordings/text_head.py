"""Where the data of a text file begin, and the lines of names, units and rates above them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

from emg_recognition.recordings.text_cells import is_missing, is_number, plain_unit, quantity, unit_of

SAMPLE_LINES = 200
"""The number of lines at the end of the head that tell what a row of data looks like."""

#: More rows with a fault than this below the names are no data.
_FAULTS = 4
#: Before names in a row.
_NAMES_TITLE = re.compile(r"channel[ _]?(titles?|names?) ?[=:]?", re.IGNORECASE)
#: Rows that must look alike for the data to begin with the first of them.
_ALIKE = 8


def find_start(body: Sequence[int], cells: dict[int, list[str]], decimal: str, header: bool | None) -> int:
    """Return the first line of the data: from it on, the rows are alike."""
    tail = [cells[i] for i in body[-SAMPLE_LINES:]]
    width = Counter(map(len, reversed(tail))).most_common(1)[0][0]
    tail = [row for row in tail if len(row) == width]
    numeric = [
        column
        for column in range(width)
        if (filled := [row[column] for row in tail if not is_missing(row[column])])
        and sum(is_number(cell, decimal) for cell in filled) * 2 > len(filled)
    ]

    def is_data(i: int) -> bool:
        row = cells[i]
        values = [row[column] for column in numeric if column < len(row)]
        bad = sum(not is_number(cell, decimal) and not is_missing(cell) for cell in values)
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
            if header is not False and after:
                row, below = cells[i], cells[after[0]]
                numbered = _counts_columns(row) and not _counts_columns(below)
                if numbered or (_counts_samples(row) and below[0]):
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


def _counts_samples(row: Sequence[str]) -> bool:
    """Return whether a row has the number of samples of each channel, and no time (AcqKnowledge)."""
    filled = {cell for cell in row if cell}
    return row[0] == "" and len(filled) == 1 and filled.pop().isdecimal()


def width_of(body: Sequence[int], cells: dict[int, list[str]], start: int) -> int:
    """Return the usual number of cells from a line on."""
    counts = Counter(len(cells[i]) for i in body if i >= start)
    return counts.most_common(1)[0][0] if counts else 0


def drop_titles(before: Sequence[int], cells: dict[int, list[str]], width: int) -> None:
    """Take the titles off rows of names and units, such as ``ChannelTitle=`` or ``CHANNEL_NAMES``.

    A title stands above the time column (LabChart), or in a column of its own (Qualisys).
    """
    if not any(_NAMES_TITLE.fullmatch(cells[i][0]) for i in before):
        return
    for i in before:
        title, *row = cells[i]
        if len(row) == width:
            cells[i] = row
        elif len(row) == width - 1 and (_NAMES_TITLE.fullmatch(title) or title.endswith(("=", ":"))):
            cells[i] = ["time" if _NAMES_TITLE.fullmatch(title) else "", *row]


def find_names(
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
        if fits and _could_be_names(filled) and not is_below(row) and not _is_processing(filled):
            return i, below
        if not is_below(row) and (not fits or len(below) >= _FAULTS):
            break
        below.insert(0, i)
    if header and before:
        return before[0], list(before[1:])
    # Units and rates without names above them.
    return None, []


def _is_processing(filled: Sequence[str]) -> bool:
    """Return whether a row only says whether columns are raw or calibrated, as Shimmer has it."""
    return bool(filled) and {cell.lower() for cell in filled} <= {"raw", "cal", "uncal"}


def _could_be_names(filled: Sequence[str]) -> bool:
    """Return whether cells may be names: texts, or texts and the numbers of channels."""
    numbers = [cell for cell in filled if is_number(cell, ".") or is_number(cell, ",")]
    if len(numbers) == len(filled):
        return False
    first = int(numbers[0]) if numbers and numbers[0] in ("0", "1") else 0
    return numbers == [str(first + i) for i in range(len(numbers))] if numbers else True


def is_below(row: Sequence[str]) -> bool:
    """Return whether a row holds units or quantities and nothing else."""
    filled = [cell for cell in row if cell]
    return bool(filled) and all(unit_of(cell) or quantity(cell) for cell in filled)


def titles_of(headers: Sequence[dict[str, Any]], preamble: Sequence[str], names: Sequence[str]) -> list[str]:
    """Return what the lines before the data say about each column besides its name; empty for nothing.

    OpenSignals lists the sensors. AcqKnowledge has a title and a unit for each column ``CH1``, ``CH2``; they
    are joined here as in ``EMG (mV)``.
    """
    titles: list[str] = []
    for header in headers:
        for device in header.values():
            known = device if isinstance(device, dict) else {}
            kinds, columns = known.get("sensor"), known.get("column")
            if isinstance(kinds, list) and isinstance(columns, list):
                titles += [*[""] * (len(columns) - len(kinds)), *map(str, kinds)]
    for at, line in enumerate(preamble):
        count = re.fullmatch(r"([0-9]+) channels", line.strip())
        places = [i for i, name in enumerate(names) if re.fullmatch(r"CH[0-9]+", name)]
        if count and len(places) == int(count[1]) and len(preamble) > at + 2 * len(places):
            lines = [one.strip() for one in preamble[at + 1 : at + 1 + 2 * len(places)]]
            titles = [""] * len(names)
            for i, title, unit in zip(places, lines[::2], lines[1::2], strict=True):
                titles[i] = f"{title} ({unit})"
    return [*titles, *[""] * len(names)][: len(names)]


def read_below(
    below: Sequence[int], cells: dict[int, list[str]], width: int, units_row: bool | None
) -> tuple[list[str], bool, tuple[float, ...]]:
    """Return the units, whether a row holds them, and the rates (Hz) of the lines below the names."""
    units, rates, has_units = [""] * width, [0.0] * width, False
    for i in below:
        row = [*cells[i], *[""] * width][:width]
        if any(unit_of(cell) for cell in row) or units_row:
            has_units = True
            units = [plain_unit(cell) for cell in row]
        for column, cell in enumerate(row):
            found = quantity(cell) if cell else None
            if found and found[1] == "hz":
                rates[column] = found[0]
    return units, has_units, tuple(rates)
