"""What a bag holds beside its samples, gathered while they go by."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable
from itertools import chain

import numpy as np

from emg_recognition.recordings.events import EstimateBlock, InfoEvent, LabelEvent, ModelEvent, StateBlock
from emg_recognition.replay.estimates import EstimateLog, Estimates
from emg_recognition.replay.replay import BridgeCourse, ReplayModel

Event = EstimateBlock | InfoEvent | LabelEvent | ModelEvent | StateBlock


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
        self._models: dict[str, ModelEvent] = {}
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
        elif isinstance(event, ModelEvent):
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
