"""A split that a file lists.

Each row has some of ``subject``, ``session`` and ``repetition``, and a ``side``: ``train``, ``validation``
or ``test``. A segment goes to the side of the row it agrees with; an empty cell agrees with everything.
Segments that no row names are left out. As CSV or, in YAML, as a list of mappings::

    subject,session,repetition,side
    s01,,1,train
    s01,,2,validation
    s02,2,,test
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from emg_recognition.errors import SettingError
from emg_recognition.recordings.recordings import Recordings
from emg_recognition.training.split import SIDES, Split, honest_split

_COLUMNS = ("subject", "session", "repetition")


def split_by_list(recordings: Recordings, file: str) -> Split:
    """Split as a file says.

    Parameters
    ----------
    recordings : Recordings
        The labelled segments.
    file : str
        A ``.csv``, ``.yaml`` or ``.yml`` file; a path that is not absolute begins at the working directory.

    Returns
    -------
    Split
        The one fold.

    Raises
    ------
    SettingError
        If the file cannot be read, a row is wrong, agrees with no segment, or gives a segment a
        second side; or if a side or an action is left without a segment.
    """
    side = np.full(len(recordings), "", dtype="<U10")
    columns: set[str] = set()
    for number, row in enumerate(_rows(file), start=1):
        where = f"{Path(file).name}: row {number}"
        chosen, named = _agreeing(recordings, row, where)
        columns |= named
        other = sorted(set(side[chosen].tolist()) - {"", str(row["side"])})
        if other:
            raise SettingError(where, dict(row), f"some of it is listed for {other[0]} before; name it once")
        side[chosen] = row["side"]
    sides = {name: np.flatnonzero(side == name) for name in SIDES}
    if not len(sides["validation"]):
        del sides["validation"]
    labels = [
        "/".join(str(getattr(recordings, c)[i]) for c in _COLUMNS if c in columns) for i in range(len(side))
    ]
    what = "/".join(f"{column}s" for column in _COLUMNS if column in columns)
    return honest_split(recordings, sides, np.array(labels), what=what, rule=f"as {Path(file).name} lists")


def _rows(file: str) -> list[Mapping[str, Any]]:
    """Rows of the file, each a mapping."""
    try:
        text = Path(file).read_text(encoding="utf-8-sig")
        if Path(file).suffix.lower() == ".csv":
            rows: Any = list(csv.DictReader(text.splitlines(), skipinitialspace=True))
        else:
            rows = yaml.safe_load(text)
    except (OSError, UnicodeDecodeError, yaml.YAMLError, csv.Error) as error:
        problem = " ".join(str(error).split())
        raise SettingError("split.file", file, f"it cannot be read ({problem})") from error
    if not isinstance(rows, list) or not rows or not all(isinstance(row, Mapping) for row in rows):
        raise SettingError("split.file", file, "write a row or more with subject, session, repetition, side")
    return rows


def _agreeing(recordings: Recordings, row: Mapping[str, Any], where: str) -> tuple[np.ndarray, set[str]]:
    """Which segments a row names, as a mask, and by which columns."""
    for column in row:
        if column not in (*_COLUMNS, "side"):
            raise SettingError(where, dict(row), f"no such column; known are {', '.join(_COLUMNS)}, side")
    if row.get("side") not in SIDES:
        raise SettingError(where, dict(row), f"give it a side: {', '.join(SIDES)}")
    given = {column: str(row[column]) for column in _COLUMNS if row.get(column) not in (None, "")}
    chosen = np.ones(len(recordings), dtype=bool)
    for column, value in given.items():
        chosen &= getattr(recordings, column).astype(np.str_) == value
    if not given or not chosen.any():
        raise SettingError(where, dict(row), f"no segment of {recordings.source} is meant; mend or remove it")
    return chosen, set(given)
