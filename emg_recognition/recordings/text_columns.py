"""What the columns of a text file mean, by their names, their units and the lines before them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from emg_recognition.errors import RecordingError
from emg_recognition.recordings.file_names import WORDS
from emg_recognition.recordings.text_layout import SECONDS, VOLTS, Layout, is_number, plain_unit


def _words(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE)


#: Names that vendors and people give to columns. A unit in brackets has been taken off.
_TIME = _words(
    r"^time\b(?!.*format)", r"^time[ _-]?(stamps?|s|ms|us|sec|seconds?)?$", r"time series",
    r"^x ?\[m?s\]$", r"^t$",
    r"timestamp(?!.*format)", r"time[ _]?stamp$", r"^(zeit|temps|tiempo|tempo|tijd|elapsed)",
    "時間|时间|время",
)  # fmt: skip
_COUNTER = _words(
    r"^(sample|packet|package|frame|block)[ _-]?(index|no|nr|number|num|counter|count|id|#)?$",
    r"^n?seq(uence)?([ _-]?(no|nr|number|num))?$", r"^(counter|index|idx|#)$",
)  # fmt: skip
#: Names by which a column is taken for a counter although the description does not name it.
_SURE_COUNTER = _words(
    r"^sample ?index$", r"^nseq$", r"^(packet|package)[ _-]?(index|number|num|counter|count|id)$"
)
_MARKER = _words(r"\b(marker|trigger|event)s?\b")
_LABEL = _words(
    rf"\b({WORDS['label']}|annotation|activity|exercise|target|restimulus|stimulus|phase)",
    "geste|bewegung|klasse|clase|etiqueta|мышц|метка|标签|ラベル",
)  # fmt: skip
_ROLES = {
    role: _words(rf"^(re)?({WORDS[role]})([ _-]?(id|no|nr|number))?$")
    for role in ("repetition", "subject", "session")
}
_EMG = _words(r"emg", r"\bexg\b", r"^eeg channel", r"electromyo", "筋電|肌电|эмг")
_CHANNEL = _words(r"^(ch|chan|channel|sensor|electrode|elec|kanal|canal|voie|e|s)[ _.-]?[0-9]+$")
_OTHER = _words(
    r"\b(acc|accel|acceler\w*|gyr|gyro\w*|mag|magnet\w*|imu|quat\w*|orient\w*|temp\w*|batt\w*|press\w*|force|torque)\b",
    r"\b(angle|gonio\w*|ecg|ekg|eda|gsr|resp\w*|spo2|ppg|digital|analog|not used|unused|other|aux\w*|fsr)\b",
    r"\b(rssi|sync|date|di|do|video|di[0-9]|io[0-9]|formatted|status|contact|impedance|pitch|roll|yaw)\b",
    r"^(acc|gyro?|mag|quat|imu)[ _.-]?[xyzw0-9]", r"rms|envelope|mean|median freq",
)  # fmt: skip

_NUMBER = r"([0-9]+(?:[.,][0-9]+)?(?:e[-+]?[0-9]+)?)"
_RATE_NAMES = (
    r"(?:sampl\w*[ _-]*(?:rate|freq\w*)|\bfreq\w*|\bfs\b|\brate\b|abtast\w*"
    r"|[ée]chantillon\w*|muestreo|campion\w*)"
)
_RATE = re.compile(_RATE_NAMES + r"[^0-9\n]{0,30}?" + _NUMBER + r" ?(k?hz|sps)?", re.IGNORECASE)

#: Columns of a file that BrainFlow writes -> EXG channels, which follow the counter (its board descriptions).
_BRAINFLOW = {24: 8, 32: 16, 15: 4}
#: From here on, a time is one since 1970: in s, ms, us or ns.
_EPOCH = ((1e17, "ns"), (1e14, "us"), (1e11, "ms"), (1e8, "s"))


@dataclass(frozen=True)
class Scale:
    """The unit of samples: ``V`` or ``count``, and the numbers in the file per unit."""

    unit: str
    factor: float


@dataclass(kw_only=True)
class Guess:
    """What the columns of a file seem to be; positions from 0.

    Attributes
    ----------
    samples : tuple of int
        The channels.
    time, counter, marker, label : int or None
        Columns of the rows' times, numbers and labels.
    roles : dict of str to int
        Columns of repetition, subject and session.
    time_unit : str
        Unit of the time column.
    scale : Scale or None
        None if nothing says the unit.
    rate : float or None
        What the file says, Hz.
    left : dict of str to str
        Other columns, and why they are no channels.
    """

    samples: tuple[int, ...] = ()
    time: int | None = None
    counter: int | None = None
    marker: int | None = None
    label: int | None = None
    roles: dict[str, int]
    time_unit: str = "s"
    scale: Scale | None = None
    rate: float | None = None
    left: dict[str, str]


def bare(name: str) -> str:
    """Return a name without a unit in brackets."""
    return re.sub(r"\s*[(\[][^()\[\]]*[)\]]\s*$", "", name).strip(" :")


def is_time(name: str) -> bool:
    """Return whether a column is one of times, by its name."""
    return _TIME.search(name) is not None or _TIME.search(bare(name)) is not None


def own_times(layout: Layout, samples: Sequence[int]) -> tuple[int, ...]:
    """Return for each channel the time column of its sensor; nothing if all share one.

    Vendors write the time of a sensor left of its values.
    """
    times = [i for i, name in enumerate(layout.names) if name and is_time(name)]
    if len(times) < 2:
        return ()
    values = _head_values(layout)
    times = [i for i in times if _rises(values[:, i])]
    if len(times) < 2:
        return ()
    own = tuple(max((i for i in times if i < sample), default=-1) for sample in samples)
    return own if len(set(own)) > 1 and -1 not in own else ()


def sensor_rates(layout: Layout, samples: Sequence[int]) -> tuple[float, ...]:
    """Return the rates of sensors with times of their own, Hz, by the first rows; none if they share one."""
    values = _head_values(layout)
    rates = []
    for i in sorted(set(own_times(layout, samples))):
        times = values[np.isfinite(values[:, i]), i]
        period = (times[-1] - times[0]) / (len(times) - 1)
        rates.append(round(float(1 / period), 2))
    return tuple(dict.fromkeys(rates))


def find_counter(layout: Layout, samples: Sequence[int]) -> int | None:
    """Return the column that surely counts samples or packets, by the name that a vendor gave to it."""
    found = [i for i, name in enumerate(layout.names) if _SURE_COUNTER.search(name) and i not in samples]
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
    found = re.search(
        r"(micro|milli)volts?\b|\bin ([µμumn]?V)\b|units?\W{1,3}([µμumn]?V)\b", text, re.IGNORECASE
    )
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
        emg = [line for line in layout.preamble if _EMG.search(line)]
        for lines in (emg, layout.preamble):
            found = [match for line in lines if not line.startswith("{") for match in _RATE.finditer(line)]
            rates |= {
                float(m[1].replace(",", ".")) * (1000 if (m[2] or "").lower() == "khz" else 1) for m in found
            } - {0.0}
            if rates:
                break
    rates = {rate for rate in rates if 1 < rate < 1e6}
    return rates.pop() if len(rates) == 1 else None


def _is_rate(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value < 1e6


def guess_columns(layout: Layout, name: str) -> Guess:
    """Guess what the columns of a file are.

    Parameters
    ----------
    layout : Layout
        Its layout.
    name : str
        Its name, for files whose only hint it is.
    """
    values = _head_values(layout)
    names = [bare(text) for text in layout.names]
    numeric = [i for i in range(layout.width) if _mostly(values[:, i])]
    found = Guess(roles={}, left={})
    _by_names(found, layout, names, numeric, values)
    if not any(names):
        _without_names(found, layout, numeric, values, name)
    found.samples = found.samples or _channels(found, layout, names, numeric, values)
    taken = {*found.samples, found.time, found.counter, found.marker, found.label, *found.roles.values()}
    for i in range(layout.width):
        if i not in taken and (layout.names[i] or i in numeric):
            found.left[layout.names[i] or f"column {i + 1}"] = _reason(i, layout.names, numeric, values)
    if found.time is not None:
        found.time_unit = _time_unit(layout, values[:, found.time], found.time)
    unit = find_scale(layout, found.samples, None, None, name) if found.samples else None
    if unit is not None and unit.unit == "count" and name.startswith("BrainFlow-RAW"):
        unit = Scale("V", VOLTS["uv"])
    found.scale = unit if unit is None or unit.unit == "V" or layout.headers else None
    found.rate = header_rate(layout, found.samples)
    return found


def _head_values(layout: Layout) -> np.ndarray:
    """Return the first rows as numbers, shape (rows, columns); NaN for everything else."""
    values = np.full((max(len(layout.rows), 1), layout.width), np.nan)
    for row, cells in enumerate(layout.rows):
        for column, cell in enumerate(cells[: layout.width]):
            if is_number(cell, layout.decimal):
                values[row, column] = float(cell.replace(",", "."))
    return values


def _mostly(values: np.ndarray) -> bool:
    return bool(np.isfinite(values).mean() > 0.5)


def _rises(values: np.ndarray) -> bool:
    finite = values[np.isfinite(values)]
    return len(finite) > 2 and bool((np.diff(finite) >= 0).all()) and finite[-1] > finite[0]


def _by_names(found: Guess, layout: Layout, names: list[str], numeric: list[int], values: np.ndarray) -> None:
    clock = [i for i in range(layout.width) if i not in numeric and _is_clock(layout, i)]
    times = [i for i in numeric if is_time(layout.names[i]) and _rises(values[:, i])]
    times += [i for i in clock if is_time(layout.names[i])]
    found.time = times[0] if times else None
    # The column that holds only times of the transfer, beside none of the samples, is still better than none.
    counters = [i for i in numeric if _COUNTER.search(names[i]) and i != found.time and _counts(values[:, i])]
    found.counter = counters[0] if counters else None
    free = [i for i, text in enumerate(names) if text and i not in (found.time, found.counter, *times)]
    for role, pattern in _ROLES.items():
        for i in free:
            if pattern.search(names[i]) and role not in found.roles:
                found.roles[role] = i
    free = [i for i in free if i not in found.roles.values() and not _EMG.search(names[i])]
    labels = [i for i in free if _LABEL.search(names[i])]
    markers = [i for i in free if _MARKER.search(names[i]) and i not in labels]
    found.label = labels[0] if labels else None
    if found.label is None and markers:
        found.marker = markers[0]


def _is_clock(layout: Layout, column: int) -> bool:
    cells = [row[column] for row in layout.rows if column < len(row) and row[column]]
    return bool(cells) and all(":" in cell for cell in cells)


def _counts(values: np.ndarray) -> bool:
    finite = values[np.isfinite(values)]
    return len(finite) > 2 and bool((finite == np.round(finite)).all()) and bool((np.diff(finite) != 0).any())


def _without_names(found: Guess, layout: Layout, numeric: list[int], values: np.ndarray, name: str) -> None:
    rising = [i for i in numeric if _rises(values[:, i])]
    steps = {i: np.diff(values[:, i]) for i in numeric}
    epochs = [i for i in rising if np.nanmin(values[:, i]) >= _EPOCH[-1][0]]
    usual = {i: float(np.median(steps[i])) if len(steps[i]) else 0.0 for i in numeric}
    counting = [
        i
        for i in numeric
        if _counts(values[:, i])
        and i not in epochs
        and 0 < usual[i] <= 4
        and np.mean(steps[i] == usual[i]) > 0.7
    ]
    others = [i for i in rising if i not in counting and i not in epochs]
    found.counter = counting[0] if counting and counting[0] == (numeric[0] if numeric else None) else None
    found.time = epochs[0] if epochs else others[0] if others and others[0] == numeric[0] else None
    last = layout.width - 1
    if found.counter == 0 and found.time == last - 1 and last in numeric and layout.width in _BRAINFLOW:
        found.samples = tuple(range(1, 1 + _BRAINFLOW[layout.width]))
        found.marker = last
    text = "\n".join(layout.preamble)
    count = re.search(r"number of channels\D{1,5}([0-9]+)", text, re.IGNORECASE)
    if "OpenBCI" in text and count and found.counter == 0:  # versions before 5 have no line of names
        found.samples = tuple(range(1, 1 + min(int(count[1]), last)))


def _channels(
    found: Guess, layout: Layout, names: list[str], numeric: list[int], values: np.ndarray
) -> tuple[int, ...]:
    sensors: list[str] = []
    for header in layout.headers:
        for device in header.values():
            if (
                isinstance(device, dict)
                and isinstance(device.get("sensor"), list)
                and isinstance(device.get("column"), list)
            ):
                kinds = [str(kind) for kind in device["sensor"]]
                sensors += [*[""] * (len(device["column"]) - len(kinds)), *kinds]
    emg = [i for i in numeric if i < len(sensors) and _EMG.search(sensors[i])]
    if emg:
        return tuple(emg)
    taken = {found.time, found.counter, found.marker, found.label, *found.roles.values()}
    free = [i for i in numeric if i not in taken and not is_time(layout.names[i] or "-")]
    for pattern in (_EMG, _CHANNEL):
        named = [
            i
            for i in free
            if pattern.search(names[i]) and not (_OTHER.search(names[i]) and pattern is _CHANNEL)
        ]
        named = [i for i in named if not re.search(r"\b(acc|gyro?|mag|time|rms)\b", names[i], re.IGNORECASE)]
        if named:
            return tuple(named)
    free = [
        i
        for i in free
        if not any(pattern.search(names[i]) for pattern in (_OTHER, _COUNTER, _MARKER))
        and layout.units[i] in (*VOLTS, "", "count", "counts", "raw", "a.u.", "au", "adc")
    ]
    if any(layout.units[i] in VOLTS for i in free):
        return tuple(i for i in free if layout.units[i] in VOLTS)
    if any(names):
        return tuple(free)
    moving = [i for i in free if np.nanmax(values[:, i]) > np.nanmin(values[:, i])]
    return tuple(_alike(moving, values) if moving else free)


def _alike(columns: list[int], values: np.ndarray) -> list[int]:
    """Return the longest run of neighbours whose values move by similar amounts."""
    runs: list[list[int]] = []
    for i in columns:
        spread = float(np.nanstd(values[:, i]))
        if runs and i == runs[-1][-1] + 1:
            before = float(np.nanmedian([np.nanstd(values[:, j]) for j in runs[-1]]))
            if 1 / 30 < spread / before < 30:
                runs[-1].append(i)
                continue
        runs.append([i])
    return max(runs, key=len)


def _reason(i: int, names: Sequence[str], numeric: list[int], values: np.ndarray) -> str:
    if i not in numeric:
        return "no numbers"
    if is_time(names[i]):
        return "a time"
    if _OTHER.search(bare(names[i])):
        return "by its name no EMG"
    if np.nanmax(values[:, i]) == np.nanmin(values[:, i]):
        return "constant in the first rows"
    return "unlike the channels"


def _time_unit(layout: Layout, values: np.ndarray, column: int) -> str:
    """Return the unit of a time column: as the file has it, else the one that gives a usual rate."""
    unit = SECONDS.get(layout.units[column], "")
    if unit:
        return unit
    finite = values[np.isfinite(values)]
    if not len(finite):
        return "clock"
    for least, epoch in _EPOCH:
        if finite[0] >= least:
            return epoch
    ending = re.search(r"[_ (\[](ms|us|ns)\b", layout.names[column] + " ")
    if ending:
        return ending[1]
    step = float(finite[-1] - finite[0]) / max(len(finite) - 1, 1)
    for name, seconds in (("s", 1.0), ("ms", 1e-3), ("us", 1e-6)):
        if step > 0 and 20 <= 1 / (step * seconds) <= 50_000:
            return name
    return "s"
