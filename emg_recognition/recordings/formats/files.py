"""Make recordings from files in the formats of others."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

import emg_recognition
from emg_recognition.errors import RecordingError
from emg_recognition.recordings.cache import open_mapped
from emg_recognition.recordings.event_files import events_beside, label_rows, read_events
from emg_recognition.recordings.formats.description import FormatDescription
from emg_recognition.recordings.formats.labels import runs_of
from emg_recognition.recordings.formats.take import Span, Take, Wanted
from emg_recognition.recordings.recordings import Recordings
from emg_recognition.recordings.roles import ROLES, action_of, repetition_of
from emg_recognition.recordings.segments import Segment, gather_segments
from emg_recognition.text import nfc, readable


@dataclass(frozen=True)
class FormatFile:
    """A file to read.

    Attributes
    ----------
    path : Path
        The file.
    kind : str
        What it is, a key of :data:`~emg_recognition.recordings.formats.worker.READERS`.
    stated, guessed : dict
        Roles that a pattern of the user finds in its name, and those that its name suggests. The former stand
        above what the file says about itself, the latter below.
    """

    path: Path
    kind: str
    stated: dict[str, str] = field(default_factory=dict)
    guessed: dict[str, str] = field(default_factory=dict)


def read_format_files(
    description: FormatDescription,
    files: Sequence[FormatFile],
    source: str,
    stream: str = "",
    counts: Path | None = None,
) -> Recordings:
    """Read the labelled segments of files.

    Without a repetition in name or file, the performances of an action are counted from 1: in each file, or
    over all files of a subject and session if the file names give the label. A file that is counted on its
    own and has no session gets its name as session, as a bag does.

    Parameters
    ----------
    description : FormatDescription
        What the files do not say themselves.
    files : sequence of FormatFile
        At least one.
    source : str
        Where they come from, for messages and reports.
    stream : str
        The device to read from files that hold several.
    counts : Path, optional
        The ``.npy`` file to write the samples to; in memory by default.

    Returns
    -------
    Recordings
        The segments, float32 in the unit.

    Raises
    ------
    RecordingError
        If a file cannot be used, has no labels, or differs from the first one in rate, channels or unit.
    OSError
        If `counts` cannot be written.
    """
    problems: list[str] = []
    with tempfile.TemporaryDirectory(prefix=".takes.", dir=counts.parent if counts else None) as folder:
        takes = _takes(files, description.wanted(stream), Path(folder))
        file, first = next(takes)
        segments = _segments(itertools.chain([(file, first)], takes), first, file.path, description, problems)
        found = gather_segments(
            segments,
            channels=first.samples.shape[1],
            rate=first.rate,
            unit=first.unit,
            source=source,
            counts=counts,
            ring=description.ring,
        )
    return dataclasses.replace(found, problems=tuple(problems))


def _takes(files: Sequence[FormatFile], wanted: Wanted, folder: Path) -> Iterator[tuple[FormatFile, Take]]:
    with Worker(folder) as worker:
        for file in files:
            for take in worker.read(file, wanted):
                yield file, take


def _segments(
    takes: Iterator[tuple[FormatFile, Take]],
    first: Take,
    owner: Path,
    description: FormatDescription,
    problems: list[str],
) -> Iterator[Segment]:
    counted: Counter[tuple[str, ...]] = Counter()
    previous: FormatFile | None = None
    for file, take in takes:
        _refuse_unlike(file.path, take, owner, first)
        if take.spans is not None and "label" not in file.stated and file is not previous:
            counted.clear()
        previous = file
        problems += [f"{readable(file.path.name)}: {text}" for text in take.problems]
        yield from _of_take(file, with_events(file, take, description), description, counted, problems)


def with_events(file: FormatFile, take: Take, description: FormatDescription) -> Take:
    """Label a take by the events that BIDS keeps beside its file, unless a channel is named for that."""
    events = None
    if description.label_channel is None and description.marker_channel is None:
        events = events_beside(file.path)
    if events is None or not len(take.samples):
        return take
    found = read_events(file.path, events)
    rows = label_rows(found, np.arange(len(take.samples)) / take.rate, str(file.path))
    spans = tuple(Span(a, b, found.labels[rows[a]]) for a, b in runs_of(rows) if rows[a] >= 0)
    return dataclasses.replace(take, spans=spans)


def _refuse_unlike(path: Path, take: Take, owner: Path, first: Take) -> None:
    for name, theirs, ours in (
        ("rate", take.rate, first.rate),
        ("channel count", take.samples.shape[1], first.samples.shape[1]),
        ("unit", take.unit, first.unit),
    ):
        if theirs != ours:
            raise RecordingError(
                str(path),
                f"its {name} is {theirs}, that of {owner} is {ours}",
                "open recordings with the same settings together, or list channels in a description",
            )


def _of_take(
    file: FormatFile,
    take: Take,
    description: FormatDescription,
    counted: Counter[tuple[str, ...]],
    problems: list[str],
) -> Iterator[Segment]:
    own = {name: getattr(take, name) for name in ("subject", "cohort", "session") if getattr(take, name)}
    stated = {**description.constants, **file.stated}
    roles = {**dict.fromkeys(ROLES, ""), **file.guessed, **own, **stated}
    inside = take.spans is not None and "label" not in stated
    if inside:
        spans = take.spans or ()
    elif roles["label"]:
        spans = (Span(0, len(take.samples), roles["label"]),)
    else:
        raise RecordingError(
            str(file.path),
            "it has no labels: no annotations or markers, and its name tells none",
            "name it like fist_1, or describe it: files with a group (?P<label>...), or label_channel",
        )
    lost = 0
    for span in spans:
        action = action_of(file.path, nfc(span.label), description.labels)
        if action is None:
            continue
        number = span.repetition
        if (roles["repetition"] and not inside) or "repetition" in stated:
            number = repetition_of(file.path, roles["repetition"])
        session = roles["session"]
        if number is None:
            session = session or (readable(file.path.stem) if inside else "")
            performed = (roles["subject"], roles["cohort"], session, action)
            counted[performed] += 1
            number = counted[performed]
        part = take.samples[span.first : span.last]
        finite = np.isfinite(part).all(axis=1)
        lost += len(part) - int(finite.sum())
        for begin, end in runs_of(finite):
            if finite[begin]:
                samples = part[begin:end]
                yield Segment(samples, roles["subject"], roles["cohort"], session, action, number)
    if lost:
        problems.append(f"{readable(file.path.name)}: {lost} samples are missing (NaN); they cut segments")


class Worker:
    """The child process that reads files; a new one takes the place of one that died."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._child: subprocess.Popen[str] | None = None

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def read(self, file: FormatFile, wanted: Wanted) -> Iterator[Take]:
        """Yield the takes of a file; the samples of one are gone when the next file is read."""
        answer = self._ask(file, wanted)
        if "problem" in answer:
            raise RecordingError(str(file.path), answer["problem"], answer["remedy"])
        for i, entry in enumerate(answer["takes"]):
            samples = self._folder / f"{i}.npy"
            spans = entry.pop("spans")
            entry |= {name: tuple(entry[name]) for name in ("problems", "channels")}
            yield Take(
                samples=open_mapped(samples),
                spans=None if spans is None else tuple(Span(*one) for one in spans),
                **entry,
            )
            samples.unlink()

    def _ask(self, file: FormatFile, wanted: Wanted) -> dict[str, Any]:
        request = {
            "kind": file.kind,
            "path": os.fsencode(file.path.absolute()).hex(),  # a name need not be UTF-8
            "folder": str(self._folder),
            "wanted": dataclasses.asdict(wanted),
        }
        child = self._child or self._start()
        assert child.stdin is not None
        assert child.stdout is not None
        try:
            child.stdin.write(json.dumps(request) + "\n")
            child.stdin.flush()
            answer = child.stdout.readline()
        except BrokenPipeError:
            answer = ""
        if answer:
            return dict(json.loads(answer))
        code = self._end()
        what = "reading it took too long" if code == -signal.SIGXCPU else f"reading it failed (code {code})"
        return {"problem": what, "remedy": "it is damaged: copy it again"}

    def _start(self) -> subprocess.Popen[str]:
        root = str(Path(emg_recognition.__file__).parents[1])
        paths = [root, *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
        self._child = subprocess.Popen(
            [sys.executable, "-m", "emg_recognition.recordings.formats.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            # One thread: those of linear algebra take address space and are not needed.
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths), "OPENBLAS_NUM_THREADS": "1"},
        )
        return self._child

    def _end(self) -> int:
        child, self._child = self._child, None
        if child is None:
            return 0
        for pipe in (child.stdin, child.stdout):
            assert pipe is not None
            with contextlib.suppress(BrokenPipeError):
                pipe.close()
        return child.wait()
