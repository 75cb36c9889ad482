"""What one cell of a text file says: a number, nothing, a unit, or a number with its unit."""

from __future__ import annotations

import csv
import re
import unicodedata

_NUMBERS = {
    ".": re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?"),
    ",": re.compile(r"[+-]?([0-9]+|[0-9]*,[0-9]+)([eE][+-]?[0-9]+)?"),
}
_QUANTITY = re.compile(r"([0-9]+[.,]?[0-9]*) ?([a-zµμ%/^0-9]{1,6})?", re.IGNORECASE)

MISSING = frozenset({"", "nan", "-nan", "na", "n/a", "null", "none", "-"})
"""What stands for a value that is not there, in lower case."""

VOLTS = {
    "v": 1.0,
    "mv": 1e3,
    "uv": 1e6,
    "nv": 1e9,
    "volt": 1.0,
    "volts": 1.0,
    "millivolts": 1e3,
    "mvolts": 1e3,
    "microvolts": 1e6,
    "uvolts": 1e6,
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
    "msecs": "ms",
    "milliseconds": "ms",
    "us": "us",
    "ns": "ns",
    "min": "min",
    "minutes": "min",
}
"""Units of time in lower case, as ``time_unit`` has them."""

_UNITS = {
    *VOLTS, *SECONDS, "g", "mg", "m/s^2", "m/s2", "deg/s", "°/s", "dps", "rad/s", "ut", "t", "gauss", "deg",
    "°", "rad", "hz", "%", "n", "nm", "c", "°c", "ohm", "kohm", "mmhg", "us/cm", "count", "counts", "a.u.",
    "au", "raw", "bit", "bits", "adc", "lsb", "sample", "samples", "-", "n/a", "none", "no_units", "no units",
    "unitless", "int", "integer", "bool", "label", "string", "text", "date", "h:m:s",
}  # fmt: skip


def plain_unit(text: str) -> str:
    """Return a unit in lower case and ASCII, without brackets."""
    return unicodedata.normalize("NFKC", text).strip(" ()[]").lower().replace("μ", "u").replace("µ", "u")


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


def is_missing(cell: str) -> bool:
    """Return whether a cell stands for a value that is not there."""
    return cell.lower() in MISSING or cell.lower() in ("inf", "-inf")


def is_number(cell: str, decimal: str) -> bool:
    """Return whether a cell is a finite number."""
    return cell != "" and _NUMBERS[decimal].fullmatch(cell) is not None


def unit_of(cell: str) -> str:
    """Return a known unit as :func:`plain_unit` writes it; empty for anything else."""
    unit = plain_unit(cell)
    return unit if unit in _UNITS else ""


def quantity(cell: str) -> tuple[float, str] | None:
    """Return a number and its unit in lower case, such as those of ``2000 Hz``; None if it is none."""
    match = _QUANTITY.fullmatch(cell)
    return (float(match[1].replace(",", ".")), (match[2] or "").lower()) if match else None


def unit_in(name: str) -> str:
    """Return the unit that a name has in brackets, or after its last space, underscore, comma or slash."""
    for found in (*re.findall(r"[(\[]([^()\[\]]*)[)\]]", name)[::-1], *re.findall(r"[ _,]([^ _,]+)$", name)):
        if unit := unit_of(found):
            return unit if unit not in ("none", "-") else ""
    unit = plain_unit(name.rpartition("/")[2]) if "/" in name else ""
    return unit if unit in VOLTS or unit in SECONDS else ""
