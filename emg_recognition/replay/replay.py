"""One recording as one model sees it: the source of every score, figure and report."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np

from emg_recognition.recordings.events import EstimateBlock, InfoEvent, LabelEvent, StateBlock
from emg_recognition.recordings.labels import MARGIN, LabelInterval
from emg_recognition.recordings.sample_clock import SampleClock
from emg_recognition.replay.estimates import EstimateLog, Estimates
from emg_recognition.replay.live_path import StreamCounters, Stretch
from emg_recognition.types import Model


@dataclass(frozen=True, eq=False, kw_only=True)
class BridgeHistory:
    """State and action of the command bridge wherever one of them changed.

    Attributes
    ----------
    stamp : numpy.ndarray
        ROS time in ns, int64, shape (changes,).
    state : numpy.ndarray
        Numbers of ``BridgeState.msg``, shape (changes,).
    action : numpy.ndarray
        The commanded action, str, shape (changes,); empty for none.
    """

    stamp: np.ndarray
    state: np.ndarray
    action: np.ndarray


@dataclass(frozen=True, eq=False, kw_only=True)
class Replay:
    """Everything that a recording, or a live run, gives.

    Attributes
    ----------
    source : str
        Where the signals come from.
    model : Model
        The model that is evaluated.
    bundle : str
        Its directory; empty where only the messages are known.
    stride : int
        Samples from one window to the next.
    confidence_threshold : float
        Estimates with a lower confidence are rejected.
    estimates : Estimates
        The model's estimates, in order.
    clock : SampleClock
        Relates samples and time.
    stream : StreamCounters
        What the stream contained, and how many estimates are expected.
    stretches : sequence of Stretch
        Where the stream has no gap.
    labels : sequence of LabelInterval
        The performed actions; empty without labels.
    margin : float
        Windows closer to the border of a label than this are not scored, s. 0 for archives, whose segments
        contain nothing but the action.
    device, frame_id : str
        The armband, as far as known.
    recorded : Estimates, optional
        Estimates that were recorded with the signals.
    recorded_model : Model, optional
        The model that made them.
    bridge : BridgeHistory, optional
        What the command bridge did while the signals were recorded.
    problems : sequence of str
        What is missing or damaged, one sentence each.
    """

    source: str
    model: Model
    bundle: str = ""
    stride: int
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
    recorded_model: Model | None = None
    bridge: BridgeHistory | None = None
    problems: Sequence[str] = ()


Event = EstimateBlock | InfoEvent | LabelEvent | Model | StateBlock


class Gathered:
    """Labels, recorded estimates, models, device and bridge states of one bag.

    Attributes
    ----------
    labels : list of LabelEvent
        In order.
    device : str
        Name of the device in the newest device information; empty without one.
    problems : list of str
        Contradictions in the bag, one sentence each.
    """

    def __init__(self) -> None:
        self.labels: list[LabelEvent] = []
        self.device = ""
        self.problems: list[str] = []
        self._models: dict[str, Model] = {}
        # By model and number of probabilities; the model may be announced later.
        self._logs: dict[tuple[str, int], EstimateLog] = {}
        self._states: list[StateBlock] = []

    def take(self, event: Event) -> None:
        """Take any event of an :class:`~emg_recognition.recordings.emg_bag.EmgBag` except samples."""
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

    def recorded(self, own: Model) -> tuple[Estimates | None, Model | None]:
        """Return the estimates of one recorded model: of `own` if there are any, else of the busiest one.

        Parameters
        ----------
        own : Model
            The model that is evaluated.
        """
        windows = {key: len(log) for key, log in self._logs.items()}
        if not windows:
            return None, None
        chosen = max(windows, key=lambda key: (key[0] == own.model, windows[key]))
        name, outputs = chosen
        if len(windows) > 1:
            self.problems.append(
                f"the recording holds estimates of {len(windows)} models"
                f" ({', '.join(model or '(unnamed)' for model, _ in windows)}); those of {name} are compared"
            )
        model = self._describe(name, own)
        if len(model.actions) != outputs:
            self.problems.append(
                f"the recording does not name the actions of the {outputs} probabilities of model {name};"
                " its estimates are not compared"
            )
            return None, model
        return dataclasses.replace(self._logs[chosen].estimates(), actions=model.actions), model

    def bridge(self) -> BridgeHistory | None:
        """Return what the bridge did; ``None`` if it was not recorded."""
        if not self._states:
            return None
        return BridgeHistory(
            stamp=np.concatenate([block.stamp for block in self._states]),
            state=np.concatenate([block.state for block in self._states]),
            action=np.concatenate([np.asarray(block.action, np.str_) for block in self._states]),
        )

    def _keep(self, block: EstimateBlock) -> None:
        if not len(block.run):
            return
        outputs = block.probabilities.shape[1]
        length = int(block.last_index[0] - block.first_index[0]) + 1
        log = self._logs.setdefault((block.model, outputs), EstimateLog(("",) * outputs, length))
        log.add(
            run=block.run,
            first_index=block.first_index,
            stamp=block.stamp,
            accepted=block.accepted,
            probabilities=block.probabilities,
        )

    def _describe(self, name: str, own: Model) -> Model:
        if name in self._models:
            return self._models[name]
        # The identity is the beginning of the SHA-256: the same identity is the same model.
        return own if name == own.model else Model(model=name)


def recorded_stride(events: Iterable[object], *, enough: int = 200) -> int | None:
    """Find the stride of the windows from the recorded estimates.

    Parameters
    ----------
    events : iterable
        Events of a bag from its beginning; not read further than needed.
    enough : int
        Distances to look at. Lost windows make some of them a multiple of the stride, hardly all of them.

    Returns
    -------
    int or None
        The greatest number of samples that divides every distance; ``None`` without two estimates.
    """
    stride = seen = 0
    before: tuple[int, int] | None = None
    blocks = (event for event in events if isinstance(event, EstimateBlock))
    for run, first in chain.from_iterable(
        zip(b.run.tolist(), b.first_index.tolist(), strict=True) for b in blocks
    ):
        if before is not None and before[0] == run:
            stride = math.gcd(stride, first - before[1])
            seen += 1
        before = (run, first)
        if seen >= enough:
            break
    return stride or None
