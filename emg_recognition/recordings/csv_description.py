"""The YAML description of text files: what their names and columns mean."""

from __future__ import annotations

import codecs
import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from emg_recognition.errors import SettingError
from emg_recognition.recordings.recordings import parse_repetitions
from emg_recognition.recordings.roles import ROLES, checked_constants, checked_groups, checked_labels
from emg_recognition.settings import check, from_mapping, setting
from emg_recognition.types import UNITS
from emg_recognition.yaml_files import load_yaml

TIME_UNITS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9, "min": 60.0, "clock": 1.0}
"""Units of a time column, in seconds; ``clock`` is a date and time, or a time of day, as text."""

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
    counter : str or int, optional
        Number of each sample or packet, by which lost ones are found.
    marker : str or int, optional
        A label that stands only in the row where it begins, and holds until the next; 0 or nothing elsewhere.
    label, repetition, subject, session, cohort : str or int, optional
        What each row belongs to.
    """

    samples: tuple[Column, ...]
    time: Column | None = None
    counter: Column | None = None
    marker: Column | None = None
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
        for name in (f.name for f in dataclasses.fields(self) if f.name != "samples"):
            _check_column(name, getattr(self, name))
        for value in samples:
            _check_column("samples", value, optional=False)


@dataclass(frozen=True, kw_only=True)
class CsvEvents:
    """The section ``events``: a file beside each recording that lists its labels.

    Attributes
    ----------
    file : str
        Path of that file, relative to the folder of the recording; ``{name}`` stands for the name of the
        recording without its extension, ``{entities}`` for that without its last part, as in BIDS: ``sub-01``
        of ``sub-01_emg.tsv``.
    onset, label : str or int
        Columns with the begin of each event in seconds, by the time column or after the first row, and with
        its label.
    duration : str or int, optional
        Column with the duration in seconds; where it is missing or 0, the label holds until the next event.
    """

    file: str = setting(
        "{name}_events.tsv",
        "file of the events; {name} is the recording's without extension, {entities} without its last part",
    )
    onset: Column = "onset"
    label: Column = "label"
    duration: Column | None = None

    def __post_init__(self) -> None:
        check(self)
        for name in ("onset", "label", "duration"):
            _check_column(name, getattr(self, name), optional=name == "duration")


@dataclass(frozen=True, kw_only=True)
class CsvDescription:
    """A description of text files. What it leaves out about their layout is found in each file.

    Attributes
    ----------
    files : str
        Regular expression for the whole path inside `folder`, with ``/`` between folders. Its named groups
        are any of :data:`~emg_recognition.recordings.roles.ROLES`.
    columns : CsvColumns
        The meaning of each column.
    gap : float
        A step of the time column that is longer than usual by more than this, or negative, means missing
        samples: a new segment begins there.
    labels : mapping or None
        Label in the files -> action; null skips its rows. None takes the labels as they are.
    constants : mapping
        What is the same for all files, e.g. ``cohort: healthy``.
    events : CsvEvents or None
        Where the labels are, if in files of their own.
    """

    files: str
    columns: CsvColumns
    folder: str = setting(".", "folder of the files, relative to the description")
    encoding: str | None = setting(None, "encoding, e.g. utf-8, utf-16, latin-1; found by default")
    delimiter: str | None = setting(None, "character between two columns; found by default")
    decimal: str | None = setting(None, "decimal sign; found by default", choices=(".", ","))
    comment: str | None = setting(None, "character that begins lines to leave out; % and # are found")
    skip: int | None = setting(None, "lines before the names, or before the data; found by default", low=0)
    header: bool | None = setting(None, "a line names the columns; found by default")
    units_row: bool | None = setting(None, "a row of units is below the names; found by default")
    rate: float | None = setting(
        None,
        "sampling rate; without it from the file's header or measured in the time column",
        unit="Hz",
        above=0,
    )
    resample: float | None = setting(
        None, "rate of one grid for sensors with time columns of their own", unit="Hz", above=0
    )
    time_unit: str | None = setting(
        None, "unit of the time column; from the file, else s", choices=TIME_UNITS
    )
    gap: float = setting(0.02, "longest delay of a row without a gap", unit="s", above=0)
    counter_modulus: int | None = setting(
        None, "number at which the counter starts again; found by default", low=2
    )
    unit: str | None = setting(
        None, "unit of the samples, V if the scale is known; from the file", choices=UNITS
    )
    scale: float | None = setting(
        None, "numbers in the files per unit; from the file's unit, else 1", above=0
    )
    ring: int | None = setting(
        None, "how many channels, the first ones, are in a ring; 0: placed on muscles", low=0
    )
    labels: Mapping[str, str | None] | None = None
    constants: Mapping[str, str] = field(default_factory=dict)
    events: CsvEvents | None = None

    def __post_init__(self) -> None:
        check(self)
        groups = checked_groups(self.files)
        if self.resample is not None:
            for name, value in (("rate", self.rate), ("counter", self.columns.counter)):
                if value is not None:
                    raise SettingError(name, value, "leave it out beside resample, which says the rate")
        for name in ("delimiter", "comment"):
            value = getattr(self, name)
            if value is not None and (len(value) != 1 or not value.isascii()):
                raise SettingError(name, value, "write one character, e.g. ';' or \"\\t\"")
        if self.encoding is not None:
            object.__setattr__(self, "encoding", _codec(self.encoding))
        object.__setattr__(self, "labels", checked_labels(self.labels, otherwise="null to skip its rows"))
        object.__setattr__(self, "constants", checked_constants(self.constants))
        for role in ROLES:
            places = [role in groups, getattr(self.columns, role) is not None, role in self.constants]
            if role == "label":
                places += [self.columns.marker is not None, self.events is not None]
            if sum(places) > 1:
                remedy = "give it in one place: a group in files, a column, or a constant"
                raise SettingError(role, self.constants.get(role, getattr(self.columns, role)), remedy)
            if role == "label" and not any(places):
                remedy = "name a label column, a marker column, or a group (?P<label>...) in files"
                raise SettingError("label", None, remedy)


def _check_column(name: str, value: object, *, optional: bool = True) -> None:
    number = isinstance(value, int) and not isinstance(value, bool) and value >= 1
    if not number and not (isinstance(value, str) and value) and not (optional and value is None):
        raise SettingError(name, value, "give a name of the header, or a number; the first column is 1")


def _codec(name: str) -> str:
    """Return the name of an encoding as Python writes it."""
    try:
        "0,1".encode(name)
        return codecs.lookup(name).name
    except (LookupError, ValueError) as error:
        remedy = "write an encoding that Python knows, e.g. utf-8, utf-16, latin-1 or cp1252"
        raise SettingError("encoding", name, remedy) from error


def load_description(path: Path) -> CsvDescription:
    """Read a description.

    Raises
    ------
    SettingError
        If the file cannot be read or holds an unknown key or a value that cannot be used; the message names
        the file.
    """
    document = load_yaml(path, "description of text files") or {}
    if not isinstance(document, dict):
        raise SettingError(path.name, document, "write a mapping of names to values here")
    columns = from_mapping(CsvColumns, document.get("columns"), f"{path.name}: columns")
    if document.get("events") is not None:
        document = {**document, "events": from_mapping(CsvEvents, document["events"], f"{path.name}: events")}
    return from_mapping(CsvDescription, {**document, "columns": columns}, f"{path.name}:")
