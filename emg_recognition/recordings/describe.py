"""Describe files of others, ready to edit: what was found, and what they leave open."""

from __future__ import annotations

import dataclasses
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from emg_recognition.errors import RecordingError
from emg_recognition.recordings.folders import holds_bag, walk
from emg_recognition.recordings.formats.description import FormatDescription
from emg_recognition.recordings.formats.files import FormatFile, Worker, with_events
from emg_recognition.recordings.formats.finding import named_files
from emg_recognition.recordings.formats.take import Take, Wanted
from emg_recognition.recordings.kinds import FORMATS, identify
from emg_recognition.recordings.text_description import describe as describe_text
from emg_recognition.text import readable

#: How many files are read for their labels.
_READ = 20


def describe(path: Path, output: Path | None = None) -> str:
    """Describe a file or a folder for a description at `output`, or for one in the current folder.

    Parameters
    ----------
    path : Path
        A text file, a file in a format of others, or a folder of either.
    output : Path, optional
        Where the description will be.

    Returns
    -------
    str
        A YAML document that :func:`~emg_recognition.open_recordings` takes in place of the files.

    Raises
    ------
    RecordingError
        If there is nothing to describe.
    """
    kind = identify(path)
    if kind in ("archive", "bag") or (kind == "folder" and holds_bag(path)):
        raise RecordingError(readable(path), "it describes itself", "give it without --describe")
    folder = path if kind == "folder" else path.parent
    paths = [one for one in walk(path) if _is_format(one)] if kind == "folder" else [path]
    if not paths or (kind != "folder" and kind not in FORMATS):
        return describe_text(path, output)
    files, pattern = named_files(paths, folder)
    beside = Path.cwd() if output is None else output.absolute().parent
    return "\n".join(_lines(files, pattern, readable(os.path.relpath(folder, beside)))) + "\n"


def _is_format(path: Path) -> bool:
    try:
        return identify(path) in FORMATS
    except RecordingError:
        return False


def _lines(files: Sequence[FormatFile], pattern: str | None, folder: str) -> list[str]:
    takes, without_rate, problem = _takes(files)
    endings = sorted({file.path.suffix for file in files})
    every = ".*(" + "|".join(one.replace(".", "[.]").replace("+", "[+]") for one in endings) + ")"
    first = takes[0] if takes else None
    inside = any(take.spans is not None for take in takes)
    # What a description says stands above what a file says itself, so it may not repeat a mere guess.
    own = {"label", "repetition"} if inside else set()
    own |= {role for role in ("subject", "cohort", "session") if any(getattr(take, role) for take in takes)}
    for role in own:
        pattern = (pattern or "").replace(f"(?P<{role}>", "(?:").replace(f"(?P={role})", "[^/_]+")
    lines = [
        "# What was found in these files. Check each line, and complete what is left open; then give this",
        "# file in place of the recordings: emg-recognition inspect study.yaml",
        *([f"# They cannot be read yet: {problem}"] if problem else []),
        _line("folder", folder, "of the files, relative to this file"),
        "# files is a regular expression for the whole name; groups such as (?P<subject>...), session,",
        "# cohort, label and repetition tell what names say",
        _line("files", pattern or every),
    ]
    if first is not None and first.channels:
        lines.append(_line("channels", list(first.channels), "those that hold EMG"))
    elif first is not None:
        lines.append(f"channels: 1-{first.samples.shape[1]}")
    if without_rate:
        lines.append("rate:  # Hz; the files do not say it")
    elif first is not None:
        lines.append(f"# the files say {first.rate:g} Hz")
    if first is None or first.unit == "count":
        lines += ["# unit: V  # if you know the scale of the numbers", "# scale: 1.0e+6  # numbers per volt"]
    labels = sorted({span.label for take in takes for span in take.spans or ()})
    if not inside:
        labels += sorted({file.guessed["label"] for file in files if "label" in file.guessed})
    if labels:
        lines += ["labels:  # label in the files: action; null leaves it out"]
        lines += [f"  {_line(label, label)}" for label in labels]
    else:
        lines.append(
            "# label_channel: NAME  # no label was found: a channel, or a group (?P<label>...) in files"
        )
    return [*lines, "# constants: {cohort: healthy}  # what is the same for all files"]


def _takes(files: Sequence[FormatFile]) -> tuple[list[Take], bool, str]:
    """Read some files; return their takes, whether they lack a rate, and why they cannot be read."""
    takes: list[Take] = []
    rate = None
    with tempfile.TemporaryDirectory(prefix=".takes.") as folder, Worker(Path(folder)) as worker:
        for file in files[:_READ]:
            for wanted in (Wanted(rate=rate), Wanted(rate=1.0)):
                try:
                    for one in worker.read(file, wanted):
                        take = with_events(file, one, FormatDescription())
                        # The samples are gone with the folder.
                        takes.append(dataclasses.replace(take, samples=np.empty((0, take.samples.shape[1]))))
                    rate = wanted.rate
                    break
                except RecordingError as error:
                    problem = str(error)
                    if "does not say its sampling rate" not in problem:
                        return takes, rate is not None, problem
    return takes, rate is not None, ""


def _line(key: str, value: Any, comment: str = "") -> str:
    text = f"{_plain(key)}: {_plain(value)}"
    return f"{text}  # {comment}" if comment else text


def _plain(value: Any) -> str:
    text = yaml.safe_dump(value, default_flow_style=True, width=10_000, allow_unicode=True)
    return str(text).removesuffix("...\n").strip()
