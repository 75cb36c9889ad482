"""Show how far a training is: bars on a terminal, plain lines for logs, JSON lines for programs."""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import IO, Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

_LINES_A_JOB = 4
#: A narrower terminal has room for one number beside a bar.
_WIDE = 120
_BAR = 20

Event = Mapping[str, Any]


class Lines:
    """Plain text: a few lines for each network, for logs.

    Parameters
    ----------
    stream : file
        Where the lines go.
    """

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream

    def __call__(self, event: Event) -> None:
        """Show an event of a training."""
        kind = event["event"]
        if kind == "epoch":
            every = -(-event["epochs"] // _LINES_A_JOB)
            if event["epoch"] % every == 0 and event["epoch"] < event["epochs"]:
                where = f"{event['label']}{_elsewhere(event)}, epoch {event['epoch']}/{event['epochs']}"
                self._write(f"{where}: {_curve(event)}, {duration(event['seconds'])}")
        else:
            for line in _sentences(event):
                self._write(line)

    def _write(self, line: str) -> None:
        print(line, file=self._stream, flush=True)


class Bars:
    """Bars on a terminal: one for everything, and one for each network in training.

    Parameters
    ----------
    progress : rich.progress.Progress
        Where the bars are.
    """

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._all = progress.add_task("All", total=1.0, note="")
        self._jobs: dict[int, TaskID] = {}

    def __call__(self, event: Event) -> None:
        """Show an event of a training."""
        kind = event["event"]
        for line in _sentences(event):
            self._progress.console.print(line, highlight=False, markup=False)
        if kind == "epoch":
            self._progress.update(self._all, completed=event["done"], note="")
            if event["job"] not in self._jobs:
                name = f"{_capital(event['label'])}{_elsewhere(event)}"
                self._jobs[event["job"]] = self._progress.add_task(name, total=1.0, note="")
            bar = self._jobs[event["job"]]
            note = _curve(event, brief=self._progress.console.width < _WIDE)
            self._progress.update(bar, completed=event["epoch"] / event["epochs"], note=note)
        elif kind == "job":
            self._progress.update(self._all, completed=event["done"])
            if event["job"] in self._jobs:
                self._progress.remove_task(self._jobs.pop(event["job"]))
        elif kind == "selected":
            kept = "All members vote" if event["member"] is None else f"Member {event['member']} is kept"
            self._progress.update(self._all, description=f"{kept}; test")


@contextmanager
def shown(mode: str) -> Iterator[Any]:
    """Give the function that shows the events of a training.

    Parameters
    ----------
    mode : str
        ``auto``: bars if stdout is a terminal, else lines; ``json``: one JSON object a line on stdout, and
        nothing else there; ``off``: nothing.

    Yields
    ------
    callable
        Takes one event.
    """
    console = Console(soft_wrap=True)
    if mode == "off":
        yield lambda event: None
    elif mode == "json":
        with _own_stdout() as stream:
            yield lambda event: print(json.dumps(event), file=stream, flush=True)
    elif console.is_terminal:
        with bars(console) as progress:
            yield Bars(progress)
    else:
        yield Lines(sys.stdout)


def bars(console: Console) -> Progress:
    """Return bars that leave room for the time left on a terminal of 80 columns."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(_BAR),
        TextColumn("[progress.percentage]{task.percentage:>3.0f}%"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}"),
        console=console,
        transient=True,
    )


@contextmanager
def bar(title: str, *, off: bool = False) -> Iterator[Any]:
    """Give a function that shows the share done, 0 to 1: as a bar on a terminal, else not at all."""
    console = Console()
    if off or not console.is_terminal:
        yield lambda share: None
        return
    with bars(console) as progress:
        task = progress.add_task(title, total=1.0, note="")
        yield lambda share: progress.update(task, completed=share)


@contextmanager
def steps(title: str, mode: str) -> Iterator[Any]:
    """Give a function that takes the number of a step and of all steps, and shows the share that is done.

    Parameters
    ----------
    title : str
        What is done.
    mode : str
        As for :func:`shown`; ``auto`` shows nothing where stdout is no terminal.
    """
    if mode != "json":
        with bar(title, off=mode == "off") as show:
            yield lambda step, count: show(step / count)
        return
    with _own_stdout() as stream:
        yield lambda step, count: print(
            json.dumps({"event": "step", "step": step, "steps": count, "done": step / count}),
            file=stream,
            flush=True,
        )


@contextmanager
def _own_stdout() -> Iterator[IO[str]]:
    """Keep stdout for this program and send what libraries print there, also from C++, to stderr."""
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


def _sentences(event: Event) -> list[str]:
    """Return what is written of an event for good, beside bars too."""
    kind = event["event"]
    if kind == "data":
        return list(event["lines"])
    if kind == "start":
        return [f"{_capital(event['message'])}."]
    if kind == "job":
        found = " (found finished)" if event["resumed"] else ""
        return [
            f"{_capital(event['label'])}{_elsewhere(event)}{found}: training accuracy"
            f" {percent(event['accuracy'])}, validation balanced accuracy"
            f" {percent(event['val_balanced_accuracy'])}, {duration(event['seconds'])}"
        ]
    return []


def _elsewhere(event: Event) -> str:
    """Name the machine that trains, if it is not this one."""
    machine = event.get("machine", platform.node())
    return "" if machine == platform.node() else f" on {machine}"


def _curve(event: Event, *, brief: bool = False) -> str:
    validation = event["val_accuracy"]
    if brief:
        return f"acc {percent(event['accuracy'] if validation is None else validation)}"
    parts = [f"loss {event['loss']:.3f}", f"accuracy {percent(event['accuracy'])}"]
    if validation is not None:
        parts.append(f"validation {percent(validation)}")
    return ", ".join(parts)


def _capital(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"


def percent(share: float) -> str:
    """Write a share as a percentage with one decimal."""
    return f"{100 * share:.1f} %"


def duration(seconds: float) -> str:
    """Write a time in seconds, or in minutes where it is long."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s"


def aligned(rows: Sequence[Sequence[str]], *, left: int = 1) -> list[str]:
    """Return the lines of a table: the first `left` columns aligned left, the others right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "  ".join(
            text.ljust(width) if column < left else text.rjust(width)
            for column, (text, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]
