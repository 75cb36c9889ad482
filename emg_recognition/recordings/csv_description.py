"""What the columns and the names of CSV files mean, described by a small YAML file."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from emg_recognition.errors import SettingError
from emg_recognition.recordings.recordings import parse_repetitions
from emg_recognition.settings import from_mapping

ROLES = ("subject", "cohort", "session", "label", "repetition")
"""What is told of a segment: by a group of the file's name, by a column, or alike for all files."""

TIME_UNITS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}
"""Units of a time column, in seconds."""

Column = str | int
"""A column by its name in the header, or by its number from 1."""


@dataclass(frozen=True, kw_only=True)
class CsvColumns:
    """The section ``columns``: which column is what.

    Attributes
    ----------
    samples : tuple of str or int
        The channels in order; in YAML also numbers and ranges as in ``2-9``.
    time : str or int, optional
        When each row was taken.
    label, repetition, subject, session, cohort : str or int, optional
        Of which segment each row is.
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
    """What CSV files hold.

    Attributes
    ----------
    files : str
        Regular expression that the path below `folder` matches as a whole, written with ``/``; its named
        groups are any of :data:`ROLES`.
    columns : CsvColumns
        Which column is what.
    folder : str
        Where the files are; relative to the description.
    delimiter : str
        One character.
    header : bool
        The first line names the columns.
    rate : float or None
        Sampling rate, Hz; None takes it from the time column.
    time_unit : str
        One of :data:`TIME_UNITS`.
    gap : float
        Where the time column goes on by more than this (s) above a sample's time, or goes back, samples are
        missing and a new segment begins.
    unit : str
        ``V`` where `scale` is known, else ``count``.
    scale : float
        Numbers in the files per unit.
    labels : mapping or None
        Label in the files -> action; null leaves out. None takes the labels as they are.
    constants : mapping
        What is alike for all files, e.g. ``cohort: healthy``.
    """

    files: str
    columns: CsvColumns
    folder: str = "."
    delimiter: str = ","
    header: bool = True
    rate: float | None = None
    time_unit: str = "s"
    gap: float = 0.02
    unit: str = "count"
    scale: float = 1.0
    labels: Mapping[str, str | None] | None = None
    constants: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        groups = _groups(self.files)
        for name in ("rate", "scale", "gap"):
            value = getattr(self, name)
            number = isinstance(value, (int, float)) and not isinstance(value, bool)
            if not (number and 0 < value < float("inf")) and not (name == "rate" and value is None):
                raise SettingError(name, value, "write a number above 0")
        if self.rate is None and self.columns.time is None:
            raise SettingError("rate", None, "give the sampling rate in Hz, or a time column")
        for name, known in (("unit", ("V", "count")), ("time_unit", tuple(TIME_UNITS))):
            if getattr(self, name) not in known:
                raise SettingError(name, getattr(self, name), f"write one of {', '.join(known)}")
        if not isinstance(self.delimiter, str) or len(self.delimiter) != 1:
            raise SettingError("delimiter", self.delimiter, "write one character, e.g. ';' or \"\\t\"")
        if not isinstance(self.header, bool):
            raise SettingError("header", self.header, "write true or false")
        self._check_labels()
        if not isinstance(self.constants, Mapping) or not set(self.constants) <= set(ROLES):
            raise SettingError("constants", self.constants, f"write a mapping of any of {', '.join(ROLES)}")
        object.__setattr__(self, "constants", {name: str(value) for name, value in self.constants.items()})
        for role in ROLES:
            places = [role in groups, getattr(self.columns, role) is not None, role in self.constants]
            if sum(places) > 1:
                remedy = "say it in one place: a group of files, a column, or a constant"
                raise SettingError(role, self.constants.get(role, getattr(self.columns, role)), remedy)
            if role == "label" and not any(places):
                remedy = "name a label column, or a group (?P<label>...) of the file names"
                raise SettingError("label", None, remedy)

    def _check_labels(self) -> None:
        if self.labels is None:
            return
        if not isinstance(self.labels, Mapping) or not self.labels:
            raise SettingError("labels", self.labels, "write a mapping of labels to actions")
        for raw, action in self.labels.items():
            if action is not None and (not isinstance(action, str) or not action):
                raise SettingError(f"labels.{raw}", action, "write the action's name, or null to leave out")
        object.__setattr__(self, "labels", {str(raw): action for raw, action in self.labels.items()})


def _groups(pattern: object) -> set[str]:
    if not isinstance(pattern, str) or not pattern:
        raise SettingError("files", pattern, "write a regular expression for the files' names")
    try:
        groups = set(re.compile(pattern).groupindex)
    except re.error as error:
        raise SettingError("files", pattern, f"it is no regular expression ({error})") from error
    unknown = sorted(groups - set(ROLES))
    if unknown:
        raise SettingError("files", pattern, f"no group {', '.join(unknown)}; known are {', '.join(ROLES)}")
    return groups


def load_description(path: Path) -> CsvDescription:
    """Read a description.

    Parameters
    ----------
    path : Path
        The YAML file.

    Returns
    -------
    CsvDescription
        What the files hold.

    Raises
    ------
    SettingError
        If it cannot be read, or a key or a value cannot be used; the message names the file.
    """
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        problem = " ".join(str(error).split())
        raise SettingError("description of CSV files", str(path), f"it cannot be read ({problem})") from error
    try:
        if isinstance(document, dict):
            columns = from_mapping(CsvColumns, document.get("columns"), "columns")
            document = {**document, "columns": columns}
        return from_mapping(CsvDescription, document, "")
    except SettingError as error:
        remedy = str(error).removeprefix(f"{error.name} is {error.value!r}: ")
        raise SettingError(f"{path.name}: {error.name}", error.value, remedy) from error
