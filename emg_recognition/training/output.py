"""The output folder of an experiment: the same experiment continues in it, and no other overwrites it."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from emg_recognition import files
from emg_recognition.errors import SettingError
from emg_recognition.files import write_file
from emg_recognition.recordings.cache import release
from emg_recognition.recordings.recordings import Recordings


def data_fingerprint(recordings: Recordings) -> str:
    """Return a SHA-256 of all that training reads: samples, scale, rate, unit and labels.

    It does not depend on the file's name, its compression, or the type of the stored counts.

    Parameters
    ----------
    recordings : Recordings
        The segments that are used.

    Returns
    -------
    str
        Hexadecimal digits.
    """
    digest = hashlib.sha256()
    digest.update(
        f"{recordings.scale!r} {recordings.rate!r} {recordings.unit} {recordings.channels}".encode()
    )
    columns = (
        recordings.subject,
        recordings.cohort,
        recordings.session,
        recordings.label,
        recordings.repetition,
    )
    labels = zip(*(column.tolist() for column in columns), strict=True)
    segments = zip(recordings.start.tolist(), recordings.length.tolist(), labels, strict=True)
    for begin, length, label in segments:
        digest.update(f"\n{length} {label!r}\n".encode())
        digest.update(np.ascontiguousarray(recordings.counts[begin : begin + length], dtype="<f8").tobytes())
        release(recordings.counts)
    return digest.hexdigest()


MARKER = "experiment.json"
MEMBERS = "members"
BUNDLE = "bundle"
FOLDS = "folds"
TRIALS = "trials"
_OF_FOLD = (f"{MEMBERS}/.member_*", f".{BUNDLE}.*", ".*.part", "figures/.*.part")
_LEFTOVERS = (*_OF_FOLD, *(f"{FOLDS}/*/{pattern}" for pattern in _OF_FOLD), f"{TRIALS}/*/.trial_*")
_FORMAT = "emg_recognition experiment 1"


def refuse_foreign(output: Path, experiment: Mapping[str, Any]) -> None:
    """Refuse a folder that holds anything but this experiment.

    Accepted are an empty folder, one in which this experiment was interrupted, and one in which another
    experiment was interrupted before it had finished a member.

    Parameters
    ----------
    output : Path
        The folder; it need not exist.
    experiment : mapping
        What decides the result (settings, subsets, data, versions), as JSON can hold it.

    Raises
    ------
    SettingError
        If `output` is a file, or holds something else or the result of another experiment.
    """
    files.refuse_foreign(output, writer="training", marker=MARKER, formats=(_FORMAT,))
    found = files.read_marker(output / MARKER, (_FORMAT,))
    if found is None or not _has_results(output):
        return
    wanted = {"format": _FORMAT, **_as_json(experiment)}
    differing = sorted(key for key in wanted.keys() | found.keys() if wanted.get(key) != found.get(key))
    if differing:
        names = ", ".join(differing)
        remedy = (
            f"it holds an experiment with other {names}; choose another output folder, or remove this one"
        )
        raise SettingError("output", str(output), remedy)


def claim(output: Path, experiment: Mapping[str, Any]) -> None:
    """Make the folder this experiment's own, and remove what an interruption left half written.

    Parameters
    ----------
    output : Path
        The folder.
    experiment : mapping
        What decides the result.

    Raises
    ------
    SettingError
        As `refuse_foreign`, or if the folder cannot be written.
    """
    refuse_foreign(output, experiment)
    try:
        output.mkdir(parents=True, exist_ok=True)
        for pattern in _LEFTOVERS:
            for leftover in output.glob(pattern):
                shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink()
        text = json.dumps({"format": _FORMAT, **_as_json(experiment)}, indent=1)
        write_file(output / MARKER, text.encode())
    except OSError as error:
        raise SettingError("output", str(output), f"it cannot be written ({error.strerror})") from error


def _has_results(output: Path) -> bool:
    of_fold = f"{MEMBERS}/member_*"
    return (output / BUNDLE).exists() or any(
        next(output.glob(pattern), None)
        for pattern in (of_fold, f"{FOLDS}/*/{of_fold}", f"{TRIALS}/*/trial_*")
    )


def _as_json(mapping: Mapping[str, Any]) -> dict[str, Any]:
    """Return the mapping as it reads after a round trip through JSON (tuples are lists)."""
    return json.loads(json.dumps(mapping))
