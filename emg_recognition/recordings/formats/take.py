"""What a reader returns for a file: continuous samples, and the labels that belong to them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from emg_recognition.types import UNITS

#: Units of voltage as files write them, in V. Both signs for micro are in use.
_VOLTS = {"v": 1.0, "mv": 1e-3, "uv": 1e-6, "\u00b5v": 1e-6, "\u03bcv": 1e-6, "nv": 1e-9}
_VOLTS |= {"volt": 1.0, "volts": 1.0, "millivolts": 1e-3, "microvolts": 1e-6}
#: Words in the name or type of a channel that is something else than EMG.
_OTHER = re.compile(
    r"(?i)(?:^|[^a-z])(?:acc|accel\w*|gyro\w*|imu|mag|magnet\w*|quat\w*|orient\w*|trig\w*|marker\w*|status|"
    r"event\w*|sync|stim\w*|ecg|ekg|eog|eeg|resp\w*|temp\w*|force|torque|angle|pressure|glove|time\w*|counter|"
    r"sample|buffer|ramp|battery|aux\w*|control)(?:$|[^a-z])"
)
_EMG = re.compile(r"(?i)(?:^|[^a-z])s?emg")


class FormatError(Exception):
    """A file cannot be used.

    Parameters
    ----------
    problem : str
        What was found, with its value.
    remedy : str
        What to do about it.
    """

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(problem, remedy)
        self.problem = problem
        self.remedy = remedy


@dataclass(frozen=True)
class Span:
    """Samples with one label.

    Attributes
    ----------
    first, last : int
        First sample and the one after the last.
    label : str
        As the file writes it.
    repetition : int or None
        Its number; None where the file does not give one.
    """

    first: int
    last: int
    label: str
    repetition: int | None = None


@dataclass(frozen=True)
class Wanted:
    """What a description says about a file.

    Attributes
    ----------
    channels : tuple of str or int
        The channels to read by name, or by number from 1; by default those that hold EMG.
    rate : float or None
        The sampling rate in Hz, where the file gives none.
    unit : str
        ``V`` or ``count`` for numbers that are not in the unit of the file; empty to trust the file.
    scale : float
        Numbers in the file per `unit`.
    stream : str
        Which one, if a file holds the signals of several devices.
    label_channel, marker_channel : str, int or None
        A channel whose value labels each sample, or one that has a value only where a label begins.
    """

    channels: tuple[str | int, ...] = ()
    rate: float | None = None
    unit: str = ""
    scale: float = 1.0
    stream: str = ""
    label_channel: str | int | None = None
    marker_channel: str | int | None = None


@dataclass(frozen=True, eq=False)
class Take:
    """Continuous samples of one file.

    Attributes
    ----------
    samples : numpy.ndarray
        float32 in `unit`, shape (n, channels).
    rate : float
        Sampling rate, Hz.
    unit : str
        ``V`` or ``count``.
    spans : tuple of Span or None
        The labels within the file; None if it has none, so that its name has to tell the label.
    subject, cohort, session : str
        What the file says about itself; empty for nothing.
    problems : tuple of str
        What is missing or doubtful in it, one sentence each.
    channels : tuple of str
        Names of the channels in `samples`.
    """

    samples: np.ndarray
    rate: float
    unit: str
    spans: tuple[Span, ...] | None = None
    subject: str = ""
    cohort: str = ""
    session: str = ""
    problems: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()


def choose(
    names: Sequence[str], wanted: Wanted, *, units: Sequence[str] = (), types: Sequence[str] = ()
) -> list[int]:
    """Choose the channels that hold EMG.

    Parameters
    ----------
    names : sequence of str
        Names of all channels.
    wanted : Wanted
        The channels asked for, if any.
    units, types : sequence of str
        Unit and type of each channel, where the file knows them.

    Returns
    -------
    list of int
        Those asked for; else those with EMG in their name or type; else all that are not named or typed as
        something else and have a unit of voltage or none.

    Raises
    ------
    FormatError
        If there is no such channel.
    """
    plain = [unicodedata.normalize("NFC", name).strip() for name in names]
    if wanted.channels:
        return [place_of(plain, channel) for channel in wanted.channels]
    kinds = [*types, *[""] * (len(plain) - len(types))]
    units = [*units, *[""] * (len(plain) - len(units))]
    chosen = [
        i
        for i, (name, kind) in enumerate(zip(plain, kinds, strict=True))
        if _EMG.search(name) or _EMG.search(kind)
    ]
    # A name such as "EMG 1 (ACC.X)" is not EMG.
    chosen = [i for i in chosen if not _OTHER.search(plain[i])] or [
        i
        for i, (name, kind, unit) in enumerate(zip(plain, kinds, units, strict=True))
        if not _OTHER.search(name) and not _OTHER.search(kind) and (not unit.strip() or volts(unit))
    ]
    if not chosen:
        raise FormatError(
            f"none of its channels {_listed(plain)} is named or measured like EMG",
            "list channels in a description",
        )
    return chosen


def place_of(names: Sequence[str], channel: str | int) -> int:
    """Return the place of a channel, given by its name or by its number from 1.

    Raises
    ------
    FormatError
        If there is no such channel, or there are several.
    """
    names = [unicodedata.normalize("NFC", name).strip() for name in names]
    if isinstance(channel, int):
        if 1 <= channel <= len(names):
            return channel - 1
        raise FormatError(f"it has {len(names)} channels, no channel {channel}", "the first channel is 1")
    found = [i for i, name in enumerate(names) if name == unicodedata.normalize("NFC", channel).strip()]
    if len(found) != 1:
        what = f"{len(found)} channels" if found else "no channel"
        raise FormatError(f"it has {what} {channel!r}, only {_listed(names)}", "correct channels")
    return found[0]


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - 20} more" if len(names) > 20 else ""
    return ", ".join(names[:20]) + more or "(none)"


def volts(unit: str) -> float | None:
    """Return a unit of voltage in V; None for anything else."""
    return _VOLTS.get(unicodedata.normalize("NFC", unit).strip().lower())


def in_unit(
    columns: Iterable[np.ndarray], units: Sequence[str], wanted: Wanted, count: int
) -> tuple[np.ndarray, str]:
    """Return the samples of some channels as one array, and their unit.

    Parameters
    ----------
    columns : iterable of numpy.ndarray
        Samples of each channel, shape (n,), as the file gives them; only one needs to be in memory.
    units : sequence of str
        The file's unit of each channel; empty where it does not say.
    wanted : Wanted
        May give another unit.
    count : int
        Samples to take of each channel.

    Returns
    -------
    samples : numpy.ndarray
        float32, shape (n, channels).
    unit : str
        ``V`` if all channels have a unit of voltage, else ``count``.
    """
    known = [volts(unit) for unit in units]
    unit = wanted.unit or ("V" if all(known) else "count")
    if wanted.unit:
        factors = [1 / wanted.scale] * len(known)
    else:
        factors = [(one or 1.0) if unit == "V" else 1.0 for one in known]
    assert unit in UNITS
    samples = np.empty((count, len(factors)), np.float32)
    for i, (column, factor) in enumerate(zip(columns, factors, strict=True)):
        # In float64, as a live device does it.
        samples[:, i] = np.asarray(column[:count], np.float64) * factor
    return samples, unit


def checked_rate(rate: float | None, wanted: Wanted, hint: str = "") -> float:
    """Return the sampling rate: that of the file, else that of the description.

    Raises
    ------
    FormatError
        If neither gives it, or they differ.
    """
    if rate is None or not np.isfinite(rate) or rate <= 0:
        if wanted.rate is None:
            raise FormatError(
                f"it does not say its sampling rate{hint}", "give rate in Hz in a description of the files"
            )
        return wanted.rate
    if wanted.rate is not None and abs(wanted.rate / rate - 1) > 1e-3:
        raise FormatError(
            f"its rate is {rate:g} Hz, the description says {wanted.rate:g} Hz", "leave rate out"
        )
    return float(rate)
