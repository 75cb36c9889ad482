"""What a model says about one window, and the live settings in its bundle; needs no SciPy.

The classifier node, :class:`emg_recognition.Recognizer` and replay all use these functions.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from emg_recognition.models.bundle import BundleInfo
from emg_recognition.settings import from_mapping
from emg_recognition.types import Estimate, LiveSettings

if TYPE_CHECKING:
    # Imported where they are needed: the classifier makes no decisions, the bridge does without NumPy, and
    # others without LiteRT.
    import numpy as np

    from emg_recognition.control.decision import DecisionSettings
    from emg_recognition.models.runtime import ActionModel


def estimate_window(
    model: ActionModel, window: np.ndarray, *, first_index: int, time: float, confidence_threshold: float
) -> Estimate:
    """Let a model judge one window.

    Parameters
    ----------
    model : ActionModel
        The model.
    window : numpy.ndarray
        Filtered samples, shape (length, channels), float32.
    first_index : int
        Index of the window's first sample.
    time : float
        Time of its last sample, s.
    confidence_threshold : float
        A lower confidence is rejected.

    Returns
    -------
    Estimate
        Without a decision.

    Raises
    ------
    SampleError
        For another shape or values that are not finite.
    """
    probabilities = model.predict(window)
    best = int(probabilities.argmax())
    accepted = bool(is_accepted(probabilities, confidence_threshold))
    info = model.info
    return Estimate(
        time=time,
        first_index=first_index,
        last_index=first_index + info.length - 1,
        accepted=accepted,
        action_id=best if accepted else -1,
        action=info.actions[best] if accepted else "",
        confidence=float(probabilities[best]),
        probabilities=tuple(probabilities.tolist()),
        activation=model.activation(window),
        model=info.model_id,
    )


def is_accepted(probabilities: np.ndarray, confidence_threshold: float) -> np.ndarray:
    """Return whether the largest probability reaches the threshold.

    Parameters
    ----------
    probabilities : numpy.ndarray
        float32, shape (..., actions).
    confidence_threshold : float
        The threshold; compared in double precision.

    Returns
    -------
    numpy.ndarray
        bool, shape (...).
    """
    return probabilities.max(axis=-1).astype("float64") >= confidence_threshold


def live_settings(info: BundleInfo) -> LiveSettings:
    """Return how a bundle wants to be used live; a bundle without that section takes the defaults."""
    section = {key: value for key, value in info.live.items() if key != "decision"}
    return from_mapping(LiveSettings, section, f"{info.path}: live")


def decision_settings(info: BundleInfo) -> DecisionSettings:
    """Return how a bundle's estimates become decisions; a bundle without that section takes the defaults."""
    from emg_recognition.control.decision import DecisionSettings

    return from_mapping(DecisionSettings, info.live.get("decision"), f"{info.path}: live.decision")


def live_values(info: BundleInfo) -> dict[str, Any]:
    """Return the live and decision settings of a bundle by name, as defaults for a node's parameters."""
    return {**dataclasses.asdict(live_settings(info)), **dataclasses.asdict(decision_settings(info))}
