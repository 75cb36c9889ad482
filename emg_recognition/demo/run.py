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
from emg_recognition.models.bundle import read_bundle
from emg_recognition.models.reference import read_reference
from emg_recognition.processes import find_executable
from emg_recognition.recordings.archive import load_archive, save_archive
from emg_recognition.replay.evaluate import evaluate
from emg_recognition.resources import shell_command
from emg_recognition.simulation.settings import StudySettings

#: The bundle of the simulated patient, in the output folder.
DONNED = "donned"

_STEPS = 4
#: The simulated patient dons the armband, too.
_STEPS_SIMULATED = 5


@contextmanager
def _step(console: Console, number: int, steps: int, title: str) -> Iterator[None]:
    """Announce a numbered step, and say at its end how long it took."""
    place = f"[bold cyan]{number}/{steps}[/]"
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
    steps = _STEPS if data is not None else _STEPS_SIMULATED
    try:
        if data is None:
            title = "simulate a study: healthy and patients 8 : 1, five actions and rest"
            with _step(console, 1, steps, title):
                study = studies.simulated(output)
        else:
            title = f"choose what to train on and what to play from {data}"
            with _step(console, 1, steps, title):
                study = studies.recorded(data, output, minority)
    except EmgRecognitionError:
        with suppress(OSError):  # unless something is in it
            output.rmdir()
        raise
    with _step(console, 2, steps, _training_title(study)):
        training = output / "training"
        _train(study, training)
    played = load_archive(study.live)
    seconds = len(played.counts) / played.rate
    trained = bundle = training / "bundle"
    sits = None
    if study.turned is not None:
        title = f"the patient puts the armband on, turned by {studies.TURN:g} electrodes, and dons it"
        with _step(console, 3, steps, title):
            bundle = output / DONNED
            sits = _don(study.turned, trained, bundle, output / "donning.npz")
            console.print(f"    {sits}", highlight=False)
    title = f"run the live graph and record it: armband to exoskeleton, {seconds:.0f} s of signal"
    with _step(console, steps - 1, steps, title):
        observed = run_graph(study, bundle, output, seconds=seconds, console=console)
    title = "replay the recording: compare with what was performed and estimated"
    with _step(console, steps, steps, title):
        result = evaluate(bundle, output / RECORDING, output / "replay")
        live = score_live(observed, result.replay, result.metrics)
        donning = None
        if sits is not None:
            undonned = evaluate(trained, output / RECORDING).metrics
            donning = {"sits": sits, "before": undonned.accuracy, "after": result.metrics.accuracy}
        metrics = json.loads((training / "metrics.json").read_text())
        summary = write_summary(summary_path, study.source, metrics, observed["ros"], live, donning)
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
    worn = bundle if study.turned is None else shlex.quote(str(output / DONNED))
    return [
        "",
        "What next, in this folder:",
        "  run the model live until Ctrl-C, with a simulated arm:",
        f"    {shell_command(run)}",
        "  let that arm move, or watch it, in other terminals:",
        f"    {shell_command('emg-recognition arm')}",
        f"    {shell_command('emg-recognition monitor')}",
        "  score the recording of this demo again:",
        f"    {shell_command(f'emg-recognition evaluate --model {worn} --bag {recording}')}",
        "  look at recordings before you train on them:",
        f"    {shell_command(f'emg-recognition inspect --data {shlex.quote(str(study.archive))}')}",
    ]


def _training_title(study: Study) -> str:
    if study.minority is not None:
        return f"train 8 members, each on the cohort {study.minority!r} and one part of the rest"
    return f"train one member on subject {study.subject}: the archive names no minority cohort"


def _don(settings: StudySettings, trained: Path, bundle: Path, recording: Path) -> str:
    """Let the simulated patient don the armband; return how it sits, in words."""
    info = read_bundle(trained)
    gestures = [info.actions[number] for number in read_reference(info).sync]
    save_archive(recording, studies.simulated_donning(settings, gestures))
    return _run("don", "--model", trained, "--data", recording, "--output", bundle).splitlines()[0]


def _train(study: Study, output: Path) -> None:
    shutil.rmtree(output, ignore_errors=True)
    options = ["--data", study.archive, "--output", output]
    options += ["--train-reps", study.train, "--test-reps", study.test]
    if study.minority is not None:
        options += ["--minority", study.minority]
    if study.subject is not None:
        options += ["--subject", study.subject]
    if study.turned is not None:
        options += ["--orientation", "align"]
    _run("train", *options, shown=True)


def _run(command: str, *options: object, shown: bool = False) -> str:
    """Run a command in a process of its own, so that TensorFlow's memory and threads are gone afterwards."""
    words = [sys.executable, "-m", "emg_recognition", command, *map(str, options)]
    done = subprocess.run(words, check=False, text=True, stdout=None if shown else subprocess.PIPE)
    if done.returncode != 0:
        raise EmgRecognitionError(f"`{command}` failed; see its error above")
    return done.stdout or ""
