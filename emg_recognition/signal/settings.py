"""Settings of the signal path, and the fingerprint that tells two signal paths apart."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Any

from emg_recognition.errors import SettingError
from emg_recognition.settings import Setting, check, from_mapping, setting, settings_of
from emg_recognition.types import UNITS

#: No electrode delivers more in any unit, and up to here the output of a filter fits into float32.
LARGEST_SAMPLE = 1e30
#: Mains frequency of most countries, Hz.
MAINS = 50.0

# Changes whenever the same settings give other windows, so that an old model refuses them.
_VERSION = "emg1"

# The power of surface EMG lies between about 20 and 450 Hz; below 20 Hz is movement of the
# skin and the electrodes (De Luca et al., J. Biomech. 43(8), 2010, doi:10.1016/j.jbiomech.2010.01.027).
_BAND = (20.0, 450.0)
# Upper edge at low rates, as a share of the rate: 95 Hz at 200 Hz.
_HIGHEST_SHARE = 0.475
# A quality of 30 rings longer than the settling (18 % of a hum as strong as the signal is left
# after 250 ms, against 2 %) and misses hum that is 0.2 Hz off its frequency by 9 dB more:
# docs/concepts/signal-path.md.
_NOTCH_QUALITY = 10.0
# Above this, rounding may make a narrow band-pass unstable.
_HIGHEST_ORDER = 8


@dataclass(frozen=True, kw_only=True)
class PipelineSettings:
    """Settings of the signal path from raw samples to windows.

    Raises
    ------
    SettingError
        For a value that cannot be used.
    """

    rate: float = setting(help="sampling rate", unit="Hz", above=0)
    channels: int = setting(help="number of electrodes", low=1)
    unit: str = setting(help="unit of the samples; count where the scale is unknown", choices=UNITS)
    low: float = setting(help="lower edge of the band-pass", unit="Hz", above=0)
    high: float = setting(help="upper edge of the band-pass", unit="Hz", above=0)
    order: int = setting(4, "order of the band-pass at each edge", low=1, high=_HIGHEST_ORDER)
    notch: float = setting(MAINS, "mains frequency to remove; 0 for none", unit="Hz", low=0)
    notch_quality: float = setting(
        _NOTCH_QUALITY, "quality factor of the notch: its frequency over its -3 dB width", low=1
    )
    window: float = setting(0.2, "length of a window", unit="s", above=0)
    settling: float = setting(
        0.25, "windows that begin sooner than this after a start are left out", unit="s", low=0
    )

    def __post_init__(self) -> None:
        check(self)
        half = self.rate / 2
        for name in ("low", "high"):
            if getattr(self, name) >= half:
                raise SettingError(name, getattr(self, name), f"choose a band edge between 0 and {half:g} Hz")
        if self.low >= self.high:
            raise SettingError("low", self.low, f"choose a lower edge below the upper one, {self.high:g} Hz")
        if self.notch >= half:
            raise SettingError("notch", self.notch, f"choose a notch below {half:g} Hz, or 0 for none")
        if self.length < 1:
            raise SettingError("window", self.window, f"choose at least one sample, {1 / self.rate:g} s")

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
        samples, whatever the stride. Statistics of a model are not part of it.

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


def suited_settings(
    *, rate: float, channels: int, unit: str, mains: float = MAINS, **overrides: Any
) -> PipelineSettings:
    """Choose the band and the notch that suit a sampling rate.

    The band is 20 Hz to 450 Hz, or ends earlier where the rate demands it (95 Hz at 200 Hz). The
    notch is at the mains frequency if that is below the band's upper edge.

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
        Fields of :class:`PipelineSettings` to use instead of what would be chosen.

    Returns
    -------
    PipelineSettings
        The settings.

    Raises
    ------
    SettingError
        For an unknown field or a value that cannot be used.
    """
    declared = settings_of(PipelineSettings)
    rate = declared["rate"].checked(rate)
    chosen = {"low": _BAND[0], "high": min(_BAND[1], _HIGHEST_SHARE * rate), **overrides}
    mains = declared["notch"].checked(mains, "mains")
    chosen.setdefault("notch", mains if mains < declared["high"].checked(chosen["high"]) else 0.0)
    mapping = {"rate": rate, "channels": channels, "unit": unit, **chosen}
    return from_mapping(PipelineSettings, mapping, "pipeline")


def stride_samples(stride: float, rate: float) -> int:
    """Return the samples from one window to the next, at least 1.

    Parameters
    ----------
    stride : float
        Time from one window to the next, s.
    rate : float
        Sampling rate, Hz.
    """
    return max(1, round(stride * rate))


#: Checks a stride in samples.
STRIDE = Setting(name="stride", kind=int, low=1)


def _plain(value: float) -> str:
    """Write a float with all its digits, and a whole one without the ``.0``."""
    return repr(value).removesuffix(".0")
