"""Lines of numbers, as a hobby board's ``Serial.print`` writes them."""

from __future__ import annotations

import math

import numpy as np

from emg_recognition.errors import SampleError

NUMBER_BYTES = b"0123456789+-.eE"
"""What a number is made of; so neither ``nan`` nor ``0x1F`` nor ``1_000`` is one."""


def write_lines(counts: np.ndarray, delimiter: str = ",") -> bytes:
    """Write a line a sample, each ending in carriage return and line feed.

    Parameters
    ----------
    counts : numpy.ndarray
        Integers of shape (samples, channels).
    delimiter : str
        What stands between two numbers.

    Returns
    -------
    bytes
        ASCII.

    Raises
    ------
    SampleError
        If the counts have another shape.
    """
    if counts.ndim != 2 or counts.dtype.kind not in "iu":
        raise SampleError(
            f"counts are {counts.dtype} of shape {counts.shape}", "give integers of shape (samples, channels)"
        )
    return "".join(delimiter.join(map(str, row)) + "\r\n" for row in counts.tolist()).encode()


def read_line(line: bytes, delimiter: bytes, channels: int) -> list[float] | None:
    """Read the numbers of a line.

    Parameters
    ----------
    line : bytes
        Without line feed; a carriage return and blanks around numbers do not matter.
    delimiter : bytes
        What stands between two numbers; a blank stands for any number of blanks and tabulators.
    channels : int
        Numbers that a line must have.

    Returns
    -------
    list of float or None
        None if the line is anything but so many numbers.
    """
    if line.translate(None, NUMBER_BYTES + delimiter + b" \t\r"):
        return None
    fields = line.split() if delimiter == b" " else line.split(delimiter)
    if len(fields) != channels:
        return None
    try:
        values = [float(field) for field in fields]
    except ValueError:
        return None
    return values if all(map(math.isfinite, values)) else None
