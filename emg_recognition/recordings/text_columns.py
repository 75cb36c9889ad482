"""What the columns of a text file mean, by their names, their units and the lines before them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from emg_recognition.errors import RecordingError
from emg_recognition.recordings.column_words import EMG, SURE_COUNTER, TIME
from emg_recognition.recordings.csv_description import TIME_UNITS
from emg_recognition.recordings.text_cells import SECONDS, VOLTS, is_number, plain_unit
from emg_recognition.recordings.text_layout import Layout

_NUMBER = r"([0-9]+(?:[.,][0-9]+)?(?:e[-+]?[0-9]+)?)"
_RATE_NAMES = (
    r"(?:sampl\w*[ _-]*(?:rate|freq\w*)|\bfreq\w*|\bfs\b|\brate\b|abtast\w*"
    r"|采样率|采样频率|サンプリング\w*|частота\w*|[ée]chantillon\w*|muestreo|campion\w*)"
)
_RATE = re.compile(_RATE_NAMES + r"[^0-9\n]{0,30}?" + _NUMBER + r" ?(k?hz|sps)?", re.IGNORECASE)


#: ``Interval= 0.001 s`` (LabChart), ``Delta_X 0.001`` (LabVIEW), ``0.5 msec/sample`` (AcqKnowledge).
_INTERVAL = re.compile(
    rf"(?:interval|period|time ?step)[ =:\t]{{1,4}}{_NUMBER} ?(?P<of>s|sec|ms|msec|us)\b"
    rf"|^delta_x[ =:\t]{{1,4}}{_NUMBER}|{_NUMBER} ?(?P<each>s|sec|seconds|ms|msec|us)/sample",
    re.IGNORECASE,
)
_SAID_UNIT = re.compile(
    r"(micro|milli)volts?\b|\bin ([µμumn]?V)\b|units?(?:_label)?\W{1,3}([µμumn]?V|volts)\b", re.IGNORECASE
)
#: Vicon writes the rate below this word.
_VICON = re.compile(r"^Devices\W*\n([0-9.]+)\W*$", re.MULTILINE)


@dataclass(frozen=True)
class Scale:
    """The unit of samples: ``V`` or ``count``, and the numbers in the file per unit."""

    unit: str
    factor: float


def bare(name: str) -> str:
    """Return a name without a unit in brackets."""
    return re.sub(r"\s*[(\[][^()\[\]]*[)\]]\s*$", "", name).strip(" :")


def is_time(name: str) -> bool:
    """Return whether a column is one of times, by its name."""
    return TIME.search(name) is not None or TIME.search(bare(name)) is not None


def own_times(layout: Layout, samples: Sequence[int]) -> tuple[int, ...]:
    """Return for each channel the time column of its sensor; nothing if all share one.

    Vendors write the time of a sensor left of its values.
    """
    times = [i for i, name in enumerate(layout.names) if name and is_time(name)]
    if len(times) < 2:
        return ()
    values = head_values(layout)
    times = [i for i in times if rises(values[:, i])]
    if len(times) < 2:
        return ()
    own = tuple(max((i for i in times if i < sample), default=-1) for sample in samples)
    return own if len(set(own)) > 1 and -1 not in own else ()


def sensor_rates(layout: Layout, samples: Sequence[int]) -> tuple[float, ...]:
    """Return the rates of sensors with times of their own, Hz, by the first rows; none if they share one."""
    values = head_values(layout)
    rates = []
    for i in sorted(set(own_times(layout, samples))):
        times = values[np.isfinite(values[:, i]), i]
        period = (times[-1] - times[0]) / (len(times) - 1)
        rates.append(round(float(1 / period), 2))
    return tuple(dict.fromkeys(rates))


def find_counter(layout: Layout, samples: Sequence[int]) -> int | None:
    """Return the column that surely counts samples or packets, by the name that a vendor gave to it."""
    found = [i for i, name in enumerate(layout.names) if SURE_COUNTER.search(name) and i not in samples]
    return found[0] if len(found) == 1 else None


def find_scale(
    layout: Layout, samples: Sequence[int], unit: str | None, scale: float | None, source: str
) -> Scale:
    """Return the unit of the channels: as given, else as the file has it, else counts.

    Raises
    ------
    RecordingError
        If the file gives the channels unlike units.
    """
    if scale is not None or unit == "count":
        return Scale(unit or "count", 1.0 if scale is None else scale)
    factors = {VOLTS.get(layout.units[i]) for i in samples}
    if len(factors) > 1 and factors - {None}:
        units = ", ".join(dict.fromkeys(layout.units[i] or "none" for i in samples))
        raise RecordingError(
            source, f"its channels have the units {units}", "name channels of one unit as samples"
        )
    factor = factors.pop() if factors else None
    if factor is None and not any(layout.units[i] for i in samples):
        factor = _said_unit(layout)
    if factor is not None:
        return Scale("V", factor)
    return Scale(unit or "count", 1.0)


def _said_unit(layout: Layout) -> float | None:
    """Return the unit that the lines before the data name, in numbers per volt."""
    text = "\n".join(layout.preamble)
    if "OpenBCI" in text or any(name.startswith("EXG Channel") for name in layout.names):
        return VOLTS["uv"]
    alone = {VOLTS[unit] for line in layout.preamble if (unit := plain_unit(line)) in VOLTS}
    if len(alone) == 1:  # AcqKnowledge writes a line with the unit of each channel
        return alone.pop()
    found = _SAID_UNIT.search(text)
    return VOLTS.get(plain_unit(found[1] + "volts" if found[1] else found[2] or found[3])) if found else None


def header_rate(layout: Layout, samples: Sequence[int]) -> float | None:
    """Return the sampling rate that a file says itself, Hz; None if it says none, or several."""
    rates = {layout.rates[i] for i in samples if i < len(layout.rates)} - {0.0}
    if not rates:
        for header in layout.headers:
            for device in (header, *header.values()):
                if isinstance(device, dict):
                    rates |= {float(v) for k, v in device.items() if _RATE.match(f"{k} {v}") and _is_rate(v)}
    if not rates:
        emg = [line for line in layout.preamble if EMG.search(line)]
        for lines in (emg, layout.preamble):
            found = [match for line in lines if not line.startswith("{") for match in _RATE.finditer(line)]
            rates |= {
                float(m[1].replace(",", ".")) * (1000 if (m[2] or "").lower() == "khz" else 1) for m in found
            } - {0.0}
            if rates:
                break
    if not rates:
        text = "\n".join(layout.preamble)
        rates = {float(match[1]) for match in _VICON.finditer(text)}
        for match in (match for line in layout.preamble for match in _INTERVAL.finditer(line)):
            number = next(one for one in match.groups() if one and one[0].isdigit())
            seconds = TIME_UNITS[SECONDS[(match["of"] or match["each"] or "s").lower()]]
            rates.add(round(1 / max(float(number.replace(",", ".")) * seconds, 1e-9), 6))
    rates = {rate for rate in rates if 1 < rate < 1e6}
    return rates.pop() if len(rates) == 1 else None


def _is_rate(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value < 1e6


def head_values(layout: Layout) -> np.ndarray:
    """Return the first rows as numbers, shape (rows, columns); NaN for everything else."""
    values = np.full((max(len(layout.rows), 1), layout.width), np.nan)
    for row, cells in enumerate(layout.rows):
        for column, cell in enumerate(cells[: layout.width]):
            if is_number(cell, layout.decimal):
                values[row, column] = float(cell.replace(",", "."))
    return values


def rises(values: np.ndarray) -> bool:
    """Return whether numbers rise and never fall, as times do; NaN do not count."""
    finite = values[np.isfinite(values)]
    return len(finite) > 2 and bool((np.diff(finite) >= 0).all()) and finite[-1] > finite[0]
