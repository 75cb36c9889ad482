"""One recording as one model sees it: what every score, figure and report is made of."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np

from emg_recognition.models.bundle import TFLITE, BundleInfo
from emg_recognition.recordings.events import EstimateBlock, InfoEvent, LabelEvent, StateBlock
from emg_recognition.recordings.labels import MARGIN, LabelInterval
from emg_recognition.recordings.sample_clock import SampleClock
from emg_recognition.replay.estimates import EstimateLog, Estimates
from emg_recognition.replay.live_path import StreamCounters, Stretch
from emg_recognition.types import Model


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
    def of_message(cls, announced: Model) -> ReplayModel:
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


Event = EstimateBlock | InfoEvent | LabelEvent | Model | StateBlock


class Gathered:
    """Labels, recorded estimates, models, device and bridge states of one bag.

    Attributes
    ----------
    labels : list of LabelEvent
        In order.
    device : str
        What the newest device information says; empty without one.
    problems : list of str
        What does not fit together, one sentence each.
    """

    def __init__(self) -> None:
        self.labels: list[LabelEvent] = []
        self.device = ""
        self.problems: list[str] = []
        self._models: dict[str, Model] = {}
        # By model and number of probabilities; what they stand for may be announced later.
        self._said: dict[tuple[str, int], EstimateLog] = {}
        self._states: list[StateBlock] = []

    def take(self, event: Event) -> None:
        """Take an event of an :class:`~emg_recognition.recordings.emg_bag.EmgBag` that is no samples."""
        if isinstance(event, StateBlock):
            self._states.append(event)
        elif isinstance(event, EstimateBlock):
            self._keep(event)
        elif isinstance(event, LabelEvent):
            self.labels.append(event)
        elif isinstance(event, Model):
            self._models[event.model] = event
        else:
            self.device = event.device

    def recorded(self, own: ReplayModel) -> tuple[Estimates | None, ReplayModel | None]:
        """Return the estimates of one recorded model: of `own` if it is among them, else of the busiest.

        Parameters
        ----------
        own : ReplayModel
            The model that replays.
        """
        windows = {key: len(log) for key, log in self._said.items()}
        if not windows:
            return None, None
        chosen = max(windows, key=lambda key: (key[0] == own.model, windows[key]))
        name, outputs = chosen
        if len(windows) > 1:
            self.problems.append(
                f"the recording holds estimates of {len(windows)} models"
                f" ({', '.join(model or '(unnamed)' for model, _ in windows)}); compared are those of {name}"
            )
        model = self._describe(name, own)
        if len(model.actions) != outputs:
            self.problems.append(
                f"the recording does not say which actions the {outputs} probabilities of model {name} stand"
                " for; they are not compared"
            )
            return None, model
        return dataclasses.replace(self._said[chosen].estimates(), actions=model.actions), model

    def bridge(self) -> BridgeCourse | None:
        """Return what the bridge did, None if nothing was recorded of it."""
        if not self._states:
            return None
        return BridgeCourse(
            stamp=np.concatenate([block.stamp for block in self._states]),
            state=np.concatenate([block.state for block in self._states]),
            action=np.concatenate([np.asarray(block.action, np.str_) for block in self._states]),
        )

    def _keep(self, block: EstimateBlock) -> None:
        if not len(block.run):
            return
        outputs = block.probabilities.shape[1]
        length = int(block.last_index[0] - block.first_index[0]) + 1
        log = self._said.setdefault((block.model, outputs), EstimateLog(("",) * outputs, length))
        log.add(
            run=block.run,
            first_index=block.first_index,
            stamp=block.stamp,
            accepted=block.accepted,
            probabilities=block.probabilities,
        )

    def _describe(self, name: str, own: ReplayModel) -> ReplayModel:
        announced = self._models.get(name)
        if announced is not None:
            return ReplayModel.of_message(announced)
        # The id is the beginning of the SHA-256: the same id is the same model.
        return own if name == own.model else ReplayModel(model=name)


def recorded_step(events: Iterable[object], *, enough: int = 200) -> int | None:
    """Find out how many samples lie between the windows of the recorded estimates.

    Parameters
    ----------
    events : iterable
        Of a bag, from its beginning; not read further than needed.
    enough : int
        Distances to look at. Lost windows make some of them a multiple of the step, hardly all.

    Returns
    -------
    int or None
        The greatest number of samples that divides every distance; None without two estimates.
    """
    step = seen = 0
    before: tuple[int, int] | None = None
    blocks = (event for event in events if isinstance(event, EstimateBlock))
    for run, first in chain.from_iterable(
        zip(b.run.tolist(), b.first_index.tolist(), strict=True) for b in blocks
    ):
        if before is not None and before[0] == run:
            step = math.gcd(step, first - before[1])
            seen += 1
        before = (run, first)
        if seen >= enough:
            break
    return step or None
