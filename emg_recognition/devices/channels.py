"""Which channels of a stream to use, as people write it."""

from __future__ import annotations

import numpy as np

from emg_recognition.errors import SettingError


def picked(text: str, count: int) -> np.ndarray:
    """Return the places of the channels that a text such as ``1-4,7`` names; all if it is empty.

    Raises
    ------
    SettingError
        If a channel does not exist or is named twice.
    """
    remedy = f"name channels from 1 to {count}, each once, e.g. 1-2,4"
    places: list[int] = []
    for part in text.split(",") if text else [f"1-{count}"]:
        first, dash, last = part.partition("-")
        if not (first.strip().isdecimal() and (last if dash else first).strip().isdecimal()):
            raise SettingError("pick", text, remedy)
        low, high = int(first), int(last if dash else first)
        if not 1 <= low <= high <= count:
            raise SettingError("pick", text, remedy)
        places += range(low - 1, high)
    if len(set(places)) != len(places):
        raise SettingError("pick", text, remedy)
    return np.array(places)
