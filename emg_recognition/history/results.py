"""Files with the results of tests that were made without moving a joint."""

from __future__ import annotations

import json
import re
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from emg_recognition.errors import RecordingError
from emg_recognition.files import read_marker, write_file

FORMAT = "emg_recognition test 1"
FOLDER = "tests"
"""Folder of the results, beside the recordings."""


def write_result(folder: Path, *, test: str, subject: str, model: str, result: dict[str, Any]) -> Path:
    """Write the result of one test.

    Parameters
    ----------
    folder : Path
        The folder of the recordings; the file goes into :data:`FOLDER` in it.
    test : str
        ``targets`` or ``reactions``.
    subject : str
        Code of the person.
    model : str
        Id of the model that decided.
    result : dict
        The scores; :doc:`metrics.json </reference/metrics-json>` lists them.

    Returns
    -------
    Path
        The new file.

    Raises
    ------
    RecordingError
        If it cannot be written.
    """
    now = datetime.now(timezone.utc)
    # The code of a person may hold anything; a file name may not.
    safe = re.sub(r"[^\w-]+", "_", subject).strip("_")[:60] or "someone"
    path = folder / FOLDER / f"{safe}_{test}_{now:%Y%m%dT%H%M%S_%f}.json"
    content = {
        "format": FORMAT,
        "test": test,
        "created": now.isoformat(timespec="seconds"),
        "subject": subject,
        "model": model,
        **result,
    }
    try:
        write_file(path, json.dumps(content, indent=1, allow_nan=False, ensure_ascii=False).encode())
    except OSError as error:
        problem = f"it cannot be written ({error.strerror or error})"
        raise RecordingError(str(path), problem, "choose a writable folder") from error
    return path


def read_results(folder: Path) -> list[dict[str, Any]]:
    """Read every result beside some recordings, the oldest first; other files are skipped.

    Parameters
    ----------
    folder : Path
        The folder of the recordings.
    """
    found = (read_marker(path, (FORMAT,)) for path in sorted((folder / FOLDER).glob("*.json")))
    return sorted((one for one in found if one is not None), key=lambda one: str(one.get("created")))
