"""The demo from beginning to end."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from rich.console import Console

from emg_recognition.demo import study as studies
from emg_recognition.demo.graph import RECORDING, run_graph
from emg_recognition.demo.processes import find_executable
from emg_recognition.demo.scoring import score_live
from emg_recognition.demo.steps import Steps
from emg_recognition.demo.study import Study
from emg_recognition.demo.summary import summary_table, write_summary
from emg_recognition.errors import EmgRecognitionError, SettingError
from emg_recognition.models.runtime import ActionModel
from emg_recognition.recordings.archive import load_archive
from emg_recognition.replay.offline import replay_bag
from emg_recognition.replay.output import write_results
from emg_recognition.replay.scoring import score


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
