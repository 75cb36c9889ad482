"""EMG-EPN-612: a JSON file for each user of a Myo armband, with the samples of single gestures.

Source: Benalcazar et al., EMG-EPN-612 dataset, 2020, doi 10.5281/zenodo.4421500.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from emg_recognition.recordings.formats.take import (
    FormatError,
    Span,
    Take,
    Wanted,
    checked_rate,
    choose,
    in_unit,
)

LIBRARY = ""
#: The gestures of each part of a file.
_PARTS = ("trainingSamples", "testingSamples")


def read(path: Path, wanted: Wanted) -> list[Take]:
    """Read the labelled gestures of a user; those without a name, of the hidden test set, are left out.

    Raises
    ------
    FormatError
        If it is another JSON file.
    """
    with open(path, encoding="utf-8") as file:
        document = json.load(file)
    if not isinstance(document, dict) or not any(isinstance(document.get(part), dict) for part in _PARTS):
        raise FormatError("it is a JSON file, but not of EMG-EPN-612", "give one with trainingSamples")
    general = document.get("generalInfo")
    rate = general.get("samplingFrequencyInHertz") if isinstance(general, dict) else None
    rate = checked_rate(float(rate) if rate is not None else None, wanted)
    user = document.get("userInfo")
    name = str(user.get("name") or "") if isinstance(user, dict) else ""
    takes, hidden = [], 0
    for part in _PARTS:
        gestures = document.get(part) or {}
        for key in sorted(gestures, key=_number):
            take = _take(gestures[key], key, rate, wanted, name, part.removesuffix("Samples"))
            hidden += take is None
            takes += [take] if take else []
    if not takes:
        raise FormatError(f"none of its {hidden} gestures has a name", "give a user with labelled gestures")
    return takes


def _number(key: str) -> tuple[int, str]:
    digits = key.rpartition("_")[2]
    return int(digits) if digits.isdecimal() and len(digits) < 10 else 0, key


def _take(gesture: Any, key: str, rate: float, wanted: Wanted, subject: str, session: str) -> Take | None:
    label = gesture.get("gestureName")
    if not label:
        return None
    channels = gesture["emg"]
    names = sorted(channels, key=_channel)
    columns = [np.asarray(channels[name], np.float64) for name in names]
    if not columns or any(column.ndim != 1 or len(column) != len(columns[0]) for column in columns):
        raise FormatError(f"the channels of {key} differ in length", "download the file again")
    chosen = choose(names, wanted)
    samples, unit = in_unit((columns[i] for i in chosen), [""] * len(chosen), wanted, len(columns[0]))
    first, last = 0, len(samples)
    marked = gesture.get("groundTruthIndex")
    if isinstance(marked, list) and len(marked) == 2:  # in samples from 1, both inclusive
        first, last = max(int(marked[0]) - 1, 0), min(int(marked[1]), len(samples))
    if last <= first:
        raise FormatError(f"the gesture {key} is marked from {marked}", "download the file again")
    return Take(samples, rate, unit, (Span(first, last, str(label)),), subject=subject, session=session)


def _channel(name: str) -> tuple[int, str]:
    digits = name.removeprefix("ch")
    return int(digits) if digits.isdecimal() and len(digits) < 10 else 0, name
