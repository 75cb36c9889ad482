"""Three ways to show how a training gets on: bars on a terminal, plain lines, JSON lines for programs."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    TaskID,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from emg_recognition.cli.wording import duration, percent

MODES = ("auto", "json", "off")
_LINES_A_JOB = 4


class Lines:
    """Plain text: a few lines a network, for logs."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream

    def __call__(self, event: dict[str, Any]) -> None:
        """Show an event of `run_experiment`."""
        kind = event["event"]
        if kind == "data":
            for line in event["lines"]:
                self._write(line)
        elif kind in ("start", "warning"):
            self._write(_sentence(event))
        elif kind == "epoch":
            every = -(-event["epochs"] // _LINES_A_JOB)
            if event["epoch"] % every == 0 and event["epoch"] < event["epochs"]:
                where = f"{event['label']}, epoch {event['epoch']}/{event['epochs']}"
                self._write(f"{where}: {_curve(event)}, {duration(event['seconds'])}")
        elif kind == "job":
            self._write(_job(event))

    def _write(self, line: str) -> None:
        print(line, file=self._stream, flush=True)


class Bars:
    """Bars on a terminal, one for all networks and one for each that is trained."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._all = progress.add_task("All", total=1.0, note="")
        self._jobs: dict[int, TaskID] = {}

    def __call__(self, event: dict[str, Any]) -> None:
        """Show an event of `run_experiment`."""
        kind = event["event"]
        if kind == "data":
            for line in event["lines"]:
                self._progress.console.print(line, highlight=False, markup=False)
        elif kind in ("start", "warning"):
            self._progress.console.print(_sentence(event), highlight=False)
        elif kind == "epoch":
            self._progress.update(self._all, completed=event["done"], note="")
            if event["job"] not in self._jobs:
                name = _capital(event["label"])
                self._jobs[event["job"]] = self._progress.add_task(name, total=1.0, note="")
            bar = self._jobs[event["job"]]
            self._progress.update(bar, completed=event["epoch"] / event["epochs"], note=_curve(event))
        elif kind == "job":
            self._progress.update(self._all, completed=event["done"])
            if event["job"] in self._jobs:
                self._progress.remove_task(self._jobs.pop(event["job"]))
            self._progress.console.print(_job(event), highlight=False)
        elif kind == "selected":
            kept = "All members vote" if event["member"] is None else f"Member {event['member']} is kept"
            self._progress.update(self._all, description=f"{kept}; test")


@contextmanager
def shown(mode: str) -> Iterator[Any]:
    """Give the function that shows events.

    Parameters
    ----------
    mode : str
        ``auto``: bars if stdout is a terminal, else lines; ``json``: one JSON object a line on stdout, where
        nothing else is written then; ``off``: nothing.

    Yields
    ------
    callable
        To be called with each event.
    """
    console = Console(soft_wrap=True)
    if mode == "off":
        yield lambda event: None
    elif mode == "json":
        with _own_stdout() as stream:
            yield lambda event: print(json.dumps(event), file=stream, flush=True)
    elif console.is_terminal:
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[note]}"),
        )
        with Progress(*columns, console=console, transient=True) as progress:
            yield Bars(progress)
    else:
        yield Lines(sys.stdout)


@contextmanager
def _own_stdout() -> Iterator[IO[str]]:
    """Keep stdout for us and send what libraries print there, from C++ too, to stderr."""
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        with os.fdopen(kept, "w", encoding="utf-8", closefd=False) as stream:
            yield stream
    finally:
        sys.stdout.flush()
        os.dup2(kept, 1)
        os.close(kept)


def _sentence(event: dict[str, Any]) -> str:
    return f"{_capital(event['message'])}."


def _capital(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"


def _curve(event: dict[str, Any]) -> str:
    parts = [f"loss {event['loss']:.3f}", f"accuracy {percent(event['accuracy'])}"]
    if event["val_accuracy"] is not None:
        parts.append(f"validation {percent(event['val_accuracy'])}")
    return ", ".join(parts)


def _job(event: dict[str, Any]) -> str:
    found = " (found finished)" if event["resumed"] else ""
    return (
        f"{_capital(event['label'])}{found}: training accuracy"
        f" {percent(event['accuracy'])}, validation balanced accuracy"
        f" {percent(event['val_balanced_accuracy'])}, {duration(event['seconds'])}"
    )
