"""Repetitions as a user writes them."""

from __future__ import annotations

import re

from emg_recognition.errors import SettingError

# Four digits keep a slip such as 1-1000000000 from filling the memory.
_PART = re.compile(r"([0-9]{1,4})(?:-([0-9]{1,4}))?")


def parse_repetitions(text: str) -> tuple[int, ...]:
    """Read repetitions written as numbers and ranges.

    Parameters
    ----------
    text : str
        For example ``1-3``, ``1,3`` or ``1-3,5``.

    Returns
    -------
    tuple of int
        The repetitions, sorted, each once.

    Raises
    ------
    SettingError
        For anything else, naming it.
    """
    found: set[int] = set()
    for part in text.split(","):
        match = _PART.fullmatch(part.strip())
        first, last = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
        if last < first:
            raise SettingError("repetitions", text, "write numbers and rising ranges, such as 1-3,5")
        found.update(range(first, last + 1))
    return tuple(sorted(found))
