"""The demo's results: scores of the live run, the summary, and its table."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rich.table import Table

from emg_recognition.errors import EmgRecognitionError
from emg_recognition.replay.replay import Replay
from emg_recognition.replay.scores import ReplayScores
from emg_recognition.replay.scoring import score


def score_live(observed: Mapping[str, Any], replay: Replay, offline: ReplayScores) -> dict[str, Any]:
    """Score one live run.

    Parameters
    ----------
    observed : mapping
        What ``demo_observer_node`` wrote.
    replay : Replay
        The replay of the bag that was recorded at the same time.
    offline : ReplayScores
        Its scores.

    Returns
    -------
    dict
        The ``live`` part of ``summary.json``.

    Raises
    ------
    EmgRecognitionError
        If the live run made no estimate.
    """
    recorded, agreement = replay.recorded, offline.recorded
    if recorded is None or agreement is None:
        raise EmgRecognitionError(
            f"{replay.source} holds no estimates: see the logs of preprocessing and classifier"
        )
    live = score(dataclasses.replace(replay, estimates=recorded, recorded=None), mode="online")
    # An estimate of a window that does not exist offline counts as different.
    share = agreement.compared / agreement.estimates
    latency = latencies(observed["commanded"], observed["labels"], replay.model.rate)
    return {
        "seconds": round(observed["seconds"], 2),
        "samples_sent": observed["samples_sent"],
        "samples_received": observed["samples_received"],
        "samples_recorded": offline.signal.samples,
        "restarts": observed["restarts"],
        "windows": observed["windows"],
        "windows_offline": offline.windows.expected,
        "estimates": len(recorded),
        "rejected": int(np.sum(~recorded.accepted)),
        "scored": live.windows.labelled,
        "accuracy": live.accuracy,
        "recall": None if live.scores is None else live.scores.per_class_recall,
        "agreement_with_offline": _times(agreement.same_action, share),
        "identical_probabilities": _times(agreement.identical_probabilities, share),
        "latency_ms": {
            "median": _percentile(latency, 50),
            "p99": _percentile(latency, 99),
            "measured": len(latency),
        },
        "commands": observed["commands"],
        "armings": observed["armings"],
        "interruptions": observed["interruptions"],
        "joint_travel": {name: round(way, 4) for name, way in observed["joint_travel"].items()},
    }


def latencies(
    commanded: Sequence[Sequence[int]], labels: Sequence[Mapping[str, Any]], rate: float
) -> np.ndarray:
    """Return the time from a window's last sample at the armband to the first command that uses it.

    Parameters
    ----------
    commanded : sequence of (int, int)
        Index of the last sample of a window, and ROS time of the command in ns.
    labels : sequence of mapping
        Labels with the index of a sample and its true time in ns.
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


#: What the section ``train`` of the summary takes from ``metrics.json``.
_FROM_METRICS = (
    "windows_per_cohort",
    "members",
    "selected",
    "seconds",
    "test_accuracy",
    "test_balanced_accuracy",
    "per_class_recall",
)
#: The same for each cohort.
_OF_COHORT = ("windows", "accuracy", "balanced_accuracy", "macro_f1", "per_class_recall")


