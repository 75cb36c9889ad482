"""One recording as one model sees it: what every score, figure and report is made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from emg_recognition.models.bundle import TFLITE, BundleInfo
from emg_recognition.recordings.events import ModelEvent
from emg_recognition.recordings.labels import MARGIN, LabelInterval
from emg_recognition.recordings.sample_clock import SampleClock
from emg_recognition.replay.estimates import Estimates
from emg_recognition.replay.streams import StreamCounters, Stretch


@dataclass(frozen=True, kw_only=True)
class ReplayModel:
    """Which model said something.

    Attributes
    ----------
    model : str
        Its id.
    sha256 : str
        Of its network file; empty where it is not known.
    actions : tuple of str
        In the order of the probabilities.
    rate : float
        Hz; 0 where it is not known, as are the other numbers.
    channels, length : int
        Electrodes and samples of a window.
    unit : str
        Of the windows.
    fingerprint : str
        Of the signal path.
    path : str
        The bundle's directory; empty where only the messages are known.
    """

    model: str
    sha256: str = ""
    actions: tuple[str, ...] = ()
    rate: float = 0.0
    channels: int = 0
    length: int = 0
    unit: str = ""
    fingerprint: str = ""
    path: str = ""

    @classmethod
    def of_bundle(cls, info: BundleInfo) -> ReplayModel:
        """Describe a bundle."""
        return cls(
            model=info.model_id,
            sha256=info.files[TFLITE],
            actions=info.actions,
            rate=info.rate,
            channels=info.channels,
            length=info.length,
            unit=info.unit,
            fingerprint=info.fingerprint,
            path=str(info.path),
        )

    @classmethod
    def of_message(cls, announced: ModelEvent) -> ReplayModel:
        """Describe a model that a classifier announced."""
        return cls(
            model=announced.model,
            sha256=announced.sha256,
            actions=tuple(announced.actions),
            rate=announced.rate,
            channels=announced.channels,
            length=announced.length,
            unit=announced.unit,
            fingerprint=announced.pipeline,
        )


@dataclass(frozen=True, eq=False, kw_only=True)
class BridgeCourse:
    """What the command bridge did: its state and action wherever one of them changed.

    Attributes
    ----------
    stamp : numpy.ndarray
        ROS time in ns, int64, shape (changes,).
    state : numpy.ndarray
        Numbers of ``BridgeState.msg``, shape (changes,).
    action : numpy.ndarray
        The action commanded, str, shape (changes,); empty without one.
    """

    stamp: np.ndarray
    state: np.ndarray
    action: np.ndarray


@dataclass(frozen=True, eq=False, kw_only=True)
class Replay:
    """Everything known after a recording, or a live stream, has gone by.

    Attributes
    ----------
    source : str
        Where the signals come from.
    model : ReplayModel
        The model that is judged.
    step : int
        Samples from one window to the next.
    confidence_threshold : float
        Estimates below it are REJECTED.
    estimates : Estimates
        What the model said, in order.
    clock : SampleClock
        From sample to time.
    stream : StreamCounters
        What was in the stream, and how many estimates are expected.
    stretches : sequence of Stretch
        Where the stream is whole.
    labels : sequence of LabelInterval
        What was performed; empty without labels.
    margin : float
        Nothing is scored this close to a border of a label, s. 0 for archives, whose segments hold
        nothing but the action.
    device, frame_id : str
        What was worn, as far as known.
    recorded : Estimates, optional
        What a model said while the signals were recorded.
    recorded_model : ReplayModel, optional
        That model.
    bridge : BridgeCourse, optional
        What the robot commanded while the signals were recorded.
    problems : sequence of str
        What is missing or damaged, one sentence each.
    """

    source: str
    model: ReplayModel
    step: int
    confidence_threshold: float
    estimates: Estimates
    clock: SampleClock
    stream: StreamCounters
    stretches: Sequence[Stretch]
    labels: Sequence[LabelInterval] = ()
    margin: float = MARGIN
    device: str = ""
    frame_id: str = ""
    recorded: Estimates | None = None
    recorded_model: ReplayModel | None = None
    bridge: BridgeCourse | None = None
    problems: Sequence[str] = ()
