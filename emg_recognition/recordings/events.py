"""Events of one armband in a bag, as plain values."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from emg_recognition.types import Model


@dataclass(frozen=True, eq=False)
class SampleBlock:
    """Consecutive samples without a restart or a gap between them.

    Attributes
    ----------
    run : int
        How often the sample index has gone back so far, because acquisition was started again.
    first_index : int
        Index of the first sample.
    samples : numpy.ndarray
        float32, C-contiguous, shape (n, channels).
    restart : bool
        The stream starts again with this block.
    dropped_before : int
        Samples that the device reports as lost before or in the block.
    stamp : int
        Stamp of the first sample, ns.
    rate : float
        Nominal sampling rate, Hz.
    unit : str
        ``V`` or ``count``.
    frame_id : str
        The device.
    chunks : numpy.ndarray
        int64: samples of each message in the block.
    span : int
        Time from the stamp of the first message to that of the last one, ns.
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
    span: int = 0


@dataclass(frozen=True, eq=False)
class EstimateBlock:
    """Estimates of one model.

    Attributes
    ----------
    run, first_index, last_index : numpy.ndarray
        int64, shape (n,): run, first and last sample of the window.
    stamp : numpy.ndarray
        int64, shape (n,): stamp of the last sample of the window, ns.
    accepted : numpy.ndarray
        bool, shape (n,): whether the confidence reached the threshold.
    activation : numpy.ndarray
        float32, shape (n,): RMS of the window over that of the training; NaN in old recordings.
    probabilities : numpy.ndarray
        float32, shape (n, actions).
    model : str
        Id of the model.
    """

    run: np.ndarray
    first_index: np.ndarray
    last_index: np.ndarray
    stamp: np.ndarray
    accepted: np.ndarray
    activation: np.ndarray
    probabilities: np.ndarray
    model: str


@dataclass(frozen=True)
class LabelEvent:
    """The start, the end or the discarding of a performance (``ActionLabel``).

    Attributes
    ----------
    event : str
        ``start``, ``end`` or ``discard``.
    action, session, subject, cohort : str
        Who performs what.
    repetition : int
        Number of the repetition.
    index : int or None
        The sample from which the label is valid; None if only the stamp is known.
    stamp : int
        The time from which the label is valid, ns.
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
    """The description of a device (``EmgInfo``): `gain` in counts per unit, `rate` in Hz, `stamp` in ns."""

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


@dataclass(frozen=True, eq=False)
class StateBlock:
    """Changes of the command bridge's state or decided action.

    Attributes
    ----------
    stamp : numpy.ndarray
        int64, shape (n,): time of the change, ns.
    state : numpy.ndarray
        uint8, shape (n,): the new ``BridgeState.state``.
    action : numpy.ndarray
        str, shape (n,): the new decided action; empty for none.
    """

    stamp: np.ndarray
    state: np.ndarray
    action: np.ndarray


Event = SampleBlock | EstimateBlock | LabelEvent | InfoEvent | Model | StateBlock
