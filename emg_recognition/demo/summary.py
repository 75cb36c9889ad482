"""``summary.json`` and the one table at the end of the demo."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.table import Table

#: What ``train`` of the summary takes from ``metrics.json``.
_FROM_METRICS = (
    "windows_per_cohort",
    "members",
    "selected",
    "seconds",
    "test_accuracy",
    "test_balanced_accuracy",
)
#: And of each cohort; the confusion matrix stays in ``metrics.json``.
_OF_COHORT = ("windows", "accuracy", "balanced_accuracy", "macro_f1", "per_class_recall")


def write_summary(
    path: Path, source: str, metrics: Mapping[str, Any], ros: Mapping[str, str], live: Mapping[str, Any]
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
        Result of :func:`emg_recognition.demo.scoring.score_live`.
    """
    train = {name: metrics[name] for name in _FROM_METRICS}
    train["per_cohort"] = {
        cohort: {name: scores[name] for name in _OF_COHORT}
        for cohort, scores in metrics["per_cohort"].items()
    }
    summary = {"source": source, "ros": dict(ros), "train": train, "live": dict(live)}
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
    table.add_section()
    table.add_row("samples", f"{live['samples_sent']} sent, {live['samples_received']} received")
    table.add_row("windows", f"{live['windows']} live, {live['windows_offline']} offline")
    table.add_row("estimates", f"{live['estimates']}, of these {live['rejected']} rejected")
    table.add_row("live accuracy", _percent(live["accuracy"]))
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
    travel = ", ".join(f"{name} {way:.2f} rad" for name, way in live["joint_travel"].items())
    table.add_row("joint travel", travel)
    return table


def _percent(share: float | None) -> str:
    return "none" if share is None else f"{share:.2%}"
