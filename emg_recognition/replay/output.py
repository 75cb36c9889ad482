"""The output folder of an evaluation: an earlier evaluation is replaced, anything else is left alone."""

from __future__ import annotations

import json
from pathlib import Path

from emg_recognition import files
from emg_recognition.errors import SettingError
from emg_recognition.files import write_file
from emg_recognition.replay.replay import Replay
from emg_recognition.replay.scores import READABLE, ReplayScores

METRICS = "metrics.json"
ESTIMATES = "estimates.npz"
REPORT = "report.html"
FIGURES = "figures"


def refuse_foreign(output: Path) -> None:
    """Refuse a folder that holds anything but an earlier evaluation.

    Parameters
    ----------
    output : Path
        The folder; it need not exist.

    Raises
    ------
    SettingError
        If it is a file, or holds something that no evaluation wrote.
    """
    files.refuse_foreign(output, writer="evaluation", marker=METRICS, formats=READABLE)


def write_results(output: Path, replay: Replay, scores: ReplayScores) -> Path:
    """Write metrics, estimates, figures and report; each file completely or not at all.

    Parameters
    ----------
    output : Path
        The folder; an earlier evaluation in it is replaced.
    replay : Replay
        Signals and estimates.
    scores : ReplayScores
        From ``score``.

    Returns
    -------
    Path
        The report.

    Raises
    ------
    SettingError
        As for :func:`refuse_foreign`, or if the folder cannot be written.
    """
    refuse_foreign(output)
    # Imported only here: scores alone need no Matplotlib.
    from emg_recognition.evaluation.report import render_replay_report
    from emg_recognition.replay.figures import draw

    metrics = scores.to_json()
    pictures = draw(replay, scores)
    report = render_replay_report(metrics, {name: png for name, (png, _) in pictures.items()})
    # Metrics first: they mark the folder as an evaluation, also after an interruption.
    contents = {METRICS: json.dumps(metrics, indent=1, allow_nan=False).encode(), REPORT: report.encode()}
    contents[ESTIMATES] = replay.estimates.to_bytes()
    for name, (png, pdf) in pictures.items():
        contents[f"{FIGURES}/{name}.png"], contents[f"{FIGURES}/{name}.pdf"] = png, pdf
    try:
        for name, content in contents.items():
            write_file(output / name, content)
        for earlier in (output / FIGURES).iterdir():
            if f"{FIGURES}/{earlier.name}" not in contents and earlier.stem in ("timeline", "confusion"):
                earlier.unlink()
    except OSError as error:
        raise SettingError("output", str(output), f"it cannot be written ({error.strerror})") from error
    return output / REPORT
