"""The words that every room shares: what a model is, and what it says about one window."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from emg_recognition.settings import check, setting

#: Units of samples: volts where the device's scale is known, else counts of its converter.
UNITS = ("V", "count")

#: A measured sampling rate that differs from the stated one by more than this share is reported.
RATE_TOLERANCE = 0.01


@dataclass(frozen=True, kw_only=True)
class Model:
    """What a model recognises, and the windows that it was trained on.

    Attributes
    ----------
    model : str
        Its identity: the first twelve digits of the SHA-256 of the network file.
    sha256 : str
        SHA-256 of the network file; empty where it is not known.
    actions : tuple of str
        The actions, in the order of the probabilities.
    rate : float
        Sampling rate in Hz; 0 where it is not known, as for the other numbers.
    channels, length : int
        Electrodes and samples of a window.
    unit : str
        Unit of the samples, ``"V"`` or ``"count"``; empty where it is not known.
    pipeline : str
        Fingerprint of the signal path that makes the windows; empty where it is not known.
    """

    model: str
    sha256: str = ""
    actions: tuple[str, ...] = ()
    rate: float = 0.0
    channels: int = 0
    length: int = 0
    unit: str = ""
    pipeline: str = ""


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """What a model says about one window.

    Attributes
    ----------
    time : float
        Time of the window's last sample in seconds: ROS time in a graph, the host's monotonic clock
        for samples read from a device, seconds since the first sample for plain arrays.
    first_index, last_index : int
        Index of the window's first and last sample.
    accepted : bool
        Whether the confidence reached the threshold.
    action_id : int
        Position of the action in ``Model.actions``; -1 when rejected.
    action : str
        The action; empty when rejected.
    confidence : float
        The largest probability.
    probabilities : sequence of float
        One for each action of the model, adding up to 1.
    activation : float
        RMS of the window over the RMS of the training windows.
    model : str
        Identity of the model.
    decision : str
        The action decided after this estimate (majority vote and dwell); empty for none, and
        where nothing decides.
    speed : float
        Share of its full speed with which the decided action moves, 0 to 1.
    """

    time: float
    last_index: int
    accepted: bool
    action_id: int
    action: str
    confidence: float
    probabilities: Sequence[float]
    activation: float
    model: str
    first_index: int = 0
    decision: str = ""
    speed: float = 0.0


RATES = (1.0, 1e6)
"""Sampling rates (Hz) that an armband may have."""

MOST_CHANNELS = 1024
"""Most channels of a device."""

LAST_INDEX = 2**62
"""Largest sample index: at 2 kHz it takes 73 million years, and no sum with it overflows."""

#: The range of each number of an estimate; a float32 softmax may end slightly above 1.
ESTIMATE_RANGES = {"confidence": (0.0, 1.001), "probabilities": (0.0, 1.001), "activation": (0.0, math.inf)}


def impossible_number(estimate: Any) -> tuple[str, float] | None:
    """Return a number of an estimate that no model says, or None.

    Parameters
    ----------
    estimate : Estimate or ActionEstimate
        As received.

    Returns
    -------
    tuple of str and float, or None
        The name of the field, and the value that is not finite or out of :data:`ESTIMATE_RANGES`.
    """
    for field, (low, high) in ESTIMATE_RANGES.items():
        found = getattr(estimate, field)
        for value in found if field == "probabilities" else (found,):
            if not (math.isfinite(value) and low <= value <= high):
                return field, value
    return None


@dataclass(frozen=True, kw_only=True)
class LiveSettings:
    """How a model is used live; a bundle holds these settings beside those of its signal path.

    Attributes
    ----------
    stride : float
        Time from one window to the next, s.
    confidence_threshold : float
        Estimates with a lower confidence are rejected.

    Raises
    ------
    SettingError
        For a value out of range.
    """

    stride: float = setting(0.025, "time from one window to the next", unit="s", low=0.001, high=2.0)
    confidence_threshold: float = setting(
        0.5, "estimates with a lower confidence are rejected", low=0.0, high=1.0
    )

    def __post_init__(self) -> None:
        check(self)
