"""Labels that stand in single rows and hold until the next one."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np

from emg_recognition.recordings.csv_table import Texts
from emg_recognition.recordings.roles import listed_label, plain_number

#: Label in the files -> action, or None to take labels as they are.
Labels = Mapping[str, str | None] | None


def held_markers(marker: Texts, labels: Labels) -> tuple[np.ndarray, list[str]]:
    """Return for each row the last marker before it, as an event; markers are neither 0 nor empty."""
    empty = np.array([is_no_marker(value) for value in marker.values], bool)
    at = np.flatnonzero(~empty[marker.codes])
    event = np.searchsorted(at, np.arange(len(marker.codes)), side="right") - 1
    values = [plain_number(value) if labels is None else value for value in marker.values]
    return event, [values[marker.codes[row]] for row in at]


def is_no_marker(text: str) -> bool:
    """Return whether a cell of a marker column says that nothing begins there: 0 or nothing."""
    return text == "" or re.fullmatch(r"[+-]?0*(\.0*)?|nan|none|null", text, re.IGNORECASE) is not None


def in_single_rows(label: Texts, labels: Labels) -> bool:
    """Return whether labels that are not skipped stand in single rows, as markers do."""
    if labels is None:
        return False
    skipped = [
        is_no_marker(value) and labels.get(listed_label(value, labels), "") is None for value in label.values
    ]
    if not any(skipped):
        return False
    labelled = ~np.array(skipped)[label.codes]
    return bool(labelled.any()) and not (labelled[1:] & labelled[:-1]).any()
