"""The demo from beginning to end."""

from __future__ import annotations

import dataclasses
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from emg_recognition.demo import study as studies
from emg_recognition.demo.graph import RECORDING, run_graph
from emg_recognition.demo.study import Study
from emg_recognition.errors import EmgRecognitionError, SettingError
from emg_recognition.models.runtime import ActionModel
from emg_recognition.processes import find_executable
from emg_recognition.recordings.archive import load_archive
from emg_recognition.replay.offline import replay_bag
from emg_recognition.replay.output import write_results
from emg_recognition.replay.replay import Replay
from emg_recognition.replay.scoring import ReplayScores, score


class Steps:
    """Numbered steps of a long command.

    Parameters
    ----------
    console : rich.console.Console
        Where to write.
    total : int
        Number of steps.
    """

    def __init__(self, console: Console, total: int) -> None:
        self.console = console
        self._total = total
        self._number = 0

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        """Announce a step, and say at its end how many seconds it took."""
        self._number += 1
        place = f"[bold cyan]{self._number}/{self._total}[/]"
        self.console.print(f"{place} {title} …", highlight=False)
        start = time.monotonic()
        yield
        seconds = time.monotonic() - start
        self.console.print(f"{place} [green]done[/] in {seconds:.1f} s", highlight=False)


def score_live(observed: Mapping[str, Any], replay: Replay, offline: ReplayScores) -> dict[str, Any]:
    """Score one live run.

    Parameters
    ----------
    observed : mapping
        What ``demo_observer_node`` wrote.
    replay : Replay
        Of the bag that was recorded meanwhile.
    offline : ReplayScores
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
    said, agreement = replay.recorded, offline.recorded
    if said is None or agreement is None:
        raise EmgRecognitionError(
            f"{replay.source} holds no estimates: see the logs of preprocessing and classifier"
        )
    live = score(dataclasses.replace(replay, estimates=said, recorded=None), mode="online")
    # An estimate of a window that does not exist offline would not agree either.
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
        "estimates": len(said),
        "rejected": int(np.sum(~said.accepted)),
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
        Result of :func:`emg_recognition.demo.run.score_live`.
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


def run_demo(output: Path, *, data: Path | None, minority: str | None, console: Console) -> dict[str, Any]:
    """Run the demo.

    Parameters
    ----------
    output : Path
        Directory for all results; ``summary.json`` is written last.
    data : Path or None
        Archive of recordings; None simulates a study.
    minority : str or None
        The cohort of `data` that is too small to train alone.
    console : rich.console.Console
        Where to show what happens.

    Returns
    -------
    dict
        The summary.

    Raises
    ------
    EmgRecognitionError
        When anything fails; nothing is written to ``summary.json`` then.
    """
    if data is None and minority is not None:
        raise SettingError("minority", minority, "it belongs to an archive: give --data too")
    # Before minutes of training: is there a graph to run at all?
    find_executable("acquisition_node")
    output.mkdir(parents=True, exist_ok=True)
    summary_path = output / "summary.json"
    summary_path.unlink(missing_ok=True)
    steps = Steps(console, 4)
    if data is None:
        with steps.step("simulate a study: healthy and patients 8 : 1, five actions and rest"):
            study = studies.simulated(output)
    else:
        with steps.step(f"choose what to train on and what to play from {data}"):
            study = studies.recorded(data, output, minority)
    with steps.step(_training_title(study)):
        training = output / "training"
        _train(study, training)
    played = load_archive(study.live)
    seconds = len(played.counts) / played.rate
    bundle = training / "bundle"
    with steps.step(f"run the live graph and record it: armband to exoskeleton, {seconds:.0f} s of signal"):
        observed = run_graph(study, bundle, output, seconds=seconds, console=console)
    with steps.step("replay the recording: compare with what was performed and said"):
        replay = replay_bag(output / RECORDING, ActionModel.load(bundle))
        offline = score(replay)
        report = write_results(output / "replay", replay, offline)
        live = score_live(observed, replay, offline)
        metrics = json.loads((training / "metrics.json").read_text())
        summary = write_summary(summary_path, study.source, metrics, observed["ros"], live)
    console.print(summary_table(summary))
    console.print(
        f"reports: {training / 'report.html'}, {report}",
        f"summary: {summary_path}",
        sep="\n",
        highlight=False,
    )
    return summary


def _training_title(study: Study) -> str:
    if study.minority is not None:
        return f"train 8 members, each on the cohort {study.minority!r} and one part of the rest"
    return f"train one member on subject {study.subject}: the archive names no minority cohort"


def _train(study: Study, output: Path) -> None:
    # A process of its own, so that TensorFlow's memory and threads are gone when the graph runs.
    shutil.rmtree(output, ignore_errors=True)
    command = [sys.executable, "-m", "emg_recognition.cli.main", "train"]
    command += ["--data", str(study.archive), "--output", str(output)]
    command += ["--train-reps", study.train, "--test-reps", study.test]
    if study.minority is not None:
        command += ["--minority", study.minority]
    if study.subject is not None:
        command += ["--subject", study.subject]
    if subprocess.run(command, check=False).returncode != 0:
        raise EmgRecognitionError("training failed; its error stands above")
