"""The output folder of many evaluations: finished ones are found again, the table and the report replaced."""

from __future__ import annotations

import csv
import datetime
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

from emg_recognition import files
from emg_recognition.errors import SettingError
from emg_recognition.files import read_marker, write_file
from emg_recognition.replay.output import METRICS, REPORT
from emg_recognition.replay.scores import FORMAT

MARKER = "bags.json"
TABLE = "table.csv"
_EVALUATIONS = "evaluations"
_FORMAT = "emg_recognition evaluations 1"


def claim(output: Path) -> None:
    """Make a folder that of many evaluations.

    Raises
    ------
    SettingError
        If it is a file, holds something else, or cannot be written.
    """
    files.refuse_foreign(output, writer="evaluation of several bags", marker=MARKER, formats=(_FORMAT,))
    if not (output / MARKER).exists():
        _write(output, MARKER, json.dumps({"format": _FORMAT}))


def metrics_path(output: Path, key: str) -> Path:
    """Return where the metrics of an evaluation are."""
    return output / _EVALUATIONS / key / METRICS


def load_finished(output: Path) -> dict[str, dict[str, Any]]:
    """Return the metrics of every evaluation in the folder, by key; a damaged one does not count."""
    found = {}
    for path in sorted((output / _EVALUATIONS).glob(f"*/{METRICS}")):
        metrics = read_marker(path, (FORMAT,))
        if metrics is not None:
            found[path.parent.name] = metrics
    return found


def keep(output: Path, key: str, metrics: Mapping[str, Any]) -> None:
    """Write the metrics of an evaluation, completely or not at all.

    Raises
    ------
    SettingError
        If it cannot be written.
    """
    _write(output, f"{_EVALUATIONS}/{key}/{METRICS}", json.dumps(metrics, indent=1, allow_nan=False))


def write_table(
    output: Path,
    rows: Sequence[Mapping[str, Any]],
    models: Sequence[Mapping[str, Any]],
    *,
    notes: Sequence[str],
    settings: Mapping[str, Any],
    machines: Sequence[Mapping[str, Any]],
) -> tuple[Path, Path]:
    """Write ``bags.json``, ``table.csv`` and the report.

    Parameters
    ----------
    output : Path
        The folder.
    rows : sequence of mapping
        The table; every row has the same columns.
    models : sequence of mapping
        What :class:`~emg_recognition.replay.many_bags.BagEvaluations` says of each model.
    notes : sequence of str
        What the numbers leave out.
    settings : mapping
        What is the same for all.
    machines : sequence of mapping
        Where the evaluations were made, as :func:`~emg_recognition.tasks.used_machines` counts them.

    Returns
    -------
    report, table : Path
        The files.

    Raises
    ------
    SettingError
        If they cannot be written.
    """
    # Imported only here: it loads Jinja and Matplotlib, which the workers need not.
    from emg_recognition.evaluation.report import render

    result = {
        "format": _FORMAT,
        "created": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "models": list(models),
        "notes": list(notes),
        "settings": dict(settings),
        "machines": list(machines),
        "rows": list(rows),
    }
    text = io.StringIO(newline="")
    table = csv.DictWriter(text, fieldnames=list(rows[0]))
    table.writeheader()
    table.writerows(rows)
    _write(output, MARKER, json.dumps(result, indent=1, allow_nan=False))
    _write(output, TABLE, text.getvalue())
    _write(output, REPORT, render("many_bags.html.j2", {}, m=result))
    return output / REPORT, output / TABLE


def _write(output: Path, name: str, content: str) -> None:
    try:
        write_file(output / name, content.encode())
    except OSError as error:
        _refuse(output, error)


def _refuse(output: Path, error: OSError) -> NoReturn:
    raise SettingError(
        "output", str(output), f"it cannot be written ({error.strerror}); make room, or choose another folder"
    ) from error
