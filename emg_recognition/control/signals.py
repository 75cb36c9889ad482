"""What the bridge is told, as plain values, and what is wrong with an estimate."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from emg_recognition.control.reasons import Doubt, Reason


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
    rate : float
        Sampling rate that it was made for, Hz.
    channels : int
        Channels that it was made for.
    """

    model: str
    sha256: str
    actions: tuple[str, ...]
    rate: float
    channels: int


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
    probabilities : sequence of float
        One an action; may be empty.
    activation : float
        RMS of the window over that of the training data.
    model : str
        Id of the model.
    """

    stamp: float
    last_index: int
    accepted: bool
    action_id: int
    action: str
    confidence: float
    probabilities: Sequence[float]
    activation: float
    model: str


def doubt_about(estimate: Estimate, model: Model) -> Doubt | None:
    """Return what makes an estimate untrustworthy whatever its age, or None.

    Parameters
    ----------
    estimate : Estimate
        As received.
    model : Model
        The model that it should come from.
    """
    if estimate.model != model.model:
        return Doubt(
            Reason.FOREIGN_ESTIMATE,
            f"estimate of another model: {estimate.model!r}, announced is {model.model!r}",
        )
    return _doubt_about_numbers(estimate) or _doubt_about_action(estimate, model)


def _doubt_about_numbers(estimate: Estimate) -> Doubt | None:
    if not math.isfinite(estimate.stamp):
        return Doubt(Reason.NOT_FINITE, f"estimate with a stamp of {estimate.stamp}")
    # A float32 softmax may end a rounding above 1.
    if not 0.0 <= estimate.confidence <= 1.001:
        return Doubt(Reason.NOT_FINITE, f"estimate with a confidence of {estimate.confidence}")
    if not (math.isfinite(estimate.activation) and estimate.activation >= 0.0):
        return Doubt(Reason.NOT_FINITE, f"estimate with an activation of {estimate.activation}")
    for probability in estimate.probabilities:
        if not math.isfinite(probability):
            return Doubt(Reason.NOT_FINITE, f"estimate with a probability of {probability}")
    return None


def _doubt_about_action(estimate: Estimate, model: Model) -> Doubt | None:
    if not estimate.accepted:
        return None
    number = estimate.action_id
    if not 0 <= number < len(model.actions):
        return Doubt(
            Reason.UNKNOWN_ACTION, f"estimate of action {number}, the model has {len(model.actions)}"
        )
    if estimate.action != model.actions[number]:
        return Doubt(
            Reason.UNKNOWN_ACTION,
            f"estimate of action {number} named {estimate.action!r}, the model names it "
            f"{model.actions[number]!r}",
        )
    return None
