"""Compares what the live graph said with what was performed, and with the same windows offline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from emg_recognition.models.runtime import ActionModel
from emg_recognition.recordings.recordings import Recordings
from emg_recognition.signal.pipeline import Pipeline
from emg_recognition.signal.settings import PipelineSettings

#: Nothing is scored this close to a border of a label, s (contract 9).
MARGIN = 0.1


def offline_probabilities(
    played: Recordings, model: ActionModel, step: int, *, breaks: bool
) -> dict[int, np.ndarray]:
    """Classify what was played without the graph.

    Parameters
    ----------
    played : Recordings
        Contiguous segments, as the armband played them.
    model : ActionModel
        The model that the graph used.
    step : int
        Samples from one window to the next.
    breaks : bool
        The armband marked a break between segments, so the stream restarts at each.

    Returns
    -------
    dict of int to numpy.ndarray
        From the first index of each window to its probabilities, float32, shape (actions,).
    """
    settings = PipelineSettings.from_mapping(model.info.pipeline, f"{model.info.path}: pipeline")
    pipeline = Pipeline(settings, step)
    found: dict[int, np.ndarray] = {}
    for i in range(len(played)):
        first = int(played.start[i])
        for window in pipeline.push(played.segment(i), first, restart=breaks or i == 0):
            found[window.first_index] = model.predict(window.data)
    return found


def performed_action(played: Recordings, first: int, last: int) -> str | None:
    """Return the action that all samples of a window belong to, border regions left out.

    Parameters
    ----------
    played : Recordings
        Contiguous segments.
    first, last : int
        Index of the window's first and last sample.
    """
    segment = int(np.searchsorted(played.start, first, side="right")) - 1
    margin = round(MARGIN * played.rate)
    begin = int(played.start[segment])
    if first < begin + margin or last >= begin + int(played.length[segment]) - margin:
        return None
    return str(played.label[segment])


def score_live(
    observed: Mapping[str, Any], played: Recordings, model: ActionModel, step: int, *, breaks: bool
) -> dict[str, Any]:
    """Score one live run.

    Parameters
    ----------
    observed : mapping
        What ``demo_observer_node`` wrote.
    played, model, step, breaks
        As for :func:`offline_probabilities`.

    Returns
    -------
    dict
        The ``live`` part of ``summary.json``.
    """
    actions = np.array(model.info.actions)
    offline = offline_probabilities(played, model, step, breaks=breaks)
    same_action = same_bits = scored = right = rejected = 0
    hits: dict[str, list[bool]] = {}
    for estimate in observed["estimates"]:
        live = np.array(estimate["probabilities"], dtype=np.float32)
        reference = offline.get(estimate["first_index"])
        if reference is not None:
            same_action += bool(live.argmax() == reference.argmax())
            same_bits += bool(np.array_equal(live, reference))
        rejected += not estimate["accepted"]
        performed = performed_action(played, estimate["first_index"], estimate["last_index"])
        if performed is not None:
            hit = str(actions[live.argmax()]) == performed
            scored += 1
            right += hit
            hits.setdefault(performed, []).append(hit)
    estimates = len(observed["estimates"])
    latency = latencies(observed["commanded"], observed["labels"], played.rate)
    return {
        "seconds": round(observed["seconds"], 2),
        "samples_sent": observed["samples_sent"],
        "samples_received": observed["samples_received"],
        "restarts": observed["restarts"],
        "windows": observed["windows"],
        "windows_offline": len(offline),
        "estimates": estimates,
        "rejected": rejected,
        "scored": scored,
        "accuracy": _share(right, scored),
        "recall": {action: _share(sum(found), len(found)) for action, found in sorted(hits.items())},
        "agreement_with_offline": _share(same_action, estimates),
        "identical_probabilities": _share(same_bits, estimates),
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


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 6) if whole else None


def _percentile(values: np.ndarray, percent: float) -> float | None:
    return round(float(np.percentile(values, percent)), 3) if len(values) else None