def write_summary(
    path: Path,
    source: str,
    metrics: Mapping[str, Any],
    ros: Mapping[str, str],
    live: Mapping[str, Any],
    donning: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Write and return the summary of a demo.

    Parameters
    ----------
    path : Path
        The file to write.
    source : str
        What the data was.
    metrics : mapping
        ``metrics.json`` of the training.
    ros : mapping
        Distribution and middleware.
    live : mapping
        Result of :func:`score_live`.
    donning : mapping, optional
        How the armband sits in words (``sits``), and the accuracy on the recording of the run with the
        model as it was trained (``before``) and as it was donned (``after``).
    """
    train = {name: metrics[name] for name in _FROM_METRICS}
    train["per_cohort"] = {
        cohort: {name: scores[name] for name in _OF_COHORT}
        for cohort, scores in metrics["per_cohort"].items()
    }
    summary = {"source": source, "ros": dict(ros), "train": train, "live": dict(live)}
    if donning is not None:
        summary["donning"] = dict(donning)
    path.write_text(json.dumps(summary, indent=2) + "\n")
    return summary


def summary_table(summary: Mapping[str, Any]) -> Table:
    """Return the summary as a table for the terminal."""
    train, live = summary["train"], summary["live"]
    table = Table(title=f"emg_recognition demo: {summary['source']}", show_header=False, title_justify="left")
    table.add_column(style="bold")
    table.add_column()
    members = len(train["members"])
    cohorts = ", ".join(f"{name} {number}" for name, number in train["windows_per_cohort"].items())
    table.add_row("ROS 2", f"{summary['ros']['distro']}, {summary['ros']['rmw']}")
    table.add_row("windows", cohorts)
    table.add_row("members", f"{members}, number {train['selected']} selected, {train['seconds']:.0f} s")
    table.add_row(
        "test accuracy",
        f"{train['test_accuracy']:.1%} (balanced {train['test_balanced_accuracy']:.1%})",
    )
    for cohort, scores in train["per_cohort"].items():
        table.add_row(f"  {cohort}", f"{scores['accuracy']:.1%} (balanced {scores['balanced_accuracy']:.1%})")
    table.add_row("  worst action", _worst(train["per_class_recall"]))
    if (donning := summary.get("donning")) is not None:
        table.add_section()
        table.add_row("armband", donning["sits"])
        table.add_row("accuracy, not donned", _percent(donning["before"]))
        table.add_row("accuracy, donned", _percent(donning["after"]))
    table.add_section()
    table.add_row("samples", f"{live['samples_sent']} sent, {live['samples_received']} received")
    table.add_row("windows", f"{live['windows']} live, {live['windows_offline']} offline")
    table.add_row("estimates", f"{live['estimates']}, {live['rejected']} of them rejected")
    table.add_row("live accuracy", _percent(live["accuracy"]))
    table.add_row("  worst action", _worst(live["recall"]))
    table.add_row(
        "same as offline",
        f"{_percent(live['agreement_with_offline'])} of the actions, "
        f"{_percent(live['identical_probabilities'])} of the probabilities to the bit",
    )
    latency = live["latency_ms"]
    if latency["measured"]:
        table.add_row(
            "last sample → command", f"median {latency['median']:.1f} ms, 99 % within {latency['p99']:.1f} ms"
        )
    table.add_row("commands", str(live["commands"]))
    table.add_row("holds and faults", _interruptions(live["interruptions"]))
    travel = ", ".join(f"{name} {way:.2f} rad" for name, way in live["joint_travel"].items())
    table.add_row("joint travel", travel)
    return table


def _percent(share: float | None) -> str:
    return "none" if share is None else f"{share:.2%}"


def _worst(recall: Mapping[str, float | None] | None) -> str:
    """Name the action that is recognised least, and how often it is recognised."""
    known = {action: share for action, share in (recall or {}).items() if share is not None}
    if not known:
        return "none"
    worst = min(known, key=lambda action: known[action])
    return f"{worst}, {known[worst]:.1%} of its windows"


def _interruptions(found: Sequence[Mapping[str, str]]) -> str:
    """Count how often the armed bridge stood still, with the reasons."""
    lines = []
    for state, word in (("HOLDING", "hold"), ("FAULT", "fault")):
        reasons = [one["reason"] for one in found if one["state"] == state]
        if reasons:
            # Reasons that differ in a measured number only are the same; the first is shown for all.
            distinct = list({re.sub(r"[\d.]+", "", reason): reason for reason in reversed(reasons)}.values())
            number = f"{len(reasons)} {word}{'s' * (len(reasons) > 1)}"
            lines.append(f"{number}: {'; '.join(reversed(distinct))}")
    return "\n".join(lines) or "none"
