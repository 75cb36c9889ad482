"""The YAML description of CSV files: what their names and columns mean."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from emg_recognition.errors import SettingError
from emg_recognition.recordings.recordings import parse_repetitions
from emg_recognition.settings import check, from_mapping, setting
from emg_recognition.types import UNITS
from emg_recognition.yaml_files import load_yaml

ROLES = ("subject", "cohort", "session", "label", "repetition")
"""What is known about a segment: from a group of the file name, from a column, or from a constant."""

TIME_UNITS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}
"""Units of a time column, in seconds."""

Column = str | int
"""A column by its name in the header or by its number; the first column is 1."""


@dataclass(frozen=True, kw_only=True)
class CsvColumns:
    """The section ``columns``: the meaning of each column.

    Attributes
    ----------
    samples : tuple of str or int
        The channels in order; numbers may be written as ranges, such as ``2-9``.
    time : str or int, optional
        Time of each row.
    label, repetition, subject, session, cohort : str or int, optional
        What each row belongs to.
    """

    samples: tuple[Column, ...]
    time: Column | None = None
    label: Column | None = None
    repetition: Column | None = None
    subject: Column | None = None
    session: Column | None = None
    cohort: Column | None = None

    def __post_init__(self) -> None:
        samples: Any = self.samples
        if isinstance(samples, str):
            samples = parse_repetitions(samples)
        object.__setattr__(self, "samples", samples)
        if not isinstance(samples, tuple) or not samples or len(set(samples)) < len(samples):
            raise SettingError("samples", samples, "list the column of each channel once")
        names = {f.name: getattr(self, f.name) for f in dataclasses.fields(self) if f.name != "samples"}
        given = [(name, value) for name, value in names.items() if value is not None]
        for name, value in [*given, *(("samples", value) for value in samples)]:
            number = isinstance(value, int) and not isinstance(value, bool) and value >= 1
            if not number and not (isinstance(value, str) and value):
                remedy = "give a name of the header, or a number; the first column is 1"
                raise SettingError(name, value, remedy)


@dataclass(frozen=True, kw_only=True)
class CsvDescription:
    """A description of CSV files.

    Attributes
    ----------
    files : str
        Regular expression for the whole path inside `folder`, with ``/`` between folders. Its named groups
        are any of :data:`ROLES`.
    columns : CsvColumns
        The meaning of each column.
    gap : float
        A step of the time column that is longer than one sample by more than this, or negative, means missing
        samples: a new segment begins there.
    labels : mapping or None
        Label in the files -> action; null skips its rows. None takes the labels as they are.
    constants : mapping
        What is the same for all files, e.g. ``cohort: healthy``.
    """

    files: str
    columns: CsvColumns
    folder: str = setting(".", "folder of the files, relative to the description")
    delimiter: str = setting(",", "character between two columns")
    header: bool = setting(True, "the first line names the columns")
    rate: float | None = setting(
        None, "sampling rate; without it measured in the time column", unit="Hz", above=0
    )
    time_unit: str = setting("s", "unit of the time column", choices=TIME_UNITS)
    gap: float = setting(0.02, "longest delay of a row without a gap", unit="s", above=0)
    unit: str = setting("count", "unit of the samples, V if the scale is known", choices=UNITS)
    scale: float = setting(1.0, "numbers in the files per unit", above=0)
    labels: Mapping[str, str | None] | None = None
    constants: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check(self)
        groups = _groups(self.files)
        if self.rate is None and self.columns.time is None:
            raise SettingError("rate", None, "give the sampling rate in Hz, or a time column")
        if len(self.delimiter) != 1:
            raise SettingError("delimiter", self.delimiter, "write one character, e.g. ';' or \"\\t\"")
        self._check_labels()
        if not isinstance(self.constants, Mapping) or not set(self.constants) <= set(ROLES):
            raise SettingError("constants", self.constants, f"write a mapping of any of {', '.join(ROLES)}")
        object.__setattr__(self, "constants", {name: str(value) for name, value in self.constants.items()})
        for role in ROLES:
            places = [role in groups, getattr(self.columns, role) is not None, role in self.constants]
            if sum(places) > 1:
                remedy = "give it in one place: a group in files, a column, or a constant"
                raise SettingError(role, self.constants.get(role, getattr(self.columns, role)), remedy)
            if role == "label" and not any(places):
                remedy = "name a label column, or a group (?P<label>...) in files"
                raise SettingError("label", None, remedy)

    def _check_labels(self) -> None:
        if self.labels is None:
            return
        if not isinstance(self.labels, Mapping) or not self.labels:
            raise SettingError("labels", self.labels, "write a mapping of labels to actions")
        for raw, action in self.labels.items():
            if action is not None and (not isinstance(action, str) or not action):
                raise SettingError(f"labels.{raw}", action, "write the action, or null to skip its rows")
        object.__setattr__(self, "labels", {str(raw): action for raw, action in self.labels.items()})


def _groups(pattern: object) -> set[str]:
    if not isinstance(pattern, str) or not pattern:
        raise SettingError("files", pattern, "write a regular expression for the file names")
    try:
        groups = set(re.compile(pattern).groupindex)
    except re.error as error:
        raise SettingError("files", pattern, f"it is not a regular expression ({error})") from error
    unknown = sorted(groups - set(ROLES))
    if unknown:
        raise SettingError("files", pattern, f"unknown group {', '.join(unknown)}; use {', '.join(ROLES)}")
    return groups


def load_description(path: Path) -> CsvDescription:
    """Read a description.

    Raises
    ------
    SettingError
        If the file cannot be read or holds an unknown key or a value that cannot be used; the message names
        the file.
    """
    document = load_yaml(path, "description of CSV files") or {}
    if not isinstance(document, dict):
        raise SettingError(path.name, document, "write a mapping of names to values here")
    columns = from_mapping(CsvColumns, document.get("columns"), f"{path.name}: columns")
    return from_mapping(CsvDescription, {**document, "columns": columns}, f"{path.name}:")
