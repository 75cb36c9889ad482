"""What is known about a segment, and how descriptions of files put it: labels, constants, groups of names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from emg_recognition.errors import RecordingError, SettingError
from emg_recognition.recordings.file_patterns import FilePattern
from emg_recognition.text import nfc

ROLES = ("subject", "cohort", "session", "label", "repetition")
"""What is known about a segment: from a group of the file name, from the file itself, or from a constant."""


def checked_labels(labels: object, *, otherwise: str) -> dict[str, str | None] | None:
    """Return ``labels`` of a description with its texts in NFC; None stays None.

    Parameters
    ----------
    labels : object
        Label in the files -> action, or None.
    otherwise : str
        What may stand in place of an action, for the message.

    Raises
    ------
    SettingError
        If it is no such mapping.
    """
    if labels is None:
        return None
    if not isinstance(labels, Mapping) or not labels:
        raise SettingError("labels", labels, "write a mapping of labels to actions")
    for raw, action in labels.items():
        if action is not None and (not isinstance(action, str) or not action):
            raise SettingError(f"labels.{raw}", action, f"write the action, or {otherwise}")
    return {nfc(str(raw)): action and nfc(action) for raw, action in labels.items()}


def checked_constants(constants: object) -> dict[str, str]:
    """Return ``constants`` of a description as texts in NFC.

    Raises
    ------
    SettingError
        If it is no mapping of :data:`ROLES`.
    """
    if not isinstance(constants, Mapping) or not set(constants) <= set(ROLES):
        raise SettingError("constants", constants, f"write a mapping of any of {', '.join(ROLES)}")
    return {name: nfc(str(value)) for name, value in constants.items()}


def checked_groups(pattern: object) -> set[str]:
    """Return the named groups of ``files`` of a description.

    Raises
    ------
    SettingError
        If it is no regular expression, or a group is none of :data:`ROLES`.
    """
    groups = FilePattern(pattern).groups
    if unknown := sorted(groups - set(ROLES)):
        raise SettingError("files", pattern, f"unknown group {', '.join(unknown)}; use {', '.join(ROLES)}")
    return groups


def listed_label(raw: str, labels: Mapping[str, str | None]) -> str:
    """Return a label as ``labels`` lists it; ``3.0``, as programs store whole numbers, may be ``3`` there."""
    return raw if raw in labels else plain_number(raw)


def action_of(path: Path, raw: str, labels: Mapping[str, str | None] | None, where: str = "") -> str | None:
    """Return the action of a label in a file, or None if it is left out.

    Parameters
    ----------
    path : Path
        The file, for messages.
    raw : str
        The label in it, in NFC.
    labels : mapping or None
        Of the description; None takes labels as they are.
    where : str
        Where the label stands, such as `` of line 3``, for messages.

    Raises
    ------
    RecordingError
        If it is empty or not listed.
    """
    if labels is None:
        if raw:
            return raw
        remedy = "write one, or leave such rows out with labels: {'': null}"
        raise RecordingError(str(path), f"the label{where} is empty", remedy)
    label = listed_label(raw, labels)
    if label in labels:
        return labels[label]
    raise RecordingError(
        str(path),
        f"the label {raw!r}{where} is not in the description's labels {', '.join(labels)}",
        "add it there; null leaves it out",
    )


def repetition_of(path: Path, text: str, where: str = "") -> int:
    """Return the number of a repetition.

    Raises
    ------
    RecordingError
        If it is no whole number.
    """
    plain = plain_number(text)
    if not re.fullmatch(r"-?[0-9]{1,15}", plain):
        problem = f"the repetition{where} is {text!r}"
        raise RecordingError(str(path), problem, "write a whole number in the name or the column")
    return int(plain)


def plain_number(text: str) -> str:
    """Return ``3`` for a whole number that a program has stored as ``3.0``."""
    return text.partition(".")[0] if re.fullmatch(r"-?[0-9]+\.0*", text) else text
