"""The demo from beginning to end, and what to do next."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from rich.console import Console

from emg_recognition.demo import study as studies
from emg_recognition.demo.graph import EXOSKELETON, RECORDING, run_graph
from emg_recognition.demo.study import Study
from emg_recognition.demo.summary import score_live, summary_table, write_summary
from emg_recognition.errors import EmgRecognitionError, SettingError
from emg_recognition.processes import find_executable
from emg_recognition.recordings.archive import load_archive
from emg_recognition.replay.evaluate import evaluate
from emg_recognition.resources import shell_command

_STEPS = 4


@contextmanager
def _step(console: Console, number: int, title: str) -> Iterator[None]:
    """Announce a numbered step, and say at its end how long it took."""
    place = f"[bold cyan]{number}/{_STEPS}[/]"
    console.print(f"{place} {title} …", highlight=False)
    start = time.monotonic()
    yield
    console.print(f"{place} [green]done[/] in {time.monotonic() - start:.1f} s", highlight=False)


def run_demo(output: Path, *, data: Path | None, minority: str | None, console: Console) -> dict[str, Any]:
    """Run the demo.

    Parameters
    ----------
    output : Path
        Folder for all results; ``summary.json`` is written last.
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
        If a step fails; ``summary.json`` is not written then.
    """
    if data is None and minority is not None:
        raise SettingError("--minority", minority, "it is a cohort of --data: give that as well")
    # Before minutes of training: can the graph run at all?
    find_executable("acquisition_node")
    output.mkdir(parents=True, exist_ok=True)
    summary_path = output / "summary.json"
    summary_path.unlink(missing_ok=True)
    try:
        if data is None:
            with _step(console, 1, "simulate a study: healthy and patients 8 : 1, five actions and rest"):
                study = studies.simulated(output)
        else:
            with _step(console, 1, f"choose what to train on and what to play from {data}"):
                study = studies.recorded(data, output, minority)
    except EmgRecognitionError:
        with suppress(OSError):  # unless something is in it
            output.rmdir()
        raise
    with _step(console, 2, _training_title(study)):
        training = output / "training"
        _train(study, training)
    played = load_archive(study.live)
    seconds = len(played.counts) / played.rate
    bundle = training / "bundle"
    with _step(
        console, 3, f"run the live graph and record it: armband to exoskeleton, {seconds:.0f} s of signal"
    ):
        observed = run_graph(study, bundle, output, seconds=seconds, console=console)
    with _step(console, 4, "replay the recording: compare with what was performed and estimated"):
        result = evaluate(bundle, output / RECORDING, output / "replay")
        live = score_live(observed, result.replay, result.metrics)
        metrics = json.loads((training / "metrics.json").read_text())
        summary = write_summary(summary_path, study.source, metrics, observed["ros"], live)
    console.print(summary_table(summary))
    console.print(
        f"reports: {training / 'report.html'}, {result.report}",
        f"summary: {summary_path}",
        *next_steps(study, output),
        sep="\n",
        highlight=False,
        soft_wrap=True,
    )
    return summary


def next_steps(study: Study, output: Path) -> list[str]:
    """Return lines that say what can be done with the results, as commands to copy.

    Parameters
    ----------
    study : Study
        What was trained on and played.
    output : Path
        The folder of the demo's results.
    """
    bundle = shlex.quote(str(output / "training" / "bundle"))
    run = f"emg-recognition run --model {bundle} --simulated --enabled"
    if study.breaks:  # recordings: the simulated wearer performs other actions, at another rate
        run += f" --data {shlex.quote(str(study.live))}"
    exoskeleton = output / "graph" / EXOSKELETON
    if exoskeleton.exists():
        run += f" --exoskeleton {shlex.quote(str(exoskeleton))}"
    recording = shlex.quote(str(output / RECORDING))
    return [
        "",
        "What next, in this folder:",
        "  run the model live until Ctrl-C, with a simulated arm:",
        f"    {shell_command(run)}",
        "  let that arm move, or watch it, in other terminals:",
        f"    {shell_command('emg-recognition arm')}",
        f"    {shell_command('emg-recognition monitor')}",
        "  score the recording of this demo again:",
        f"    {shell_command(f'emg-recognition evaluate --model {bundle} --bag {recording}')}",
        "  look at recordings before you train on them:",
        f"    {shell_command(f'emg-recognition inspect --data {shlex.quote(str(study.archive))}')}",
    ]


def _training_title(study: Study) -> str:
    if study.minority is not None:
        return f"train 8 members, each on the cohort {study.minority!r} and one part of the rest"
    return f"train one member on subject {study.subject}: the archive names no minority cohort"


def _train(study: Study, output: Path) -> None:
    # In a child process, so that TensorFlow's memory and threads are gone when the graph runs.
    shutil.rmtree(output, ignore_errors=True)
    command = [sys.executable, "-m", "emg_recognition", "train"]
    command += ["--data", str(study.archive), "--output", str(output)]
    command += ["--train-reps", study.train, "--test-reps", study.test]
    if study.minority is not None:
        command += ["--minority", study.minority]
    if study.subject is not None:
        command += ["--subject", study.subject]
    if subprocess.run(command, check=False).returncode != 0:
        raise EmgRecognitionError("the training failed; see its error above")
