"""What the signal path is made of, and the one line that tells two of them apart."""

from __future__ import annotations

import dataclasses
import math
import numbers
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from emg_recognition import settings as mappings
from emg_recognition.errors import SettingError

UNITS = ("V", "count")

# Changes whenever the same settings give other windows, so that an old model refuses them.
_VERSION = "emg1"

# The power of surface EMG lies between about 20 and 450 Hz; below 20 Hz is movement of the
# skin and the electrodes (De Luca et al., J. Biomech. 43(8), 2010, doi:10.1016/j.jbiomech.2010.01.027).
_BAND = (20.0, 450.0)
# Where the upper edge ends at low rates, as a share of the rate: 95 Hz at 200 Hz.
_HIGHEST_SHARE = 0.475
# A quality of 30 rings longer than the settling (18 % of a hum as strong as the signal is left
# after 250 ms, against 2 %) and misses hum 0.2 Hz off its frequency by 9 dB more:
# docs/concepts/signal-path.md.
_NOTCH_QUALITY = 10.0
# Above this, rounding may make a narrow band-pass unstable.
_HIGHEST_ORDER = 8


@dataclass(frozen=True, kw_only=True)
class PipelineSettings:
    """Settings of the signal path from raw samples to windows.

    Attributes
    ----------
    rate : float
        Sampling rate in Hz.
    channels : int
        Number of electrodes.
    unit : str
        Unit of the samples: ``"V"``, or ``"count"`` where the device's scale is not known.
    low, high : float
        Edges of the band-pass in Hz, inside (0, rate / 2).
    order : int
        Order of the Butterworth band-pass at each edge.
    notch : float
        Mains frequency to remove, in Hz; 0 for no notch.
    notch_quality : float
        Quality factor of the notch: its frequency over its -3 dB width.
    window : float
        Length of a window in seconds.
    settling : float
        Windows that begin less than this many seconds after a start are withheld.

    Raises
    ------
    SettingError
        For a value that cannot be used.
    """

    rate: float
    channels: int
    unit: str
    low: float
    high: float
    order: int = 4
    notch: float = 50.0
    notch_quality: float = _NOTCH_QUALITY
    window: float = 0.2
    settling: float = 0.25

    def __post_init__(self) -> None:
        for name in ("rate", "low", "high", "notch", "notch_quality", "window", "settling"):
            # A plain float: the fingerprint and the YAML must not depend on NumPy scalars.
            object.__setattr__(self, name, _number(name, getattr(self, name)))
        for name in ("channels", "order"):
            object.__setattr__(self, name, whole_number(name, getattr(self, name)))
        if self.unit not in UNITS:
            raise SettingError("unit", self.unit, f"write one of {', '.join(UNITS)}")
        if self.rate <= 0:
            raise SettingError("rate", self.rate, "give the sampling rate in Hz, above 0")
        half = self.rate / 2
        for name in ("low", "high"):
            if not 0 < getattr(self, name) < half:
                raise SettingError(name, getattr(self, name), f"choose a band edge between 0 and {half:g} Hz")
        if self.low >= self.high:
            raise SettingError("low", self.low, f"choose a lower edge below the upper one, {self.high:g} Hz")
        if not 0 <= self.notch < half:
            raise SettingError("notch", self.notch, f"choose a notch below {half:g} Hz, or 0 for none")
        if self.order > _HIGHEST_ORDER:
            raise SettingError("order", self.order, f"choose an order from 1 to {_HIGHEST_ORDER}")
        if self.notch_quality < 1:
            raise SettingError(
                "notch_quality", self.notch_quality, "choose a quality of 1 or above, such as 10"
            )
        if self.window <= 0 or self.length < 1:
            raise SettingError("window", self.window, f"choose at least one sample, {1 / self.rate:g} s")
        if self.settling < 0:
            raise SettingError("settling", self.settling, "choose a time in seconds, 0 or above")

    @property
    def length(self) -> int:
        """Samples in a window."""
        return round(self.window * self.rate)

    @property
    def settling_samples(self) -> int:
        """Samples after a start before which no window may begin."""
        # 0.07 * 100 is 7.000000000000001: rounding first keeps the ceiling from adding a sample.
        return math.ceil(round(self.settling * self.rate, 6))

    def fingerprint(self) -> str:
        """Describe the signal path in one line.

        Two pipelines have the same line exactly if they make the same windows from the same
        samples, whatever the stride. Model statistics are not part of it.

        Returns
        -------
        str
            The line; compared as a string.
        """
        notch = f"notch {_plain(self.notch)} Hz Q {_plain(self.notch_quality)}" if self.notch else "no notch"
        return (
            f"{_VERSION}: {self.channels} ch at {_plain(self.rate)} Hz in {self.unit}, "
            f"Butterworth {_plain(self.low)}-{_plain(self.high)} Hz order {self.order}, {notch}, "
            f"window {self.length}, settling {self.settling_samples}"
        )

    def to_mapping(self) -> dict[str, Any]:
        """Return all fields as plain Python values, ready for YAML."""
        return dataclasses.asdict(self)

    @classmethod
    def from_mapping(cls, mapping: Mapping[str, Any] | None, where: str) -> PipelineSettings:
        """Build the settings from a mapping, see :func:`emg_recognition.settings.from_mapping`.

        Parameters
        ----------
        mapping : mapping or None
            Field names and values.
        where : str
            The place to name in an error.

        Returns
        -------
        PipelineSettings
            The settings.

        Raises
        ------
        SettingError
            For an unknown field, a missing one, or a value that cannot be used.
        """
        return mappings.from_mapping(cls, mapping, where)


