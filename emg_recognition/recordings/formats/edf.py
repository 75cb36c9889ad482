"""EDF, EDF+, BDF and BDF+, read with edfio. Annotations are the labels.

The European Data Format holds 16-bit samples, BioSemi's BDF 24-bit samples.

Sources: Kemp et al. 1992 and Kemp & Olivan 2003 (EDF+), www.edfplus.info.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np

from emg_recognition.recordings.formats.labels import Mark, labels_of
from emg_recognition.recordings.formats.take import (
    FormatError,
    Span,
    Take,
    Wanted,
    checked_rate,
    choose,
    in_unit,
    volts,
)

LIBRARY = "edfio"
#: What this package writes into annotations because the header has no field, or too short a field, for it.
FACT = re.compile(r"(subject|cohort|session|repetition|scale|rate|samples)=(.*)", re.DOTALL)


def read(path: Path, wanted: Wanted) -> list[Take]:
    """Read a file.

    Raises
    ------
    FormatError
        If its signals cannot be used.
    """
    import edfio

    with open(path, "rb") as file:
        is_bdf = file.read(1) == b"\xff"
    edf = (edfio.read_bdf if is_bdf else edfio.read_edf)(path, header_encoding="latin-1")
    if not edf.is_continuous:
        raise FormatError("it has gaps (EDF+D)", "make a continuous file of each part, e.g. with EDFbrowser")
    signals = edf.signals
    chosen = choose([one.label for one in signals], wanted, units=[one.physical_dimension for one in signals])
    rates = sorted({float(signals[i].sampling_frequency) for i in chosen})
    if len(rates) > 1:
        raise FormatError(
            f"its EMG channels have the rates {', '.join(f'{rate:g}' for rate in rates)} Hz",
            "list channels of one rate in a description",
        )
    facts, marks, numbers = _annotations(edf.annotations)
    rate = checked_rate(float(facts.get("rate", rates[0])), wanted)
    count = min(int(facts.get("samples", len(signals[chosen[0]].digital))), len(signals[chosen[0]].digital))
    if "scale" in facts and not wanted.unit:
        # Written by this package: the same bits as before.
        scale = float(facts["scale"])
        samples = np.empty((count, len(chosen)), np.float32)
        for place, i in enumerate(chosen):
            samples[:, place] = signals[i].digital[:count].astype(np.float64) / scale
        unit = "V" if volts(signals[chosen[0]].physical_dimension) else "count"
    else:
        units = [signals[i].physical_dimension for i in chosen]
        samples, unit = in_unit((signals[i].data for i in chosen), units, wanted, count)
    spans = labels_of(
        marks,
        rate,
        len(samples),
        wanted,
        names=[one.label for one in signals],
        values=lambda i: _whole_numbers(signals[i], rates[0]),
    )
    if spans is not None:
        spans = tuple(
            Span(one.first, one.last, one.label, numbers.get(round(one.first / rate, 6))) for one in spans
        )
    code = edf.local_patient_identification.split(" ")[0]
    return [
        Take(
            samples,
            rate,
            unit,
            spans,
            facts.get("subject", "" if code == "X" else code),
            facts.get("cohort", ""),
            facts.get("session", ""),
            channels=tuple(signals[i].label for i in chosen),
        )
    ]


def _whole_numbers(signal: Any, rate: float) -> np.ndarray:
    """Return the values of a channel of labels."""
    if signal.sampling_frequency != rate:
        raise FormatError(f"its channel {signal.label} has another rate than the samples", "name another one")
    # The lower 16 bits of BioSemi's Status are the trigger inputs, the others describe the device.
    return signal.digital & 0xFFFF if signal.label == "Status" else signal.data


def _annotations(
    annotations: tuple,
) -> tuple[dict[str, str], list[Mark], dict[float, int]]:
    """Return what this package noted, the labels, and the repetition of the label at a time."""
    facts: dict[str, str] = {}
    marks: list[Mark] = []
    numbers: dict[float, int] = {}
    for one in annotations:
        match = FACT.fullmatch(one.text) if one.duration is None else None
        if match is None:
            marks.append((one.onset, one.duration, one.text))
        elif match[1] == "repetition":
            numbers[round(one.onset, 6)] = int(match[2])
        else:
            facts[match[1]] = match[2]
    return facts, marks, numbers
