"""What the live graph said, against what was performed and against the replay of its recording."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from emg_recognition.errors import EmgRecognitionError
from emg_recognition.replay.replay import Replay
from emg_recognition.replay.scoring import score


def score_live(observed: Mapping[str, Any], replay: Replay, offline: Mapping[str, Any]) -> dict[str, Any]:
    """Score one live run.

    Parameters
    ----------
    observed : mapping
        What ``demo_observer_node`` wrote.
    replay : Replay
        Of the bag that was recorded meanwhile.
    offline : mapping
        Its scores.

    Returns
    -------
    dict
        The ``live`` part of ``summary.json``.

    Raises
    ------
    EmgRecognitionError
        If the graph has not said anything.
    """
    said, agreement = replay.recorded, offline["recorded"]
    if said is None or agreement is None:
        raise EmgRecognitionError(
            f"{replay.source} holds no estimates: see the logs of preprocessing and classifier"
        )
    live = score(dataclasses.replace(replay, estimates=said, recorded=None), mode="online")
    # An estimate of a window that does not exist offline would not agree either.
    share = agreement["compared"] / agreement["estimates"]
    latency = latencies(observed["commanded"], observed["labels"], replay.model.rate)
    return {
        "seconds": round(observed["seconds"], 2),
        "samples_sent": observed["samples_sent"],
        "samples_received": observed["samples_received"],
        "samples_recorded": offline["signal"]["samples"],
        "restarts": observed["restarts"],
        "windows": observed["windows"],
        "windows_offline": offline["windows"]["expected"],
        "estimates": len(said),
        "rejected": int(np.sum(~said.accepted)),
        "scored": live["windows"]["labelled"],
        "accuracy": live["accuracy"],
        "recall": live["per_class_recall"],
        "agreement_with_offline": _times(agreement["same_action"], share),
        "identical_probabilities": _times(agreement["identical_probabilities"], share),
        "latency_ms": {
            "median": _percentile(latency, 50),
            "p99": _percentile(latency, 99),
            "measured": len(latency),
        },
        "commands": observed["commands"],
        "armings": observed["armings"],
        "joint_travel": {name: round(way, 4) for name, way in observed["joint_travel"].items()},
    }


def latencies(
    commanded: Sequence[Sequence[int]], labels: Sequence[Mapping[str, Any]], rate: float
) -> np.ndarray:
    """Return the time from a window's last sample at the armband to the first command resting on it.

    Parameters
    ----------
    commanded : sequence of (int, int)
        Last sample index of a window, and ROS time in ns of the command.
    labels : sequence of mapping
        Labels with the index and the true time in ns of a sample.
    rate : float
        Sampling rate, Hz.

    Returns
    -------
    numpy.ndarray
        Latencies in ms.
    """
    if not labels:
        return np.empty(0)
    # The emulated armband samples at an exact rate, so one label gives the true time of every sample.
    index, time = labels[0]["index"], labels[0]["time"]
    true_times = [time + (last - index) / rate * 1e9 for last, _ in commanded]
    return np.array([(stamp - true) / 1e6 for (_, stamp), true in zip(commanded, true_times, strict=True)])


def _times(value: float | None, share: float) -> float | None:
    return None if value is None else value * share


def _percentile(values: np.ndarray, percent: float) -> float | None:
    return round(float(np.percentile(values, percent)), 3) if len(values) else None
