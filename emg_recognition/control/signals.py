"""What the bridge is told, as plain values, and what is wrong with an estimate."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple


class Instant(NamedTuple):
    """One moment on both clocks.

    Attributes
    ----------
    steady : float
        A clock that only goes forward, s.
    ros : float
        ROS time, s; may pause and jump.
    """

    steady: float
    ros: float


@dataclass(frozen=True)
class Model:
    """The model that the estimates come from.

    Attributes
    ----------
    model : str
        Its id.
    sha256 : str
        Of its network file.
    actions : tuple of str
        In the order of the action ids.
    """

    model: str
    sha256: str
    actions: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """The estimate of one window.

    Attributes
    ----------
    stamp : float
        ROS time of the window's last sample, s.
    last_index : int
        Index of that sample.
    accepted : bool
        False where the classifier rejected the window.
    action_id : int
        Position in the model's actions.
    action : str
        The action's name.
    confidence : float
        Largest probability.
    model : str
        Id of the model.
    """

    stamp: float
    last_index: int
    accepted: bool
    action_id: int
    action: str
    confidence: float
    model: str


def doubt_about(estimate: Estimate, model: Model) -> str | None:
    """Return what makes an estimate untrustworthy whatever its age, or None.

    Parameters
    ----------
    estimate : Estimate
        As received.
    model : Model
        The model that it should come from.
    """
    if estimate.model != model.model:
        return f"estimate of another model: {estimate.model!r}, announced is {model.model!r}"
    if not math.isfinite(estimate.stamp):
        return f"estimate with a stamp of {estimate.stamp}"
    # A float32 softmax may end a rounding above 1.
    if not 0.0 <= estimate.confidence <= 1.001:
        return f"estimate with a confidence of {estimate.confidence}"
    if estimate.accepted and not 0 <= estimate.action_id < len(model.actions):
        return f"estimate of action {estimate.action_id}, the model has {len(model.actions)}"
    if estimate.accepted and estimate.action != model.actions[estimate.action_id]:
        known = model.actions[estimate.action_id]
        return (
            f"estimate of action {estimate.action_id} named {estimate.action!r}, the model names it {known!r}"
        )
    return None