def suited_settings(
    *, rate: float, channels: int, unit: str, mains: float = 50.0, **overrides: Any
) -> PipelineSettings:
    """Choose the band and the notch that suit a sampling rate.

    The band is 20 Hz to 450 Hz, ended earlier where the rate demands it (95 Hz at 200 Hz); the
    notch lies at the mains frequency if that is inside the band.

    Parameters
    ----------
    rate : float
        Sampling rate in Hz.
    channels : int
        Number of electrodes.
    unit : str
        ``"V"`` or ``"count"``.
    mains : float
        Mains frequency in Hz; 0 where there is none to remove.
    **overrides : Any
        Fields of :class:`PipelineSettings` that are given rather than chosen.

    Returns
    -------
    PipelineSettings
        The settings.

    Raises
    ------
    SettingError
        For an unknown field or a value that cannot be used.
    """
    chosen = {"low": _BAND[0], "high": min(_BAND[1], _HIGHEST_SHARE * _number("rate", rate)), **overrides}
    below = _number("mains", mains) < _number("high", chosen["high"])
    chosen.setdefault("notch", mains if below else 0.0)
    mapping = {"rate": rate, "channels": channels, "unit": unit, **chosen}
    return PipelineSettings.from_mapping(mapping, "pipeline")


def stride_samples(stride: float, rate: float) -> int:
    """Return the samples from one window to the next, at least 1.

    Parameters
    ----------
    stride : float
        Distance of windows, s.
    rate : float
        Sampling rate, Hz.
    """
    return max(1, round(stride * rate))


def whole_number(name: str, value: Any) -> int:
    """Return a whole number of at least 1 as a plain int.

    Parameters
    ----------
    name : str
        The setting, for the message.
    value : Any
        Its value; a whole number of Python or NumPy.

    Returns
    -------
    int
        The number.

    Raises
    ------
    SettingError
        For anything else.
    """
    if isinstance(value, bool) or not isinstance(value, numbers.Integral) or value < 1:
        raise SettingError(name, value, "write a whole number, 1 or above")
    return int(value)


def _number(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, numbers.Real) or not math.isfinite(value):
        raise SettingError(name, value, "write a finite number")
    return float(value)


def _plain(value: float) -> str:
    """Write a float with all its digits, and a whole one without the ``.0``."""
    return repr(value).removesuffix(".0")
