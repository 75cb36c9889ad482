"""What the command line of a bench on recordings prints, writes and returns."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from emg_recognition.errors import EmgRecognitionError


def report(event: Mapping[str, Any]) -> None:
    """Print a line for each finished network."""
    if event["event"] == "job":
        print(f"trained {event['label']} ({event['done']:.0%})", file=sys.stderr, flush=True)


def run(name: str, measure: Callable[[], object], file: Path | None = None) -> int:
    """Measure and return the exit code; bad input is one line.

    Parameters
    ----------
    name : str
        Name of the bench, for that line.
    measure : callable
        Prints and returns the result.
    file : Path, optional
        Where to write the result as JSON.
    """
    try:
        result = measure()
    except EmgRecognitionError as error:
        print(f"{name}: {error}", file=sys.stderr)
        return 1
    if file:
        file.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    return 0
