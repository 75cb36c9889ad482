"""The rare messages of an armband's bag, one by one: labels, device and model."""

from __future__ import annotations

from typing import Any

import numpy as np

from emg_recognition.recordings.events import InfoEvent, LabelEvent, ModelEvent
from emg_recognition.recordings.runs import Runs

LABEL_NEEDED = ("header.stamp.sec", "header.stamp.nanosec", "event", "action")
"""Fields without which a label says nothing; the others are empty where they are missing."""

_EVENTS = {0: "start", 1: "end", 2: "discard"}


def _stamp(message: Any) -> int:
    return int(message.header.stamp.sec) * 1_000_000_000 + int(message.header.stamp.nanosec)


def label_event(message: Any, runs: Runs) -> LabelEvent | None:
    """Read an ``ActionLabel``.

    Parameters
    ----------
    message : object
        The message; it may lack newer fields.
    runs : Runs
        The runs of the samples so far.

    Returns
    -------
    LabelEvent or None
        None for an event of which this version knows nothing.
    """
    if message.event not in _EVENTS:
        return None
    stamp = _stamp(message)
    index = int(getattr(message, "index", 0)) if getattr(message, "has_index", False) else None
    run = runs.number
    if index is not None:
        run = int(runs.of(np.array([index]), np.array([stamp]))[0])
    return LabelEvent(
        event=_EVENTS[message.event],
        action=message.action,
        repetition=int(getattr(message, "repetition", 0)),
        session=getattr(message, "session", ""),
        subject=getattr(message, "subject", ""),
        cohort=getattr(message, "cohort", ""),
        index=index,
        stamp=stamp,
        run=run,
    )


def info_event(message: Any) -> InfoEvent:
    """Read an ``EmgInfo``.

    Parameters
    ----------
    message : object
        The message; what it lacks is empty or 0.

    Returns
    -------
    InfoEvent
        What it says.
    """
    return InfoEvent(
        stamp=_stamp(message),
        frame_id=message.header.frame_id,
        device=getattr(message, "device", ""),
        serial_number=getattr(message, "serial_number", ""),
        channels=int(getattr(message, "channels", 0)),
        channel_names=tuple(getattr(message, "channel_names", ())),
        muscle_sites=tuple(getattr(message, "muscle_sites", ())),
        gain=float(getattr(message, "gain", 0.0)),
        rate=float(getattr(message, "rate", 0.0)),
        unit=getattr(message, "unit", "count"),
    )


def model_event(message: Any) -> ModelEvent:
    """Read a ``ModelInfo``.

    Parameters
    ----------
    message : object
        The message; what it lacks is empty or 0.

    Returns
    -------
    ModelEvent
        What it says.
    """
    return ModelEvent(
        stamp=_stamp(message),
        model=getattr(message, "model", ""),
        sha256=getattr(message, "sha256", ""),
        actions=tuple(getattr(message, "actions", ())),
        rate=float(getattr(message, "rate", 0.0)),
        channels=int(getattr(message, "channels", 0)),
        length=int(getattr(message, "length", 0)),
        unit=getattr(message, "unit", "count"),
        pipeline=getattr(message, "pipeline", ""),
    )
