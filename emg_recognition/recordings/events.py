"""What the bag of an armband tells, in plain values."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class SampleBlock:
    """Consecutive samples, without a start or a gap inside.

    Attributes
    ----------
    run : int
        How often the sample index went back before: acquisition was started anew.
    first_index : int
        Index of the first sample.
    samples : numpy.ndarray
        float32, C-contiguous, shape (n, channels).
    restart : bool
        The stream starts anew with this block.
    dropped_before : int
        Samples that the device says it lost before or in the block.
    stamp : int
        Of the first sample, ns.
    rate : float
        Nominal sampling rate, Hz.
    unit : str
        ``V`` or ``count``.
    frame_id : str
        The device.
    chunks : numpy.ndarray
        int64: lengths (samples) of the messages it was put together from.
    """

    run: int
    first_index: int
    samples: np.ndarray
    restart: bool
    dropped_before: int
    stamp: int
    rate: float
    unit: str
    frame_id: str
    chunks: np.ndarray


@dataclass(frozen=True, eq=False)
class EstimateBlock:
    """Estimates of one model.

    Attributes
    ----------
    run, first_index, last_index : numpy.ndarray
        int64, shape (n,): the window's run, first and last sample.
    stamp : numpy.ndarray
        int64, shape (n,): of the window's last sample, ns.
    accepted : numpy.ndarray
        bool, shape (n,): the confidence reached the threshold.
    probabilities : numpy.ndarray
        float32, shape (n, actions).
    model : str
        The model's id.
    """

    run: np.ndarray
    first_index: np.ndarray
    last_index: np.ndarray
    stamp: np.ndarray
    accepted: np.ndarray
    probabilities: np.ndarray
    model: str


@dataclass(frozen=True)
class LabelEvent:
    """Something about what the wearer performs.

    Attributes
    ----------
    event : str
        ``start``, ``end`` or ``discard``.
    action, session, subject, cohort : str
        Of whom and of what.
    repetition : int
        Its number.
    index : int or None
        The sample at which it holds; None where only the stamp is known.
    stamp : int
        When it holds, ns.
    run : int
        Run of `index`.
    """

    event: str
    action: str
    repetition: int
    session: str
    subject: str
    cohort: str
    index: int | None
    stamp: int
    run: int


@dataclass(frozen=True)
class InfoEvent:
    """What the device says of itself (``EmgInfo``); `gain` is in counts per unit, `rate` in Hz."""

    stamp: int
    frame_id: str
    device: str
    serial_number: str
    channels: int
    channel_names: tuple[str, ...]
    muscle_sites: tuple[str, ...]
    gain: float
    rate: float
    unit: str


@dataclass(frozen=True)
class ModelEvent:
    """What the classifier says of its model (``ModelInfo``); `length` is in samples, `rate` in Hz."""

    stamp: int
    model: str
    sha256: str
    actions: tuple[str, ...]
    rate: float
    channels: int
    length: int
    unit: str
    pipeline: str


@dataclass(frozen=True, eq=False)
class StateBlock:
    """Changes of the command bridge's state or decided action.

    Attributes
    ----------
    stamp : numpy.ndarray
        int64, shape (n,): when, ns.
    state : numpy.ndarray
        uint8, shape (n,): ``BridgeState.state`` from then on.
    action : numpy.ndarray
        str, shape (n,): the decided action from then on; empty without one.
    """

    stamp: np.ndarray
    state: np.ndarray
    action: np.ndarray


Event = SampleBlock | EstimateBlock | LabelEvent | InfoEvent | ModelEvent | StateBlock
