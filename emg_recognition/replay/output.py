"""The output folder of an evaluation: replaced by the next one, never anything else overwritten."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from emg_recognition.errors import SettingError
from emg_recognition.files import write_file
from emg_recognition.replay.replay import Replay
from emg_recognition.replay.scoring import FORMAT

METRICS = "metrics.json"
ESTIMATES = "estimates.npz"
REPORT = "report.html"
FIGURES = "figures"
BAG = "bag"
"""What the evaluator node recorded lies beside its results; it is left alone."""


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
    if not output.exists():
        return
    if not output.is_dir():
        raise SettingError("output", str(output), "it is a file; name a folder")
    foreign = any(path.name != BAG for path in output.iterdir())
    if foreign and not _is_evaluation(output / METRICS):
        raise SettingError(
            "output",
            str(output),
            "it holds something that evaluation did not write; choose another folder, or remove this one",
        )


def write_results(output: Path, replay: Replay, metrics: Mapping[str, Any]) -> Path:
    """Write metrics, estimates, figures and report, each file as a whole.

    Parameters
    ----------
    output : Path
        The folder; an earlier evaluation in it is replaced.
    replay : Replay
        What was heard and said.
    metrics : mapping
        Of :func:`emg_recognition.replay.scoring.score`.

    Returns
    -------
    Path
        The report.

    Raises
    ------
    SettingError
        As `refuse_foreign`, or if the folder cannot be written.
    """
    refuse_foreign(output)
    # Drawn before the first file is written, and loaded only here: scores alone need no Matplotlib.
    from emg_recognition.evaluation.report import render_replay_report
    from emg_recognition.replay.figures import draw

    pictures = draw(replay, metrics)
    report = render_replay_report(metrics, {name: png for name, (png, _) in pictures.items()})
    # The metrics come first: a folder with them is known as an evaluation, also after an interruption.
    files = {METRICS: json.dumps(metrics, indent=1, allow_nan=False).encode(), REPORT: report.encode()}
    files[ESTIMATES] = replay.estimates.to_bytes()
    for name, (png, pdf) in pictures.items():
        files[f"{FIGURES}/{name}.png"], files[f"{FIGURES}/{name}.pdf"] = png, pdf
    try:
        for name, content in files.items():
            write_file(output / name, content)
        for earlier in (output / FIGURES).iterdir():
            if f"{FIGURES}/{earlier.name}" not in files and earlier.stem in ("timeline", "confusion"):
                earlier.unlink()
    except OSError as error:
        raise SettingError("output", str(output), f"it cannot be written ({error.strerror})") from error
    return output / REPORT


def _is_evaluation(path: Path) -> bool:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(found, dict) and found.get("format") == FORMAT
